//! Lists the files that a job has left.

use axum::extract::State;
use diwan_fleet::{Artifact, ArtifactLeftOut, ArtifactsState, Copying, MachineId};
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path, Query};
use serde::Serialize;

use super::attempt_query::AttemptQuery;
use crate::id::JobId;
use crate::jobs::Jobs;

/// Files that a try at a job has left.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct JobArtifacts {
    /// Where they stand.
    state: ArtifactsState,
    /// Which try left them; null before the first.
    attempt: Option<u32>,
    /// The machine that keeps them.
    machine_id: Option<MachineId>,
    /// What that was called then.
    machine_name: Option<String>,
    /// Whether that is connected, so that files can be had.
    is_machine_connected: bool,
    /// How copying them to the object storage stands.
    copying: Copying,
    /// Why not all of them are copied, if that was tried; for people, in English.
    copying_problem: Option<String>,
    /// The files, in the order of their paths.
    #[schema(max_items = 1000)]
    files: Vec<Artifact>,
    /// What fitted and was not kept.
    #[schema(max_items = 100)]
    left_out: Vec<ArtifactLeftOut>,
    /// How many more were not kept, and are not named.
    #[schema(maximum = 9007199254740991_u64)]
    left_out_more: u64,
}

/// The files that a try at a job has left, and where they are kept: of the last try, or of the one that is named.
#[utoipa::path(
    get,
    path = "/jobs/{id}/artifacts",
    operation_id = "list_job_artifacts",
    tag = "jobs",
    params(("id" = JobId, Path, description = "Which job"), AttemptQuery),
    responses((status = 200, description = "The files", body = JobArtifacts), GuardedKept),
    extensions(("x-permission" = json!("jobs.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_job_artifacts(
    _: Allowed<may::JobsRead>,
    State(jobs): State<Jobs>,
    Path(id): Path<JobId>,
    Query(which): Query<AttemptQuery>,
) -> Result<Json<JobArtifacts>, Problem> {
    let is_asked = !jobs.get(id).await?.spec.artifacts.is_empty();
    let attempt = jobs.attempt_of(id, which.attempt).await?;
    let number = attempt.as_ref().map(|attempt| attempt.attempt);
    let Some(command) = attempt.and_then(|attempt| attempt.command_id).filter(|_| is_asked) else {
        return Ok(Json(JobArtifacts::none(is_asked, number)));
    };
    let found = jobs.fleet().artifacts_of(command).await?;
    Ok(Json(JobArtifacts {
        state: found.state,
        attempt: number,
        machine_id: Some(found.machine),
        machine_name: Some(found.machine_name),
        is_machine_connected: found.is_there,
        copying: found.copying,
        copying_problem: found.copying_problem,
        files: found.files,
        left_out: found.left_out,
        left_out_more: found.left_out_more,
    }))
}

impl JobArtifacts {
    fn none(is_asked: bool, attempt: Option<u32>) -> Self {
        Self {
            state: if is_asked { ArtifactsState::Pending } else { ArtifactsState::NotAsked },
            attempt,
            machine_id: None,
            machine_name: None,
            is_machine_connected: false,
            copying: Copying::Off,
            copying_problem: None,
            files: vec![],
            left_out: vec![],
            left_out_more: 0,
        }
    }
}
