//! Policies, in and out.

use diwan_kernel::id::UserId;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, Problem, Role, text};
use serde::{Deserialize, Serialize};

use super::body::{check_end, check_purpose};
use crate::name::NamePattern;
use crate::policy::{Action, Effect, PolicyId, Rule, SubjectKind};
use crate::sealing::actor;
use crate::vault::Vault;

/// A policy.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct SecretPolicy {
    /// Its id.
    id: PolicyId,
    /// What it is called.
    name: String,
    /// Whether it allows or denies; what one denies no other allows.
    effect: Effect,
    /// What kind of thing it is about.
    subject_kind: SubjectKind,
    /// Which: a role, an id or a name; `*` is everyone of the kind.
    subject: String,
    /// Which secrets.
    secrets: String,
    /// What may be done, or must not.
    actions: Vec<Action>,
    /// What it must be for; empty is any purpose.
    purposes: Vec<String>,
    /// When it ends.
    expires_at: Option<Timestamp>,
    /// Since when it is here.
    created_at: Timestamp,
    /// Who made it.
    created_by: Option<String>,
}

impl From<Rule> for SecretPolicy {
    fn from(rule: Rule) -> Self {
        Self {
            id: rule.id,
            name: rule.name,
            effect: rule.effect,
            subject_kind: rule.subject_kind,
            subject: rule.subject,
            secrets: rule.secrets.as_str().to_owned(),
            actions: rule.actions,
            purposes: rule.purposes,
            expires_at: rule.expires_at,
            created_at: rule.created_at,
            created_by: rule.created_by,
        }
    }
}

/// A policy that is wanted.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = SecretPolicyBody)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyBody {
    /// What it is called.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// Whether it allows or denies.
    effect: Effect,
    /// What kind of thing it is about.
    subject_kind: SubjectKind,
    /// Which: a role, an id or a name; `*` is everyone of the kind.
    #[schema(min_length = 1, max_length = 128)]
    subject: String,
    /// Which secrets: a name in which `*` stands for one part or a piece of one, `**` for any number of parts.
    #[schema(min_length = 1, max_length = 128)]
    secrets: String,
    /// What may be done, or must not.
    #[schema(min_items = 1, max_items = 3)]
    actions: Vec<Action>,
    /// What it must be for; empty is any purpose.
    #[serde(default)]
    #[schema(max_items = 20)]
    purposes: Vec<String>,
    /// When it ends.
    expires_at: Option<Timestamp>,
}

/// A rule about a person is about one who is here: an id that nobody has is a slip.
pub(super) async fn expect_person(vault: &Vault, rule: &Rule) -> Result<(), Problem> {
    if rule.subject_kind != SubjectKind::User || rule.subject == "*" {
        return Ok(());
    }
    if vault.people().list().await?.iter().any(|person| person.id.to_string() == rule.subject) {
        return Ok(());
    }
    Err(Problem::invalid_field("subject", "subject_unknown", "Nobody who can sign in has this id."))
}

impl PolicyBody {
    /// The rule that it says.
    pub(super) fn read(mut self, ctx: &Ctx, id: PolicyId, before: Option<&Rule>) -> Result<Rule, Problem> {
        let wrong = |field, code, message: &str| Problem::invalid_field(field, code, message);
        let name = text::line("name", &self.name, 80).map_err(|e| Problem::invalid_fields(vec![e]))?;
        if !self.subject_fits() {
            return Err(wrong(
                "subject",
                "subject_invalid",
                "It must be *, or a role, an id or a plain name of that kind.",
            ));
        }
        self.actions.sort_unstable();
        self.actions.dedup();
        if self.actions.is_empty() {
            return Err(wrong("actions", "empty", "At least one action is needed."));
        }
        if self.purposes.len() > 20 {
            return Err(wrong("purposes", "too_long", "A policy has at most 20 purposes."));
        }
        // Whoever changes something else about a policy that has ended leaves its end as it is.
        if self.expires_at != before.and_then(|b| b.expires_at) {
            check_end(self.expires_at, ctx.now())?;
        }
        Ok(Rule {
            id,
            name,
            effect: self.effect,
            subject_kind: self.subject_kind,
            secrets: NamePattern::read("secrets", &self.secrets)?,
            actions: self.actions,
            purposes: self.purposes.iter().map(|p| check_purpose(p)).collect::<Result<_, _>>()?,
            expires_at: self.expires_at,
            subject: self.subject,
            created_at: before.map_or_else(|| ctx.now(), |b| b.created_at),
            created_by: before.map_or_else(|| actor(ctx), |b| b.created_by.clone()),
        })
    }

    fn subject_fits(&self) -> bool {
        let plain = |text: &str| {
            !text.is_empty()
                && text.len() <= 128
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/".contains(&b))
        };
        match self.subject_kind {
            _ if self.subject == "*" => true,
            SubjectKind::Role => Role::parse(&self.subject).is_some(),
            SubjectKind::User => self.subject.parse::<UserId>().is_ok(),
            SubjectKind::Agent | SubjectKind::Job | SubjectKind::Machine => plain(&self.subject),
        }
    }
}
