//! The change of the fleet's own keys. Those before vouch for those after; machines that are there learn the new
//! ones at once, others when they come, for as long as the old ones are good.
//!
//! What is written down is one row: that a generation began. Its keys are made when they are needed, so that a
//! server that dies in between goes on where it stopped.

use std::sync::Arc;

use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, DbError, Entry, Problem, TaskPolicy, Timestamp};
use diwan_link::tls::Fingerprint;
use diwan_protocol::control::ToBridge;
use diwan_protocol::succession::{Succession, VERSION};
use futures::StreamExt;

use crate::connections::Connected;
use crate::farewell::Farewell;
use crate::fleet::Fleet;
use crate::gateway::PATIENCE;
use crate::keys::{Keys, OVERLAP};
use crate::machine::MachineId;
use crate::table::generation;

/// So many machines are told at once.
const AT_ONCE: usize = 64;
/// So many that have not learned the keys are named.
const MOST_NAMED: usize = 100;

/// How far a change of the keys is.
#[derive(Debug)]
pub(crate) struct KeyStatus {
    pub(crate) generation: u64,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) since: Option<Timestamp>,
    pub(crate) overlap_ends: Option<Timestamp>,
    pub(crate) machines: u64,
    pub(crate) count_without: u64,
    pub(crate) without: Vec<(MachineId, String)>,
}

impl Fleet {
    /// Begins another generation of keys, and tells the machines that are there.
    ///
    /// # Errors
    /// 409 while the change before is not over, 503 while the vault is sealed.
    pub(crate) async fn rotate_keys(&self, ctx: &Ctx) -> Result<KeyStatus, Problem> {
        let keys = self.keys().await?;
        if let Some(until) = keys.overlap_ends() {
            return Err(under_way(until));
        }
        let next = keys.current().number + 1;
        let mut tx = self.db().begin(ctx).await?;
        match generation::begin(&mut tx, next, ctx.now()).await {
            Err(DbError::Unique(_)) => return Err(under_way(ctx.now().plus(OVERLAP))),
            other => other?,
        }
        let entry = Entry::done("fleet.rotate_keys").on("fleet", "keys").with("generation", next);
        tx.commit(entry.with("overlap_ends", ctx.now().plus(OVERLAP).to_string())).await?;
        self.forget_keys();
        let this = self.clone();
        self.supervisor().spawn("succession", TaskPolicy::Once, async move { this.tell_all_of_succession().await });
        self.key_status().await
    }

    /// How far the change is.
    ///
    /// # Errors
    /// 503 while the vault is sealed.
    pub(crate) async fn key_status(&self) -> Result<KeyStatus, Problem> {
        let keys = self.keys().await?;
        let current = keys.current();
        Ok(KeyStatus {
            generation: current.number,
            fingerprint: current.authority.fingerprint(),
            since: current.since,
            overlap_ends: keys.overlap_ends(),
            machines: generation::count(self.db()).await?,
            count_without: generation::count_without(self.db(), current.number).await?,
            without: generation::without(self.db(), current.number, MOST_NAMED).await?,
        })
    }

    async fn tell_all_of_succession(&self) {
        let all = futures::stream::iter(self.connections().all());
        all.for_each_concurrent(AT_ONCE, async |connected| self.tell_of_succession(&connected).await).await;
    }

    /// Tells a machine that knows the keys of before which come after them.
    pub(crate) async fn tell_of_succession(&self, connected: &Connected) {
        let Ok(keys) = self.keys().await else { return };
        if let Some(message) = succession_for(&keys, connected.generation) {
            connected.tell(&message).await;
        }
    }

    /// A machine that believes the new keys gets a certificate of the new authority.
    pub(crate) async fn let_succeed(&self, connected: &Arc<Connected>, request: &[u8]) -> Result<(), Problem> {
        let newest = self.keys().await?.current().number;
        self.renew(connected, request, newest).await
    }

    /// A machine has written the new keys down.
    pub(crate) async fn has_succeeded(&self, machine: MachineId) -> Result<(), Problem> {
        let newest = self.keys().await?.current().number;
        let mut tx = self.db().begin(&Ctx::system(self.world(), "fleet")).await?;
        generation::set_learned(&mut tx, machine, newest).await?;
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
        self.announce(machine);
        Ok(())
    }

    /// Connections that were made with keys that are good no more end: whoever has learned the new ones comes
    /// again. Where another server has changed the keys, the machines that are here are told; which generation
    /// they were told of is remembered.
    pub(crate) async fn part_with_former(&self, told: &mut u64) {
        if self.connections().count() == 0 {
            return;
        }
        let Ok(keys) = self.keys().await else { return };
        let newest = keys.current().number;
        if std::mem::replace(told, newest) != newest {
            self.tell_all_of_succession().await;
        }
        for connected in self.connections().all() {
            if keys.all().all(|good| good.number != connected.generation) {
                connected.send_away(Farewell::later(PATIENCE));
            }
        }
    }
}

fn succession_for(keys: &Keys, known: u64) -> Option<ToBridge> {
    let current = keys.current();
    let former = keys.all().find(|one| one.number == known && one.number < current.number)?;
    let succession = Succession {
        version: VERSION,
        authority: current.authority.certificate().to_vec().into(),
        keys: vec![current.signing.verifying_key()],
        until_ms: keys.overlap_ends()?.as_millis(),
    };
    Some(ToBridge::Succession(former.signing.sign_succession(&succession)))
}

fn under_way(until: Timestamp) -> Problem {
    Problem::conflict(
        "keys_rotating",
        "The keys were changed a short while ago",
        format!("Until {until} the keys before are still good, so that every machine can learn the new ones."),
        "Wait until then; put out machines whose keys are in the wrong hands.",
    )
}
