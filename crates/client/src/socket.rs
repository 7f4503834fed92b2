//! A WebSocket to the server: asked for like any other request, with the same trust and the same credentials.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use reqwest::header::SEC_WEBSOCKET_ACCEPT;
use reqwest::{StatusCode, Upgraded};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::call::{Call, Query};
use crate::client::Client;
use crate::error::ClientError;

/// The server asks whether we are there more often than this.
const SILENCE: Duration = Duration::from_secs(30);
const LARGEST: usize = 1024 * 1024;
const BUFFER: usize = 128 * 1024;

/// Why a connection is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lost {
    /// The server said goodbye, with this code.
    Closed(u16),
    /// It broke: connect anew and go on.
    Broken(String),
}

/// A WebSocket.
#[derive(Debug)]
pub(crate) struct Socket(WebSocketStream<Upgraded>);

impl Client {
    /// Opens a WebSocket as whoever is signed in.
    pub(crate) async fn socket(&self, path: &str, query: Query) -> Result<Socket, ClientError> {
        let call = Call::socket(format!("/api/v1{path}"), query)?;
        let response = self.respond(&call).await?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            self.accepted(response).await?;
            return Err(self.unexpected("it opened no WebSocket".into()));
        }
        let expected = call.nonce.as_deref().map(|nonce| derive_accept_key(nonce.as_bytes()));
        let accept = response.headers().get(SEC_WEBSOCKET_ACCEPT).and_then(|value| value.to_str().ok());
        if accept != expected.as_deref() {
            return Err(self.unexpected("the answer to the handshake of the WebSocket is another one's".into()));
        }
        let upgraded = response.upgrade().await.map_err(|e| self.unreachable(&e))?;
        let limits = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .max_message_size(Some(LARGEST))
            .max_frame_size(Some(LARGEST));
        Ok(Socket(WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(limits)).await))
    }
}

impl Socket {
    /// What it is made of, for those who read and write at once.
    pub(crate) fn into_inner(self) -> WebSocketStream<Upgraded> {
        self.0
    }

    /// The next text or bytes. Nothing is lost when the future is dropped.
    pub(crate) async fn next(&mut self) -> Result<Message, Lost> {
        loop {
            let next = tokio::time::timeout(SILENCE, self.0.next()).await;
            match next.map_err(|_| Lost::Broken("nothing was heard for half a minute".into()))? {
                None => return Err(Lost::Broken("the connection ended".into())),
                Some(Err(error)) => return Err(broken(&error)),
                Some(Ok(Message::Close(Some(frame)))) => return Err(Lost::Closed(frame.code.into())),
                Some(Ok(Message::Close(None))) => return Err(Lost::Closed(1005)),
                Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => return Ok(message),
                // It answers pings by itself, when it is read and written next.
                Some(Ok(_)) => self.0.flush().await.map_err(|e| broken(&e))?,
            }
        }
    }

    /// Sends a message.
    pub(crate) async fn send(&mut self, message: Message) -> Result<(), Lost> {
        self.0.send(message).await.map_err(|e| broken(&e))
    }
}

pub(crate) fn broken(error: &Error) -> Lost {
    Lost::Broken(error.to_string())
}
