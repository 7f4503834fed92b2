//! Packs output that grows no more: one file at a time, in the background.
//!
//! What has ended is written down as packed, with how much room it takes; whatever a crash left undone is found by that.

use std::io::ErrorKind;
use std::time::Duration;

use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, DbError, TaskPolicy};

use super::id::CommandId;
use super::store::Ripe;
use super::table;
use crate::fleet::Fleet;

/// What could not be packed is tried again.
const LOOK_AGAIN: Duration = Duration::from_secs(600);
/// So many are written down in one commit.
const AT_ONCE: usize = 32;

/// Begins to pack.
pub(crate) fn start(fleet: &Fleet) {
    let this = fleet.clone();
    fleet.supervisor().spawn("packer of output", TaskPolicy::Critical, async move {
        let supervisor = this.supervisor().clone();
        loop {
            if let Err(error) = this.pack_what_is_left().await {
                tracing::warn!(%error, "output that was not packed before cannot be looked up now");
            }
            let mut until = std::pin::pin!(supervisor.pause(LOOK_AGAIN));
            loop {
                let ripe = tokio::select! {
                    biased;
                    is_time = &mut until => if is_time { break } else { return },
                    ripe = this.commands().store().ripe() => ripe,
                };
                if let Err(error) = this.pack_these(ripe).await {
                    tracing::warn!(%error, "that output is packed cannot be written down now");
                }
            }
        }
    });
}

impl Fleet {
    /// Packs what ended before this process began, or could not be packed.
    async fn pack_what_is_left(&self) -> Result<(), DbError> {
        let mut after = None;
        loop {
            let some = table::unpacked(self.db(), after, AT_ONCE).await?;
            let Some(last) = some.last().copied() else { return Ok(()) };
            self.pack_these(some).await?;
            after = Some(last);
        }
    }

    async fn pack_these(&self, commands: impl IntoIterator<Item = CommandId>) -> Result<(), DbError> {
        let mut done = vec![];
        for id in commands {
            let Some(command) = table::find(self.db(), id).await? else { continue };
            let ripe = if command.state.is_open() { Ripe::Full } else { Ripe::All };
            match self.commands().store().pack(id, ripe, self.supervisor()).await {
                Ok(Some(room)) if ripe == Ripe::All => done.push((id, room)),
                Ok(_) => {}
                // Deleted meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => tracing::warn!(command = %id, %error, "output cannot be packed now"),
            }
            if self.supervisor().is_stopping() {
                break;
            }
            if done.len() == AT_ONCE {
                self.note_packed(&done).await?;
                done.clear();
            }
        }
        self.note_packed(&done).await
    }

    async fn note_packed(&self, done: &[(CommandId, u64)]) -> Result<(), DbError> {
        if done.is_empty() {
            return Ok(());
        }
        let mut tx = self.db().begin(&Ctx::system(self.world(), "fleet")).await?;
        for (id, room) in done {
            table::set_packed(&mut tx, *id, *room).await?;
        }
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await
    }
}
