//! Hearing what was appended, once it is committed.

use diwan_kernel::events::{DomainEvent, Event, Events};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::journal::EntryRecorded;
use crate::suspicion::is_sign_in;

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

    /// Waits until the trail has reached `seq`.
    pub(crate) async fn reaches(&mut self, seq: i64) {
        self.wait(|event| event.data.get("seq").and_then(serde_json::Value::as_i64).is_some_and(|at| at >= seq)).await;
    }

    /// Waits for an entry that may be part of something suspicious.
    pub(crate) async fn is_noteworthy(&mut self) {
        let text =
            |event: &Event, key: &str| event.data.get(key).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
        self.wait(|event| text(event, "outcome") != "ok" || is_sign_in(&text(event, "action"))).await;
    }

    async fn wait(&mut self, is_it: impl Fn(&Event) -> bool) {
        loop {
            match self.0.recv().await {
                Ok(event) if event.name == EntryRecorded::NAME && is_it(&event) => return,
                Ok(_) => {}
                // So much has happened that it is time to look.
                Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}
