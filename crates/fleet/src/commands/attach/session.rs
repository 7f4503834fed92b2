//! One viewer of a command, from the first piece to the last.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use bytes::Bytes;
use diwan_kernel::events::{Ending, Event};
use diwan_kernel::{Actor, Ctx, Problem};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::mpsc;

use super::farewell::part;
use super::message::{End, FromClient, FromServer, head};
use crate::commands::cancel::is_over;
use crate::commands::intake::CHANNELS;
use crate::commands::live::{LiveCommand, Progress};
use crate::commands::output::{read_kept, takes_no_input};
use crate::commands::state::CommandState;
use crate::commands::store::OutputReader;
use crate::commands::table::{Command, CommandActor};
use crate::commands::terminal::{Present, TerminalSize, TerminalView, access};
use crate::commands::view::CommandView;
use crate::commands::words::CommandProblem;
use crate::fleet::Fleet;

/// What is told at once of what lies there already.
const PIECE: usize = 256 * 1024;
const PING: Duration = Duration::from_secs(10);
/// A client that was not heard for this long is gone.
const SILENCE: Duration = Duration::from_secs(25);
/// A client that takes nothing for this long is too slow.
const PATIENCE: Duration = Duration::from_secs(30);
/// Whoever looks on for longer proves anew who they are.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// Input that the command does not read is not waited for longer.
const FOR_INPUT: Duration = Duration::from_secs(60);
const FAREWELL: Duration = Duration::from_secs(1);
/// Problems that wait to be told.
const MOST_PROBLEMS: usize = 16;

/// Who looks on, and from where on.
#[derive(Debug)]
pub(crate) struct Viewer {
    pub(crate) ctx: Ctx,
    pub(crate) from: [u64; CHANNELS],
    /// Of a terminal, how far before its end.
    pub(crate) tail: Option<u64>,
    /// Whether they change nothing.
    pub(crate) read_only: bool,
}

/// A viewer of a command.
pub(crate) struct Session {
    fleet: Fleet,
    viewer: Viewer,
    command: Command,
    live: Arc<LiveCommand>,
    events: Receiver<Arc<Event>>,
}

impl Session {
    /// Begins to look on. The live command was entered before the stored one was read.
    pub(crate) fn new(fleet: &Fleet, viewer: Viewer, command: Command, live: Arc<LiveCommand>) -> Self {
        let events = fleet.events().listen(None).receiver;
        Self { fleet: fleet.clone(), viewer, command, live, events }
    }

    /// Serves the viewer to the end.
    pub(crate) async fn run(self, socket: WebSocket) {
        let (mut sink, mut client) = socket.split();
        let (problems, told) = mpsc::channel(MOST_PROBLEMS);
        let Self { fleet, viewer, command, live, events } = self;
        let who = CommandActor::from_ctx(&viewer.ctx);
        let is_open_terminal = command.operation.is_terminal() && command.state.is_open();
        let _present = is_open_terminal.then(|| Present::enter(&live, &command.operation, &who, viewer.read_only));
        let from = match viewer.tail.filter(|_| is_open_terminal) {
            Some(tail) => [live.scrollback.tail(tail), 0],
            None => viewer.from,
        };
        let kept = [0, 1].map(|channel| fleet.commands().store().reader(command.id, channel));
        let mut talker = Talker { fleet: &fleet, viewer: &viewer, command: &command, live: &live, size: None };
        let end = tokio::select! {
            biased;
            () = fleet.supervisor().stopping() => End::Stopping,
            () = tokio::time::sleep(LONGEST) => End::ComeAgain,
            end = session_ends(&viewer.ctx, events) => end,
            end = talker.hear(&mut client, problems) => end,
            end = Teller { fleet: &fleet, command: &command, live: &live, kept, sent: from, told }.tell(&mut sink) => end,
        };
        tracing::debug!(command = %command.id, ?end, "a viewer of a command left");
        if let Some(frame) = end.frame() {
            part((sink, client), frame, FAREWELL).await;
        }
    }
}

