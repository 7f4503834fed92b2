//! Names and labels a machine.

use axum::extract::State;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};
use diwan_kernel::{DbError, Entry, Problem};
use diwan_protocol::control::ToBridge;
use serde::Deserialize;

use super::body::MachineView;
use super::create_join_token::put_out;
use crate::event::MachineChanged;
use crate::fleet::Fleet;
use crate::label::Labels;
use crate::machine::{MachineId, check_name};
use crate::table::machine;

/// What changes about a machine. What is not named stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateMachine {
    /// What it is called.
    #[schema(max_length = 63, pattern = "^[a-z0-9][a-z0-9.-]*$")]
    name: Option<String>,
    /// Its labels, all of them.
    #[schema(max_items = 32)]
    labels: Option<Vec<String>>,
}

/// Name a machine, or label it.
#[utoipa::path(
    patch,
    path = "/machines/{id}",
    operation_id = "update_machine",
    tag = "machines",
    params(("id" = MachineId, Path, description = "Which machine")),
    request_body = UpdateMachine,
    responses((status = 200, description = "The machine", body = MachineView), GuardedWrite),
    extensions(("x-permission" = json!("machines.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn update_machine(
    ctx: Allowed<may::MachinesManage>,
    State(fleet): State<Fleet>,
    Path(id): Path<MachineId>,
    Json(body): Json<UpdateMachine>,
) -> Result<Json<MachineView>, Problem> {
    let before = fleet.require_machine(id).await?;
    let mut after = before.clone();
    if let Some(name) = body.name {
        after.name = check_name(&name)?;
    }
    if let Some(labels) = body.labels {
        after.labels = Labels::read("labels", labels)?;
    }
    let mut tx = fleet.db().begin(&ctx).await?;
    match machine::describe(&mut tx, id, &after.name, &after.labels).await {
        Err(DbError::Unique(_)) => return Err(name_taken(&after.name)),
        Ok(false) => return Err(put_out()),
        Ok(true) => {}
        Err(other) => return Err(other.into()),
    }
    tx.emit(&MachineChanged { id, state: fleet.state_of(&after) });
    let entry = Entry::done("machine.update").on("machine", id).with("name", after.name.clone());
    let entry = entry.with("name_before", before.name.clone());
    let entry = entry.with("labels", after.labels.as_slice().to_vec());
    tx.commit(entry.with("labels_before", before.labels.as_slice().to_vec())).await?;
    if let Some(connected) = fleet.connections().find(id).filter(|_| after.name != before.name) {
        connected.tell(&ToBridge::Name(after.name.clone())).await;
    }
    Ok(Json(MachineView::new(&fleet, after)))
}

pub(super) fn name_taken(name: &str) -> Problem {
    Problem::conflict(
        "machine_name_taken",
        "The name is taken",
        format!("There is a machine with the name {name} already."),
        "Choose another name.",
    )
}
