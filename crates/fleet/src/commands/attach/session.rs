//! One viewer of a command, from the first piece to the last.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use bytes::Bytes;
use diwan_kernel::events::{Ending, Event};
use diwan_kernel::{Actor, Ctx, Problem};
use diwan_protocol::run::ToCommand;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::mpsc;

use super::message::{End, FromClient, FromServer, piece};
use crate::commands::intake::CHANNELS;
use crate::commands::live::{LiveCommand, Progress};
use crate::commands::state::CommandState;
use crate::commands::table::Command;
use crate::commands::view::CommandView;
use crate::commands::words::CommandProblem;
use crate::fleet::Fleet;

const PIECE: usize = 64 * 1024;
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
        let (mut sink, stream) = socket.split();
        let (problems, told) = mpsc::channel(MOST_PROBLEMS);
        let Self { fleet, viewer, command, live, events } = self;
        let end = tokio::select! {
            () = fleet.supervisor().stopping() => End::Stopping,
            () = tokio::time::sleep(LONGEST) => End::ComeAgain,
            end = session_ends(&viewer.ctx, events) => end,
            end = hear(&fleet, &viewer.ctx, (&command, &live), stream, problems) => end,
            end = Teller { fleet: &fleet, command: &command, live: &live, sent: viewer.from, told }.tell(&mut sink) => end,
        };
        tracing::debug!(command = %command.id, ?end, "a viewer of a command left");
        if let Some(frame) = end.frame() {
            // A client that does not take it is gone.
            let _ = tokio::time::timeout(FAREWELL, sink.send(Message::Close(Some(frame)))).await;
        }
    }
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
async fn hear(
    fleet: &Fleet,
    ctx: &Ctx,
    (command, live): (&Command, &LiveCommand),
    mut stream: SplitStream<WebSocket>,
    problems: mpsc::Sender<Problem>,
) -> End {
    loop {
        let Ok(message) = tokio::time::timeout(SILENCE, stream.next()).await else { return End::Silent };
        let said = match message {
            Some(Ok(Message::Text(text))) => FromClient::from_text(&text),
            Some(Ok(Message::Binary(bytes))) => FromClient::from_bytes(bytes),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            Some(Ok(Message::Close(_)) | Err(_)) | None => return End::Gone,
        };
        let Some(said) = said else { return End::Meaningless };
        if let Err(problem) = obey(fleet, ctx, (command, live), said).await {
            // Who does not read what went wrong before need not be told more.
            let _ = problems.try_send(problem);
        }
    }
}

async fn obey(
    fleet: &Fleet,
    ctx: &Ctx,
    (command, live): (&Command, &LiveCommand),
    said: FromClient,
) -> Result<(), Problem> {
    match said {
        FromClient::Input { at, bytes, ends } => {
            fleet.for_input(command.id).await?;
            live.give_in_time(at, &bytes, ends, FOR_INPUT).await.map(drop)
        }
        FromClient::Signal(signal) => fleet.signal_command(ctx, command.id, signal).await,
        FromClient::Cancel => fleet.cancel_command(ctx, command.id).await,
        FromClient::Resize { columns, rows } => {
            live.order(ToCommand::Resize { columns, rows });
            Ok(())
        }
    }
}

/// Tells the viewer what there is to tell.
struct Teller<'a> {
    fleet: &'a Fleet,
    command: &'a Command,
    live: &'a Arc<LiveCommand>,
    sent: [u64; CHANNELS],
    told: mpsc::Receiver<Problem>,
}

/// What a viewer is shown anew when it changes.
type Shown = (Option<CommandState>, bool, Option<CommandProblem>, u64, bool);

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
        let mut is_more = false;
        for channel in 0..CHANNELS {
            let (at, there) = (self.sent[channel], now.lengths[channel]);
            let count = usize::try_from(there.saturating_sub(at)).unwrap_or(usize::MAX).min(PIECE);
            if count == 0 {
                continue;
            }
            let bytes = self.fleet.read_kept(self.command.id, channel, at, count).await;
            let bytes = bytes.map_err(|_| End::Unreadable)?;
            self.sent[channel] += bytes.len() as u64;
            send(sink, piece(channel, at, &bytes)).await?;
            is_more = true;
        }
        Ok(is_more)
    }
}

fn shown_of(now: &Progress) -> Shown {
    (now.state, now.verdict.is_some(), now.problem.clone(), now.input_taken, now.over.is_some())
}

async fn send(sink: &mut SplitSink<WebSocket, Message>, message: Message) -> Result<(), End> {
    match tokio::time::timeout(PATIENCE, sink.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => Err(End::TooSlow),
    }
}
