//! Operations about what makes jobs by itself.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::call::Query;
use crate::client::Client;
use crate::jobs::{Job, JobOwner};
use crate::model::Page;
use crate::operations::{Answer, part};

/// What makes jobs by itself.
#[derive(Debug, Clone, Deserialize)]
pub struct JobSchedule {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// When it makes one.
    pub when: JobScheduleWhen,
    /// What becomes of moments that were missed: `skip`, `once` or `all`.
    #[serde(default)]
    pub missed: String,
    /// Whether it makes one while the one before goes on: `allow` or `skip`.
    #[serde(default)]
    pub overlap: String,
    /// The job that it makes.
    pub job: Value,
    /// Since when it makes none.
    pub paused_at: Option<String>,
    /// When it makes the next one.
    pub next_at: Option<String>,
    /// When it made the last one.
    pub last_fired_at: Option<String>,
    /// The last one.
    pub last_job_id: Option<String>,
    /// Why it could not make one the last time.
    pub trouble: Option<String>,
    /// Where a webhook is to be sent.
    pub hook_url: Option<String>,
    /// Whose it is.
    #[serde(default)]
    pub owner: JobOwner,
    /// Since when it is there.
    #[serde(default)]
    pub created_at: String,
}

/// When a schedule makes a job.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum JobScheduleWhen {
    /// By the clock.
    Cron {
        /// In five fields.
        expression: String,
        /// Whose clock.
        #[serde(default)]
        time_zone: String,
        /// By how much it may be later.
        #[serde(default)]
        jitter_ms: u64,
    },
    /// When somebody calls its door.
    Webhook {
        /// How they sign.
        provider: String,
        /// Only for pushes to this branch.
        #[serde(default)]
        branch: Option<String>,
    },
    /// When something happens here.
    Event {
        /// What.
        event: String,
        /// Only if it is so.
        #[serde(default)]
        filter: BTreeMap<String, String>,
    },
    /// In a way that a later server knows.
    #[serde(other)]
    Other,
}

/// Moments to come.
#[derive(Debug, Clone, Deserialize)]
pub struct JobSchedulePreview {
    /// The next, soonest first.
    pub next: Vec<String>,
}

/// A new signing secret.
#[derive(Clone, Deserialize)]
pub struct JobScheduleSecret {
    /// The secret; it is shown once.
    pub secret: String,
}

impl std::fmt::Debug for JobScheduleSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JobScheduleSecret(•••)")
    }
}

impl Client {
    /// The schedules.
    ///
    /// # Errors
    /// When they may not be seen.
    pub async fn list_job_schedules(&self, query: Query) -> Answer<Page<JobSchedule>> {
        self.get("/job-schedules", query).await
    }

    /// One schedule.
    ///
    /// # Errors
    /// When it is not there or may not be seen.
    pub async fn get_job_schedule(&self, id: &str) -> Answer<JobSchedule> {
        self.get(&format!("/job-schedules/{}", part(id)), Query::new()).await
    }

    /// Makes a schedule.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn create_job_schedule(&self, body: Value) -> Answer<JobSchedule> {
        self.write(Method::POST, "/job-schedules", Some(body)).await
    }

    /// Changes a schedule.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn update_job_schedule(&self, id: &str, change: Value) -> Answer<JobSchedule> {
        self.write(Method::PATCH, &format!("/job-schedules/{}", part(id)), Some(change)).await
    }

    /// Removes a schedule.
    ///
    /// # Errors
    /// When that is not allowed.
    pub async fn delete_job_schedule(&self, id: &str) -> Answer<()> {
        self.write(Method::DELETE, &format!("/job-schedules/{}", part(id)), None).await
    }

    /// Has a schedule make a job now.
    ///
    /// # Errors
    /// When that is not allowed.
    pub async fn run_job_schedule(&self, id: &str) -> Answer<Job> {
        self.write(Method::POST, &format!("/job-schedules/{}/run", part(id)), None).await
    }

    /// When a schedule would make jobs.
    ///
    /// # Errors
    /// When it cannot be understood.
    pub async fn preview_job_schedule(&self, body: Value) -> Answer<JobSchedulePreview> {
        self.write(Method::POST, "/job-schedules/preview", Some(body)).await
    }

    /// Makes a new secret that webhooks are signed with.
    ///
    /// # Errors
    /// When that is not allowed.
    pub async fn rotate_job_schedule_secret(&self, id: &str) -> Answer<JobScheduleSecret> {
        self.write(Method::POST, &format!("/job-schedules/{}/secret", part(id)), None).await
    }
}
