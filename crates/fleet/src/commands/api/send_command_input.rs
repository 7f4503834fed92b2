//! Gives a command something to read.

use std::time::Duration;

use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};
use serde::{Deserialize, Serialize};

use crate::commands::id::CommandId;
use crate::fleet::Fleet;

const LONGEST: usize = 128 * 1024;
/// Input that finds no room is not waited for longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Input.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CommandInput {
    /// The bytes, in base 64.
    #[serde(default)]
    #[schema(max_length = 174_764)]
    bytes: String,
    /// The place of the first byte: what was given before is passed over. Without it they come next.
    #[schema(maximum = 9_007_199_254_740_991u64)]
    at: Option<u64>,
    /// Whether it is the last.
    #[serde(default)]
    ends: bool,
}

/// How much input was given.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct InputGiven {
    /// Up to this place there is input now: go on from here.
    given: u64,
    /// So much of it the command has taken.
    taken: u64,
}

/// Give a command input. It is kept in memory until the machine has taken it.
#[utoipa::path(
    post,
    path = "/commands/{id}/input",
    operation_id = "send_command_input",
    tag = "commands",
    params(("id" = CommandId, Path, description = "Which command")),
    request_body = CommandInput,
    responses((status = 200, description = "How much there is now", body = InputGiven), GuardedWrite),
    extensions(("x-permission" = json!("commands.run"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn send_command_input(
    ctx: Allowed<may::CommandsRun>,
    State(fleet): State<Fleet>,
    Path(id): Path<CommandId>,
    Json(body): Json<CommandInput>,
) -> Result<Json<InputGiven>, Problem> {
    let bytes = STANDARD.decode(&body.bytes).ok().filter(|bytes| bytes.len() <= LONGEST);
    let bytes = bytes.ok_or_else(|| {
        let message = format!("It must be base 64 of at most {LONGEST} bytes.");
        Problem::invalid_field("bytes", "not_base64", message)
    })?;
    let live = fleet.for_input(&ctx, id).await?;
    let given = live.give_in_time(body.at, &bytes, body.ends, PATIENCE).await?;
    Ok(Json(InputGiven { given, taken: live.input_taken() }))
}
