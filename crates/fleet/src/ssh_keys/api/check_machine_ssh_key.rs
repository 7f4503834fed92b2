//! Has an SSH key on a machine seen to at once, and proven once more.

use axum::extract::State;
use diwan_kernel::answers::GuardedWork;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};
use diwan_kernel::{Entry, Problem};

use crate::fleet::Fleet;
use crate::machine::MachineId;
use crate::ssh_keys::event::SshKeyChanged;
use crate::ssh_keys::id::SshKeyId;
use crate::ssh_keys::table;
use crate::ssh_keys::tend::entry;
use crate::ssh_keys::view::SshKeyView;

/// See to a key now, rather than when its time comes: whatever is left to do is done, and a login proves once more
/// that it opens the door.
#[utoipa::path(
    post,
    path = "/machines/{id}/ssh-keys/{key}/check",
    operation_id = "check_machine_ssh_key",
    tag = "machines",
    params(("id" = MachineId, Path, description = "Which machine"), ("key" = SshKeyId, Path, description = "Which key")),
    responses((status = 200, description = "The key", body = SshKeyView), GuardedWork),
    extensions(("x-permission" = json!("machines.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn check_machine_ssh_key(
    ctx: Allowed<may::MachinesManage>,
    State(fleet): State<Fleet>,
    Path((machine, id)): Path<(MachineId, SshKeyId)>,
) -> Result<Json<SshKeyView>, Problem> {
    let key = super::get(&fleet, machine, id).await?;
    let mut tx = fleet.db().begin(&ctx).await?;
    if !table::ask_check(&mut tx, id, ctx.now()).await? {
        return Err(going());
    }
    tx.emit(&SshKeyChanged { id, machine_id: machine });
    tx.commit(entry(Entry::done("machine_ssh_key.check"), &key)).await?;
    let key = table::find(fleet.db(), id).await?.unwrap_or(key);
    Ok(Json(super::view(&fleet, key).await?))
}

fn going() -> Problem {
    Problem::conflict(
        "ssh_key_going",
        "The key is being taken away",
        "It is not wanted on this machine any more.",
        "Add it again if it is.",
    )
}
