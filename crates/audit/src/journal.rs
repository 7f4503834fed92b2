//! Appending: the last thing a unit of work does before it commits. When it fails, the change is not
//! made either.

use std::sync::Arc;

use async_trait::async_trait;
use diwan_kernel::db::{Cell, DbError, Tx, Value};
use diwan_kernel::events::{Audience, DomainEvent};
use diwan_kernel::journal::{Entry, Journal, Outcome};
use diwan_kernel::{Actor, Ctx, Id, Permission, Timestamp};
use serde::Serialize;

use crate::canonical::{encode, entry_hash};
use crate::clean;
use crate::entry::{ActorKind, AuditActor, Recorded};
use crate::keys::SigningKey;
use crate::table::{audit_entry, audit_head};

const MAX_NAME_CHARS: usize = 200;
const MAX_USER_AGENT_CHARS: usize = 300;

/// The journal that the database writes into.
pub(crate) struct Trail {
    pub(crate) key: Arc<SigningKey>,
}

/// An entry was appended.
#[derive(Debug, Serialize)]
pub(crate) struct EntryRecorded {
    seq: i64,
    at: Timestamp,
    actor: AuditActor,
    action: &'static str,
    outcome: Outcome,
}

impl DomainEvent for EntryRecorded {
    const TOPIC: &'static str = "audit";
    const NAME: &'static str = "audit.recorded";

    fn audience(&self) -> Audience {
        Audience::Permission(Permission::AuditRead)
    }
}

#[async_trait]
impl Journal for Trail {
    async fn append(&self, tx: &mut Tx, entries: Vec<(Ctx, Entry)>) -> Result<(), DbError> {
        if entries.is_empty() {
            return Ok(());
        }
        let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
        let head = audit_head::take_next(tx, count).await.map_err(closed)?;
        let head = head.ok_or_else(|| DbError::Audit("the trail has no head".into()))?;
        // To go on from a head that somebody else wrote would vouch for what they did.
        if self.key.vouching().is_sealed(head.seq, &head.hash, &head.seal) != Some(true) {
            return Err(DbError::Audit("the head of the trail was changed outside Diwan".into()));
        }
        let (mut seq, mut hash) = (head.seq, head.hash);
        let (mut rows, mut bytes) = (Vec::with_capacity(entries.len()), Vec::with_capacity(512));
        for (ctx, entry) in entries {
            let at = ctx.now();
            let (action, outcome) = (entry.action, entry.outcome);
            let actor = AuditActor::from(entry.actor.as_ref().unwrap_or(&ctx.actor));
            let fields = fields(&ctx, at, entry);
            seq += 1;
            bytes.clear();
            encode(fields.iter().map(Cell::from), &mut bytes);
            hash = entry_hash(&hash, seq, &bytes);
            rows.push(audit_entry::row(seq, fields, hash));
            tx.emit(&EntryRecorded { seq, at, actor, action, outcome });
        }
        audit_entry::insert(tx, &rows).await.map_err(closed)?;
        audit_head::set(tx, &hash, &self.key.seal_head(seq, &hash)).await.map_err(closed)?;
        Ok(())
    }
}

/// What the disk or the network is to blame for stays what it is; anything else is ours.
fn closed(error: DbError) -> DbError {
    match error {
        DbError::Full | DbError::ReadOnly | DbError::Busy | DbError::Unreachable(_) => error,
        other => DbError::Audit(other.to_string()),
    }
}

/// The columns of an entry, in the order in which they are hashed.
fn fields(ctx: &Ctx, at: Timestamp, entry: Entry) -> Vec<Value> {
    let Entry { action, resource, outcome, error, mut metadata, actor } = entry;
    let actor = actor.unwrap_or_else(|| ctx.actor.clone());
    if let Actor::Token { owner, .. } = &actor {
        metadata.insert("on_behalf_of".into(), owner.to_string().into());
    }
    let request = ctx.request.as_deref();
    let took = request.map(|r| ctx.world.monotonic().saturating_sub(r.arrived).as_millis());
    let (resource_kind, resource_id) = resource.unzip();
    let AuditActor { kind, id, name } = AuditActor::from(&actor);
    let command = metadata.remove("command").and_then(|v| v.as_str().map(ToOwned::to_owned));
    let machine = metadata.remove("machine").and_then(|v| v.as_str().map(ToOwned::to_owned));
    let short = |text: String| clean::text(&text, MAX_NAME_CHARS);
    vec![
        Id::<Recorded>::new(&ctx.world).into(),
        at.into(),
        ActorKind::as_str(kind).into(),
        id.into(),
        clean::text(&name, MAX_NAME_CHARS).into(),
        action.into(),
        resource_kind.map(str::to_owned).into(),
        resource_id.map(short).into(),
        outcome.as_str().into(),
        command.map(short).into(),
        machine.map(short).into(),
        request.and_then(|r| r.address).map(|a| a.to_string()).into(),
        request.and_then(|r| r.user_agent.as_deref()).map(|ua| clean::text(ua, MAX_USER_AGENT_CHARS)).into(),
        request.map(|r| r.id).into(),
        took.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX)).into(),
        error.map(short).into(),
        clean::metadata(metadata).into(),
    ]
}
