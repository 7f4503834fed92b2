//! Files of machines: what `diwan cp` and `diwan sync` share.
//!
//! Start at `way.rs` for how a machine is reached.

pub(super) mod place;
pub(super) mod progress;
pub(super) mod way;

use std::path::Path;

use diwan_files::{Code, FilesError};

use super::failure::Failure;
use super::screen::safe;

/// Why a conversation about files came to nothing.
#[derive(Debug)]
pub(super) enum Trouble {
    /// What the conversation itself says.
    There(FilesError),
    /// Something here is not as it must be: the machine has no part in it.
    Here(Failure),
}

impl From<FilesError> for Trouble {
    fn from(error: FilesError) -> Self {
        Self::There(error)
    }
}

/// What the system said of a place of this computer.
pub(super) fn failed_here(path: &Path, why: &impl std::fmt::Display) -> Failure {
    let shown = path.display().to_string();
    let next = "That is on this computer: make the directory, or name a place where you may write.";
    Failure::refused(safe(&format!("here, {shown}: {why}")).into_owned(), next)
}

/// What went wrong with files, as the command line tells it.
pub(super) fn failed(error: &FilesError) -> Failure {
    let next = match error.code() {
        Some(Code::Absent) => "Look at what is there: `diwan run -m MACHINE -- ls`.",
        Some(Code::Exists) => "Name another target, or remove what is there.",
        Some(Code::Link) => "Name the file itself: links are not followed.",
        Some(Code::NoRoom) => "Make room there, and try again: what has arrived is not sent twice.",
        Some(Code::TooLarge) => "The machine's policy says how large a file may be (file_mib).",
        Some(Code::Busy) => "Wait until the other one is over.",
        Some(_) => "Try again when that is mended.",
        None => "Try again: what has arrived already is not sent twice.",
    };
    Failure::refused(safe(&error.to_string()).into_owned(), next)
}
