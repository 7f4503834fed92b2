//! Shows a machine.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};
use serde::Serialize;

use super::body::MachineView;
use crate::fleet::Fleet;
use crate::machine::MachineId;
use crate::presence::Presence;
use crate::samples::MachineSample;
use crate::table::machine;

/// A machine, with what is long about it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct MachineDetail {
    /// What is known of it.
    #[serde(flatten)]
    machine: MachineView,
    /// Its policy, as it stands in the file on the machine. Only there it can be changed.
    policy_text: Option<String>,
    /// How it was doing a moment ago.
    sample: Option<MachineSample>,
}

/// A machine: what it is, how it is, and its policy.
#[utoipa::path(
    get,
    path = "/machines/{id}",
    operation_id = "get_machine",
    tag = "machines",
    params(("id" = MachineId, Path, description = "Which machine")),
    responses((status = 200, description = "The machine", body = MachineDetail), GuardedReadOne),
    extensions(("x-permission" = json!("machines.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn get_machine(
    _: Allowed<may::MachinesRead>,
    State(fleet): State<Fleet>,
    Path(id): Path<MachineId>,
) -> Result<Json<MachineDetail>, Problem> {
    // What memory knows was written down before: seen in this order, nothing is older than the state that stands by it.
    let (presence, sample) = (Presence::of(&fleet, id), fleet.samples().last(id));
    let found = machine::find_with_policy(fleet.db(), id).await?;
    let (known, policy_text) = found.ok_or_else(|| Problem::not_found("machine"))?;
    Ok(Json(MachineDetail { machine: MachineView::with(known, presence), policy_text, sample }))
}
