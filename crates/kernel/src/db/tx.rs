//! A unit of work: the change, its audit entry and its events, committed together or not at all.
//!
//! Dropping it without a commit undoes it.

use super::postgres::PostgresUnit;
use super::sqlite::SqliteUnit;
use super::{Db, DbError, Row, Value};
use crate::ctx::{Ctx, Idempotency};
use crate::events::{DomainEvent, NewEvent};
use crate::journal::Entry;
use crate::params;

pub(super) enum Unit {
    Sqlite(Box<SqliteUnit>),
    Postgres(Box<PostgresUnit>),
}

/// Why a change leaves no audit entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unrecorded {
    /// It keeps count of things (last seen, expired rows) and changes nothing that anybody decided.
    Bookkeeping,
    /// It is the audit trail itself.
    AuditItself,
}

/// A unit of work.
pub struct Tx {
    unit: Unit,
    ctx: Ctx,
    db: Db,
    events: Vec<NewEvent>,
    claim: Option<Claim>,
}

/// An idempotency key that this unit wrote; taken back unless the unit is committed.
struct Claim(Idempotency);

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.unclaim();
    }
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx").field("ctx", &self.ctx).finish_non_exhaustive()
    }
}

impl Tx {
    pub(super) async fn begin(unit: Unit, ctx: &Ctx, db: Db) -> Result<Self, DbError> {
        let mut tx = Self { unit, ctx: ctx.clone(), db, events: vec![], claim: None };
        tx.claim_idempotency_key().await?;
        Ok(tx)
    }

    /// The first unit of work of a request writes its idempotency key: a second request with the
    /// same key cannot commit anything.
    async fn claim_idempotency_key(&mut self) -> Result<(), DbError> {
        let Some(promise) = self.ctx.idempotency.clone().filter(Idempotency::claim) else { return Ok(()) };
        self.claim = Some(Claim(promise.clone()));
        let (actor, now) = (self.ctx.actor.key(), self.ctx.now());
        let written = self
            .execute(
                "INSERT INTO idempotency (actor, key, digest, created_at) VALUES ($1, $2, $3, $4)",
                params![actor, &*promise.key, promise.digest, now],
            )
            .await;
        match written {
            Ok(_) => Ok(()),
            Err(DbError::Unique(_)) => Err(DbError::KeyInUse),
            Err(other) => Err(other),
        }
    }

    /// Reads rows inside the unit.
    ///
    /// # Errors
    /// When the engine cannot answer.
    pub async fn query(&mut self, sql: &'static str, params: Vec<Value>) -> Result<Vec<Row>, DbError> {
        match &mut self.unit {
            Unit::Sqlite(unit) => unit.query(sql, &params),
            Unit::Postgres(unit) => unit.query(sql, &params).await,
        }
    }

    /// Reads the only row inside the unit, if there is one.
    ///
    /// # Errors
    /// When the engine cannot answer.
    pub async fn query_opt(&mut self, sql: &'static str, params: Vec<Value>) -> Result<Option<Row>, DbError> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// Changes rows; says how many.
    ///
    /// # Errors
    /// When the engine refuses.
    pub async fn execute(&mut self, sql: &'static str, params: Vec<Value>) -> Result<u64, DbError> {
        match &mut self.unit {
            Unit::Sqlite(unit) => unit.execute(sql, &params),
            Unit::Postgres(unit) => unit.execute(sql, &params).await,
        }
    }

    /// The same statement for many rows, in this order: on PostgreSQL they travel together.
    ///
    /// # Errors
    /// When the engine refuses one of them; the unit must then be dropped.
    pub async fn execute_many(&mut self, sql: &'static str, rows: &[Vec<Value>]) -> Result<(), DbError> {
        match &mut self.unit {
            Unit::Sqlite(unit) => rows.iter().try_for_each(|row| unit.execute(sql, row).map(drop)),
            Unit::Postgres(unit) => unit.execute_many(sql, rows).await,
        }
    }

    /// In which context it was begun.
    pub fn ctx(&self) -> &Ctx {
        &self.ctx
    }

    pub(super) async fn execute_script(&mut self, sql: &str) -> Result<(), DbError> {
        match &mut self.unit {
            Unit::Sqlite(unit) => unit.execute_script(sql),
            Unit::Postgres(unit) => unit.execute_script(sql).await,
        }
    }

    /// Announces something once the unit is committed.
    pub fn emit<E: DomainEvent>(&mut self, event: &E) {
        self.events.push(event.into());
    }

    /// Writes an entry besides the one that the commit asks for.
    ///
    /// # Errors
    /// When it cannot be written; the unit must then be dropped.
    pub async fn record(&mut self, entry: Entry) -> Result<(), DbError> {
        let ctx = self.ctx.clone();
        self.record_all(vec![(ctx, entry)]).await
    }

    async fn record_all(&mut self, entries: Vec<(Ctx, Entry)>) -> Result<(), DbError> {
        let journal = self.db.inner.journal.get().cloned();
        let journal = journal.ok_or_else(|| DbError::Audit("no journal is set".into()))?;
        journal.append(self, entries).await
    }

    /// Commits the change with its audit entry. When this returns, both are on the disk.
    ///
    /// # Errors
    /// When either cannot be saved; then neither is.
    pub async fn commit(mut self, entry: Entry) -> Result<(), DbError> {
        self.record(entry).await?;
        self.finish().await
    }

    /// The same with several entries, each by whoever acts in its context: what many did is committed together.
    ///
    /// # Errors
    /// When any of it cannot be saved; then nothing is.
    pub async fn commit_all(mut self, entries: Vec<(Ctx, Entry)>) -> Result<(), DbError> {
        self.record_all(entries).await?;
        self.finish().await
    }

    /// Commits a change that leaves no audit entry, and says why.
    ///
    /// # Errors
    /// When it cannot be saved.
    pub async fn commit_unrecorded(self, _why: Unrecorded) -> Result<(), DbError> {
        self.finish().await
    }

    async fn finish(self) -> Result<(), DbError> {
        let Self { unit, db, events, claim, .. } = self;
        match unit {
            Unit::Sqlite(unit) => unit.commit(events).await?,
            Unit::Postgres(unit) => {
                unit.commit().await?;
                db.inner.events.publish(events);
            }
        }
        // The key is on the disk now: it stays claimed.
        claim.into_iter().for_each(std::mem::forget);
        Ok(())
    }
}
