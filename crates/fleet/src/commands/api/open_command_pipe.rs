//! Opens a WebSocket that is the pipe of a command.

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use axum::extract::{FromRequestParts, Request, State, WebSocketUpgrade};
use axum::response::Response;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Path;
use diwan_kernel::problem::ProblemDocument;
use diwan_kernel::{Ctx, Problem, TaskPolicy};
use diwan_link::{Receiving, Sending, Stream};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use std::time::Duration;

use super::follow_command::no_handshake;
use crate::commands::attach::{part, session_has_ended};
use crate::commands::id::CommandId;
use crate::fleet::Fleet;

/// No message of a client is longer.
const LONGEST_MESSAGE: usize = 1024 * 1024;
const BUFFER: usize = 128 * 1024;
/// A client whose bytes nobody asks for still is there: it is asked so often.
const PING: Duration = Duration::from_secs(10);
const FAREWELL: Duration = Duration::from_secs(5);

/// Take up the pipe of a command about files: what it writes comes as binary messages, and binary messages are
/// what it reads, as they are and of any length. A text message `end` says that there is no more to read; the
/// server closes with 1000 when the command has said its last, and with 1011 when the way to the machine broke.
/// Only whoever wanted the command may, once; a command whose pipe nobody takes up ends after 30 seconds.
#[utoipa::path(
    get,
    path = "/commands/{id}/pipe",
    operation_id = "open_command_pipe",
    tag = "commands",
    params(("id" = CommandId, Path, description = "Which command")),
    responses(
        (status = 101, description = "It begins."),
        (status = 400, description = "The request is not valid", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 401, description = "Nobody is signed in.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed, by us or by the machine's policy.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 404, description = "There is no such command, or it is another's.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 409, description = "It has no pipe that could be taken up.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 426, description = "This is no WebSocket.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 429, description = "There are too many.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 502, description = "The machine did not begin.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
    ),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-permission" = json!("commands.run")), ("x-socket" = json!(true)), ("x-time-limit-s" = json!(60)))
)]
pub(super) async fn open_command_pipe(
    ctx: Allowed<may::CommandsRun>,
    State(fleet): State<Fleet>,
    Path(id): Path<CommandId>,
    request: Request,
) -> Result<Response, Problem> {
    let (mut parts, _) = request.into_parts();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await.map_err(|_| no_handshake())?;
    // Entered before the look into the table: an end that is written down after it is told there.
    let live = fleet.commands().live().enter(id);
    let command = fleet.get_command(id).await?;
    let (taken, stream) = fleet.take_pipe(&ctx, &command, &live).await?;
    let upgrade = upgrade.read_buffer_size(BUFFER).write_buffer_size(0).max_write_buffer_size(4 * LONGEST_MESSAGE);
    let upgrade = upgrade.max_message_size(LONGEST_MESSAGE).max_frame_size(LONGEST_MESSAGE);
    // The connection keeps what the edge gave it for as long as it lasts.
    let (held, ctx) = (parts.extensions, (*ctx).clone());
    Ok(upgrade.on_upgrade(move |socket| async move {
        let this = fleet.clone();
        fleet.supervisor().spawn("pipe of a command", TaskPolicy::Once, async move {
            let _held = (taken, held);
            relay(&this, &ctx, socket, stream).await;
        });
    }))
}

/// How a pipe ended.
#[derive(Debug)]
enum End {
    /// The command has said its last.
    Over,
    /// The way to the machine broke.
    Broken,
    /// The client has gone.
    Gone,
    /// The client said what has no meaning.
    Meaningless,
    SessionEnded,
    Stopping,
}

impl End {
    fn frame(&self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Gone => return None,
            Self::Over => (1000, "over"),
            Self::Broken => (1011, "machine_lost"),
            Self::Meaningless => (1008, "message_invalid"),
            Self::SessionEnded => (4401, "session_ended"),
            Self::Stopping => (1001, "server_stopping"),
        };
        Some(CloseFrame { code, reason: reason.into() })
    }
}

async fn relay(fleet: &Fleet, ctx: &Ctx, socket: WebSocket, stream: Stream) {
    let (mut sink, mut client) = socket.split();
    let (sending, receiving) = stream.split();
    let events = fleet.events().listen(None).receiver;
    let end = tokio::select! {
        biased;
        () = fleet.supervisor().stopping() => End::Stopping,
        () = session_has_ended(ctx, events) => End::SessionEnded,
        end = to_machine(&mut client, sending) => end,
        end = to_client(receiving, &mut sink) => end,
    };
    tracing::debug!(?end, "a pipe is over");
    if let Some(frame) = end.frame() {
        part((sink, client), frame, FAREWELL).await;
    }
}

async fn to_machine(client: &mut SplitStream<WebSocket>, mut sending: Sending) -> End {
    let mut is_open = true;
    loop {
        match client.next().await {
            Some(Ok(Message::Binary(bytes))) if is_open => {
                if sending.send(bytes).await.is_err() {
                    // The other direction says how the command ended, or that the way broke.
                    std::future::pending::<()>().await;
                }
            }
            Some(Ok(Message::Text(text))) if is_open && text.as_str() == "end" => {
                is_open = false;
                sending.finish();
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Binary(_) | Message::Text(_))) => return End::Meaningless,
            Some(Ok(Message::Close(_)) | Err(_)) | None => return End::Gone,
        }
    }
}

async fn to_client(mut receiving: Receiving, sink: &mut SplitSink<WebSocket, Message>) -> End {
    loop {
        let message = match tokio::time::timeout(PING, receiving.receive()).await {
            Ok(Ok(Some(bytes))) => Message::Binary(bytes),
            Ok(Ok(None)) => return End::Over,
            Ok(Err(_)) => return End::Broken,
            Err(_) => Message::Ping(Default::default()),
        };
        if sink.send(message).await.is_err() {
            return End::Gone;
        }
    }
}
