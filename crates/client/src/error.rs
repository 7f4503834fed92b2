//! What can come instead of an answer.

use serde::{Deserialize, Serialize};

use crate::server::ServerUrl;

/// What the server says went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The HTTP status.
    #[serde(default)]
    pub status: u16,
    /// What went wrong, stable for programs.
    pub code: String,
    /// What went wrong, in a few words.
    #[serde(default)]
    pub title: String,
    /// What went wrong here, in a sentence.
    #[serde(default)]
    pub detail: String,
    /// What to do next.
    #[serde(default)]
    pub next: String,
    /// Which request this was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The fields that are wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// After how many seconds to try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
}

/// Something wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// Which field.
    pub field: String,
    /// What is wrong, stable for programs.
    pub code: String,
    /// What is wrong, for people.
    pub message: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody answers there.
    #[error("cannot reach {server}: {why}")]
    Unreachable {
        /// Where.
        server: ServerUrl,
        /// What the system said.
        why: String,
    },
    /// Somebody answers there, but it is not certain that it is the server.
    #[error("cannot trust {server}: {why}")]
    Untrusted {
        /// Where.
        server: ServerUrl,
        /// What is wrong with the certificate.
        why: String,
    },
    /// There are no credentials for this server, or they are no longer valid.
    #[error("you are not signed in to {0}")]
    NotSignedIn(ServerUrl),
    /// The server refused.
    #[error("{}", .0.detail)]
    Refused(Box<Problem>),
    /// What answered does not speak Diwan's language.
    #[error("{server} did not answer as Diwan does: {what}")]
    Unexpected {
        /// Where.
        server: ServerUrl,
        /// What came.
        what: String,
    },
    /// The credentials file cannot be used.
    #[error("the credentials file {path} cannot be used: {why}")]
    Credentials {
        /// Which file.
        path: String,
        /// Why.
        why: String,
    },
    /// The client was set up with something that cannot work.
    #[error("{0}")]
    Setup(String),
}

impl ClientError {
    /// The stable code of the server's refusal.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(problem) => Some(&problem.code),
            _ => None,
        }
    }
}
