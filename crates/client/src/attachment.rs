//! A WebSocket about one command: what it says, how it stands, and what it is given to read.

use bytes::{BufMut, Bytes, BytesMut};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::call::Query;
use crate::client::Client;
use crate::commands::{Command, CommandProblem};
use crate::error::ClientError;
use crate::operations::part;
use crate::socket::{Lost, Socket};

/// Where output belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// What the command says.
    Output,
    /// What it says on its error output.
    Errors,
}

/// What is heard about a command.
#[derive(Debug)]
pub enum FromCommand {
    /// A piece of output, and the place of its first byte.
    Piece(Channel, u64, Bytes),
    /// How it stands now; and the same as it came.
    State(Box<Command>, Value),
    /// Something that was asked of it could not be done.
    Refused(CommandProblem),
}

/// From where on a terminal is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// From this place on.
    From(u64),
    /// From so far before the end.
    BeforeTheEnd(u64),
}

/// The place of input that comes after whatever there is.
const NEXT: u64 = u64::MAX;

/// A connection about one command.
#[derive(Debug)]
pub struct Attachment(Socket);

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Text {
    State {
        command: Value,
    },
    Refused(CommandProblem),
    #[serde(other)]
    Other,
}

impl Client {
    /// Looks on while a command runs, from these places of its output and its errors on.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn follow_command(&self, id: &str, output: u64, errors: u64) -> Result<Attachment, ClientError> {
        let query = Query::new().with("output", Some(output)).with("errors", Some(errors));
        let socket = self.socket(&format!("/commands/{}/attach", part(id)), query).await?;
        Ok(Attachment(socket))
    }

    /// Looks on while a try at a job runs, from these places of its output and its errors on.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn follow_job_log(
        &self,
        id: &str,
        attempt: u32,
        [output, errors]: [u64; 2],
    ) -> Result<Attachment, ClientError> {
        let query =
            Query::new().with("attempt", Some(attempt)).with("output", Some(output)).with("errors", Some(errors));
        let socket = self.socket(&format!("/jobs/{}/log/follow", part(id)), query).await?;
        Ok(Attachment(socket))
    }

    /// Looks at a terminal, and types into it unless it is only to be looked at.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn attach_terminal(&self, id: &str, place: Place, read_only: bool) -> Result<Attachment, ClientError> {
        let (output, tail) = match place {
            Place::From(output) => (Some(output), None),
            Place::BeforeTheEnd(tail) => (None, Some(tail)),
        };
        let query = Query::new().with("output", output).with("tail", tail).with("view", read_only.then_some(true));
        let socket = self.socket(&format!("/commands/{}/attach", part(id)), query).await?;
        Ok(Attachment(socket))
    }
}

impl Attachment {
    /// What comes next. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// When the connection is over; 1000 when all was said.
    pub async fn next(&mut self) -> Result<FromCommand, Lost> {
        loop {
            let heard = match self.0.next().await? {
                Message::Binary(bytes) => piece(bytes),
                Message::Text(text) => read(&text),
                _ => continue,
            };
            match heard {
                Ok(Some(heard)) => return Ok(heard),
                Ok(None) => {}
                Err(()) => return Err(Lost::Broken("what the server said of the command has no meaning".into())),
            }
        }
    }

    /// Gives it input, the first byte of which belongs to this place.
    ///
    /// # Errors
    /// When the connection is over.
    pub async fn give(&mut self, at: u64, bytes: &[u8]) -> Result<(), Lost> {
        let mut message = BytesMut::with_capacity(8 + bytes.len());
        message.put_u64(at);
        message.put_slice(bytes);
        self.0.send(Message::Binary(message.freeze())).await
    }

    /// Types into a terminal.
    ///
    /// # Errors
    /// When the connection is over.
    pub async fn type_in(&mut self, bytes: &[u8]) -> Result<(), Lost> {
        self.give(NEXT, bytes).await
    }

    /// Says how large the terminal is to be.
    ///
    /// # Errors
    /// When the connection is over.
    pub async fn resize(&mut self, columns: u16, rows: u16) -> Result<(), Lost> {
        self.0.send(Message::text(json!({"type": "resize", "columns": columns, "rows": rows}).to_string())).await
    }

    /// Says that its input ends at this place.
    ///
    /// # Errors
    /// When the connection is over.
    pub async fn end_input(&mut self, at: u64) -> Result<(), Lost> {
        self.0.send(Message::text(json!({"type": "input", "at": at, "ends": true}).to_string())).await
    }

    /// Has it stopped.
    ///
    /// # Errors
    /// When the connection is over.
    pub async fn cancel(&mut self) -> Result<(), Lost> {
        self.0.send(Message::text(json!({"type": "cancel"}).to_string())).await
    }
}

/// A piece of output: the channel, the place in eight bytes, the bytes.
fn piece(mut message: Bytes) -> Result<Option<FromCommand>, ()> {
    let place = message.get(1..9).and_then(|place| <[u8; 8]>::try_from(place).ok()).ok_or(())?;
    let channel = match message.first() {
        Some(1) => Channel::Output,
        Some(2) => Channel::Errors,
        _ => return Ok(None),
    };
    Ok(Some(FromCommand::Piece(channel, u64::from_be_bytes(place), message.split_off(9))))
}

fn read(text: &str) -> Result<Option<FromCommand>, ()> {
    match serde_json::from_str(text).map_err(drop)? {
        Text::State { command } => {
            let read = Command::deserialize(&command).map_err(drop)?;
            Ok(Some(FromCommand::State(Box::new(read), command)))
        }
        Text::Refused(problem) => Ok(Some(FromCommand::Refused(problem))),
        // Of a later version.
        Text::Other => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_read_as_they_were_sent() {
        let heard = piece(Bytes::from_static(b"\x02\0\0\0\0\0\0\x01\0hi")).unwrap();
        assert!(
            matches!(heard, Some(FromCommand::Piece(Channel::Errors, 256, bytes)) if bytes == Bytes::from_static(b"hi"))
        );
        assert!(piece(Bytes::from_static(b"\x01\0")).is_err());
        assert!(
            piece(Bytes::from_static(b"\x09\0\0\0\0\0\0\x01\0hi")).unwrap().is_none(),
            "a channel of a later version"
        );
    }

    #[test]
    fn what_a_later_server_says_is_passed_over() {
        assert!(read(r#"{"type":"weather","wind":3}"#).unwrap().is_none());
        assert!(read("{}").is_err() && read(r#"{"type":"state","command":{}}"#).is_err());
        let refused = read(r#"{"type":"refused","code":"a","detail":"b"}"#).unwrap();
        assert!(matches!(refused, Some(FromCommand::Refused(CommandProblem { code, .. })) if code == "a"));
    }
}
