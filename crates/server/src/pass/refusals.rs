//! Refusals go to the audit trail: the first of its kind at once, the ones after it counted and written
//! once a minute. A flood of refused requests must not fill the disk, nor slow anybody down.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use diwan_kernel::{Ctx, Db, DbError, Entry, Supervisor, TaskPolicy};
use tokio::sync::mpsc;

const QUEUE: usize = 256;
/// Kinds of refusals that are told apart within a minute.
const KINDS: usize = 60;
const PERIOD: Duration = Duration::from_secs(60);

/// One refused request.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// Who asked.
    pub ctx: Ctx,
    /// Why it was refused.
    pub code: &'static str,
    /// What was asked for.
    pub operation: String,
}

/// Takes refusals in. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Refusals(mpsc::Sender<Refusal>);

impl Refusals {
    /// Starts the task that writes them down.
    pub(crate) fn start(db: &Db, supervisor: &Supervisor) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let book = Book { db: db.clone(), kinds: BTreeMap::new(), others: 0 };
        supervisor.spawn("refusals", TaskPolicy::Critical, book.keep(receiver, supervisor.clone()));
        Self(sender)
    }

    /// Takes one in. When too many come at once, this one is left out.
    pub(crate) fn note(&self, refusal: Refusal) {
        let _ = self.0.try_send(refusal);
    }
}

/// What tells refusals apart.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    actor: String,
    address: Option<IpAddr>,
    code: &'static str,
}

struct Book {
    db: Db,
    /// Refusals seen lately, and how many more there were since the last was written.
    kinds: BTreeMap<Kind, (Refusal, u64)>,
    others: u64,
}

impl Book {
    async fn keep(mut self, mut receiver: mpsc::Receiver<Refusal>, supervisor: Supervisor) {
        let mut minute = tokio::time::interval(PERIOD);
        // Not at once, but a minute from now.
        minute.reset();
        minute.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = supervisor.stopping() => break,
                _ = minute.tick() => self.write_counts().await,
                Some(refusal) = receiver.recv() => self.take(refusal).await,
            }
        }
        while let Ok(refusal) = receiver.try_recv() {
            self.take(refusal).await;
        }
        self.write_counts().await;
    }

    async fn take(&mut self, mut refusal: Refusal) {
        // The entry is ours, not the request's write.
        refusal.ctx.idempotency = None;
        let kind = Kind { actor: refusal.ctx.actor.key(), address: refusal.ctx.address(), code: refusal.code };
        if let Some((_, more)) = self.kinds.get_mut(&kind) {
            *more += 1;
        } else if self.kinds.len() < KINDS {
            self.write(&refusal, 1).await;
            self.kinds.insert(kind, (refusal, 0));
        } else {
            self.others += 1;
        }
    }

    async fn write_counts(&mut self) {
        for (refusal, more) in std::mem::take(&mut self.kinds).into_values() {
            if more > 0 {
                self.write(&refusal, more).await;
            }
        }
        if self.others > 0 {
            let ctx = Ctx::system(self.db.world(), "edge");
            let others = Refusal { ctx, code: "many_refusals", operation: "many".into() };
            self.write(&others, self.others).await;
            self.others = 0;
        }
    }

    async fn write(&self, refusal: &Refusal, count: u64) {
        if let Err(error) = self.append(refusal, count).await {
            tracing::warn!(%error, code = refusal.code, count, "a refusal could not be written to the audit trail");
        }
    }

    async fn append(&self, refusal: &Refusal, count: u64) -> Result<(), DbError> {
        let tx = self.db.begin(&refusal.ctx).await?;
        let entry = Entry::denied("request.refuse", refusal.code).on("operation", &refusal.operation);
        tx.commit(entry.with("count", count)).await
    }
}
