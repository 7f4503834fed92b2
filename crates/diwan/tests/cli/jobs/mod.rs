//! Jobs on the command line: a real server, real bridges, real programs.

mod artifacts;
mod away;
mod dead;
mod logs;
mod manage;
mod queues;
mod run;
mod schedules;
mod stopping;
mod variables;

use reqwest::StatusCode;
use serde_json::Value;

use super::fleet::Fleet;

impl Fleet {
    /// Wants a job, and gives its id.
    async fn wants(&self, line: &str) -> String {
        let ran = self.desk.run(&format!("job run -d {line}")).await;
        assert!(ran.code == 0 && ran.out.starts_with("job_"), "{line}: {} {}", ran.out, ran.err);
        ran.out.trim().to_owned()
    }

    /// Waits until a job stands so. The feed says when to look.
    async fn job_becomes(&self, id: &str, state: &str) -> Value {
        let mut feed = self.server.product().events.listen(None).receiver;
        loop {
            let job = self.owner.get(&format!("/api/v1/jobs/{id}")).await.expect(StatusCode::OK);
            if job["state"] == state {
                return job;
            }
            feed.recv().await.expect("the feed goes on");
        }
    }

    /// The newest job.
    async fn newest_job(&self) -> Value {
        self.desk.json("job list --limit 1").await["items"][0].clone()
    }
}
