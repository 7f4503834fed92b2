//! Lists how much machines take.

use axum::extract::State;
use diwan_fleet::MachineId;
use diwan_kernel::answers::GuardedRead;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;
use diwan_kernel::{Page, Problem};
use serde::Serialize;

use crate::jobs::Jobs;

/// A machine, as far as it takes jobs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct JobMachine {
    /// Which.
    machine_id: MachineId,
    /// What it is called.
    name: String,
    /// Whether it takes jobs now.
    is_ready: bool,
    /// How many at once.
    limit: u32,
    /// How many are under way.
    under_way: u32,
}

/// The machines, and how many jobs each takes at once.
#[utoipa::path(
    get,
    path = "/job-machines",
    operation_id = "list_job_machines",
    tag = "jobs",
    responses((status = 200, description = "Machines", body = Page<JobMachine>), GuardedRead),
    extensions(("x-permission" = json!("jobs.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_job_machines(
    _: Allowed<may::JobsRead>,
    State(jobs): State<Jobs>,
) -> Result<Json<Page<JobMachine>>, Problem> {
    let workers = jobs.fleet().workers().await?;
    let machines = workers.into_iter().filter(|worker| worker.is_active).map(|worker| {
        let slots = jobs.board().machine(worker.id);
        JobMachine {
            machine_id: worker.id,
            name: worker.name,
            is_ready: worker.is_ready,
            limit: slots.most,
            under_way: slots.held,
        }
    });
    Ok(Json(Page::whole(machines.collect())))
}
