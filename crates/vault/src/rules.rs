//! The rules in force: reading, changing and asking them.

use diwan_kernel::{Ctx, DbError, Entry, Problem, Tx};

use crate::book::is_own;
use crate::error;
use crate::event::PoliciesChanged;
use crate::name::{NamePattern, SecretName};
use crate::policy::{Action, Asker, Effect, PolicyId, Question, Rule, SubjectKind, judge};
use crate::sealing::actor;
use crate::table::{self, policy};
use crate::vault::Vault;

/// Who names no purpose has none: a rule for one purpose is not got around by silence.
pub(crate) const NO_PURPOSE: &str = "";

/// The rules of a new vault: owners may do everything, admins may bring secrets in and have them
/// rotated without seeing the values of others.
pub(crate) async fn add_first_rules(tx: &mut Tx, ctx: &Ctx) -> Result<(), DbError> {
    let first = [("owners", "owner", &Action::ALL[..]), ("admins", "admin", &[Action::Write, Action::Rotate])];
    for (name, role, actions) in first {
        let Some(everything) = NamePattern::parse("**") else { continue };
        let rule = Rule {
            id: PolicyId::new(&ctx.world),
            name: name.to_owned(),
            effect: Effect::Allow,
            subject_kind: SubjectKind::Role,
            subject: role.to_owned(),
            secrets: everything,
            actions: actions.to_vec(),
            purposes: vec![],
            expires_at: None,
            created_at: ctx.now(),
            created_by: actor(ctx),
        };
        policy::put(tx, &rule).await?;
    }
    Ok(())
}

impl Vault {
    /// Refuses what the rules do not allow. A refusal is written down.
    ///
    /// # Errors
    /// 403 `secret_denied`; 404 when the caller may not even know of the secret.
    pub(crate) async fn require(
        &self,
        ctx: &Ctx,
        action: Action,
        secret: &SecretName,
        purpose: Option<&str>,
    ) -> Result<(), Problem> {
        let asker = Asker::from_actor(&ctx.actor);
        let asked = Question { asker: &asker, action, secret, now: ctx.now() };
        if is_own(ctx) || judge(&self.rules().await?, asked, purpose) {
            return Ok(());
        }
        let denied = Entry::denied(refused_action(action), "secret_denied").on("secret", secret);
        self.db().begin(ctx).await?.commit(denied).await?;
        match self.may_know(ctx, secret).await? {
            true => Err(error::denied(action.as_str(), secret)),
            false => Err(error::no_secret()),
        }
    }

    /// Refuses a new name that would give the caller, or through them others, what the old one does not:
    /// which rules hold for a secret hangs on its name. Who moves it reads it and writes it here, writes
    /// it there, and may do nothing there that they may not do here.
    ///
    /// # Errors
    /// As for [`Vault::require`].
    pub(crate) async fn require_movable(&self, ctx: &Ctx, from: &SecretName, to: &SecretName) -> Result<(), Problem> {
        self.require(ctx, Action::Read, from, Some(NO_PURPOSE)).await?;
        self.require(ctx, Action::Write, to, None).await?;
        for action in allowed_actions(&self.rules().await?, ctx, to) {
            self.require(ctx, action, from, None).await?;
        }
        Ok(())
    }

    /// Whether the caller may know that a secret with this name is there.
    pub(crate) async fn may_know(&self, ctx: &Ctx, secret: &SecretName) -> Result<bool, Problem> {
        Ok(knows(&self.rules_at_hand().await?, ctx, secret))
    }

    /// Adds a rule, or changes the one with its id.
    ///
    /// # Errors
    /// 403 when it gives more than the caller has; 409 when the name is taken.
    pub(crate) async fn put_policy(&self, ctx: &Ctx, rule: Rule) -> Result<Rule, Problem> {
        self.require_grantable(ctx, rule.id, Some(&rule)).await?;
        let mut tx = self.db().begin(ctx).await?;
        match policy::put(&mut tx, &rule).await {
            Err(DbError::Unique(_)) => return Err(policy_name_taken(&rule.name)),
            other => other?,
        }
        let (mark, _) = self.enter(&mut tx, rule.id, Some(&rule)).await?;
        tx.emit(&PoliciesChanged {});
        let entry = Entry::done("secret_policy.put")
            .on("secret_policy", rule.id)
            .with("mark", mark)
            .with("name", rule.name.clone())
            .with("effect", rule.effect.as_str())
            .with("subject", format!("{}:{}", rule.subject_kind.as_str(), rule.subject))
            .with("secrets", rule.secrets.as_str())
            .with("actions", serde_json::json!(rule.actions))
            .with("purposes", serde_json::json!(rule.purposes));
        tx.commit(entry).await?;
        Ok(rule)
    }

    /// Removes a rule.
    ///
    /// # Errors
    /// 403 when that gives more than the caller has; 404 when there is none.
    pub(crate) async fn delete_policy(&self, ctx: &Ctx, id: PolicyId) -> Result<(), Problem> {
        self.require_grantable(ctx, id, None).await?;
        let mut tx = self.db().begin(ctx).await?;
        let was_stored = table::policy::delete(&mut tx, id).await?;
        let (mark, was_vouched) = self.enter(&mut tx, id, None).await?;
        if !was_stored && !was_vouched {
            return Err(Problem::not_found("policy"));
        }
        tx.emit(&PoliciesChanged {});
        Ok(tx.commit(Entry::done("secret_policy.delete").on("secret_policy", id).with("mark", mark)).await?)
    }
}

/// Whoever manages secrets knows them all; others know those that they may do something with.
pub(crate) fn knows(rules: &[Rule], ctx: &Ctx, secret: &SecretName) -> bool {
    ctx.permissions.has(diwan_kernel::Permission::SecretsManage) || !allowed_actions(rules, ctx, secret).is_empty()
}

/// What the caller may do with a secret.
pub(crate) fn allowed_actions(rules: &[Rule], ctx: &Ctx, secret: &SecretName) -> Vec<Action> {
    let asker = Asker::from_actor(&ctx.actor);
    let ask = |action| Question { asker: &asker, action, secret, now: ctx.now() };
    Action::ALL.into_iter().filter(|action| judge(rules, ask(*action), None)).collect()
}

const fn refused_action(action: Action) -> &'static str {
    match action {
        Action::Read => "secret.read",
        Action::Write => "secret.write",
        Action::Rotate => "secret.rotate",
    }
}

fn policy_name_taken(name: &str) -> Problem {
    Problem::conflict(
        "policy_name_taken",
        "The name is taken",
        format!("There is a policy with the name {name} already."),
        "Choose another name.",
    )
}
