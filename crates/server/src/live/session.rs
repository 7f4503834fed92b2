//! One live connection from its greeting to its end.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::request::Parts;
use diwan_kernel::events::{Ending, Event};
use diwan_kernel::{Actor, Ctx};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::message::{FromClient, FromServer, Resume};
use super::outbox::Outbox;
use super::window::Window;
use super::{HEARTBEAT, Live};

/// A client that was not heard for this long is gone.
const SILENCE: Duration = Duration::from_secs(25);
/// A client that reads nothing for this long is too slow.
const PATIENCE: Duration = Duration::from_secs(10);
/// Beat of the watch over silence and slowness; every second one asks the client.
const BEAT: Duration = Duration::from_secs(5);
/// The session is looked at again this often, whatever the events said.
const RECHECK: Duration = Duration::from_secs(300);
/// A close that the client does not answer within this time is not waited for.
const FAREWELL: Duration = Duration::from_secs(1);
const LARGEST_MESSAGE: usize = 16 * 1024;
const BUFFER: usize = 4 * 1024;
const MOST_TOPICS: usize = 64;

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The client went away.
    Gone,
    /// The session has ended.
    SessionEnded,
    /// Nothing was heard from the client.
    Silent,
    /// The client reads too slowly.
    TooSlow,
    /// The client sent too much at once.
    TooLarge,
    /// The client sent too often.
    TooOften,
    /// The client sent what has no meaning.
    Meaningless,
    /// The server stops.
    Stopping,
}

impl End {
    fn frame(self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Gone => return None,
            Self::SessionEnded => (4401, "session_ended"),
            Self::Silent => (4408, "idle"),
            Self::TooSlow => (1013, "slow_consumer"),
            Self::TooLarge => (1009, "message_too_large"),
            Self::TooOften => (1008, "too_many_messages"),
            Self::Meaningless => (1008, "message_invalid"),
            Self::Stopping => (1001, "server_stopping"),
        };
        Some(CloseFrame { code: CloseCode::from(code), reason: reason.into() })
    }
}

/// One live connection.
pub(super) struct Session {
    live: Arc<Live>,
    ctx: Ctx,
    credential: Parts,
    socket: WebSocketStream<TokioIo<Upgraded>>,
    outbox: Outbox,
    receiver: Receiver<Arc<Event>>,
    topics: Vec<&'static str>,
    window: Window,
    heard_at: Duration,
    checked_at: Duration,
    beats: u64,
}

impl Session {
    /// Greets the client.
    pub(super) async fn new(live: Arc<Live>, ctx: Ctx, credential: Parts, socket: Upgraded) -> Self {
        let limits = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_write_buffer_size(8 * LARGEST_MESSAGE)
            .max_message_size(Some(LARGEST_MESSAGE))
            .max_frame_size(Some(LARGEST_MESSAGE));
        let socket = WebSocketStream::from_raw_socket(TokioIo::new(socket), Role::Server, Some(limits)).await;
        let listening = live.events.listen(None);
        let now = live.world.monotonic();
        let mut outbox = Outbox::default();
        let (epoch, seq) = (live.events.epoch(), listening.latest_seq);
        outbox.push(FromServer::Hello { epoch, seq, heartbeat_s: HEARTBEAT.as_secs() }.message());
        Self {
            live,
            ctx,
            credential,
            socket,
            outbox,
            receiver: listening.receiver,
            topics: vec![],
            window: Window::default(),
            heard_at: now,
            checked_at: now,
            beats: 0,
        }
    }

    /// Serves the client to the end.
    pub(super) async fn run(mut self) {
        // The session may have ended between its proof and the first event that is heard here.
        let mut step = self.recheck().await;
        let supervisor = self.live.supervisor.clone();
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let end = loop {
            if let Err(end) = step {
                break end;
            }
            let now = self.live.world.monotonic();
            step = tokio::select! {
                biased;
                () = supervisor.stopping() => Err(End::Stopping),
                _ = beat.tick() => self.watch().await,
                // However much happens, what is to be told of it goes on its way.
                message = self.outbox.turn(&mut self.socket, now) => self.hear_client(message),
                event = self.receiver.recv() => self.hear_event(event).await,
            };
        };
        tracing::debug!(actor = %self.ctx.actor.key(), ?end, "a live feed ended");
        if let Some(frame) = end.frame() {
            // What still waits is not sent: it may be what the client must no longer see.
            let _ = tokio::time::timeout(FAREWELL, self.part(frame)).await;
        }
    }

    async fn part(&mut self, frame: CloseFrame) {
        if self.socket.close(Some(frame)).await.is_ok() {
            while let Some(Ok(_)) = futures::StreamExt::next(&mut self.socket).await {}
        }
    }

