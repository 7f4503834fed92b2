//! Asks what a machine's policy would say.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};
use diwan_protocol::command::Actor;
use serde::Deserialize;

use super::{machine_offline, target};
use crate::commands::judge::judge;
use crate::commands::operation::{CommandOperation, Manner};
use crate::commands::table::CommandActor;
use crate::commands::words::CommandVerdict;
use crate::fleet::Fleet;
use crate::machine::MachineId;

/// What would be done.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckCommand {
    /// What would be done.
    operation: CommandOperation,
}

/// Ask a machine what its policy says of an operation, without carrying it out.
#[utoipa::path(
    post,
    path = "/machines/{id}/check",
    operation_id = "check_command",
    tag = "commands",
    params(("id" = MachineId, Path, description = "Which machine")),
    request_body = CheckCommand,
    responses((status = 200, description = "What the policy says", body = CommandVerdict), GuardedKept),
    // A script is long, and longer still as JSON.
    extensions(("x-permission" = json!("commands.run")), ("x-max-body-bytes" = json!(1_048_576))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn check_command(
    ctx: Allowed<may::CommandsRun>,
    State(fleet): State<Fleet>,
    Path(id): Path<MachineId>,
    Json(body): Json<CheckCommand>,
) -> Result<Json<CommandVerdict>, Problem> {
    let machine = target::of_path(&fleet, id).await?;
    let operation = body.operation.read(Manner::default())?;
    let connected = fleet.connections().find(id).ok_or_else(|| machine_offline(&machine.name))?;
    let CommandActor { id, name, .. } = CommandActor::from_ctx(&ctx);
    Ok(Json(judge(&connected, operation, Actor { id, name }).await?))
}
