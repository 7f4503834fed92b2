//! Operations about durable work.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::attachment::Channel;
use crate::call::{Call, Query};
use crate::client::Client;
use crate::commands::{CommandUsage, OutputPart, SecretVariable, channel_name};
use crate::error::ClientError;
use crate::model::Page;
use crate::operations::{Answer, part};

/// Durable work.
#[derive(Debug, Clone, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// What it is called, or else what it does.
    #[serde(default)]
    pub title: String,
    /// The queue in which it waits for its turn.
    #[serde(default)]
    pub queue: String,
    /// Whose it is.
    pub owner: JobOwner,
    /// What is to be done.
    pub operation: Value,
    /// Where it is to be done.
    pub target: JobTarget,
    /// How urgent it is, from -10 to 10.
    #[serde(default)]
    pub priority: i32,
    /// With which others it shares a limit.
    pub concurrency: Option<JobConcurrency>,
    /// How often and when it is tried again.
    #[serde(default)]
    pub retry: JobRetry,
    /// Whether it may be done again when nobody knows whether it was done.
    #[serde(default)]
    pub retry_safe: bool,
    /// After how long an attempt is ended.
    pub timeout_ms: Option<u64>,
    /// How much of its machine it may use, where the machine's policy grants more.
    #[serde(default)]
    pub limits: JobLimits,
    /// How long it may wait for its turn.
    pub queue_timeout_ms: Option<u64>,
    /// What becomes of it when its machine is lost.
    pub lost: Option<JobLost>,
    /// What it is labelled with.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// The plain variables that its process is given.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The variables whose values are secrets, which are shown nowhere.
    #[serde(default)]
    pub secrets: Vec<SecretVariable>,
    /// Patterns of the files that are kept of it.
    #[serde(default)]
    pub artifacts: Vec<String>,
    /// What makes it one job however often it is asked for.
    pub idempotency_key: Option<String>,
    /// Where it stands: `queued`, `leased`, `running`, `succeeded`, `failed`, `cancelled`, `timed_out`, `expired`.
    pub state: String,
    /// Why a queued one is not ready: `time`, `dependencies`, or nothing.
    #[serde(default)]
    pub hold: String,
    /// How many times it was given to a machine.
    #[serde(default)]
    pub attempt: u32,
    /// Until when it waits before it is ready.
    pub due_at: Option<String>,
    /// When it expires unless it has begun.
    pub deadline_at: Option<String>,
    /// Since when it is wanted.
    pub created_at: String,
    /// When its process began, in this attempt.
    pub started_at: Option<String>,
    /// When it ended.
    pub ended_at: Option<String>,
    /// Since when it is to stop.
    pub cancel_asked_at: Option<String>,
    /// Which machine does it, or did.
    pub machine_id: Option<String>,
    /// What that is called.
    pub machine_name: Option<String>,
    /// The command that carries the attempt out.
    pub command_id: Option<String>,
    /// Why it ended so, for programs.
    pub reason: Option<String>,
    /// The same, for people.
    pub detail: Option<String>,
    /// With which status it ended by itself.
    pub exit_code: Option<i32>,
    /// Which signal ended it.
    pub signal: Option<i32>,
    /// What the last attempt took.
    pub usage: Option<CommandUsage>,
    /// How much output the last attempt has.
    #[serde(default)]
    pub output_bytes: u64,
    /// How much error output the last attempt has.
    #[serde(default)]
    pub error_bytes: u64,
    /// Since when it is a dead letter.
    pub dead_at: Option<String>,
    /// The schedule that made it.
    pub schedule_id: Option<String>,
    /// For which moment that was.
    pub scheduled_for: Option<String>,
    /// The job that it does anew.
    pub rerun_of: Option<String>,
}

impl Job {
    /// Whether something may still become of it.
    pub fn is_open(&self) -> bool {
        matches!(self.state.as_str(), "queued" | "leased" | "running")
    }

    /// Whether a machine has it now.
    pub fn is_under_way(&self) -> bool {
        matches!(self.state.as_str(), "leased" | "running")
    }
}

/// Whose a job or a schedule is.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct JobOwner {
    /// A person's or a token's id.
    pub id: String,
    /// What they are called.
    #[serde(default)]
    pub name: String,
}

/// Where a job is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum JobTarget {
    /// On this machine.
    Machine {
        /// Its id.
        machine_id: String,
    },
    /// On a machine with these labels.
    Labels {
        /// The labels: `env=prod,gpu` means both.
        selector: String,
    },
    /// On any machine.
    Any,
    /// Somewhere that a later server knows.
    #[serde(other)]
    Other,
}

/// With which others a job shares a limit.
#[derive(Debug, Clone, Deserialize)]
pub struct JobConcurrency {
    /// What they have in common.
    pub key: String,
    /// How many of them are done at once.
    pub limit: u32,
}

/// How often and when a job is tried again.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct JobRetry {
    /// How often it is tried in all.
    #[serde(default)]
    pub attempts: u32,
    /// How long the first pause is.
    #[serde(default)]
    pub delay_ms: u64,
    /// How long a pause is at the most.
    #[serde(default)]
    pub max_delay_ms: u64,
}

