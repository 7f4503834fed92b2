//! Operations about what jobs wait in, what they share, what became of nothing, and how they fare.

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::call::Query;
use crate::client::Client;
use crate::model::Page;
use crate::operations::{Answer, part};

/// A queue of jobs.
#[derive(Debug, Clone, Deserialize)]
pub struct JobQueue {
    /// What it is called.
    pub name: String,
    /// Since when nothing is begun from it.
    pub paused_at: Option<String>,
    /// How many of its jobs are done at once.
    pub limit: Option<u32>,
    /// How many are ready.
    #[serde(default)]
    pub waiting: u64,
    /// How many wait for a time or for others.
    #[serde(default)]
    pub held: u64,
    /// How many a machine has.
    #[serde(default)]
    pub under_way: u64,
    /// Since when the oldest is ready.
    pub oldest_ready_at: Option<String>,
}

/// How many jobs a machine does at once.
#[derive(Debug, Clone, Deserialize)]
pub struct JobMachine {
    /// Its id.
    pub machine_id: String,
    /// What it is called.
    pub name: String,
    /// Whether it takes jobs now.
    #[serde(default)]
    pub is_ready: bool,
    /// How many it does at once.
    pub limit: u32,
    /// How many it has.
    #[serde(default)]
    pub under_way: u64,
}

/// How jobs fared in a window of time.
#[derive(Debug, Clone, Deserialize)]
pub struct JobStatistics {
    /// From when on.
    pub from: String,
    /// Its parts, oldest first.
    pub buckets: Vec<JobFigures>,
    /// All of it.
    pub totals: JobFigures,
    /// Whether all jobs were looked at, or only the newest.
    pub is_complete: bool,
}

/// How jobs fared.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct JobFigures {
    /// From when on.
    pub at: String,
    /// How many ended.
    pub ended: u64,
    /// How many succeeded.
    pub succeeded: u64,
    /// How many came to nothing.
    pub failed: u64,
    /// How many were cancelled.
    pub cancelled: u64,
    /// How long half of them waited at the most.
    pub wait_p50_ms: Option<u64>,
    /// How long nearly all of them waited at the most.
    pub wait_p95_ms: Option<u64>,
    /// How long half of them took at the most.
    pub run_p50_ms: Option<u64>,
    /// How long nearly all of them took at the most.
    pub run_p95_ms: Option<u64>,
    /// Which share of those that were not cancelled came to nothing.
    pub failure_rate: Option<f64>,
}

impl Client {
    /// The queues.
    ///
    /// # Errors
    /// When they may not be seen.
    pub async fn list_job_queues(&self) -> Answer<Page<JobQueue>> {
        self.get("/job-queues", Query::new()).await
    }

    /// Pauses a queue, lets it go on, or limits it.
    ///
    /// # Errors
    /// When that is not allowed.
    pub async fn update_job_queue(&self, name: &str, change: Value) -> Answer<()> {
        self.write(Method::PUT, &format!("/job-queues/{}", part(name)), Some(change)).await
    }

    /// How many jobs each machine does at once.
    ///
    /// # Errors
    /// When that may not be seen.
    pub async fn list_job_machines(&self) -> Answer<Page<JobMachine>> {
        self.get("/job-machines", Query::new()).await
    }

    /// Limits how many jobs a machine does at once.
    ///
    /// # Errors
    /// When that is not allowed.
    pub async fn update_job_machine(&self, id: &str, change: Value) -> Answer<()> {
        self.write(Method::PUT, &format!("/job-machines/{}", part(id)), Some(change)).await
    }

    /// Tries jobs again that came to nothing.
    ///
    /// # Errors
    /// When that is not allowed.
    pub async fn replay_job_dead_letters(&self, which: Value) -> Answer<Value> {
        self.write(Method::POST, "/job-dead-letters/replay", Some(which)).await
    }

    /// Lets jobs rest that came to nothing.
    ///
    /// # Errors
    /// When that is not allowed.
    pub async fn dismiss_job_dead_letters(&self, which: Value) -> Answer<Value> {
        self.write(Method::POST, "/job-dead-letters/dismiss", Some(which)).await
    }

    /// How jobs fared.
    ///
    /// # Errors
    /// When that may not be seen.
    pub async fn get_job_statistics(&self, query: Query) -> Answer<JobStatistics> {
        self.get("/job-statistics", query).await
    }
}
