//! Files that commands leave: which there are is written down with the end of the command, and what is in them stays on
//! the machine until somebody wants it. If an object storage is set, it gets copies ([`copier`]).
//!
//! What a machine tells of them is cleaned and cut ([`told`]); a path is looked up in what was written down, and never
//! reaches the machine.

mod answer;
mod config;
mod copier;
mod fetch;
mod pieces;
mod storage;
pub(super) mod table;
mod told;

use diwan_files::Globs;
use diwan_kernel::problem::FieldError;
use diwan_kernel::{Problem, Timestamp};
use diwan_protocol::artifacts::MOST_GLOBS;
use serde::{Deserialize, Serialize};

use super::id::CommandId;
use super::operation::CommandOperation;
use crate::fleet::Fleet;
use crate::machine::MachineId;
use table::Copies;

pub use config::ArtifactsConfig;
pub(super) use copier::{CopyQueue, start};
pub(crate) use fetch::Fetches;
pub(crate) use storage::Storage;
use told::LeftFile;
pub(crate) use told::LeftFiles;

/// Files that a command has left, as far as that is known.
#[derive(Debug, Clone)]
pub struct Artifacts {
    /// Where they stand.
    pub state: ArtifactsState,
    /// The machine that keeps them.
    pub machine: MachineId,
    /// What that was called when the command ran.
    pub machine_name: String,
    /// Whether the machine is connected, so that they can be had.
    pub is_there: bool,
    /// How copying them to the object storage stands.
    pub copying: Copying,
    /// Why not all of them are copied, if that was tried.
    pub copying_problem: Option<String>,
    /// The files.
    pub files: Vec<Artifact>,
    /// What fitted and was not kept.
    pub left_out: Vec<ArtifactLeftOut>,
    /// How many more were not kept, and are not named.
    pub left_out_more: u64,
}

/// Where the files that a command leaves stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArtifactsState {
    /// None are asked for.
    NotAsked,
    /// They are kept when the command has ended.
    Pending,
    /// They are kept on the machine; there may be none.
    Kept,
    /// They were kept, and are not any longer.
    Gone,
    /// The bridge of the machine is too old to keep files.
    BridgeTooOld,
    /// The machine told of none: the command did not begin, or it is not known how it ended.
    Untold,
}

/// How copying files to the object storage stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Copying {
    /// No object storage is set, or there is nothing to copy.
    Off,
    /// Not all of them are copied yet.
    Waiting,
    /// It is over: those that have a copy say where it is.
    Done,
}

/// A file that a command has left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Artifact {
    /// Its path below the directory that the command ran in.
    pub path: String,
    /// How long it is.
    #[schema(maximum = 9007199254740991_u64)]
    pub size_bytes: u64,
    /// When it was written last, by the clock of the machine.
    pub modified_at: Timestamp,
    /// SHA-256 of it, in hexadecimal digits.
    #[schema(min_length = 64, max_length = 64)]
    pub sha256: String,
    /// What its copy in the object storage is called, below the address that is set; left out without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub copy: Option<String>,
}

/// Something that fitted and was not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ArtifactLeftOut {
    /// Its path; empty for all of them.
    pub path: String,
    /// Why, for people, in English.
    pub why: String,
}

/// What of these patterns cannot be meant, pattern by pattern.
pub fn flaws_of_globs(field: &str, globs: &[String], operation: &CommandOperation) -> Vec<FieldError> {
    let flaw = |field: String, code, message: String| FieldError { field, code, message };
    if !globs.is_empty() && !operation.takes_variables() {
        let message = "Only programs that run in the sandbox leave files.".to_owned();
        return vec![flaw(field.to_owned(), "not_for_this", message)];
    }
    if globs.len() > MOST_GLOBS {
        return vec![flaw(field.to_owned(), "too_many", format!("There are at most {MOST_GLOBS} patterns."))];
    }
    let flaws = globs.iter().enumerate().filter_map(|(at, glob)| Some((at, Globs::flaw(glob)?)));
    flaws
        .map(|(at, why)| flaw(format!("{field}[{at}]"), "pattern_invalid", format!("It cannot be meant: {why}.")))
        .collect()
}

impl Fleet {
    /// Which files a command has left. Whether somebody may see it is for the caller to know.
    ///
    /// # Errors
    /// 404.
    pub async fn artifacts_of(&self, id: CommandId) -> Result<Artifacts, Problem> {
        // Looked up first: what is told with an end is written down with it.
        let command = self.get_command(id).await?;
        let row = table::find(self.db(), id).await?;
        let state = match &row {
            Some(row) if row.gone_at.is_some() => ArtifactsState::Gone,
            Some(_) => ArtifactsState::Kept,
            None if command.state.is_open() => ArtifactsState::Pending,
            None => match command.sent.as_ref().and_then(|sent| sent.read()) {
                Some(sent) if sent.artifacts.is_none() => ArtifactsState::BridgeTooOld,
                _ => ArtifactsState::Untold,
            },
        };
        let (told, copies) = row.map(|row| (row.told, row.copies)).unwrap_or_default();
        let place = self.place_of_copies().filter(|_| !told.files.is_empty());
        let copies = place.map(|place| copies.at(&place));
        let copying = match &copies {
            None => Copying::Off,
            Some(Copies { next_at: Some(_), .. }) => Copying::Waiting,
            Some(_) => Copying::Done,
        };
        let is_copied = |at| copies.as_ref().is_some_and(|copies| copies.has(at));
        let listed = |(at, file): (usize, LeftFile)| {
            let copy = is_copied(at).then(|| fetch::object_name(id, &file.shown.path));
            Artifact { copy, ..file.shown }
        };
        let files = told.files.into_iter().enumerate().map(listed).collect();
        Ok(Artifacts {
            state,
            machine: command.machine,
            machine_name: command.machine_name,
            is_there: self.is_there(command.machine),
            copying,
            files,
            copying_problem: copies.and_then(|copies| copies.problem),
            left_out: told.left_out,
            left_out_more: told.left_out_more,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn flaws(globs: &[&str], operation: serde_json::Value) -> Vec<(String, &'static str)> {
        let globs: Vec<String> = globs.iter().map(|glob| (*glob).to_owned()).collect();
        let operation: CommandOperation = serde_json::from_value(operation).expect("an operation");
        let flaws = flaws_of_globs("artifacts", &globs, &operation).into_iter();
        flaws.map(|flaw| (flaw.field, flaw.code)).collect()
    }

    #[test]
    fn patterns_that_cannot_be_meant_are_named() {
        let exec = || json!({"kind": "exec", "argv": ["true"], "root": "work"});
        assert_eq!(flaws(&["target/*.bin", "report/**", "dist/"], exec()), []);
        let found = flaws(&["ok", "../up", "/etc/*", "*.{a,b}"], exec());
        let named: Vec<(&str, &str)> = found.iter().map(|(field, code)| (field.as_str(), *code)).collect();
        let wrong = "pattern_invalid";
        assert_eq!(named, [("artifacts[1]", wrong), ("artifacts[2]", wrong), ("artifacts[3]", wrong)]);
        assert_eq!(flaws(&["a"; 33], exec()), [("artifacts".to_owned(), "too_many")]);
        assert_eq!(flaws(&["a"], json!({"kind": "noop"})), [("artifacts".to_owned(), "not_for_this")]);
        assert_eq!(flaws(&[], json!({"kind": "noop"})), []);
    }
}
