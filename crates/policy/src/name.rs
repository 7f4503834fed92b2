//! Names and paths: what a branch, a file below a root and a service may be called.

use crate::text::{Flaw, check_text, is_for_shells, is_like_flag, shown};

/// A path below a directory, and nothing else. Empty is the directory itself, where that is allowed.
pub(crate) fn check_path(text: &str) -> Result<(), Flaw> {
    check_text(text)?;
    let has_drive = text.as_bytes().get(1) == Some(&b':');
    let outside = text.starts_with(['/', '~', ':']) || has_drive || text.contains('\\') || text.len() > 4096;
    if outside {
        return Flaw::of("path_not_relative", format!("{} is no path below the directory", shown(text)));
    }
    if is_like_flag(text) {
        return Flaw::of("path_like_flag", format!("{} begins with a dash", shown(text)));
    }
    let parts = text.strip_suffix('/').unwrap_or(text);
    if parts == "." { Ok(()) } else { parts.split('/').try_for_each(|part| check_part(part, text)) }
}

/// The same as an argument of a program.
pub(crate) fn check_path_argument(text: &str) -> Result<(), Flaw> {
    check_path(text)?;
    // To programs it may part a host or a version from a path.
    if text.contains(':') {
        return Flaw::of("path_not_relative", format!("{} is no path below the directory", shown(text)));
    }
    if is_for_shells(text) {
        return Flaw::of("for_shells", format!("{} holds what a shell would take for its own", shown(text)));
    }
    Ok(())
}

fn check_part(part: &str, text: &str) -> Result<(), Flaw> {
    if part.is_empty() || part == "." || part == ".." || part.len() > 255 {
        return Flaw::of("path_not_plain", format!("{} is not written plainly, or leads upwards", shown(text)));
    }
    if is_of_git(part) {
        return Flaw::of("path_into_git", format!("{} leads into the repository's own files", shown(text)));
    }
    if part.ends_with(['.', ' ']) || part.starts_with(' ') || is_device(part) {
        return Flaw::of("path_not_portable", format!("{} means something else on other systems", shown(text)));
    }
    Ok(())
}

/// `.git`, as any file system may spell it.
fn is_of_git(part: &str) -> bool {
    let part = part.trim_end_matches(['.', ' ']).to_lowercase();
    part == ".git" || part.strip_prefix("git~").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
}

/// What is a device on Windows, with whatever ending.
fn is_device(part: &str) -> bool {
    let name = part.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let numbered =
        |prefix: &str| name.strip_prefix(prefix).is_some_and(|n| n.len() == 1 && n != "0" && n.parse::<u8>().is_ok());
    matches!(name.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

/// The name of a branch, a tag or a commit: git's rules, and nothing that a shell would take for its own.
pub(crate) fn check_ref(text: &str) -> Result<(), Flaw> {
    check_text(text)?;
    let bad_part = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock");
    let is_bad = is_like_flag(text)
        || text.starts_with(['+', '/'])
        || text.ends_with(['/', '.'])
        || text == "@"
        || text.contains("..")
        || text.contains("@{")
        || text.contains([' ', ':', ',', '%', '='])
        || is_for_shells(text)
        || text.len() > 244
        || text.split('/').any(bad_part);
    if is_bad {
        Flaw::of("not_a_ref", format!("{} is no name of a branch, tag or commit", shown(text)))
    } else {
        Ok(())
    }
}

/// What leads to a commit from a name that [`check_ref`] takes, upwards only, or what lies between two of these.
pub(crate) fn check_revision(text: &str) -> Result<(), Flaw> {
    let (from, to) = text.split_once("...").or_else(|| text.split_once("..")).unwrap_or((text, ""));
    let is_open = text.len() > from.len() && (from.is_empty() != to.is_empty());
    if text.len() > 512 {
        return Flaw::of("not_a_ref", format!("{} is too long", shown(text)));
    }
    for end in [from, to].into_iter().filter(|end| !end.is_empty()) {
        let (name, steps) = end.split_at(end.find(['~', '^']).unwrap_or(end.len()));
        check_ref(name)?;
        if !steps.chars().all(|step| matches!(step, '~' | '^' | '0'..='9')) {
            return Flaw::of("not_a_ref", format!("{} leads to no commit", shown(text)));
        }
    }
    if from.is_empty() && !is_open { check_ref(text) } else { Ok(()) }
}

/// A plain name, as of a service or a package.
pub(crate) fn check_name(text: &str) -> Result<(), Flaw> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'@');
    let begins = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    if begins && text.len() <= 128 && text.bytes().all(is_plain) && !text.contains("..") {
        return Ok(());
    }
    Flaw::of("not_a_name", format!("{} is no plain name", shown(text)))
}