/// How much of its machine a job may use.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct JobLimits {
    /// Processor time, in percent of one core.
    pub cpu_percent: Option<u64>,
    /// Memory.
    pub memory_bytes: Option<u64>,
    /// Processes and threads at once.
    pub processes: Option<u64>,
    /// Open files of one process.
    pub open_files: Option<u64>,
    /// The longest file that it may write.
    pub file_bytes: Option<u64>,
    /// How much it may print.
    pub output_bytes: Option<u64>,
}

/// What becomes of a job whose machine is lost.
#[derive(Debug, Clone, Deserialize)]
pub struct JobLost {
    /// `wait`, `fail` or `move`.
    pub policy: String,
    /// After how long.
    pub after_ms: Option<u64>,
}

/// A job with all that is known of it.
#[derive(Debug, Clone, Deserialize)]
pub struct JobDetail {
    /// The job.
    #[serde(flatten)]
    pub job: Job,
    /// How often it was tried, and how that went.
    #[serde(default)]
    pub attempts: Vec<JobAttempt>,
    /// What a queued one waits for: `time`, `dependencies`, `queue_paused`, `queue_full`, `key_full`, `no_machine`,
    /// `machines_full`, `turn`.
    #[serde(default)]
    pub waits_for: Option<String>,
    /// The jobs that it waits for, or waited for.
    #[serde(default)]
    pub dependencies: Vec<JobNeighbour>,
    /// The jobs that wait for this one, or waited for it.
    #[serde(default)]
    pub dependents: Vec<JobNeighbour>,
}

/// A job that another one waits for.
#[derive(Debug, Clone, Deserialize)]
pub struct JobNeighbour {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Where it stands.
    pub state: String,
}

/// One time that a job was tried.
#[derive(Debug, Clone, Deserialize)]
pub struct JobAttempt {
    /// Its number, from 1.
    pub attempt: u32,
    /// On which machine.
    pub machine_name: Option<String>,
    /// The command that carried it out.
    pub command_id: Option<String>,
    /// When a machine got it.
    pub leased_at: Option<String>,
    /// When its process began.
    pub started_at: Option<String>,
    /// When it ended.
    pub ended_at: Option<String>,
    /// How it stands, or ended.
    pub state: String,
    /// Why, for programs.
    pub reason: Option<String>,
    /// Why, for people.
    pub detail: Option<String>,
    /// With which status it ended by itself.
    pub exit_code: Option<i32>,
    /// Which signal ended it.
    pub signal: Option<i32>,
    /// What it took.
    pub usage: Option<CommandUsage>,
    /// How much output there is.
    #[serde(default)]
    pub output_bytes: u64,
    /// How much error output there is.
    #[serde(default)]
    pub error_bytes: u64,
}

impl Client {
    /// Wants a job.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn create_job(&self, spec: Value) -> Answer<Job> {
        self.write(Method::POST, "/jobs", Some(spec)).await
    }

    /// Jobs, newest first.
    ///
    /// # Errors
    /// When they may not be seen.
    pub async fn list_jobs(&self, query: Query) -> Answer<Page<Job>> {
        self.get("/jobs", query).await
    }

    /// One job.
    ///
    /// # Errors
    /// When it is not there or may not be seen.
    pub async fn get_job(&self, id: &str) -> Answer<JobDetail> {
        self.get(&format!("/jobs/{}", part(id)), Query::new()).await
    }

    /// Stops a job, or keeps it from beginning.
    ///
    /// # Errors
    /// When it has ended, or that is not allowed.
    pub async fn cancel_job(&self, id: &str, give_up: bool) -> Answer<Value> {
        let mut call = Call::write(Method::POST, format!("/api/v1/jobs/{}/cancel", part(id)), None)?;
        call.query = Query::new().with("give_up", give_up.then_some("true"));
        self.call(call).await
    }

    /// Tries a job again that has ended.
    ///
    /// # Errors
    /// When it has not ended, or that is not allowed.
    pub async fn retry_job(&self, id: &str) -> Answer<Job> {
        self.write(Method::POST, &format!("/jobs/{}/retry", part(id)), None).await
    }

    /// Wants the same as a job did, with these changes, as a job of its own.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn rerun_job(&self, id: &str, changes: Value) -> Answer<Job> {
        self.write(Method::POST, &format!("/jobs/{}/rerun", part(id)), Some(json!({"changes": changes}))).await
    }
    /// What a try at a job said, from a place on.
    ///
    /// # Errors
    /// When it is not kept any longer, or may not be seen.
    pub async fn read_job_log(
        &self,
        id: &str,
        attempt: u32,
        channel: Channel,
        from: u64,
    ) -> Result<OutputPart, ClientError> {
        let query = Query::new().with("attempt", Some(attempt)).with("channel", Some(channel_name(channel)));
        self.read_part(&format!("/jobs/{}/log", part(id)), query, from).await
    }
}
