//! Lists the SSH keys that are wanted on a machine.

use axum::extract::State;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};
use diwan_kernel::{Page, Problem};

use crate::fleet::Fleet;
use crate::machine::MachineId;
use crate::ssh_keys::table;
use crate::ssh_keys::view::SshKeyView;

/// The SSH keys of the vault that are wanted on a machine, and how each is doing there.
#[utoipa::path(
    get,
    path = "/machines/{id}/ssh-keys",
    operation_id = "list_machine_ssh_keys",
    tag = "machines",
    params(("id" = MachineId, Path, description = "Which machine")),
    responses((status = 200, description = "All of them, by user", body = Page<SshKeyView>), GuardedReadOne),
    extensions(("x-permission" = json!("machines.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_machine_ssh_keys(
    _: Allowed<may::MachinesManage>,
    State(fleet): State<Fleet>,
    Path(id): Path<MachineId>,
) -> Result<Json<Page<SshKeyView>>, Problem> {
    fleet.require_machine(id).await?;
    let mut all = vec![];
    for key in table::list(fleet.db(), id).await? {
        all.push(super::view(&fleet, key).await?);
    }
    Ok(Json(Page::whole(all)))
}
