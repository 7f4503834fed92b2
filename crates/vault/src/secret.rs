//! Secrets as others see them: everything but the value.

use diwan_kernel::world::Timestamp;
use diwan_kernel::{Id, id_kinds};
use serde::Serialize;

use crate::generate::Recipe;
use crate::kind::{Facts, SecretKind};
use crate::name::SecretName;
use crate::policy::Action;
use crate::table;

id_kinds! {
    /// A secret.
    StoredSecret = "sec",
}

/// The id of a secret.
pub type SecretId = Id<StoredSecret>;

/// How a secret is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SecretState {
    /// Nothing is to be done.
    Fresh,
    /// It ends soon, or a new value is due soon.
    DueSoon,
    /// A new value is due.
    Due,
    /// It has ended.
    Expired,
}

/// A secret without its values.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Secret)]
pub(crate) struct SecretView {
    /// Its id.
    id: SecretId,
    /// Its name: a path.
    #[schema(value_type = String)]
    name: SecretName,
    /// What it is.
    kind: SecretKind,
    /// What it is for.
    description: String,
    /// Whose service it opens.
    provider: String,
    /// Where its values are kept.
    backend: String,
    /// How a new value is made; null when only people can give one.
    generate: Option<Recipe>,
    /// Which version readers get.
    current_version: i64,
    /// What may be known of the current value: a public key, the end of a certificate.
    #[schema(inline)]
    facts: Facts,
    /// How it is doing.
    state: SecretState,
    /// After how many days a new value is due; null is never.
    rotation_days: Option<i64>,
    /// For how many hours the value before still counts.
    overlap_hours: i64,
    /// When a new value is due.
    rotate_at: Option<Timestamp>,
    /// When the current value was made.
    rotated_at: Timestamp,
    /// When it ends.
    expires_at: Option<Timestamp>,
    /// Since when it is here.
    created_at: Timestamp,
    /// Who brought it.
    created_by: Option<String>,
    /// When it last changed.
    changed_at: Timestamp,
    /// What the caller may do with it.
    may: Vec<Action>,
}

impl SecretView {
    pub(crate) fn new(
        secret: table::secret::Secret,
        may: Vec<Action>,
        warn: std::time::Duration,
        now: Timestamp,
    ) -> Self {
        Self {
            state: secret.state(warn, now),
            id: secret.id,
            name: secret.name,
            kind: secret.kind,
            description: secret.description,
            provider: secret.provider,
            backend: secret.backend,
            generate: secret.recipe,
            current_version: secret.current_version,
            facts: secret.facts,
            rotation_days: secret.rotation_days,
            overlap_hours: secret.overlap_hours,
            rotate_at: secret.rotate_at,
            rotated_at: secret.rotated_at,
            expires_at: secret.expires_at,
            created_at: secret.created_at,
            created_by: secret.created_by,
            changed_at: secret.changed_at,
            may,
        }
    }
}

impl table::secret::Secret {
    /// How it is doing, when it is called due this long before.
    pub(crate) fn state(&self, warn: std::time::Duration, now: Timestamp) -> SecretState {
        let passed = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        let soon = |at: Option<Timestamp>| at.is_some_and(|at| at <= now.plus(warn));
        match self {
            _ if passed(self.expires_at) => SecretState::Expired,
            _ if passed(self.rotate_at) => SecretState::Due,
            // What is made by itself needs nobody's attention before its time.
            _ if soon(self.expires_at) || self.recipe.is_none() && soon(self.rotate_at) => SecretState::DueSoon,
            _ => SecretState::Fresh,
        }
    }
}
