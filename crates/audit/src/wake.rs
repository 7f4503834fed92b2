//! What appending tells the background work, without waiting for it.

use std::sync::atomic::{AtomicI64, Ordering};

use diwan_kernel::Outcome;
use tokio::sync::Notify;

/// How many entries may pass without a checkpoint.
const ENTRIES_PER_CHECKPOINT: i64 = 1000;

/// Wakes the background work.
#[derive(Debug, Default)]
pub(crate) struct Wake {
    checkpointed: AtomicI64,
    /// A checkpoint is due.
    pub(crate) checkpoint: Notify,
    /// Something was appended that may be part of something suspicious.
    pub(crate) suspicion: Notify,
}

impl Wake {
    pub(crate) fn appended(&self, seq: i64, outcome: Outcome, action: &str) {
        if seq - self.checkpointed.load(Ordering::Relaxed) >= ENTRIES_PER_CHECKPOINT {
            self.checkpoint.notify_one();
        }
        if outcome != Outcome::Ok || crate::suspicion::is_sign_in(action) {
            self.suspicion.notify_one();
        }
    }

    pub(crate) fn checkpointed_at(&self, seq: i64) {
        self.checkpointed.fetch_max(seq, Ordering::Relaxed);
    }
}
