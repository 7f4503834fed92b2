//! `diwan schedule list` and `runs`.

use clap::Args;
use diwan_client::{Job, JobSchedule, Query};

use super::super::command::in_words;
use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::job::words::result_of;
use super::super::paging::Paging;
use super::super::screen::{Mark, Row, Tone, exact_moment, moment_or_dash};
use super::find::find;
use super::when;

#[derive(Debug, Args)]
pub(in crate::cli) struct Runs {
    /// Its name or id
    name: String,
    #[command(flatten)]
    paging: Paging,
}

pub(super) async fn schedules(door: &Door<'_>, paging: &Paging) -> Result<Done, Failure> {
    let client = door.client()?;
    let headings = ["NAME", "WHEN", "NEXT (UTC)", "LAST (UTC)", "WHAT", "WHO", "ID"];
    paging.show(door, &headings, Query::new(), async |q| client.list_job_schedules(q).await, of_schedule).await
}

impl Runs {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let (schedule, _) = find(&client, &self.name).await?;
        let query = Query::new().with("schedule", Some(&schedule.id));
        let headings = ["FOR (UTC)", "JOB", "RESULT", "MACHINE", "TRY", "ENDED (UTC)", "WHY"];
        self.paging.show(door, &headings, query, async |q| client.list_jobs(q).await, of_job).await
    }
}

fn of_schedule(schedule: &JobSchedule) -> Row {
    let (next, mark) = match (&schedule.paused_at, &schedule.next_at) {
        _ if schedule.trouble.is_some() => ("in trouble".to_owned(), Mark { sign: '✗', tone: Some(Tone::Bad) }),
        (Some(_), _) => ("paused".to_owned(), Mark { sign: '◐', tone: Some(Tone::Doubtful) }),
        (None, next) => (moment_or_dash(next.as_deref()), Mark { sign: '●', tone: Some(Tone::Good) }),
    };
    let cells = vec![
        schedule.name.clone(),
        when::in_words(&schedule.when),
        next,
        moment_or_dash(schedule.last_fired_at.as_deref()),
        in_words(&schedule.job["operation"]),
        schedule.owner.name.clone(),
        schedule.id.clone(),
    ];
    Row { cells, mark: Some(mark) }
}

fn of_job(job: &Job) -> Row {
    let (result, mark) = result_of(job);
    let moment = |at: &Option<String>| at.as_deref().map_or_else(|| "–".to_owned(), exact_moment);
    let cells = vec![
        moment(&job.scheduled_for),
        job.id.clone(),
        result,
        job.machine_name.clone().unwrap_or_else(|| "–".to_owned()),
        job.attempt.to_string(),
        moment(&job.ended_at),
        job.detail.clone().unwrap_or_default(),
    ];
    Row { cells, mark: Some(mark) }
}