/// Plain words.
pub(crate) fn check_words(text: &str) -> Result<(), Flaw> {
    check_text(text)?;
    let is_plain = |c: char| c.is_alphanumeric() || " ._:,@%+=/-".contains(c);
    if !is_like_flag(text) && text.len() <= 4096 && text.chars().all(is_plain) {
        return Ok(());
    }
    Flaw::of("not_plain_words", format!("{} holds more than plain words", shown(text)))
}

/// A whole number in its one form.
pub(crate) fn check_int(text: &str, least: i64, most: i64) -> Result<(), Flaw> {
    let number = text.parse::<i64>().ok().filter(|number| number.to_string() == text);
    if number.is_some_and(|number| (least..=most).contains(&number)) {
        return Ok(());
    }
    Flaw::of("not_a_number", format!("{} is no whole number from {least} to {most}", shown(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f92_a_path_stays_below_its_directory() {
        for path in [
            "",
            "/etc/passwd",
            "..",
            "../x",
            "a/../b",
            "a//b",
            "./a",
            "a/./b",
            "~/x",
            "~root",
            "-rf",
            "a\\b",
            "a\0",
            "a\nb",
            "C:x",
            ":x",
            ".git/config",
            "a/.GIT/hooks/x",
            ".git./x",
            "git~1/x",
            "CON",
            "nul.txt",
            "com1",
            "a.",
            "a ",
            "a/ b",
        ] {
            assert!(check_path(path).is_err(), "{path:?}");
        }
        for path in
            [".", "a", "a/b.c", ".gitignore", ".github/x.yml", "dir/", "[id]/(x)/page.tsx", "a b", "ä/中", "10:30.log"]
        {
            assert_eq!(check_path(path), Ok(()), "{path:?}");
        }
        assert!(["$(id)", "host:a", ":/", "10:30.log"].iter().all(|path| check_path_argument(path).is_err()));
        assert!(check_path_argument("a/b c.txt").is_ok());
    }

    #[test]
    fn f75_a_ref_is_a_name_and_no_option() {
        for name in [
            "",
            "-x",
            "--upload-pack=x",
            "+main",
            "a..b",
            "a@{1}",
            "@",
            "a b",
            "a~1",
            "a^",
            "a:b",
            "a?",
            "a*",
            "a[",
            "a\\b",
            "/a",
            "a/",
            "a//b",
            ".a",
            "a/.b",
            "a.lock",
            "a.lock/b",
            "a.",
            "a;b",
            "a$(x)",
            "a`x`",
            "a\u{7f}",
            "a\u{202e}",
        ] {
            assert!(check_ref(name).is_err(), "{name:?}");
        }
        for name in ["main", "HEAD", "feature/x-1", "v1.2.3", "0a1b2c", "größe", "user@host"] {
            assert_eq!(check_ref(name), Ok(()), "{name:?}");
        }
    }

    #[test]
    fn f75_a_revision_leads_to_commits_and_is_no_option() {
        for text in [
            "",
            "..",
            "...",
            "-x",
            "--all",
            "^main",
            "main^{/x}",
            "a@{1}",
            "HEAD:x",
            "a..b..c",
            "a....b",
            "~1",
            "a~x",
            "..-x",
            "a..--x",
        ] {
            assert!(check_revision(text).is_err(), "{text:?}");
        }
        for text in
            ["HEAD", "HEAD~", "HEAD~12", "HEAD^^2~3", "main..feature/x", "v1...v2", "main..", "..main", "a~1..b^"]
        {
            assert_eq!(check_revision(text), Ok(()), "{text:?}");
        }
    }

    #[test]
    fn numbers_have_one_form() {
        for text in ["", "+1", "01", "1 ", "0x1", "1e3", "-1", "101", "99999999999999999999", "１"] {
            assert!(check_int(text, 0, 100).is_err(), "{text:?}");
        }
        assert!(check_int("0", 0, 100).is_ok() && check_int("-5", -5, 0).is_ok());
    }

    #[test]
    fn names_and_words_are_plain() {
        assert!(["nginx.service", "a@b", "x_1-2"].iter().all(|name| check_name(name).is_ok()));
        assert!(["", "-a", ".a", "a/b", "a b", "a..b", "a\n"].iter().all(|name| check_name(name).is_err()));
        assert!(["hello", "a = b, 50%", "مرحبا"].iter().all(|words| check_words(words).is_ok()));
        assert!(
            ["-n", "$(id)", "a;b", "a|b", "`x`", "a\nb", "a&b", "a>b", "*"].iter().all(|w| check_words(w).is_err())
        );
    }
}
