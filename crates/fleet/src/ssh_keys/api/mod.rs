//! The operations about SSH keys on machines.

mod add_machine_ssh_key;
mod check_machine_ssh_key;
mod list_machine_ssh_keys;
mod remove_machine_ssh_key;

use diwan_kernel::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::id::SshKeyId;
use super::table::{self, SshKey};
use super::view::SshKeyView;
use crate::fleet::Fleet;
use crate::machine::MachineId;

/// All of them, with paths relative to `/api/v1`.
pub(crate) fn routes() -> OpenApiRouter<Fleet> {
    OpenApiRouter::new()
        .routes(routes!(list_machine_ssh_keys::list_machine_ssh_keys, add_machine_ssh_key::add_machine_ssh_key))
        .routes(routes!(remove_machine_ssh_key::remove_machine_ssh_key))
        .routes(routes!(check_machine_ssh_key::check_machine_ssh_key))
}

/// The key of a path.
async fn get(fleet: &Fleet, machine: MachineId, id: SshKeyId) -> Result<SshKey, Problem> {
    let found = table::find(fleet.db(), id).await?.filter(|key| key.machine == machine);
    found.ok_or_else(|| Problem::not_found("ssh key"))
}

async fn view(fleet: &Fleet, key: SshKey) -> Result<SshKeyView, Problem> {
    let lines = table::lines(fleet.db(), key.id).await?;
    Ok(SshKeyView::new(key, lines))
}
