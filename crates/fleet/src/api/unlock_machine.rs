//! Unlocks a machine.

use axum::extract::State;
use diwan_kernel::answers::GuardedWork;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Json, Path};
use diwan_kernel::{Entry, Problem};

use super::body::MachineView;
use crate::event::MachineChanged;
use crate::fleet::Fleet;
use crate::machine::{MachineId, MachineState, Standing};
use crate::table::machine;

/// Unlock a machine whose identity two places used, once it has joined anew with another key.
#[utoipa::path(
    post,
    path = "/machines/{id}/unlock",
    operation_id = "unlock_machine",
    tag = "machines",
    params(("id" = MachineId, Path, description = "Which machine")),
    responses((status = 200, description = "The machine", body = MachineView), GuardedWork),
    extensions(("x-permission" = json!("machines.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn unlock_machine(
    ctx: Allowed<SteppedUp<may::MachinesManage>>,
    State(fleet): State<Fleet>,
    Path(id): Path<MachineId>,
) -> Result<Json<MachineView>, Problem> {
    let known = fleet.require_machine(id).await?;
    if known.standing != Standing::Locked {
        return Err(not_locked());
    }
    let mut tx = fleet.db().begin(&ctx).await?;
    if !machine::unlock(&mut tx, id).await? {
        return Err(same_key());
    }
    tx.emit(&MachineChanged { id, state: MachineState::Offline });
    tx.commit(Entry::done("machine.unlock").on("machine", id).with("name", known.name)).await?;
    Ok(Json(MachineView::new(&fleet, fleet.require_machine(id).await?)))
}

fn not_locked() -> Problem {
    Problem::conflict(
        "machine_not_locked",
        "The machine is not locked",
        "Only a machine whose identity two places used is locked.",
        "Nothing has to be done.",
    )
}

fn same_key() -> Problem {
    Problem::conflict(
        "machine_key_unchanged",
        "The machine still has the key that two places used",
        "Somebody else has that key: unlocking the machine would let them in.",
        "Make a line that joins this machine anew (`rejoins`), run it on the machine, then unlock it.",
    )
}
