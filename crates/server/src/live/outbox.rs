//! What is on its way to a client, and how long it has been stuck.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::{Sink, Stream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};

/// More than this is not kept for anybody.
const LARGEST: usize = 2 * 1024 * 1024;

/// Messages that wait to be sent.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Message>,
    bytes: usize,
    unflushed: bool,
    stuck_since: Option<Duration>,
}

impl Outbox {
    /// Puts a message at the end.
    pub(super) fn push(&mut self, message: Message) {
        self.bytes += message.len();
        self.waiting.push_back(message);
    }

    /// Whether the client reads too slowly to be waited for.
    pub(super) fn is_hopeless(&self, now: Duration, patience: Duration) -> bool {
        self.bytes > LARGEST || self.stuck_since.is_some_and(|since| now.saturating_sub(since) >= patience)
    }

    /// Sends what can be sent and then reads: the next message, or `None` at the end. Nothing is lost
    /// when the future is dropped in between.
    pub(super) async fn turn<S>(
        &mut self,
        socket: &mut WebSocketStream<S>,
        now: Duration,
    ) -> Option<Result<Message, Error>>
    where
        WebSocketStream<S>: Sink<Message, Error = Error> + Stream<Item = Result<Message, Error>> + Unpin,
    {
        std::future::poll_fn(|cx| {
            match self.poll_send(socket, cx) {
                Poll::Ready(Ok(())) => self.stuck_since = None,
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
                Poll::Pending => {
                    self.stuck_since.get_or_insert(now);
                }
            }
            Pin::new(&mut *socket).poll_next(cx)
        })
        .await
    }

    fn poll_send<S>(&mut self, socket: &mut WebSocketStream<S>, cx: &mut Context<'_>) -> Poll<Result<(), Error>>
    where
        WebSocketStream<S>: Sink<Message, Error = Error> + Unpin,
    {
        while !self.waiting.is_empty() {
            std::task::ready!(Pin::new(&mut *socket).poll_ready(cx))?;
            let Some(message) = self.waiting.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(message.len());
            Pin::new(&mut *socket).start_send(message)?;
            // Each message that gets through is progress.
            (self.unflushed, self.stuck_since) = (true, None);
        }
        if self.unflushed {
            std::task::ready!(Pin::new(&mut *socket).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }
}
