//! What a machine tells of files that a command has left: cleaned and cut before anything of it is written down.

use std::collections::BTreeSet;

use diwan_files::name::check_path;
use diwan_kernel::Timestamp;
use diwan_protocol::artifacts::{self, LONGEST_PATH, LeftOut, MOST_FILES, MOST_NAMED};
use serde::{Deserialize, Serialize};

use super::{Artifact, ArtifactLeftOut};
use crate::commands::words::plain;

const LONGEST_WHY: usize = 300;
/// No file is longer, whatever a machine says: JSON has no larger whole numbers.
const LONGEST_FILE: u64 = (1 << 53) - 1;

/// What was told of a command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LeftFiles {
    pub(crate) files: Vec<LeftFile>,
    pub(crate) left_out: Vec<ArtifactLeftOut>,
    pub(crate) left_out_more: u64,
    /// How many files were told of, those included that are not believed.
    numbers: u32,
}

/// A file that the machine keeps, and by which number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LeftFile {
    pub(crate) number: u32,
    #[serde(flatten)]
    pub(crate) shown: Artifact,
}

impl LeftFiles {
    /// What is written down of it.
    pub(super) fn written(files: Vec<LeftFile>, left_out: Vec<ArtifactLeftOut>, left_out_more: u64) -> Self {
        Self { files, left_out, left_out_more, numbers: 0 }
    }

    /// The machine tells more.
    pub(crate) fn take(&mut self, page: artifacts::Artifacts) {
        let mut known: BTreeSet<String> = self.files.iter().map(|file| file.shown.path.clone()).collect();
        for file in page.files {
            let number = self.numbers;
            self.numbers = self.numbers.saturating_add(1);
            let is_path = !file.path.is_empty() && file.path.len() <= LONGEST_PATH && check_path(&file.path).is_ok();
            let is_new = !known.contains(&file.path);
            if is_path && is_new && file.size <= LONGEST_FILE && self.files.len() < MOST_FILES {
                let sha256 = file.hash.iter().map(|byte| format!("{byte:02x}")).collect();
                let modified_at = Timestamp::from_millis(file.modified_ms.clamp(0, LATEST_MS));
                known.insert(file.path.clone());
                let shown = Artifact { path: file.path, size_bytes: file.size, modified_at, sha256, copy: None };
                self.files.push(LeftFile { number, shown });
            } else {
                self.left_out_more = self.left_out_more.saturating_add(1);
            }
        }
        for LeftOut { path, why } in page.left_out {
            if self.left_out.len() < MOST_NAMED {
                let (path, why) = (plain(&path, LONGEST_PATH), plain(&why, LONGEST_WHY));
                self.left_out.push(ArtifactLeftOut { path, why });
            } else {
                self.left_out_more = self.left_out_more.saturating_add(1);
            }
        }
        let more = page.more_left_out.min(LONGEST_FILE);
        self.left_out_more = self.left_out_more.saturating_add(more).min(LONGEST_FILE);
    }

    /// How many bytes the files have.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.shown.size_bytes).fold(0, u64::saturating_add)
    }
}

/// The end of the year 9999: no file was written later.
const LATEST_MS: i64 = 253_402_300_799_999;

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> artifacts::Artifact {
        artifacts::Artifact { path: path.to_owned(), size: 5, modified_ms: i64::MAX, hash: [0xab; 32].into() }
    }

    #[test]
    fn f90_what_cannot_be_is_not_written_down_and_the_others_keep_their_numbers() {
        let mut told = LeftFiles::default();
        let files = ["a", "../b", "/c", "", "a", "e"].map(file).to_vec();
        let left_out = vec![LeftOut { path: "x\u{1b}[2J".to_owned(), why: "w".repeat(900) }; 150];
        told.take(artifacts::Artifacts { files, left_out, more_left_out: u64::MAX });
        told.take(artifacts::Artifacts { files: vec![file("a"), file("f")], ..Default::default() });
        let kept: Vec<(u32, &str)> = told.files.iter().map(|file| (file.number, file.shown.path.as_str())).collect();
        assert_eq!(kept, [(0, "a"), (5, "e"), (7, "f")]);
        assert_eq!((told.left_out.len(), told.left_out[0].path.as_str()), (100, "x\u{fffd}[2J"));
        assert_eq!((told.left_out[0].why.chars().count(), told.left_out_more), (300, LONGEST_FILE));
        assert_eq!((told.bytes(), told.files[0].shown.sha256.as_str()), (15, "ab".repeat(32).as_str()));
        told.take(artifacts::Artifacts {
            files: (0..2000).map(|n| file(&format!("n{n}"))).collect(),
            ..Default::default()
        });
        assert_eq!(told.files.len(), MOST_FILES);
    }
}
