//! Puts a machine out.

use axum::extract::State;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};
use diwan_kernel::{Entry, Problem};

use super::body::MachineView;
use crate::event::MachineChanged;
use crate::farewell::Farewell;
use crate::fleet::Fleet;
use crate::machine::{MachineId, MachineState};
use crate::table::machine;

/// Put a machine out: its connection is cut at once, and its identity never counts again.
#[utoipa::path(
    post,
    path = "/machines/{id}/revoke",
    operation_id = "revoke_machine",
    tag = "machines",
    params(("id" = MachineId, Path, description = "Which machine")),
    responses((status = 200, description = "The machine", body = MachineView), GuardedReadOne),
    extensions(("x-permission" = json!("machines.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn revoke_machine(
    ctx: Allowed<may::MachinesManage>,
    State(fleet): State<Fleet>,
    Path(id): Path<MachineId>,
) -> Result<Json<MachineView>, Problem> {
    let known = fleet.require_machine(id).await?;
    let mut tx = fleet.db().begin(&ctx).await?;
    if machine::revoke(&mut tx, id, ctx.now()).await? {
        tx.emit(&MachineChanged { id, state: MachineState::Revoked });
        tx.commit(Entry::done("machine.revoke").on("machine", id).with("name", known.name)).await?;
    }
    fleet.send_away(id, Farewell::revoked());
    Ok(Json(MachineView::new(&fleet, fleet.require_machine(id).await?)))
}