/// Waits until the session of somebody who is connected has ended, or cannot be told to go on.
pub(crate) async fn session_has_ended(ctx: &Ctx, events: Receiver<Arc<Event>>) {
    session_ends(ctx, events).await;
}

/// Waits until the session of the viewer ends.
async fn session_ends(ctx: &Ctx, mut events: Receiver<Arc<Event>>) -> End {
    loop {
        let ends = match events.recv().await {
            Ok(event) => event.ends,
            Err(RecvError::Closed) => return End::Stopping,
            // The event that ends this session may be among those that were missed.
            Err(RecvError::Lagged(_)) => return End::ComeAgain,
        };
        let is_mine = match ends {
            Ending::None => false,
            Ending::User(user) => ctx.actor.user_id() == Some(user),
            Ending::Token(ended) => matches!(&ctx.actor, Actor::Token { id, .. } if *id == ended),
            Ending::Session(ended) => matches!(&ctx.actor, Actor::User { session, .. } if *session == ended),
        };
        if is_mine {
            return End::SessionEnded;
        }
    }
}

/// Hears what the viewer says.
struct Talker<'a> {
    fleet: &'a Fleet,
    viewer: &'a Viewer,
    command: &'a Command,
    live: &'a Arc<LiveCommand>,
    /// How large the viewer's own terminal is.
    size: Option<TerminalSize>,
}

impl Talker<'_> {
    async fn hear(&mut self, stream: &mut SplitStream<WebSocket>, problems: mpsc::Sender<Problem>) -> End {
        loop {
            let Ok(message) = tokio::time::timeout(SILENCE, stream.next()).await else { return End::Silent };
            let said = match message {
                Some(Ok(Message::Text(text))) => FromClient::from_text(&text),
                Some(Ok(Message::Binary(bytes))) => FromClient::from_bytes(bytes),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return End::Gone,
            };
            let Some(said) = said else { return End::Meaningless };
            if let Err(problem) = self.obey(said).await {
                // Who does not read what went wrong before need not be told more.
                let _ = problems.try_send(problem);
            }
        }
    }

    async fn obey(&mut self, said: FromClient) -> Result<(), Problem> {
        let (ctx, id) = (&self.viewer.ctx, self.command.id);
        if self.viewer.read_only {
            return Err(access::only_looking());
        }
        match said {
            FromClient::Input { at, bytes, ends } => self.type_in(at, &bytes, ends).await,
            FromClient::Signal(signal) => self.fleet.signal_command(ctx, id, signal).await,
            FromClient::Cancel => self.fleet.cancel_command(ctx, id).await,
            FromClient::Resize(size) => {
                access::may_type(ctx, self.command)?;
                self.size = Some(size);
                self.live.resize(&self.command.operation, size);
                Ok(())
            }
        }
    }

    /// Nothing on the way of a keystroke waits for the database.
    async fn type_in(&self, at: Option<u64>, bytes: &[u8], ends: bool) -> Result<(), Problem> {
        access::may_type(&self.viewer.ctx, self.command)?;
        match (self.command.state.is_open(), self.command.has_input) {
            (false, _) => return Err(is_over()),
            (_, false) => return Err(takes_no_input()),
            (true, true) => {}
        }
        let is_terminal = self.command.operation.is_terminal();
        if let Some(size) = self.size.filter(|size| is_terminal && self.live.size() != Some(*size)) {
            self.live.resize(&self.command.operation, size);
        }
        // Whoever types into a terminal that takes nothing still wants to be heard.
        let patience = if is_terminal { Duration::ZERO } else { FOR_INPUT };
        self.live.give_in_time(at, bytes, ends && !is_terminal, patience).await.map(drop)
    }
}

/// Tells the viewer what there is to tell.
struct Teller<'a> {
    fleet: &'a Fleet,
    command: &'a Command,
    live: &'a Arc<LiveCommand>,
    kept: [OutputReader; CHANNELS],
    sent: [u64; CHANNELS],
    told: mpsc::Receiver<Problem>,
}

/// What a viewer is shown anew when it changes.
type Shown = (Option<CommandState>, bool, Option<CommandProblem>, u64, Option<Arc<TerminalView>>);

