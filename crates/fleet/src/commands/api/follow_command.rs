//! Opens a WebSocket about a command.

use axum::extract::{FromRequestParts, Request, State, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Path, Query};
use diwan_kernel::problem::ProblemDocument;
use diwan_kernel::{Ctx, Entry, Problem, TaskPolicy};
use serde::Deserialize;

use crate::commands::attach::{Session, Viewer};
use crate::commands::id::CommandId;
use crate::commands::output::output_deleted;
use crate::commands::terminal::access;
use crate::fleet::Fleet;

/// No message of a client is longer.
const LONGEST_MESSAGE: usize = 256 * 1024;
const BUFFER: usize = 8 * 1024;

/// From where on.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FollowQuery {
    /// How much of its output is known already.
    #[param(default = 0, maximum = 9_007_199_254_740_991u64)]
    output: Option<u64>,
    /// How much of its error output is known already.
    #[param(default = 0, maximum = 9_007_199_254_740_991u64)]
    errors: Option<u64>,
    /// Of a terminal: how far before the end of its output to begin. It counts before `output`.
    #[param(maximum = 1_048_576)]
    tail: Option<u64>,
    /// Whether to look on only: input, `resize`, `signal` and `cancel` are refused then.
    #[param(default = false)]
    view: Option<bool>,
}

/// Look on while a command runs, and talk to it.
///
/// A WebSocket. The server sends pieces of output as binary messages: one byte for the channel (1 is output, 2
/// is errors), eight for the place of the first byte (big endian), then the bytes. It sends
/// `state {command}` as JSON text whenever something about the command changes; the last one after the last
/// piece, then it closes with 1000. `refused {code, detail}` answers what could not be done.
/// The client may send `input {at?, bytes, ends?}` (base 64), `signal {signal}`, `resize {columns, rows}` and
/// `cancel` as JSON text, and input as a binary message: eight bytes for its place, then the bytes.
///
/// Of a terminal only the newest mebibyte is kept: where a piece begins later than the one before it ended, what
/// was between is gone. Begin with `tail`, and after a break with `output`. Looking at a terminal needs
/// `terminals.open`; only the person who opened it types, and for everybody else the connection looks on only.
/// Give input without a place (in binary, a place of eight bytes 255), since others may type too, and
/// `resize` when the window changes: the size of whoever typed or resized last counts. `command.terminal` says it,
/// and who else looks on.
///
/// Close codes besides: 4401 the session has ended, 4408 nothing was heard from you, 1012 connect anew and go
/// on where you stopped, 1013 you read too slowly, 1008 what you sent has no meaning.
#[utoipa::path(
    get,
    path = "/commands/{id}/attach",
    operation_id = "follow_command",
    tag = "commands",
    params(("id" = CommandId, Path, description = "Which command"), FollowQuery),
    responses(
        (status = 101, description = "It begins."),
        (status = 400, description = "The request is not valid", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 401, description = "Nobody is signed in.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed, or the page is of another origin.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 404, description = "There is no such command.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 410, description = "Its output is not kept any longer.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 426, description = "This is no WebSocket.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 429, description = "There are too many.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
    ),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-permission" = json!("commands.run")), ("x-socket" = json!(true)))
)]
pub(super) async fn follow_command(
    ctx: Allowed<may::CommandsRun>,
    State(fleet): State<Fleet>,
    Path(id): Path<CommandId>,
    Query(query): Query<FollowQuery>,
    request: Request,
) -> Result<Response, Problem> {
    fleet.attach(&ctx, id, query, request).await
}

impl Fleet {
    /// Lets somebody look on, from a place of each channel on. Whether they may is for the caller to know.
    ///
    /// # Errors
    /// 404, 410 when it is not kept any longer, 426 when this is no WebSocket, 429 when there are too many.
    pub async fn answer_follower(
        &self,
        ctx: &Ctx,
        id: CommandId,
        [output, errors]: [u64; 2],
        request: Request,
    ) -> Result<Response, Problem> {
        let query = FollowQuery { output: Some(output), errors: Some(errors), tail: None, view: Some(true) };
        self.attach(ctx, id, query, request).await
    }

    async fn attach(
        &self,
        ctx: &Ctx,
        id: CommandId,
        query: FollowQuery,
        request: Request,
    ) -> Result<Response, Problem> {
        let fleet = self.clone();
        let user = ctx.user_id()?;
        let (mut parts, _) = request.into_parts();
        let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await.map_err(|_| no_handshake())?;
        // Entered before the look into the table: an end that is written down after it is told there.
        let live = fleet.commands().live().enter(id);
        let command = fleet.get_command(id).await?;
        if command.output_gone_at.is_some() {
            return Err(output_deleted());
        }
        access::may_see(ctx, &command)?;
        let read_only = query.view.unwrap_or(false) || access::may_type(ctx, &command).is_err();
        let place = fleet.commands().places().take(user)?;
        if command.operation.is_terminal() && live.is_first_visit(user, read_only) {
            let entry = Entry::done("terminal.join").on("command", id).with("machine", command.machine.to_string());
            fleet.db().begin(ctx).await?.commit(entry.with("read_only", read_only)).await?;
        }
        let from = [query.output.unwrap_or_default(), query.errors.unwrap_or_default()];
        let session =
            Session::new(&fleet, Viewer { ctx: ctx.clone(), from, tail: query.tail, read_only }, command, live);
        let upgrade =
            upgrade.read_buffer_size(BUFFER).write_buffer_size(BUFFER).max_write_buffer_size(4 * LONGEST_MESSAGE);
        let upgrade = upgrade.max_message_size(LONGEST_MESSAGE).max_frame_size(LONGEST_MESSAGE);
        // The connection keeps what the edge gave it for as long as it lasts.
        let held = parts.extensions;
        Ok(upgrade.on_upgrade(move |socket| async move {
            fleet.supervisor().spawn("viewer of a command", TaskPolicy::Once, async move {
                let _held = (place, held);
                session.run(socket).await;
            });
        }))
    }
}

pub(super) fn no_handshake() -> Problem {
    Problem::new(
        StatusCode::UPGRADE_REQUIRED,
        "websocket_required",
        "A WebSocket is required",
        "This address answers only to the handshake of a WebSocket over HTTP/1.1.",
        "Open it as a WebSocket. A proxy in between must pass the Upgrade and Connection headers on.",
    )
}
