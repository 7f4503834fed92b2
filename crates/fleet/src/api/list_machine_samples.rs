//! Lists how a machine was doing.

use axum::extract::State;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};
use diwan_kernel::{Page, Problem};

use crate::fleet::Fleet;
use crate::machine::MachineId;
use crate::samples::SamplePoint;

/// How a machine was doing in the last ten minutes, oldest first. It is kept in memory only.
#[utoipa::path(
    get,
    path = "/machines/{id}/samples",
    operation_id = "list_machine_samples",
    tag = "machines",
    params(("id" = MachineId, Path, description = "Which machine")),
    responses((status = 200, description = "The last minutes", body = Page<SamplePoint>), GuardedReadOne),
    extensions(("x-permission" = json!("machines.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_machine_samples(
    _: Allowed<may::MachinesRead>,
    State(fleet): State<Fleet>,
    Path(id): Path<MachineId>,
) -> Result<Json<Page<SamplePoint>>, Problem> {
    fleet.require_machine(id).await?;
    Ok(Json(Page::whole(fleet.samples().points(id))))
}
