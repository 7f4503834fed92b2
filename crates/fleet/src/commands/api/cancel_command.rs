//! Stops a command.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Done, Path};

use crate::commands::id::CommandId;
use crate::fleet::Fleet;

/// Stop a command: it is asked to end, and a little later made to. One whose machine is not connected is
/// stopped when it comes back.
#[utoipa::path(
    post,
    path = "/commands/{id}/cancel",
    operation_id = "cancel_command",
    tag = "commands",
    params(("id" = CommandId, Path, description = "Which command")),
    responses((status = 204, description = "It is being stopped"), GuardedWrite),
    extensions(("x-permission" = json!("commands.run"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn cancel_command(
    ctx: Allowed<may::CommandsRun>,
    State(fleet): State<Fleet>,
    Path(id): Path<CommandId>,
) -> Result<Done, Problem> {
    fleet.cancel_command(&ctx, id).await?;
    Ok(Done)
}
