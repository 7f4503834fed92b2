//! Commands with which something is to be done in the background.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::commands::id::CommandId;

/// Each is in it once. What is lost with the process is found again by whoever looks for what is not done.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Mutex<BTreeSet<CommandId>>,
    came: Notify,
}

impl Queue {
    pub(crate) fn add(&self, id: CommandId) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        self.came.notify_one();
    }

    /// Waits until there are some, and takes all of them.
    pub(crate) async fn take(&self) -> BTreeSet<CommandId> {
        loop {
            let taken = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            if !taken.is_empty() {
                return taken;
            }
            self.came.notified().await;
        }
    }
}
