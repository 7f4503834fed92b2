//! Shows a command.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};

use crate::commands::id::CommandId;
use crate::commands::view::CommandView;
use crate::fleet::Fleet;

/// A command as it stands now.
#[utoipa::path(
    get,
    path = "/commands/{id}",
    operation_id = "get_command",
    tag = "commands",
    params(("id" = CommandId, Path, description = "Which command")),
    responses((status = 200, description = "The command", body = CommandView), GuardedReadOne),
    extensions(("x-permission" = json!("commands.run"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn get_command(
    _: Allowed<may::CommandsRun>,
    State(fleet): State<Fleet>,
    Path(id): Path<CommandId>,
) -> Result<Json<CommandView>, Problem> {
    let command = fleet.get_command(id).await?;
    Ok(Json(CommandView::new(command, fleet.commands().live())))
}