impl Teller<'_> {
    async fn tell(mut self, sink: &mut SplitSink<WebSocket, Message>) -> End {
        match self.tell_all(sink).await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn tell_all(&mut self, sink: &mut SplitSink<WebSocket, Message>) -> Result<std::convert::Infallible, End> {
        let mut progress = self.live.progress.subscribe();
        let mut ping = tokio::time::interval(PING);
        let mut shown: Option<Shown> = None;
        loop {
            let now = self.now(&progress.borrow_and_update());
            let show = shown_of(&now);
            if shown.as_ref() != Some(&show) && now.over.is_none() {
                self.show(sink, &now).await?;
                shown = Some(show);
            }
            let is_all = !self.tell_output(sink, &now).await?;
            if let Some(over) = now.over.as_ref().filter(|_| is_all) {
                let view = CommandView::new((**over).clone(), self.fleet.commands().live());
                send(sink, FromServer::State { command: &view }.message()).await?;
                return Err(End::Over);
            }
            tokio::select! {
                biased;
                Some(problem) = self.told.recv() => {
                    let refused = FromServer::Refused { code: problem.code(), detail: problem.detail() };
                    send(sink, refused.message()).await?;
                }
                _ = ping.tick() => send(sink, Message::Ping(Bytes::new())).await?,
                () = std::future::ready(()), if !is_all => {}
                changed = progress.changed() => changed.map_err(|_| End::ComeAgain)?,
            }
        }
    }

    /// How far it has come, also when it was over before.
    fn now(&self, progress: &Progress) -> Progress {
        let mut now = progress.clone();
        if !self.command.state.is_open() {
            now.over = Some(Arc::new(self.command.clone()));
        }
        if let Some(over) = &now.over {
            now.lengths = [over.output_bytes, over.error_bytes];
        }
        now
    }

    async fn show(&self, sink: &mut SplitSink<WebSocket, Message>, now: &Progress) -> Result<(), End> {
        let view = CommandView::at(self.command.clone(), now);
        send(sink, FromServer::State { command: &view }.message()).await
    }

    /// Tells a piece of each channel. False when there was nothing to tell.
    async fn tell_output(&mut self, sink: &mut SplitSink<WebSocket, Message>, now: &Progress) -> Result<bool, End> {
        if self.command.operation.is_terminal() {
            return self.tell_newest(sink).await;
        }
        let mut is_more = false;
        for channel in 0..CHANNELS {
            let (at, there) = (self.sent[channel], now.lengths[channel]);
            let count = usize::try_from(there.saturating_sub(at)).unwrap_or(usize::MAX).min(PIECE);
            if count == 0 {
                continue;
            }
            let message = read_kept(&self.kept[channel], at, count, head(channel, at, count)).await;
            let message = message.map_err(|_| End::Unreadable)?;
            self.sent[channel] += count as u64;
            send(sink, Message::Binary(message)).await?;
            is_more = true;
        }
        Ok(is_more)
    }
}

impl Teller<'_> {
    /// Tells a piece of what a terminal says; whoever is too slow goes on with what is still there.
    async fn tell_newest(&mut self, sink: &mut SplitSink<WebSocket, Message>) -> Result<bool, End> {
        let (at, bytes) = self.live.scrollback.read(self.sent[0], PIECE);
        if bytes.is_empty() {
            return Ok(false);
        }
        self.sent[0] = at + bytes.len() as u64;
        let mut message = head(0, at, bytes.len());
        message.extend_from_slice(&bytes);
        send(sink, Message::Binary(message.into())).await?;
        Ok(true)
    }
}

fn shown_of(now: &Progress) -> Shown {
    // Whoever types sees that it arrived.
    let input_taken = if now.terminal.is_some() { 0 } else { now.input_taken };
    (now.state, now.verdict.is_some(), now.problem.clone(), input_taken, now.terminal.clone())
}

async fn send(sink: &mut SplitSink<WebSocket, Message>, message: Message) -> Result<(), End> {
    match tokio::time::timeout(PATIENCE, sink.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => Err(End::TooSlow),
    }
}
