//! `diwan job list --watch`: the list anew whenever something changes; for programs, a line for each job that did.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::time::Duration;

use diwan_client::{Client, Job, Query};
use serde_json::Value;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::paging;
use super::changes::Changes;
use super::list::{HEADINGS, row};
use super::patience::Patience;
use super::words::result_of;

/// What changes within this time is looked at together.
const TOGETHER: Duration = Duration::from_millis(150);

pub(super) async fn run(door: &Door<'_>, client: &Client, query: &Query) -> Result<Done, Failure> {
    let mut changes = Changes::listen(client).await;
    let mut known = Known::default();
    loop {
        let (jobs, raw) = look(client, query).await?;
        if door.screen.is_json() {
            for (_, raw) in known.news(&jobs, raw) {
                door.screen.json(&raw.to_string())?;
            }
        } else if std::io::stdout().is_terminal() {
            door.screen.clear()?;
            paging::show(door, &HEADINGS, jobs.iter().map(row).collect())?;
            eprintln!("\nLive. Ctrl-C ends it.");
        } else {
            for (job, _) in known.news(&jobs, raw) {
                let place = job.machine_name.as_ref().map(|name| format!(" on {name}")).unwrap_or_default();
                let line = format!("{}  {}{place}  {}", job.id, result_of(job).0, job.title);
                door.screen.verbatim(&line)?;
            }
        }
        changes.next().await;
        tokio::time::sleep(TOGETHER).await;
    }
}

/// The jobs, and the same as the server shows them.
async fn look(client: &Client, query: &Query) -> Result<(Vec<Job>, Vec<Value>), Failure> {
    let mut patience = Patience::default();
    loop {
        match client.list_jobs(query.clone()).await {
            Ok(reply) => {
                let mut raw: Value = serde_json::from_str(reply.text()).unwrap_or_default();
                let raw = raw["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
                return Ok((reply.read()?.items, raw));
            }
            Err(error) => patience.bear_quietly(error).await?,
        }
    }
}

/// How jobs stood when they were seen last.
#[derive(Debug, Default)]
struct Known(HashMap<String, (String, String, u32)>);

impl Known {
    /// Those that stand otherwise now, oldest first.
    fn news<'a>(&mut self, jobs: &'a [Job], raw: Vec<Value>) -> Vec<(&'a Job, Value)> {
        let stand = |job: &Job| (job.state.clone(), job.hold.clone(), job.attempt);
        let mut news: Vec<_> = jobs.iter().zip(raw).collect();
        news.retain(|(job, _)| self.0.get(&job.id) != Some(&stand(job)));
        news.reverse();
        self.0 = jobs.iter().map(|job| (job.id.clone(), stand(job))).collect();
        news
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::words::tests::job;
    use super::*;

    #[test]
    fn only_what_stands_otherwise_is_told() {
        let mut known = Known::default();
        let news = |known: &mut Known, jobs: &[Job]| {
            let raw = jobs.iter().map(|job| json!(job.id)).collect();
            known.news(jobs, raw).into_iter().map(|(job, _)| job.id.clone()).collect::<Vec<_>>()
        };
        let (one, two) = (job(json!({"id": "job_1"})), job(json!({"id": "job_2"})));
        assert_eq!(news(&mut known, &[two.clone(), one.clone()]), ["job_1", "job_2"], "the oldest first");
        assert!(news(&mut known, &[two.clone(), one]).is_empty());
        let one = job(json!({"id": "job_1", "state": "running", "attempt": 1}));
        assert_eq!(news(&mut known, &[two, one]), ["job_1"]);
    }
}
