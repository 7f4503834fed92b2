//! Removes a machine.

use axum::extract::State;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Done, Path};
use diwan_kernel::{Entry, Problem};

use crate::event::MachineGone;
use crate::farewell::Farewell;
use crate::fleet::Fleet;
use crate::machine::MachineId;
use crate::table::machine;

/// Remove a machine and what is known of it. Its connection is cut, and its identity never counts again.
#[utoipa::path(
    delete,
    path = "/machines/{id}",
    operation_id = "delete_machine",
    tag = "machines",
    params(("id" = MachineId, Path, description = "Which machine")),
    responses((status = 204, description = "Done"), GuardedReadOne),
    extensions(("x-permission" = json!("machines.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn delete_machine(
    ctx: Allowed<SteppedUp<may::MachinesManage>>,
    State(fleet): State<Fleet>,
    Path(id): Path<MachineId>,
) -> Result<Done, Problem> {
    let known = fleet.require_machine(id).await?;
    let mut tx = fleet.db().begin(&ctx).await?;
    if !machine::delete(&mut tx, id).await? {
        return Err(Problem::not_found("machine"));
    }
    tx.emit(&MachineGone { id });
    tx.commit(Entry::done("machine.delete").on("machine", id).with("name", known.name)).await?;
    fleet.send_away(id, Farewell::unknown());
    fleet.samples().forget(id);
    Ok(Done)
}
