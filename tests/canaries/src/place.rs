//! Where something may lie: a name for whoever has to find it, and what is there.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A place and its contents.
pub type Place = (String, Vec<u8>);

/// Every file below a folder.
///
/// # Panics
/// When one of them cannot be read.
pub fn files(folder: &Path) -> Vec<Place> {
    files_but(folder, &|_| false)
}

/// The same, but for what is passed over. What goes away meanwhile is not there.
pub(crate) fn files_but(folder: &Path, passes_over: &dyn Fn(&Path) -> bool) -> Vec<Place> {
    let mut found = vec![];
    for path in entries(folder).into_iter().filter(|path| !passes_over(path)) {
        if path.is_dir() {
            found.extend(files_but(&path, passes_over));
            continue;
        }
        match fs::read(&path) {
            Ok(bytes) => found.push((path.display().to_string(), bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => vec![],
        Err(error) => panic!("{}: {error}", folder.display()),
    }
}
