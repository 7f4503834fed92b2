//! Operations about what machines are asked to do.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::attachment::Channel;
use crate::call::{Call, Query};
use crate::client::Client;
use crate::error::ClientError;
use crate::model::Page;
use crate::operations::{Answer, part};

/// Something that a machine is asked to do.
#[derive(Debug, Clone, Deserialize)]
pub struct Command {
    /// Its id.
    pub id: String,
    /// The commands that were wanted together with it.
    pub batch_id: String,
    /// Which machine.
    pub machine_id: String,
    /// What the machine was called then.
    pub machine_name: String,
    /// Who wants it.
    pub actor: CommandActor,
    /// What is to be done.
    pub operation: Value,
    /// Where it stands: `waiting`, `written`, `sent`, `running`, `ended`, `refused`, `needs_approval`, `expired`,
    /// `unknown`.
    pub state: String,
    /// What the machine's policy says.
    pub verdict: Option<CommandVerdict>,
    /// What went wrong on the way, or with its output.
    pub problem: Option<CommandProblem>,
    /// When it was signed, or began to wait.
    pub issued_at: String,
    /// From when on it is not begun any more.
    pub expires_at: String,
    /// When it began.
    pub started_at: Option<String>,
    /// When it ended.
    pub ended_at: Option<String>,
    /// How it ended: `exited`, `signalled`, `timed_out`, `over_limit`, `cancelled`, `not_started`.
    pub outcome: Option<String>,
    /// More about that.
    pub detail: Option<String>,
    /// With which status it ended by itself.
    pub exit_code: Option<i32>,
    /// Which signal ended it.
    pub signal: Option<i32>,
    /// What it took.
    pub usage: Option<CommandUsage>,
    /// How much of its output there is.
    pub output_bytes: u64,
    /// How much of its error output there is.
    pub error_bytes: u64,
    /// How much input it has taken.
    pub input_bytes: u64,
    /// The command that was sent after somebody said yes to this one.
    pub approved_as: Option<String>,
    /// Since when its output is not kept any longer.
    pub output_deleted_at: Option<String>,
    /// The plain variables that it is given.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The variables whose values are secrets.
    #[serde(default)]
    pub secrets: Vec<SecretVariable>,
}

impl Command {
    /// Whether something may still become of it.
    pub fn is_open(&self) -> bool {
        matches!(self.state.as_str(), "waiting" | "written" | "sent" | "running")
    }
}

/// A variable whose value is a secret of the vault.
#[derive(Debug, Clone, Deserialize)]
pub struct SecretVariable {
    /// What the variable is called.
    pub env: String,
    /// What the secret is called.
    pub secret: String,
}

/// Who wants a command.
#[derive(Debug, Clone, Deserialize)]
pub struct CommandActor {
    /// A person's or a token's id.
    pub id: String,
    /// What they are called.
    pub name: String,
}

/// What a machine's policy says of an operation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CommandVerdict {
    /// `allow`, `ask` or `deny`.
    pub decision: String,
    /// The rule that decided.
    pub rule: Option<String>,
    /// Why, the weightiest first.
    pub reasons: Vec<PolicyReason>,
    /// What is run, as it is run.
    pub argv: Vec<String>,
}

/// A reason of a policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PolicyReason {
    /// For programs.
    pub code: String,
    /// For people.
    pub words: String,
}

/// Why something did not become of a command.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CommandProblem {
    /// For programs.
    pub code: String,
    /// For people.
    pub detail: String,
}

/// What a command took.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct CommandUsage {
    /// Processor time in the program.
    pub user_us: u64,
    /// Processor time in the system on its behalf.
    pub system_us: u64,
    /// The most memory at once.
    pub memory_bytes: u64,
    /// From start to end.
    pub wall_us: u64,
}

/// The commands of one request, one a machine.
#[derive(Debug, Clone, Deserialize)]
pub struct CommandBatch {
    /// Its id.
    pub id: String,
    /// The commands.
    pub commands: Vec<Command>,
}

/// A part of what a command said.
#[derive(Debug, Clone)]
pub struct OutputPart {
    /// The bytes.
    pub bytes: Bytes,
    /// From where to go on.
    pub next: u64,
    /// Whether nothing more comes after this.
    pub is_end: bool,
}

/// Lines of output with a text in them.
#[derive(Debug, Clone, Deserialize)]
pub struct OutputMatches {
    /// The lines, in their order.
    pub matches: Vec<OutputMatch>,
    /// From where to go on; nothing when all that there is was looked through.
    pub next_from: Option<u64>,
    /// The number of the line there.
    pub next_line: Option<u64>,
    /// Whether nothing more comes.
    pub is_complete: bool,
}

