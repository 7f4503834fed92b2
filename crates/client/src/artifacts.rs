//! Operations about files that jobs leave.

use serde::Deserialize;

use crate::call::{Call, Query};
use crate::client::Client;
use crate::error::ClientError;
use crate::operations::{Answer, part};

/// Files that an attempt at a job has left.
#[derive(Debug, Clone, Deserialize)]
pub struct JobArtifacts {
    /// Where they stand: `not_asked`, `pending`, `kept`, `gone`, `bridge_too_old`, `untold`.
    pub state: String,
    /// Which attempt left them.
    pub attempt: Option<u32>,
    /// What the machine that keeps them was called then.
    pub machine_name: Option<String>,
    /// Whether that is connected, so that files can be had.
    #[serde(default)]
    pub is_machine_connected: bool,
    /// How copying them to the object storage stands: `off`, `waiting`, `done`.
    #[serde(default)]
    pub copying: String,
    /// Why not all of them are copied, if that was tried.
    #[serde(default)]
    pub copying_problem: Option<String>,
    /// The files.
    #[serde(default)]
    pub files: Vec<JobArtifact>,
    /// What fitted and was not kept.
    #[serde(default)]
    pub left_out: Vec<ArtifactLeftOut>,
    /// How many more were not kept, and are not named.
    #[serde(default)]
    pub left_out_more: u64,
}

/// A file that a job has left.
#[derive(Debug, Clone, Deserialize)]
pub struct JobArtifact {
    /// Its path below the directory that the job ran in.
    pub path: String,
    /// How long it is.
    pub size_bytes: u64,
    /// When it was written last, by the clock of the machine.
    pub modified_at: String,
    /// SHA-256 of it, in hexadecimal digits.
    pub sha256: String,
    /// What its copy in the object storage is called, if there is one.
    #[serde(default)]
    pub copy: Option<String>,
}

/// Something that fitted and was not kept.
#[derive(Debug, Clone, Deserialize)]
pub struct ArtifactLeftOut {
    /// Its path; empty for all of them.
    pub path: String,
    /// Why.
    pub why: String,
}

impl Client {
    /// Which files an attempt at a job has left: the last one, unless another is named.
    ///
    /// # Errors
    /// When it is not there or may not be seen.
    pub async fn list_job_artifacts(&self, id: &str, attempt: Option<u32>) -> Answer<JobArtifacts> {
        self.get(&format!("/jobs/{}/artifacts", part(id)), Query::new().with("attempt", attempt)).await
    }

    /// A file that a job has left, from a place on, as it arrives in chunks.
    ///
    /// # Errors
    /// When its machine is not connected, it is not kept any longer, or it may not be seen.
    pub async fn read_job_artifact(
        &self,
        id: &str,
        attempt: Option<u32>,
        path: &str,
        from: u64,
    ) -> Result<reqwest::Response, ClientError> {
        let query = Query::new().with("attempt", attempt).with("path", Some(path));
        let call = Call::get(format!("/api/v1/jobs/{}/artifacts/content", part(id)), query).beginning_at(from);
        let response = self.respond(&call).await?;
        let response = self.accepted(response).await?;
        let is_part = response.status() == reqwest::StatusCode::PARTIAL_CONTENT;
        if from > 0 && !is_part {
            return Err(self.unexpected("a part of a file was asked for, and all of it came".into()));
        }
        Ok(response)
    }
}
