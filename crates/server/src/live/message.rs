//! What the two ends of the feed say to each other.

use diwan_kernel::Timestamp;
use diwan_kernel::events::Event;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

/// What the server says.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FromServer<'a> {
    /// The feed begins; this is where it stands.
    Hello { epoch: u64, seq: u64, heartbeat_s: u64 },
    /// These topics are heard from now on, those are not.
    Subscribed { topics: &'a [&'static str], refused: &'a [String] },
    /// Something happened.
    Event { seq: u64, at: Timestamp, topic: &'static str, name: &'static str, data: &'a Value },
    /// Something may have been missed: look anew.
    Gap,
    /// Are you there?
    Ping,
}

impl FromServer<'_> {
    /// As it is sent.
    pub(super) fn message(&self) -> Message {
        Message::text(serde_json::to_string(self).unwrap_or_default())
    }
}

impl<'a> From<&'a Event> for FromServer<'a> {
    fn from(event: &'a Event) -> Self {
        Self::Event { seq: event.seq, at: event.at, topic: event.topic, name: event.name, data: &event.data }
    }
}

/// What the client says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum FromClient {
    /// Tell me about these, going on where I stopped.
    Subscribe { topics: Vec<String>, resume: Option<Resume> },
    /// I am here.
    Pong,
}

/// Where a client stopped.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Resume {
    pub epoch: u64,
    pub seq: u64,
}
