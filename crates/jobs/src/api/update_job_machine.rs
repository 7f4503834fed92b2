//! Decides how much a machine takes.

use axum::extract::State;
use diwan_fleet::MachineId;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Done, Json, Path};
use diwan_kernel::{Entry, Problem};
use serde::Deserialize;

use crate::event::QueueChanged;
use crate::jobs::Jobs;
use crate::table::gauge;

/// What is decided.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateJobMachine {
    /// How many jobs at once; 0 is none.
    #[schema(maximum = 64)]
    limit: u32,
}

/// Say how many jobs a machine works on at once.
#[utoipa::path(
    put,
    path = "/job-machines/{id}",
    operation_id = "update_job_machine",
    tag = "jobs",
    params(("id" = MachineId, Path, description = "Which machine")),
    request_body = UpdateJobMachine,
    responses((status = 204, description = "It is decided"), GuardedWrite),
    extensions(("x-permission" = json!("jobs.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn update_job_machine(
    ctx: Allowed<may::JobsManage>,
    State(jobs): State<Jobs>,
    Path(id): Path<MachineId>,
    Json(body): Json<UpdateJobMachine>,
) -> Result<Done, Problem> {
    if body.limit > 64 {
        return Err(Problem::invalid_field("limit", "out_of_range", "It must be at most 64."));
    }
    let workers = jobs.fleet().workers().await?;
    let worker = workers.into_iter().find(|worker| worker.id == id && worker.is_active);
    let worker = worker.ok_or_else(|| Problem::not_found("machine"))?;
    let mut tx = jobs.db().begin(&ctx).await?;
    gauge::set_machine(&mut tx, id, body.limit).await?;
    tx.emit(&QueueChanged { name: worker.name });
    tx.commit(Entry::done("job_machine.update").on("machine", id).with("limit", body.limit)).await?;
    jobs.look_at_machines().await?;
    Ok(Done)
}
