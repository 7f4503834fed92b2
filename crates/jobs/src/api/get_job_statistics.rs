//! Shows how jobs fared.

use std::time::Duration;

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedRead;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Query};
use serde::Deserialize;

use crate::jobs::Jobs;
use crate::statistics::JobStatistics;

/// Which jobs are counted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StatisticsQuery {
    /// Those that ended within this time until now; a day unless it is said.
    #[param(inline)]
    window: Option<StatisticsWindow>,
    /// Those of this queue.
    #[param(max_length = 63)]
    queue: Option<String>,
}

/// A length of time.
#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::ToSchema)]
pub(super) enum StatisticsWindow {
    /// An hour, in steps of a minute.
    #[serde(rename = "1h")]
    Hour,
    /// A day, in steps of half an hour.
    #[default]
    #[serde(rename = "24h")]
    Day,
    /// A week, in steps of four hours.
    #[serde(rename = "7d")]
    Week,
    /// Thirty days, day by day.
    #[serde(rename = "30d")]
    Month,
}

/// How the jobs fared that ended within some time until now.
#[utoipa::path(
    get,
    path = "/job-statistics",
    operation_id = "get_job_statistics",
    tag = "jobs",
    params(StatisticsQuery),
    responses((status = 200, description = "Counts, waits and runs", body = JobStatistics), GuardedRead),
    extensions(("x-permission" = json!("jobs.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn get_job_statistics(
    _: Allowed<may::JobsRead>,
    State(jobs): State<Jobs>,
    Query(query): Query<StatisticsQuery>,
) -> Result<Json<JobStatistics>, Problem> {
    if query.queue.as_ref().is_some_and(|queue| queue.chars().count() > 63) {
        return Err(Problem::invalid_field("queue", "too_long", "It must not be longer than 63 characters."));
    }
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let (window, count) = match query.window.unwrap_or_default() {
        StatisticsWindow::Hour => (hours(1), 60),
        StatisticsWindow::Day => (hours(24), 48),
        StatisticsWindow::Week => (hours(24 * 7), 42),
        StatisticsWindow::Month => (hours(24 * 30), 30),
    };
    Ok(Json(jobs.statistics(window, count, query.queue).await?))
}
