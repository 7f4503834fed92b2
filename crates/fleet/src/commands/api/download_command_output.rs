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
pub struct OutputDownload {
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
    params(("id" = CommandId, Path, description = "Which command"), OutputDownload),
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
    Query(query): Query<OutputDownload>,
) -> Result<Response, Problem> {
    fleet.answer_download(id, query).await
}

impl Fleet {
    /// All that a command said on a channel so far, as a file. Whether somebody may see it is for the caller to know.
    ///
    /// # Errors
    /// 404, 409 of a terminal, 410 when it is not kept any longer; 500 when its beginning is damaged, 503 when the disk
    /// does not let itself be read.
    pub async fn answer_download(&self, id: CommandId, query: OutputDownload) -> Result<Response, Problem> {
        let download = self.download_output(id, query.channel, query.plain.unwrap_or_default()).await?;
        let mut response = Response::new(download.body);
        let headers = response.headers_mut();
        // Text, so that it travels compressed; which characters it is in, only the command knows.
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        headers.insert(header::CONTENT_DISPOSITION, saved_as(&download.name));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.extend(download.length.map(|length| (header::CONTENT_LENGTH, HeaderValue::from(length))));
        Ok(response)
    }
}
