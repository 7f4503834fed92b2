//! What lies on a disk.

use std::path::Path;

/// All files below a directory, with what is in them: on SQLite the database is among a server's. What goes away
/// meanwhile is left out.
///
/// # Panics
/// When the directory is none.
pub fn files_below(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = vec![];
    for entry in std::fs::read_dir(dir).expect("a directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else if path.is_file()
            && let Ok(bytes) = std::fs::read(&path)
        {
            found.push((path.display().to_string(), bytes));
        }
    }
    found
}
