//! The pipe of a command about files: its input and output, as they are.

use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

use crate::call::Query;
use crate::client::Client;
use crate::error::ClientError;
use crate::model::Page;
use crate::operations::{Answer, part};
use crate::socket::{Lost, Socket, broken};

/// The server asks whether we are there more often than this.
const SILENCE: Duration = Duration::from_secs(30);

/// A directory that a machine's policy names.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MachineRoot {
    /// What it is called.
    pub name: String,
    /// Whether anything in it may be changed.
    pub writable: bool,
}

/// The pipe of a command, taken up.
#[derive(Debug)]
pub struct CommandPipe(Socket);

impl Client {
    /// The directories that a machine's policy names.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn list_machine_roots(&self, machine: &str) -> Answer<Page<MachineRoot>> {
        self.get(&format!("/machines/{}/roots", part(machine)), Query::new()).await
    }

    /// Takes up the pipe of a command.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn open_command_pipe(&self, command: &str) -> Result<CommandPipe, ClientError> {
        let socket = self.socket(&format!("/commands/{}/pipe", part(command)), Query::new()).await?;
        Ok(CommandPipe(socket))
    }
}

impl CommandPipe {
    /// Carries what `out` gives to the command, and what the command says to `into`, until it has said its last.
    ///
    /// # Errors
    /// When the connection was over before that.
    pub async fn carry(self, into: mpsc::Sender<Bytes>, mut out: mpsc::Receiver<Bytes>) -> Result<(), Lost> {
        let (mut sink, mut stream) = self.0.into_inner().split();
        let sending = async {
            while let Some(bytes) = out.recv().await {
                sink.send(Message::Binary(bytes)).await.map_err(|e| broken(&e))?;
            }
            sink.send(Message::text("end")).await.map_err(|e| broken(&e))?;
            // Whether that was all, the command says.
            std::future::pending::<Result<(), Lost>>().await
        };
        let hearing = async {
            loop {
                let next = tokio::time::timeout(SILENCE, stream.next()).await;
                match next.map_err(|_| Lost::Broken("nothing was heard for half a minute".into()))? {
                    // Nobody may listen any more: the end is still waited for.
                    Some(Ok(Message::Binary(bytes))) => drop(into.send(bytes).await),
                    Some(Ok(Message::Close(Some(frame)))) if frame.code == 1000.into() => return Ok(()),
                    Some(Ok(Message::Close(frame))) => {
                        return Err(Lost::Closed(frame.map_or(1005, |frame| frame.code.into())));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(broken(&error)),
                    None => return Err(Lost::Broken("the connection ended".into())),
                }
            }
        };
        tokio::select! {
            // What was said before the connection broke says more about why than that it broke.
            biased;
            heard = hearing => heard,
            sent = sending => sent,
        }
    }
}
