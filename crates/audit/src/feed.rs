//! Hearing what was appended, once it is committed.

use diwan_kernel::events::{DomainEvent, Event, Events};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::journal::EntryRecorded;

/// Hears the entries that this process appends.
pub(crate) struct Feed(Receiver<std::sync::Arc<Event>>);

impl Feed {
    pub(crate) fn of(events: &Events) -> Self {
        Self(events.listen(None).receiver)
    }

    /// Forgets what was not heard yet.
    pub(crate) fn skip_to_now(&mut self) {
        self.0 = self.0.resubscribe();
    }

    /// Waits for an entry at `seq` or after it.
    pub(crate) async fn reaches(&mut self, seq: i64) {
        let has_come = |event: &Event| event.data.get("seq").and_then(serde_json::Value::as_i64) >= Some(seq);
        loop {
            match self.0.recv().await {
                Ok(event) if event.name == EntryRecorded::NAME && has_come(&event) => return,
                Ok(_) => {}
                // So much has happened that it is time to look.
                Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}
