//! Takes an SSH key away from a machine.

use axum::extract::State;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path, Query};
use diwan_kernel::{Entry, Problem};
use serde::Deserialize;

use crate::fleet::Fleet;
use crate::machine::MachineId;
use crate::ssh_keys::event::SshKeyChanged;
use crate::ssh_keys::id::SshKeyId;
use crate::ssh_keys::table::{self, SshKey};
use crate::ssh_keys::tend::entry;
use crate::ssh_keys::view::SshKeyView;

/// How it is taken away.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HowRemoved {
    /// Only forget it: what is on the machine stays there. For machines that never come back, or whose policy does not
    /// let it be taken away.
    #[serde(default)]
    forget: bool,
}

/// Take an SSH key away from a machine. Its lines go as soon as the machine is there; lines of others stay.
#[utoipa::path(
    delete,
    path = "/machines/{id}/ssh-keys/{key}",
    operation_id = "remove_machine_ssh_key",
    tag = "machines",
    params(("id" = MachineId, Path, description = "Which machine"), ("key" = SshKeyId, Path, description = "Which key"), HowRemoved),
    responses((status = 200, description = "The key, on its way out", body = SshKeyView), GuardedReadOne),
    extensions(("x-permission" = json!("machines.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn remove_machine_ssh_key(
    ctx: Allowed<may::MachinesManage>,
    State(fleet): State<Fleet>,
    Path((machine, id)): Path<(MachineId, SshKeyId)>,
    Query(how): Query<HowRemoved>,
) -> Result<Json<SshKeyView>, Problem> {
    let key = super::get(&fleet, machine, id).await?;
    let mut tx = fleet.db().begin(&ctx).await?;
    let is_news = table::remove(&mut tx, id, ctx.now()).await?;
    let is_forgotten = how.forget && table::forget(&mut tx, id).await?;
    if is_news || is_forgotten {
        tx.emit(&SshKeyChanged { id, machine_id: machine });
        let removed = entry(Entry::done("machine_ssh_key.remove"), &key).with("forgotten", is_forgotten);
        tx.commit(removed).await?;
    }
    // What is being taken away may be gone by now.
    let gone = SshKey { removed_at: Some(ctx.now()), problem: None, ..key };
    let key = table::find(fleet.db(), id).await?.unwrap_or(gone);
    Ok(Json(super::view(&fleet, key).await?))
}
