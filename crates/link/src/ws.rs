//! Bytes over a WebSocket: each binary message is a piece of the stream, of whatever length.

use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

/// No message is longer: a TLS record with its head fits.
const LONGEST: usize = 32 * 1024;
/// What is read at once. A link is idle most of the time, and there may be ten thousand.
const READ_BUFFER: usize = 4 * 1024;

/// The bytes of a WebSocket.
#[derive(Debug)]
pub struct WsBytes<S> {
    socket: WebSocketStream<S>,
    unread: Bytes,
}

/// How the WebSockets of links are set up, at both ends.
pub fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(4 * LONGEST)
        .max_message_size(Some(LONGEST))
        .max_frame_size(Some(LONGEST))
}

impl<S: AsyncRead + AsyncWrite + Unpin> WsBytes<S> {
    /// Over a socket whose handshake is done.
    pub fn new(socket: WebSocketStream<S>) -> Self {
        Self { socket, unread: Bytes::new() }
    }

    /// Over a connection on which the server has just accepted the handshake.
    pub async fn accepted(connection: S) -> Self {
        Self::new(WebSocketStream::from_raw_socket(connection, Role::Server, Some(config())).await)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for WsBytes<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        while self.unread.is_empty() {
            match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
                Some(Ok(Message::Binary(bytes))) => self.unread = bytes,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                None | Some(Ok(Message::Close(_))) => return Poll::Ready(Ok(())),
                Some(Ok(_)) => return Poll::Ready(Err(Error::new(ErrorKind::InvalidData, "text instead of bytes"))),
                Some(Err(error)) => return Poll::Ready(ended(error)),
            }
        }
        let count = self.unread.len().min(into.remaining());
        into.put_slice(&self.unread[..count]);
        self.unread.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for WsBytes<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        ready!(Pin::new(&mut self.socket).poll_ready(cx)).map_err(failed)?;
        let count = bytes.len().min(LONGEST);
        let message = Message::Binary(Bytes::copy_from_slice(&bytes[..count]));
        Pin::new(&mut self.socket).start_send(message).map_err(failed)?;
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx).map_err(failed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.socket).poll_close(cx).map(|_| Ok(()))
    }
}

/// A socket that was closed is at its end; anything else is an error.
fn ended(error: WsError) -> Result<()> {
    match error {
        WsError::ConnectionClosed | WsError::AlreadyClosed => Ok(()),
        other => Err(failed(other)),
    }
}

fn failed(error: WsError) -> Error {
    match error {
        WsError::Io(error) => error,
        other => Error::new(ErrorKind::InvalidData, other),
    }
}
