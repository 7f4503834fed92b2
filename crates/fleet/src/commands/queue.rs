//! What is to be done in the background, with commands for the most part.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// Each is in it once. What is lost with the process is found again by whoever looks for what is not done.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    waiting: Mutex<BTreeSet<T>>,
    came: Notify,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { waiting: Mutex::default(), came: Notify::default() }
    }
}

impl<T: Ord> Queue<T> {
    pub(crate) fn add(&self, one: T) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(one);
        self.came.notify_one();
    }

    /// Waits until there are some, and takes all of them.
    pub(crate) async fn take(&self) -> BTreeSet<T> {
        loop {
            let taken = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            if !taken.is_empty() {
                return taken;
            }
            self.came.notified().await;
        }
    }
}
