//! Says yes to a command of somebody else.

use axum::extract::State;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Created, Path};
use diwan_kernel::{Permission, Problem};

use crate::commands::id::CommandId;
use crate::commands::view::CommandView;
use crate::fleet::Fleet;

/// Say yes to a command for which the machine's policy wants that: it is sent again with it. Nobody approves
/// what they want themselves, and only a person who may also run commands can.
#[utoipa::path(
    post,
    path = "/commands/{id}/approve",
    operation_id = "approve_command",
    tag = "commands",
    params(("id" = CommandId, Path, description = "Which command")),
    responses((status = 201, description = "The command that was sent", body = CommandView), GuardedKept),
    extensions(("x-permission" = json!("machines.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn approve_command(
    ctx: Allowed<SteppedUp<may::MachinesManage>>,
    State(fleet): State<Fleet>,
    Path(id): Path<CommandId>,
) -> Result<Created<CommandView>, Problem> {
    ctx.require(Permission::CommandsRun)?;
    let (ctx, this) = ((*ctx).clone(), fleet.clone());
    let begun = fleet.to_the_end(async move { this.approve_command(&ctx, id).await }).await?;
    Ok(Created(CommandView::new(begun.command, fleet.commands().live())))
}
