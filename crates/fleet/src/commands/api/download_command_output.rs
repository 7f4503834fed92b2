//! Gives all that a command said, as a file.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Path, Query};
use diwan_kernel::problem::ProblemDocument;
use serde::Deserialize;

use super::attachment::saved_as;
use crate::commands::id::CommandId;
use crate::commands::output::OutputChannel;
use crate::fleet::Fleet;

/// What is wanted of it.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DownloadQuery {
    /// On what it was said.
    #[serde(default)]
    #[param(inline, required = false)]
    channel: OutputChannel,
    /// Whether escape codes (colours and the like) are left out.
    #[param(default = false)]
    plain: Option<bool>,
}

/// All that a command said on a channel, as a file; of one that still runs, what there is so far. What breaks off in the
/// middle is shorter than `Content-Length` says.
#[utoipa::path(
    get,
    path = "/commands/{id}/output/download",
    operation_id = "download_command_output",
    tag = "commands",
    params(("id" = CommandId, Path, description = "Which command"), DownloadQuery),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "text/plain"),
        (status = 410, description = "It is not kept any longer", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        GuardedKept,
    ),
    extensions(("x-permission" = json!("commands.run"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn download_command_output(
    _: Allowed<may::CommandsRun>,
    State(fleet): State<Fleet>,
    Path(id): Path<CommandId>,
    Query(query): Query<DownloadQuery>,
) -> Result<Response, Problem> {
    let download = fleet.download_output(id, query.channel, query.plain.unwrap_or_default()).await?;
    let mut response = Response::new(download.body);
    let headers = response.headers_mut();
    // Text, so that it travels compressed; which characters it is in, only the command knows.
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    headers.insert(header::CONTENT_DISPOSITION, saved_as(&download.name));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.extend(download.length.map(|length| (header::CONTENT_LENGTH, HeaderValue::from(length))));
    Ok(response)
}
