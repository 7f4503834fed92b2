//! Gives the recording of a terminal.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Path;
use diwan_kernel::{Entry, Problem};
use futures::stream;

use crate::commands::id::CommandId;
use crate::commands::output::output_deleted;
use crate::fleet::Fleet;

const PIECE: u64 = 256 * 1024;

/// The recording of a terminal that was opened with `record`, as far as it goes: an asciicast of version 2, with
/// what was shown and when, and every change of size. A marker in it says where it was cut, and what was not seen.
#[utoipa::path(
    get,
    path = "/commands/{id}/recording",
    operation_id = "get_command_recording",
    tag = "commands",
    params(("id" = CommandId, Path, description = "Which terminal")),
    responses(
        (status = 200, description = "The recording", body = String, content_type = "application/x-asciicast"),
        (status = 410, description = "It is not kept any longer", body = diwan_kernel::problem::ProblemDocument<'static>, content_type = "application/problem+json"),
        GuardedReadOne,
    ),
    extensions(("x-permission" = json!("terminals.open"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn get_command_recording(
    ctx: Allowed<may::TerminalsOpen>,
    State(fleet): State<Fleet>,
    Path(id): Path<CommandId>,
) -> Result<Response, Problem> {
    let command = fleet.get_command(id).await?;
    if command.output_gone_at.is_some() {
        return Err(output_deleted());
    }
    let done = fleet.commands().store().recorded(id).await.map_err(Problem::internal)?;
    if !command.operation.is_recorded() || done.length == 0 {
        return Err(Problem::not_found("recording"));
    }
    let entry = Entry::done("terminal.replay").on("command", id).with("machine", command.machine.to_string());
    fleet.db().begin(&ctx).await?.commit(entry).await?;
    let store = Arc::new(fleet.commands().store().clone());
    let pieces = stream::try_unfold(0, move |at| {
        let store = Arc::clone(&store);
        async move {
            let count = (done.length - at).min(PIECE);
            if count == 0 {
                return Ok::<_, std::io::Error>(None);
            }
            let bytes = store.read_recording(id, at, usize::try_from(count).unwrap_or_default()).await?;
            Ok(Some((bytes, at + count)))
        }
    });
    let mut response = Response::new(Body::from_stream(pieces));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-asciicast"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(done.length));
    // Whatever it is: it is never shown as a page of ours.
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"terminal.cast\""));
    Ok(response)
}
