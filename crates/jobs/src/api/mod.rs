//! The operations of this capability.

mod attempt_query;
mod call_job_schedule;
mod cancel_job;
mod create_job;
mod create_jobs;
mod dead_letters;
mod download_job_log;
mod follow_job_log;
mod get_job;
mod get_job_statistics;
mod list_job_artifacts;
mod list_job_machines;
mod list_job_queues;
mod list_jobs;
mod read_job_artifact;
mod read_job_log;
mod rerun_job;
mod retry_job;
mod schedule_body;
mod schedules;
mod search_job_log;
mod update_job_machine;
mod update_job_queue;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::jobs::Jobs;

/// All of them, with paths relative to `/api/v1`.
pub(crate) fn routes() -> OpenApiRouter<Jobs> {
    OpenApiRouter::new()
        .routes(routes!(list_jobs::list_jobs, create_job::create_job))
        .routes(routes!(create_jobs::create_jobs))
        .routes(routes!(get_job::get_job))
        .routes(routes!(read_job_log::read_job_log))
        .routes(routes!(follow_job_log::follow_job_log))
        .routes(routes!(search_job_log::search_job_log))
        .routes(routes!(download_job_log::download_job_log))
        .routes(routes!(list_job_artifacts::list_job_artifacts))
        .routes(routes!(read_job_artifact::read_job_artifact))
        .routes(routes!(cancel_job::cancel_job))
        .routes(routes!(retry_job::retry_job))
        .routes(routes!(rerun_job::rerun_job))
        .routes(routes!(dead_letters::replay_dead_letters))
        .routes(routes!(dead_letters::dismiss_dead_letters))
        .routes(routes!(get_job_statistics::get_job_statistics))
        .routes(routes!(schedules::list_job_schedules, schedules::create_job_schedule))
        .routes(routes!(schedules::preview_job_schedule))
        .routes(routes!(schedules::get_job_schedule, schedules::update_job_schedule, schedules::delete_job_schedule))
        .routes(routes!(schedules::run_job_schedule))
        .routes(routes!(schedules::rotate_job_schedule_secret))
        .routes(routes!(call_job_schedule::call_job_schedule))
        .routes(routes!(list_job_queues::list_job_queues))
        .routes(routes!(update_job_queue::update_job_queue))
        .routes(routes!(list_job_machines::list_job_machines))
        .routes(routes!(update_job_machine::update_job_machine))
}
