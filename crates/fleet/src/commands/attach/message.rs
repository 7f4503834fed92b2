//! What the two ends of a WebSocket about a command say to each other.

use axum::extract::ws::{CloseFrame, Message};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut, Bytes};
use serde::{Deserialize, Serialize};

use crate::commands::operation::LARGEST_SIZE;
use crate::commands::terminal::TerminalSize;
use crate::commands::view::CommandView;

/// What the server says in text.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FromServer<'a> {
    /// How the command stands now.
    State { command: &'a CommandView },
    /// What was asked of the command could not be done.
    Refused { code: &'a str, detail: &'a str },
}

impl FromServer<'_> {
    pub(super) fn message(&self) -> Message {
        Message::Text(serde_json::to_string(self).unwrap_or_default().into())
    }
}

/// How long the head of a piece of output is.
const HEAD: usize = 9;

/// The head of a piece of output: the channel (1 or 2), and the place of its first byte in eight bytes. There is room
/// for so many bytes behind it.
pub(super) fn head(channel: usize, at: u64, room: usize) -> Vec<u8> {
    let mut head = Vec::with_capacity(HEAD + room);
    head.put_u8(if channel == 0 { 1 } else { 2 });
    head.put_u64(at);
    head
}

/// The place of what comes after whatever there is.
const NEXT: u64 = u64::MAX;

/// What the client says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FromClient {
    Input { at: Option<u64>, bytes: Bytes, ends: bool },
    Signal(u8),
    Resize(TerminalSize),
    Cancel,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Text {
    Input {
        at: Option<u64>,
        #[serde(default)]
        bytes: String,
        #[serde(default)]
        ends: bool,
    },
    Signal {
        signal: u8,
    },
    Resize {
        columns: u16,
        rows: u16,
    },
    Cancel {},
}

impl FromClient {
    /// Reads text.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        match serde_json::from_str(text).ok()? {
            Text::Input { at, bytes, ends } => {
                Some(Self::Input { at, bytes: STANDARD.decode(bytes).ok()?.into(), ends })
            }
            Text::Signal { signal } => (1..=31).contains(&signal).then_some(Self::Signal(signal)),
            Text::Resize { columns, rows } => {
                let is_sane = |size: u16| (1..=LARGEST_SIZE).contains(&size);
                (is_sane(columns) && is_sane(rows)).then_some(Self::Resize(TerminalSize { columns, rows }))
            }
            Text::Cancel {} => Some(Self::Cancel),
        }
    }

    /// Reads bytes: the place of the first one in eight bytes, or [`NEXT`], then input.
    pub(super) fn from_bytes(mut bytes: Bytes) -> Option<Self> {
        let place = u64::from_be_bytes(bytes.get(..8)?.try_into().ok()?);
        let input = bytes.split_off(8);
        Some(Self::Input { at: (place != NEXT).then_some(place), bytes: input, ends: false })
    }
}

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The client went away.
    Gone,
    /// The command is over and all of it was said.
    Over,
    /// The session has ended.
    SessionEnded,
    /// Who it is has to be proved again: connect anew and go on.
    ComeAgain,
    /// Nothing was heard from the client.
    Silent,
    /// The client reads too slowly.
    TooSlow,
    /// The client said what has no meaning, or too much.
    Meaningless,
    /// What the command said cannot be read.
    Unreadable,
    /// The server stops.
    Stopping,
}

impl End {
    pub(super) fn frame(self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Gone => return None,
            Self::Over => (1000, "over"),
            Self::SessionEnded => (4401, "session_ended"),
            Self::ComeAgain => (1012, "come_again"),
            Self::Silent => (4408, "idle"),
            Self::TooSlow => (1013, "slow_consumer"),
            Self::Meaningless => (1008, "message_invalid"),
            Self::Unreadable => (1011, "output_unreadable"),
            Self::Stopping => (1001, "server_stopping"),
        };
        Some(CloseFrame { code, reason: reason.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_says_is_read_strictly() {
        let input = FromClient::Input { at: Some(3), bytes: Bytes::from_static(b"hi"), ends: true };
        assert_eq!(FromClient::from_text(r#"{"type":"input","at":3,"bytes":"aGk=","ends":true}"#), Some(input));
        assert_eq!(FromClient::from_text(r#"{"type":"cancel"}"#), Some(FromClient::Cancel));
        let bytes = Bytes::from_static(b"\0\0\0\0\0\0\0\x05hi");
        let input = FromClient::Input { at: Some(5), bytes: Bytes::from_static(b"hi"), ends: false };
        assert_eq!(FromClient::from_bytes(bytes), Some(input));
        let input = FromClient::Input { at: None, bytes: Bytes::from_static(b"hi"), ends: false };
        assert_eq!(FromClient::from_bytes(Bytes::from_static(b"\xff\xff\xff\xff\xff\xff\xff\xffhi")), Some(input));
        for bad in [
            "",
            "[]",
            r#"{"type":"signal","signal":0}"#,
            r#"{"type":"signal","signal":64}"#,
            r#"{"type":"cancel","x":1}"#,
        ] {
            assert_eq!(FromClient::from_text(bad), None, "{bad}");
        }
        assert_eq!(FromClient::from_bytes(Bytes::from_static(b"1234567")), None);
    }
}
