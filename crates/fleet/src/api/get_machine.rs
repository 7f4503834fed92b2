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
use crate::samples::MachineSample;
use crate::table::policy;

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
    let known = fleet.require_machine(id).await?;
    let policy_text = policy::find_of(fleet.db(), id).await?;
    let sample = fleet.samples().last(id);
    Ok(Json(MachineDetail { machine: MachineView::new(&fleet, known), policy_text, sample }))
}