/// A line of output with a text in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OutputMatch {
    /// On what it was said: `output` or `errors`.
    pub channel: String,
    /// The place of the first byte of the text.
    pub offset: u64,
    /// The number of the line, from 1 on.
    pub line: u64,
    /// The line, or what is around the text.
    pub text: String,
}

/// What of the output is meant where it is named by words.
pub(crate) fn channel_name(channel: Channel) -> &'static str {
    if channel == Channel::Output { "output" } else { "errors" }
}

impl Client {
    /// Has machines do something.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn run_command(&self, body: Value) -> Answer<CommandBatch> {
        self.write(Method::POST, "/commands", Some(body)).await
    }

    /// What a machine's policy says of an operation.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn check_command(&self, machine: &str, operation: &Value) -> Answer<CommandVerdict> {
        let path = format!("/machines/{}/check", part(machine));
        self.write(Method::POST, &path, Some(json!({"operation": operation}))).await
    }

    /// Commands, newest first.
    ///
    /// # Errors
    /// When they may not be seen.
    pub async fn list_commands(&self, query: Query) -> Answer<Page<Command>> {
        self.get("/commands", query).await
    }

    /// One command.
    ///
    /// # Errors
    /// When it is not there or may not be seen.
    pub async fn get_command(&self, id: &str) -> Answer<Command> {
        self.get(&format!("/commands/{}", part(id)), Query::new()).await
    }

    /// Stops a command.
    ///
    /// # Errors
    /// When it has ended, or that is not allowed.
    pub async fn cancel_command(&self, id: &str) -> Answer<()> {
        self.write(Method::POST, &format!("/commands/{}/cancel", part(id)), None).await
    }

    /// Says yes to a command of somebody else, which is sent then.
    ///
    /// # Errors
    /// When that is not allowed.
    pub async fn approve_command(&self, id: &str) -> Answer<Command> {
        self.write(Method::POST, &format!("/commands/{}/approve", part(id)), None).await
    }

    /// What a command said, from a place on.
    ///
    /// # Errors
    /// When it is not kept any longer, or may not be seen.
    pub async fn read_command_output(&self, id: &str, channel: Channel, from: u64) -> Result<OutputPart, ClientError> {
        let channel = if channel == Channel::Output { 1 } else { 2 };
        let query = Query::new().with("channel", Some(channel));
        self.read_part(&format!("/commands/{}/output", part(id)), query, from).await
    }

    /// A part of what was said, from a place on.
    pub(crate) async fn read_part(&self, path: &str, query: Query, from: u64) -> Result<OutputPart, ClientError> {
        let query = query.with("from", Some(from)).with("limit", Some(LARGEST_PART));
        let call = Call::get(format!("/api/v1{path}"), query);
        let response = self.respond(&call).await?;
        let mut response = self.accepted(response).await?;
        let mut is_end = response.headers().get("x-output-end").is_some_and(|end| end == "true");
        let mut bytes = BytesMut::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) if bytes.is_empty() => return Err(self.unreachable(&error)),
                // What came before the connection broke need not come again.
                Err(_) => {
                    is_end = false;
                    break;
                }
            }
            if bytes.len() > LARGEST_PART {
                return Err(self.unexpected("the answer does not end".into()));
            }
        }
        Ok(OutputPart { next: from + bytes.len() as u64, bytes: bytes.freeze(), is_end })
    }

    /// The lines of what a command said that have a text in them. The query says from where on, and whether small
    /// letters are as good as large ones.
    ///
    /// # Errors
    /// When it is not kept any longer, or may not be seen.
    pub async fn search_command_output(
        &self,
        id: &str,
        channel: Channel,
        text: &str,
        query: Query,
    ) -> Answer<OutputMatches> {
        let query = query.with("text", Some(text)).with("channel", Some(channel_name(channel)));
        self.get(&format!("/commands/{}/output/search", part(id)), query).await
    }

    /// All that a command said, as a file that arrives in chunks; without escape codes if it is to be plain.
    ///
    /// # Errors
    /// When it is not kept any longer, or may not be seen.
    pub async fn download_command_output(
        &self,
        id: &str,
        channel: Channel,
        is_plain: bool,
    ) -> Result<reqwest::Response, ClientError> {
        let query = Query::new().with("channel", Some(channel_name(channel))).with("plain", Some(is_plain));
        let call = Call::get(format!("/api/v1/commands/{}/output/download", part(id)), query);
        let response = self.respond(&call).await?;
        self.accepted(response).await
    }
}

const LARGEST_PART: usize = 1024 * 1024;
