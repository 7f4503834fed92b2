//! The operations on schedules: each hands over to the rules and shows what came of it.

use axum::extract::State;
use diwan_kernel::answers::{GuardedRead, GuardedReadOne, GuardedWrite};
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Created, Done, Json, Path, Query};
use diwan_kernel::{Page, PageQuery, Problem, Timestamp};
use serde::{Deserialize, Serialize};

use super::schedule_body::{CreateSchedule, CreatedSchedule, ScheduleSecret, ScheduleView, UpdateSchedule};
use crate::calendar::preview;
use crate::id::ScheduleId;
use crate::jobs::Jobs;
use crate::schedules::ScheduleWhen;
use crate::table::schedule;
use crate::view::JobView;

/// Schedules, newest first.
#[utoipa::path(
    get,
    path = "/job-schedules",
    operation_id = "list_job_schedules",
    tag = "jobs",
    params(PageQuery),
    responses((status = 200, description = "Schedules", body = Page<ScheduleView>), GuardedRead),
    extensions(("x-permission" = json!("jobs.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_job_schedules(
    _: Allowed<may::JobsRead>,
    State(jobs): State<Jobs>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ScheduleView>>, Problem> {
    let (limit, before) = (page.limit()?, page.position::<ScheduleId>()?);
    let found = schedule::list(jobs.db(), before, limit + 1).await?;
    Ok(Json(Page::cut(found, limit, |one| one.id).map(|one| ScheduleView::new(&jobs, one))))
}

/// Have jobs come by themselves: by the clock, when another service calls, or when something happens here.
#[utoipa::path(
    post,
    path = "/job-schedules",
    operation_id = "create_job_schedule",
    tag = "jobs",
    request_body = CreateSchedule,
    responses((status = 201, description = "The schedule", body = CreatedSchedule), GuardedWrite),
    // A script is long, and longer still as JSON.
    extensions(("x-permission" = json!("jobs.run")), ("x-max-body-bytes" = json!(1_048_576))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn create_job_schedule(
    ctx: Allowed<may::JobsRun>,
    State(jobs): State<Jobs>,
    Json(body): Json<CreateSchedule>,
) -> Result<CreatedSchedule, Problem> {
    let (made, secret) = jobs.create_schedule(&ctx, body.into()).await?;
    let secret = secret.map(|secret| secret.expose().clone());
    Ok(CreatedSchedule { schedule: ScheduleView::new(&jobs, made), secret })
}

/// A schedule.
#[utoipa::path(
    get,
    path = "/job-schedules/{id}",
    operation_id = "get_job_schedule",
    tag = "jobs",
    params(("id" = ScheduleId, Path, description = "Which schedule")),
    responses((status = 200, description = "The schedule", body = ScheduleView), GuardedReadOne),
    extensions(("x-permission" = json!("jobs.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn get_job_schedule(
    _: Allowed<may::JobsRead>,
    State(jobs): State<Jobs>,
    Path(id): Path<ScheduleId>,
) -> Result<Json<ScheduleView>, Problem> {
    Ok(Json(ScheduleView::new(&jobs, jobs.get_schedule(id).await?)))
}

/// Change a schedule, pause it or let it go on. Another's needs `jobs.manage`.
#[utoipa::path(
    patch,
    path = "/job-schedules/{id}",
    operation_id = "update_job_schedule",
    tag = "jobs",
    params(("id" = ScheduleId, Path, description = "Which schedule")),
    request_body = UpdateSchedule,
    responses((status = 200, description = "The schedule", body = ScheduleView), GuardedWrite),
    // A script is long, and longer still as JSON.
    extensions(("x-permission" = json!("jobs.run")), ("x-max-body-bytes" = json!(1_048_576))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn update_job_schedule(
    ctx: Allowed<may::JobsRun>,
    State(jobs): State<Jobs>,
    Path(id): Path<ScheduleId>,
    Json(body): Json<UpdateSchedule>,
) -> Result<Json<ScheduleView>, Problem> {
    let now = ctx.now();
    let changed = jobs.update_schedule(&ctx, id, |one| body.change(one, now)).await?;
    Ok(Json(ScheduleView::new(&jobs, changed)))
}

/// Remove a schedule. Its jobs stay. Another's needs `jobs.manage`.
#[utoipa::path(
    delete,
    path = "/job-schedules/{id}",
    operation_id = "delete_job_schedule",
    tag = "jobs",
    params(("id" = ScheduleId, Path, description = "Which schedule")),
    responses((status = 204, description = "It is gone"), GuardedWrite),
    extensions(("x-permission" = json!("jobs.run"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn delete_job_schedule(
    ctx: Allowed<may::JobsRun>,
    State(jobs): State<Jobs>,
    Path(id): Path<ScheduleId>,
) -> Result<Done, Problem> {
    jobs.delete_schedule(&ctx, id).await?;
    Ok(Done)
}

/// Fire a schedule now, whatever the clock says. Another's needs `jobs.manage`.
#[utoipa::path(
    post,
    path = "/job-schedules/{id}/run",
    operation_id = "run_job_schedule",
    tag = "jobs",
    params(("id" = ScheduleId, Path, description = "Which schedule")),
    responses((status = 201, description = "The job", body = JobView), GuardedWrite),
    extensions(("x-permission" = json!("jobs.run"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn run_job_schedule(
    ctx: Allowed<may::JobsRun>,
    State(jobs): State<Jobs>,
    Path(id): Path<ScheduleId>,
) -> Result<Created<JobView>, Problem> {
    Ok(Created(jobs.run_schedule(&ctx, id).await?.into()))
}

/// Give a schedule that is called another secret: the old one is worth nothing from then on. Another's needs
/// `jobs.manage`.
#[utoipa::path(
    post,
    path = "/job-schedules/{id}/secret",
    operation_id = "rotate_job_schedule_secret",
    tag = "jobs",
    params(("id" = ScheduleId, Path, description = "Which schedule")),
    responses((status = 200, description = "The secret, shown this once", body = ScheduleSecret), GuardedWrite),
    extensions(("x-permission" = json!("jobs.run"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn rotate_job_schedule_secret(
    ctx: Allowed<may::JobsRun>,
    State(jobs): State<Jobs>,
    Path(id): Path<ScheduleId>,
) -> Result<ScheduleSecret, Problem> {
    let secret = jobs.rotate_schedule_secret(&ctx, id).await?;
    Ok(ScheduleSecret { secret: secret.expose().clone() })
}

/// When something would fire.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PreviewSchedule {
    /// When it would fire.
    when: ScheduleWhen,
    /// How many moments are wanted.
    #[serde(default = "ten")]
    #[schema(minimum = 1, maximum = 100)]
    count: u32,
}

const fn ten() -> u32 {
    10
}

/// The moments at which something would fire.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct SchedulePreview {
    /// The next ones, without their jitter.
    next: Vec<Timestamp>,
}

/// The next moments at which a schedule would fire by the clock.
#[utoipa::path(
    post,
    path = "/job-schedules/preview",
    operation_id = "preview_job_schedule",
    tag = "jobs",
    request_body = PreviewSchedule,
    responses((status = 200, description = "The moments", body = SchedulePreview), GuardedWrite),
    extensions(("x-permission" = json!("jobs.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn preview_job_schedule(
    ctx: Allowed<may::JobsRead>,
    State(jobs): State<Jobs>,
    Json(body): Json<PreviewSchedule>,
) -> Result<Json<SchedulePreview>, Problem> {
    if !(1..=100).contains(&body.count) {
        return Err(Problem::invalid_field("count", "out_of_range", "It must be from 1 to 100."));
    }
    let table = body.when.timetable(ScheduleId::new(jobs.world()))?;
    let count = usize::try_from(body.count).unwrap_or(100);
    let next = table.map(|table| preview(&table.cron, &table.zone, ctx.now(), count));
    Ok(Json(SchedulePreview { next: next.unwrap_or_default() }))
}
