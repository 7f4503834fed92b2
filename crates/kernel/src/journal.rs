//! What must be written down about every change, without knowing who writes it down.

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::ctx::{Actor, Ctx};
use crate::db::{DbError, Tx};

/// How an action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Ok,
    /// It was refused.
    Denied,
    /// It was tried and failed.
    Failed,
}

impl Outcome {
    /// The name used in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
}

/// One action, as the audit trail remembers it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What was done: `user.invite`, `session.revoke`.
    pub action: &'static str,
    /// On what: its kind and its id.
    pub resource: Option<(&'static str, String)>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it did not succeed.
    pub error: Option<String>,
    /// What else is worth knowing. Never a secret.
    pub metadata: Map<String, Value>,
    /// Who it was, when the context cannot know yet (a sign-in).
    pub actor: Option<Actor>,
}

impl Entry {
    /// Something that was done.
    pub fn done(action: &'static str) -> Self {
        Self { action, resource: None, outcome: Outcome::Ok, error: None, metadata: Map::new(), actor: None }
    }

    /// Something that was refused, and why (a stable code).
    pub fn denied(action: &'static str, why: impl Into<String>) -> Self {
        Self { outcome: Outcome::Denied, error: Some(why.into()), ..Self::done(action) }
    }

    /// Something that failed, and why (a stable code).
    pub fn failed(action: &'static str, why: impl Into<String>) -> Self {
        Self { outcome: Outcome::Failed, error: Some(why.into()), ..Self::done(action) }
    }

    /// On what it was done.
    #[must_use]
    pub fn on(mut self, kind: &'static str, id: impl ToString) -> Self {
        self.resource = Some((kind, id.to_string()));
        self
    }

    /// Something else worth knowing.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.metadata.insert(key.to_owned(), value.into());
        self
    }

    /// Who it was.
    #[must_use]
    pub fn by(mut self, actor: Actor) -> Self {
        self.actor = Some(actor);
        self
    }
}

/// Writes entries down, in the transaction of the change.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Appends entries in this order, each by whoever acts in its context.
    async fn append(&self, tx: &mut Tx, entries: Vec<(Ctx, Entry)>) -> Result<(), DbError>;
}
