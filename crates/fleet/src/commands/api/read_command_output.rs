//! Reads what a command said.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Path, Query};
use serde::Deserialize;

use crate::commands::id::CommandId;
use crate::commands::output::OutputChannel;
use crate::fleet::Fleet;

const LARGEST: u32 = 1024 * 1024;
const USUAL: u32 = 256 * 1024;

/// Which part is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OutputQuery {
    /// 1 is output, 2 is errors.
    #[param(minimum = 1, maximum = 2, default = 1)]
    channel: Option<u8>,
    /// From which place on.
    #[param(default = 0, maximum = 9_007_199_254_740_991u64)]
    from: Option<u64>,
    /// How many bytes at the most.
    #[param(minimum = 1, maximum = 1_048_576, default = 262_144)]
    limit: Option<u32>,
}

/// What a command said, as bytes, from a place on. `X-Output-Length` says how much there is so far,
/// `X-Output-Next` from where to go on, and `X-Output-End` whether that is the end.
#[utoipa::path(
    get,
    path = "/commands/{id}/output",
    operation_id = "read_command_output",
    tag = "commands",
    params(("id" = CommandId, Path, description = "Which command"), OutputQuery),
    responses(
        (status = 200, description = "The bytes", body = Vec<u8>, content_type = "application/octet-stream", headers(
            ("X-Output-Length" = u64, description = "How much there is so far"),
            ("X-Output-Next" = u64, description = "From where to go on"),
            ("X-Output-End" = bool, description = "Whether nothing more comes after this"),
        )),
        (status = 410, description = "It is not kept any longer", body = diwan_kernel::problem::ProblemDocument<'static>, content_type = "application/problem+json"),
        GuardedReadOne,
    ),
    extensions(("x-permission" = json!("commands.run"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn read_command_output(
    _: Allowed<may::CommandsRun>,
    State(fleet): State<Fleet>,
    Path(id): Path<CommandId>,
    Query(query): Query<OutputQuery>,
) -> Result<Response, Problem> {
    let channel = match query.channel.unwrap_or(1) {
        1 => OutputChannel::Output,
        2 => OutputChannel::Errors,
        _ => return Err(Problem::invalid_field("channel", "out_of_range", "It must be 1 or 2.")),
    };
    fleet.answer_part(id, channel, query.from, query.limit).await
}

impl Fleet {
    /// A part of what a command said, as an answer. Whether somebody may see it is for the caller to know.
    ///
    /// # Errors
    /// 422 for a limit that cannot be; 404, 409 of a terminal, 410 when it is not kept any longer; 500 when it is
    /// damaged, 503 when the disk does not let itself be read.
    pub async fn answer_part(
        &self,
        id: CommandId,
        channel: OutputChannel,
        from: Option<u64>,
        limit: Option<u32>,
    ) -> Result<Response, Problem> {
        let (from, limit) = (from.unwrap_or_default(), limit.unwrap_or(USUAL));
        if !(1..=LARGEST).contains(&limit) {
            return Err(Problem::invalid_field("limit", "out_of_range", format!("It must be from 1 to {LARGEST}.")));
        }
        let part = self.read_output(id, channel, from, limit as usize).await?;
        let next = from.saturating_add(part.bytes.len() as u64);
        let is_end = part.is_over && next >= part.length;
        let mut response = Response::new(Body::from(part.bytes));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        // Whatever it is: it is never shown as a page of ours.
        headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
        headers.insert(HeaderName::from_static("x-output-length"), HeaderValue::from(part.length));
        headers.insert(HeaderName::from_static("x-output-next"), HeaderValue::from(next));
        headers.insert(
            HeaderName::from_static("x-output-end"),
            HeaderValue::from_static(if is_end { "true" } else { "false" }),
        );
        Ok(response)
    }
}
