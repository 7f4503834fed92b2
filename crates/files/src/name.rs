//! Names and paths that are taken: a path leads from a directory downwards and cannot be read in two ways.

use crate::error::{Code, FilesError};

/// No path is longer.
pub const LONGEST_PATH: usize = 4096;
/// Nor any of its names.
pub const LONGEST_NAME: usize = 255;
/// What is under way is kept beside its target under names that begin so.
pub const PART: &str = ".diwan-part-";

/// Whether this is the name of something in a directory that may travel.
///
/// # Errors
/// Why not.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() || name == "." || name == ".." {
        return Err("it is no name");
    }
    if name.contains('/') || name.len() > LONGEST_NAME {
        return Err("it is no single name, or too long");
    }
    if name.chars().any(hides) {
        return Err("there are characters in its name that hide");
    }
    if is_of_git(name) {
        return Err("it belongs to the repository, which only git changes");
    }
    if name.starts_with(PART) {
        return Err("it is a transfer that was cut off");
    }
    Ok(())
}

/// Checks a path: empty, or names with one `/` between them.
///
/// # Errors
/// [`Code::Name`].
pub fn check_path(path: &str) -> Result<(), FilesError> {
    if path.len() > LONGEST_PATH {
        return Err(FilesError::refused(Code::Name, format!("{}: the path is too long", shown(path))));
    }
    if path.is_empty() {
        return Ok(());
    }
    let checked = path.split('/').try_for_each(check_name);
    checked.map_err(|why| FilesError::refused(Code::Name, format!("{}: {why}", shown(path))))
}

/// A path below another.
#[must_use]
pub fn join(above: &str, below: &str) -> String {
    match (above, below) {
        ("", path) | (path, "") => path.to_owned(),
        (above, below) => format!("{above}/{below}"),
    }
}

/// What is above a path, and its last name.
#[must_use]
pub fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Whether a link at this path, with this target, stays below the directory that the path begins in, wherever
/// other such links lead: steps upwards come first and are no more than lead to that directory.
#[must_use]
pub fn stays_inside(path: &str, target: &str) -> bool {
    let mut left = path.split('/').count() - 1;
    let mut is_going_up = true;
    for step in target.split('/') {
        match step {
            ".." if is_going_up && left > 0 => left -= 1,
            "" | "." | ".." => return false,
            name if check_name(name).is_ok() => is_going_up = false,
            _ => return false,
        }
    }
    true
}

/// A short name for a text, which no two texts share by accident.
#[must_use]
pub fn digest(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..32].to_owned()
}

/// For people: without what would change the meaning of a line or a screen, and not long.
#[must_use]
pub fn shown(text: &str) -> String {
    let mut plain: String = text.chars().take(300).flat_map(char_shown).collect();
    if text.chars().nth(300).is_some() {
        plain.push('…');
    }
    plain
}

fn char_shown(c: char) -> Vec<char> {
    if hides(c) { c.escape_unicode().collect() } else { vec![c] }
}

/// Control characters, and those that turn the direction of writing or have no width.
fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// `.git`, as any file system may spell it.
fn is_of_git(name: &str) -> bool {
    let name = name.trim_end_matches(['.', ' ']).to_lowercase();
    name == ".git" || name.strip_prefix("git~").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f92_a_path_leads_downwards_and_hides_nothing() {
        let long = "a".repeat(256);
        for path in [
            "/etc/passwd",
            "..",
            "../x",
            "a/../b",
            "a//b",
            "./a",
            "a/.",
            "a/",
            "/",
            "a\0b",
            "a\nb",
            "a\u{1b}[2J",
            "a\u{202e}b",
            ".git/hooks/x",
            "x/.GIT/config",
            ".git./x",
            ".diwan-part-x",
            &long,
        ] {
            assert!(check_path(path).is_err(), "{path:?}");
        }
        for path in ["", "a", "a/b", ".gitignore", "a b", "ä/中", "-rf", "~", "a\\b", "..."] {
            assert!(check_path(path).is_ok(), "{path:?}");
        }
    }

    #[test]
    fn f92_links_that_could_lead_out_do_not_stay_inside() {
        for (path, target) in
            [("l", ".."), ("l", "/etc"), ("a/l", "../.."), ("l", "d/.."), ("l", "d/../../x"), ("l", ""), ("l", "a//b")]
        {
            assert!(!stays_inside(path, target), "{path} -> {target}");
        }
        for (path, target) in [("l", "a"), ("a/l", "../b"), ("a/b/l", "../../c/d"), ("l", "a/b")] {
            assert!(stays_inside(path, target), "{path} -> {target}");
        }
    }

    #[test]
    fn what_is_shown_is_plain_and_short() {
        assert_eq!(shown("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(shown(&"x".repeat(400)).chars().count(), 301);
    }
}