    async fn hear_event(&mut self, event: Result<Arc<Event>, RecvError>) -> Result<(), End> {
        match event {
            Ok(event) => self.pass_on(&event),
            Err(RecvError::Closed) => Err(End::Stopping),
            Err(RecvError::Lagged(_)) => {
                self.outbox.push(FromServer::Gap.message());
                // The event that ends this session may be among those that were missed.
                self.recheck().await
            }
        }
    }

    fn pass_on(&mut self, event: &Event) -> Result<(), End> {
        let ends = match event.ends {
            Ending::None => false,
            Ending::User(user) => self.ctx.actor.user_id() == Some(user),
            Ending::Token(ended) => matches!(&self.ctx.actor, Actor::Token { id, .. } if *id == ended),
            Ending::Session(ended) => matches!(&self.ctx.actor, Actor::User { session, .. } if *session == ended),
        };
        if ends {
            return Err(End::SessionEnded);
        }
        if self.topics.contains(&event.topic) && event.audience.includes(&self.ctx) {
            self.outbox.push(FromServer::from(event).message());
        }
        if self.outbox.is_hopeless(self.live.world.monotonic(), PATIENCE) { Err(End::TooSlow) } else { Ok(()) }
    }

    fn hear_client(&mut self, message: Option<Result<Message, Error>>) -> Result<(), End> {
        let message = match message {
            Some(Ok(message)) => message,
            Some(Err(Error::Capacity(_))) => return Err(End::TooLarge),
            Some(Err(Error::Protocol(_) | Error::Utf8(_))) => return Err(End::Meaningless),
            Some(Err(_)) | None => return Err(End::Gone),
        };
        let now = self.live.world.monotonic();
        self.heard_at = now;
        if !self.window.admits(now, message.is_ping()) {
            return Err(End::TooOften);
        }
        match message {
            Message::Text(text) => match serde_json::from_str(&text).map_err(|_| End::Meaningless)? {
                FromClient::Pong => Ok(()),
                FromClient::Subscribe { topics, resume } => self.subscribe(&topics, resume),
            },
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => Err(End::Gone),
            Message::Binary(_) | Message::Frame(_) => Err(End::Meaningless),
        }
    }

    fn subscribe(&mut self, wanted: &[String], resume: Option<Resume>) -> Result<(), End> {
        if wanted.len() > MOST_TOPICS {
            return Err(End::Meaningless);
        }
        let may_hear = |name: &String| {
            let topic = self.live.topics.iter().find(|(topic, _)| topic == name);
            topic.filter(|(_, permission)| self.ctx.permissions.has(*permission)).map(|(topic, _)| *topic)
        };
        self.topics = wanted.iter().filter_map(may_hear).collect();
        let refused: Vec<String> = wanted.iter().filter(|name| may_hear(name).is_none()).cloned().collect();
        self.outbox.push(FromServer::Subscribed { topics: &self.topics, refused: &refused }.message());
        let Some(Resume { epoch, seq }) = resume else { return Ok(()) };
        let listening = self.live.events.listen(Some((epoch, seq)));
        self.receiver = listening.receiver;
        match listening.missed {
            Some(missed) => missed.iter().try_for_each(|event| self.pass_on_missed(event)),
            None => {
                self.outbox.push(FromServer::Gap.message());
                Ok(())
            }
        }
    }

    /// An ending among the events of the past ended another connection: the session that opened this
    /// one was valid after it.
    fn pass_on_missed(&mut self, event: &Event) -> Result<(), End> {
        if self.topics.contains(&event.topic) && event.audience.includes(&self.ctx) {
            self.outbox.push(FromServer::from(event).message());
        }
        if self.outbox.is_hopeless(self.live.world.monotonic(), PATIENCE) { Err(End::TooSlow) } else { Ok(()) }
    }

    async fn watch(&mut self) -> Result<(), End> {
        let now = self.live.world.monotonic();
        if now.saturating_sub(self.heard_at) >= SILENCE {
            return Err(End::Silent);
        }
        if self.outbox.is_hopeless(now, PATIENCE) {
            return Err(End::TooSlow);
        }
        if self.beats.is_multiple_of(HEARTBEAT.as_secs() / BEAT.as_secs()) && self.beats > 0 {
            self.outbox.push(FromServer::Ping.message());
        }
        self.beats += 1;
        if now.saturating_sub(self.checked_at) >= RECHECK { self.recheck().await } else { Ok(()) }
    }

    /// Asks anew who this is.
    async fn recheck(&mut self) -> Result<(), End> {
        let Some(facts) = self.ctx.request.clone() else { return Ok(()) };
        match self.live.authenticator.authenticate(&self.credential, facts).await {
            Ok(caller) if caller.ctx.actor.user_id() == self.ctx.actor.user_id() => {
                self.ctx = caller.ctx;
                self.checked_at = self.live.world.monotonic();
                Ok(())
            }
            // Not to know for a moment is no reason to end a session.
            Err(problem) if problem.status() >= StatusCode::INTERNAL_SERVER_ERROR => Ok(()),
            Ok(_) | Err(_) => Err(End::SessionEnded),
        }
    }
}
