//! Sends a signal to a command.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Done, Json, Path};
use serde::Deserialize;

use crate::commands::id::CommandId;
use crate::fleet::Fleet;

/// Which signal.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignalCommand {
    /// Its number: 2 interrupts, 15 asks to end.
    #[schema(minimum = 1, maximum = 31)]
    signal: u8,
}

/// Send a signal to a command that runs.
#[utoipa::path(
    post,
    path = "/commands/{id}/signal",
    operation_id = "signal_command",
    tag = "commands",
    params(("id" = CommandId, Path, description = "Which command")),
    request_body = SignalCommand,
    responses((status = 204, description = "It is sent"), GuardedWrite),
    extensions(("x-permission" = json!("commands.run"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn signal_command(
    ctx: Allowed<may::CommandsRun>,
    State(fleet): State<Fleet>,
    Path(id): Path<CommandId>,
    Json(body): Json<SignalCommand>,
) -> Result<Done, Problem> {
    if !(1..=31).contains(&body.signal) {
        return Err(Problem::invalid_field("signal", "out_of_range", "It must be from 1 to 31."));
    }
    fleet.signal_command(&ctx, id, body.signal).await?;
    Ok(Done)
}
