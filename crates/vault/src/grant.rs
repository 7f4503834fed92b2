//! Who may make which rule: nobody hands on what they do not hold, and what speaks of owners is theirs.

use axum::http::StatusCode;
use diwan_kernel::{Ctx, Entry, Permission, Problem, Role};

use crate::policy::{Asker, Effect, PolicyId, Rule, SubjectKind, holds};
use crate::vault::{Person, Vault};

impl Vault {
    /// Refuses to put this rule in the place of the one with its id, or nothing. A rule that allows hands
    /// on what it allows, and whoever takes a denial away hands on what it denied. A refusal is written
    /// down.
    ///
    /// # Errors
    /// 403 `policy_not_held`, `policy_about_owners`; 503 while the vault is sealed.
    pub(crate) async fn require_grantable(&self, ctx: &Ctx, id: PolicyId, rule: Option<&Rule>) -> Result<(), Problem> {
        // Owners decide: whoever may read past the rules holds everything.
        if ctx.permissions.has(Permission::VaultManage) {
            return Ok(());
        }
        let (rules, people) = (self.rules().await?, self.people().list().await?);
        let before = rules.iter().find(|rule| rule.id == id);
        let taken_away = before.filter(|before| {
            let is_kept = rule.is_some_and(|rule| rule.still_denies(before));
            before.effect == Effect::Deny && before.holds_at(ctx.now()) && !is_kept
        });
        let handed_on = rule.filter(|rule| rule.effect == Effect::Allow).into_iter().chain(taken_away);
        let asker = Asker::from_actor(&ctx.actor);
        let problem = if before.into_iter().chain(rule).any(|rule| speaks_of_owners(rule, &people)) {
            about_owners()
        } else if handed_on.into_iter().any(|rule| !holds(&rules, &asker, rule, ctx.now())) {
            not_held()
        } else {
            return Ok(());
        };
        let action = if rule.is_some() { "secret_policy.put" } else { "secret_policy.delete" };
        let denied = Entry::denied(action, problem.code().to_owned()).on("secret_policy", id);
        self.db().begin(ctx).await?.commit(denied).await?;
        Err(problem)
    }
}

/// What gives owners their rights, and what takes any from them.
fn speaks_of_owners(rule: &Rule, people: &[Person]) -> bool {
    let is_owner = |person: &Person| person.role == Role::Owner && person.id.to_string() == rule.subject;
    match rule.subject_kind {
        SubjectKind::Role | SubjectKind::User if rule.subject == "*" => rule.effect == Effect::Deny,
        SubjectKind::Role => rule.subject == Role::Owner.as_str(),
        SubjectKind::User => people.iter().any(is_owner),
        SubjectKind::Agent | SubjectKind::Job | SubjectKind::Machine => false,
    }
}

fn not_held() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "policy_not_held",
        "The policy gives more than you have",
        "Nobody lets others do what they may not do themselves. You may not do everything that this policy allows, or that others could do without this denial.",
        "Ask an owner, or name fewer secrets or actions.",
    )
}

fn about_owners() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "policy_about_owners",
        "The policy is about owners",
        "Only an owner decides what owners may do.",
        "Ask an owner, or choose another role or person.",
    )
}
