//! Our queue, as its API shows it: what is sent, and how long it takes until nothing is left.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::load::{Connection, Load, Outcome, Request};
use crate::machine::Machine;
use crate::product::Product;

/// Who sends at once, and how many jobs one batch has.
pub(super) const CLIENTS: usize = 64;
const BATCH: usize = 1000;
const BATCHES_AT_ONCE: usize = 4;
/// How often it is asked whether something is over.
const LOOK: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(300);

/// A job that does nothing.
pub(super) fn nothing() -> Value {
    json!({"operation": {"kind": "noop"}})
}

/// Our queue.
#[derive(Clone, Copy)]
pub(super) struct Ours<'a>(pub(super) &'a Product);

impl Ours<'_> {
    /// Sent one by one.
    pub(super) async fn enqueue(self, span: Duration) -> Result<Outcome> {
        self.send(&nothing()).run(CLIENTS, span).await
    }

    /// A load of jobs like this.
    pub(super) fn send(self, job: &Value) -> Load {
        Load::new(self.0.address, Request::json("POST", "/api/v1/jobs", &job.to_string()).bearer(&self.0.token))
    }

    /// Sent in batches: jobs a second.
    pub(super) async fn enqueue_batches(self, span: Duration) -> Result<f64> {
        let batch = Load::new(self.0.address, batch(&nothing(), BATCH).bearer(&self.0.token));
        let sent = batch.run(BATCHES_AT_ONCE, span).await?;
        ensure!(sent.refused == 0, "{} batches were refused", sent.refused);
        Ok(sent.per_second * BATCH as f64)
    }

    /// Sends so many jobs like this, from several clients at once; the id of the last.
    pub(super) async fn plant(self, job: &Value, count: usize) -> Result<String> {
        let lengths: Vec<usize> = (0..count).step_by(BATCH).map(|from| BATCH.min(count - from)).collect();
        let (last, first) = lengths.split_last().context("a job")?;
        let part = move |part: usize| async move {
            let mut connection = Connection::open(self.0.address).await?;
            for length in first.iter().skip(part).step_by(BATCHES_AT_ONCE) {
                self.post(&mut connection, &batch(job, *length)).await?;
            }
            anyhow::Ok(())
        };
        tokio::try_join!(part(0), part(1), part(2), part(3))?;
        let mut connection = Connection::open(self.0.address).await?;
        let made = self.post(&mut connection, &batch(job, *last)).await?;
        let id = made["jobs"].as_array().and_then(|jobs| jobs.last()).and_then(|job| job["id"].as_str());
        Ok(id.context("an id")?.to_owned())
    }

    async fn post(self, connection: &mut Connection, request: &Request) -> Result<Value> {
        let request = request.clone().bearer(&self.0.token);
        let (status, _, text) = connection.send(self.0.address, &request).await?;
        ensure!(status == 201, "{status}: {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// How many jobs like this, that have waited, end in a second.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    pub(super) async fn work_off(self, job: &Value, count: usize) -> Result<f64> {
        let queue = job["queue"].as_str().unwrap_or("default");
        self.pause(queue, true).await?;
        let last = self.plant(job, count).await?;
        let begin = Instant::now();
        self.pause(queue, false).await?;
        self.until_over(&last).await?;
        self.until_empty().await?;
        Ok(count as f64 / begin.elapsed().as_secs_f64())
    }

    /// Sends one by one while machines are at work, until nothing is left: jobs a second from the first to the last.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    pub(super) async fn end_to_end(self, span: Duration) -> Result<f64> {
        let begin = Instant::now();
        let sent = self.enqueue(span).await?;
        ensure!(sent.refused == 0, "{} jobs were refused", sent.refused);
        self.until_empty().await?;
        Ok(sent.answered() as f64 / begin.elapsed().as_secs_f64())
    }

    pub(super) async fn pause(self, queue: &str, is_paused: bool) -> Result<()> {
        let path = format!("/api/v1/job-queues/{queue}");
        let body = json!({"paused": is_paused}).to_string();
        self.0.ask(&Request::json("PUT", &path, &body)).await.map(drop)
    }

    pub(super) async fn queues(self) -> Result<Vec<Value>> {
        let queues = self.0.ask(&Request::get("/api/v1/job-queues")).await?;
        Ok(queues["items"].as_array().context("queues")?.clone())
    }

    /// How many jobs a machine works on at once.
    pub(super) async fn limit(self, machine: &Machine, at_once: u32) -> Result<()> {
        let path = format!("/api/v1/job-machines/{}", machine.id);
        self.0.ask(&Request::json("PUT", &path, &json!({"limit": at_once}).to_string())).await.map(drop)
    }

    /// A job as it is now.
    pub(super) async fn job(self, id: &str) -> Result<Value> {
        self.0.ask(&Request::get(&format!("/api/v1/jobs/{id}"))).await
    }

    /// The job, once it has ended.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    pub(super) async fn until_over(self, id: &str) -> Result<Value> {
        let begin = Instant::now();
        loop {
            let job = self.job(id).await?;
            if !job["ended_at"].is_null() {
                ensure!(job["state"] == "succeeded", "a job did not succeed: {job}");
                return Ok(job);
            }
            ensure!(begin.elapsed() < PATIENCE, "a job does not end: {job}");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Nothing waits and nothing is under way, in queues that are not paused.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    pub(super) async fn until_empty(self) -> Result<()> {
        let begin = Instant::now();
        loop {
            let queues = self.queues().await?;
            let running = queues.iter().filter(|queue| queue["paused_at"].is_null());
            let left: u64 = running.map(|q| number(q, "waiting") + number(q, "under_way")).sum();
            if left == 0 {
                return Ok(());
            }
            ensure!(begin.elapsed() < PATIENCE, "{left} jobs do not end");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The newest jobs that have ended.
    pub(super) async fn ended(self, count: usize) -> Result<Vec<Value>> {
        let (mut jobs, mut cursor) = (vec![], String::new());
        while jobs.len() < count {
            let page = self.0.ask(&Request::get(&format!("/api/v1/jobs?phase=ended&limit=100{cursor}"))).await?;
            jobs.extend(page["items"].as_array().context("jobs")?.iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        jobs.truncate(count);
        Ok(jobs)
    }
}

fn batch(job: &Value, length: usize) -> Request {
    let jobs = vec![job; length];
    Request::json("POST", "/api/v1/jobs/batch", &json!({"jobs": jobs}).to_string())
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_default()
}
