//! An entry of the trail: as a row that is hashed, and as people read it.

use diwan_kernel::db::{DbError, Row};
use diwan_kernel::{Actor, Outcome, Timestamp, id_kinds};
use serde::{Deserialize, Serialize};
use serde_json::Map;

use crate::canonical::{Hash, entry_hash};

id_kinds! {
    /// An entry of the audit trail.
    Recorded = "aud",
}

/// A row as it stands in the database, whatever somebody may have done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// Its place.
    pub(crate) seq: i64,
    /// The canonical bytes of its fields.
    pub(crate) bytes: Vec<u8>,
    /// The hash that was written with it, if it still looks like one.
    pub(crate) hash: Option<Hash>,
}

impl Link {
    /// Whether it is the entry that belongs at `seq` after the hash `previous`.
    pub(crate) fn belongs(&self, previous: &Hash, seq: i64) -> bool {
        self.hash == Some(entry_hash(previous, seq, &self.bytes))
    }
}

/// What kind of actor it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A person.
    User,
    /// An API token.
    Token,
    /// A part of Diwan itself.
    System,
    /// Nobody had proved who they are.
    Anonymous,
}

impl ActorKind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Token => "token",
            Self::System => "system",
            Self::Anonymous => "anonymous",
        }
    }

    pub(crate) fn parse(name: &str) -> Self {
        let known = [Self::User, Self::Token, Self::System].into_iter().find(|k| k.as_str() == name);
        known.unwrap_or(Self::Anonymous)
    }
}

/// Who did it, as they were called at that time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditActor {
    /// What kind of actor.
    pub kind: ActorKind,
    /// The id of the person or of the token.
    #[schema(required)]
    pub id: Option<String>,
    /// The name at that time.
    pub name: String,
}

impl From<&Actor> for AuditActor {
    fn from(actor: &Actor) -> Self {
        let (kind, id, name) = match actor {
            Actor::Anonymous => (ActorKind::Anonymous, None, ""),
            Actor::User { id, name, .. } => (ActorKind::User, Some(id.to_string()), &**name),
            Actor::Token { id, name, .. } => (ActorKind::Token, Some(id.to_string()), &**name),
            Actor::System(name) => (ActorKind::System, None, *name),
        };
        Self { kind, id, name: name.to_owned() }
    }
}

/// On what it was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditResource {
    /// What kind of thing: `user`, `session`.
    pub kind: String,
    /// Which one.
    pub id: String,
}

/// One action that was done, refused or failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditEntry {
    /// Its place in the trail.
    pub seq: i64,
    /// Its id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: AuditActor,
    /// What: `user.invite`.
    pub action: String,
    /// On what.
    #[schema(required)]
    pub resource: Option<AuditResource>,
    /// How it ended.
    pub outcome: Outcome,
    /// From which address.
    #[schema(required)]
    pub address: Option<String>,
    /// With which program.
    #[schema(required)]
    pub user_agent: Option<String>,
    /// In which request.
    #[schema(required)]
    pub request_id: Option<String>,
    /// How long the request had taken by then.
    #[schema(required)]
    pub duration_ms: Option<i64>,
    /// Why it did not succeed, as a stable code.
    #[schema(required)]
    pub error: Option<String>,
    /// The command that was run, where it was one.
    #[schema(required)]
    pub command: Option<String>,
    /// The machine it was done on, where it was one.
    #[schema(required)]
    pub machine: Option<String>,
    /// What else is worth knowing.
    pub metadata: Map<String, serde_json::Value>,
}

impl AuditEntry {
    /// Reads a row. A cell that somebody damaged reads as empty: the list must still show, and it is
    /// the verification that tells.
    pub(crate) fn from_row(row: &Row) -> Result<Self, DbError> {
        let text = |column: &str| row.get::<Option<String>>(column).unwrap_or_default();
        let outcome = match text("outcome").as_deref() {
            Some("ok") => Outcome::Ok,
            Some("denied") => Outcome::Denied,
            _ => Outcome::Failed,
        };
        let resource =
            text("resource_kind").map(|kind| AuditResource { kind, id: text("resource_id").unwrap_or_default() });
        let metadata = text("metadata").and_then(|json| serde_json::from_str(&json).ok());
        Ok(Self {
            seq: row.get("seq")?,
            id: text("id").unwrap_or_default(),
            at: row.get("at").unwrap_or_default(),
            actor: actor_from_row(row),
            action: text("action").unwrap_or_default(),
            resource,
            outcome,
            address: text("address"),
            user_agent: text("user_agent"),
            request_id: text("request_id"),
            duration_ms: row.get("duration_ms").unwrap_or_default(),
            error: text("error"),
            command: text("command"),
            machine: text("machine"),
            metadata: metadata.unwrap_or_default(),
        })
    }
}

/// The actor columns of a row.
pub(crate) fn actor_from_row(row: &Row) -> AuditActor {
    AuditActor {
        kind: ActorKind::parse(&row.get::<String>("actor_kind").unwrap_or_default()),
        id: row.get("actor_id").unwrap_or_default(),
        name: row.get("actor_name").unwrap_or_default(),
    }
}
