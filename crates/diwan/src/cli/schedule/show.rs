//! `diwan schedule show`.

use diwan_client::{Job, JobSchedule, JobTarget};
use serde_json::{Value, json};

use super::super::command::{in_words, script_of};
use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::job::words::length;
use super::super::job::{wanted, where_in_words};
use super::super::screen::exact_moment;
use super::find::find;
use super::when;

pub(super) async fn run(door: &Door<'_>, name: &str) -> Result<Done, Failure> {
    let client = door.client()?;
    let (schedule, text) = find(&client, name).await?;
    if door.screen.is_json() {
        door.screen.json(&text)?;
        return Ok(Done::Well);
    }
    let moment = |at: &Option<String>| at.as_deref().map_or_else(|| "–".to_owned(), exact_moment);
    let mut facts = vec![
        ("name", schedule.name.clone()),
        ("id", schedule.id.clone()),
        ("when", when::in_words(&schedule.when)),
        ("missed", schedule.missed.clone()),
        ("overlap", schedule.overlap.clone()),
        ("what", in_words(&schedule.job["operation"])),
        ("where", where_in_words(&client, &target(&schedule.job["target"])).await),
    ];
    facts.extend(rest_of(&schedule));
    facts.extend([
        ("who", format!("{} ({})", schedule.owner.name, schedule.owner.id)),
        ("next", moment(&schedule.next_at)),
        ("last", moment(&schedule.last_fired_at)),
    ]);
    facts.extend(schedule.last_job_id.iter().map(|id| ("last job", id.clone())));
    facts.extend(schedule.trouble.iter().map(|why| ("trouble", why.clone())));
    facts.extend(schedule.paused_at.iter().map(|at| ("paused", format!("since {}", exact_moment(at)))));
    facts.extend(schedule.hook_url.iter().map(|url| ("webhooks", url.clone())));
    door.screen.facts(&facts)?;
    script_of(&schedule.job["operation"]).iter().try_for_each(|line| door.screen.line(line))?;
    Ok(Done::Well)
}

fn target(target: &Value) -> JobTarget {
    serde_json::from_value(target.clone()).unwrap_or(JobTarget::Any)
}

/// What else was said of the job.
fn rest_of(schedule: &JobSchedule) -> Vec<(&'static str, String)> {
    let Some(job) = job_of(schedule) else { return vec![] };
    let mut facts = vec![];
    facts.extend(schedule.job["name"].as_str().map(|name| ("job", name.to_owned())));
    facts.push(("queue", format!("{}, priority {}", job.queue, job.priority)));
    facts.extend(job.queue_timeout_ms.map(|ms| ("expires", format!("after {} unless it has begun", length(ms)))));
    facts.extend(wanted(&job));
    facts
}

/// A job that it makes, as if that were there already.
fn job_of(schedule: &JobSchedule) -> Option<Job> {
    let mut job = schedule.job.clone();
    let own = json!({"id": "", "owner": {"id": schedule.owner.id}, "created_at": "", "state": "queued"});
    job.as_object_mut()?.extend(own.as_object()?.clone());
    serde_json::from_value(job).ok()
}
