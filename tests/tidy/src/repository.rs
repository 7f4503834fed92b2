//! The files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold what was built or fetched, not what was written.
const NOT_WRITTEN_HERE: [&str; 5] = ["target", "node_modules", "dist", ".git", "data"];

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("tests/tidy is two folders down").to_owned()
}

pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

pub(crate) fn exists(path: &str) -> bool {
    root().join(path).exists()
}

/// All written files below a folder, as paths from the root.
pub(crate) fn files_below(folder: &str) -> Vec<String> {
    let mut found = vec![];
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let written = !NOT_WRITTEN_HERE.iter().any(|skipped| name == *skipped);
            if path.is_dir() && written {
                folders.push(path);
            } else if path.is_file() {
                found.push(path.strip_prefix(root()).unwrap_or(&path).to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

pub(crate) fn files_ending(folder: &str, endings: &[&str]) -> Vec<String> {
    files_below(folder).into_iter().filter(|path| endings.iter().any(|ending| path.ends_with(ending))).collect()
}

/// Fails with everything that was found wrong, not only the first.
pub(crate) fn expect_nothing(wrong: &[String], what: &str) {
    assert!(wrong.is_empty(), "{what}:\n  {}", wrong.join("\n  "));
}
