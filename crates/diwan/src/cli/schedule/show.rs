//! `diwan schedule show`.

use diwan_client::JobTarget;
use serde_json::Value;

use super::super::command::{in_words, script_of};
use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::job::where_in_words;
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
    facts.extend(rest_of(&schedule.job));
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
fn rest_of(job: &Value) -> Vec<(&'static str, String)> {
    let mut facts = vec![];
    let text = |field: &str| job[field].as_str().map(str::to_owned);
    facts.extend(text("name").map(|name| ("job", name)));
    facts.extend(text("queue").map(|queue| ("queue", queue)));
    let attempts = job["retry"]["attempts"].as_u64().filter(|attempts| *attempts > 1);
    facts.extend(attempts.map(|attempts| ("tried", format!("at most {attempts} times"))));
    facts
}
