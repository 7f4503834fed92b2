//! Patterns of files that are wanted.
//!
//! `*` stands for any letters of a name, `?` for one, `**` as a whole name for any number of directories. A pattern
//! begins at the top. A directory that fits stands for everything in it.
//!
//! A pattern is read name by name while a tree is walked, so that whoever walks knows early where nothing can fit. How
//! long that takes is bounded, whatever the pattern is.

use crate::ignore::name_fits;

/// More patterns than these are nobody's intention.
pub const MOST: usize = 32;
/// Nor longer ones.
pub const LONGEST: usize = 256;
/// A pattern has no more names than this.
const DEEPEST: usize = 60;
/// What means something elsewhere and nothing here.
const ELSEWHERE: [char; 5] = ['[', ']', '{', '}', '\\'];

/// Patterns of files that are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Globs {
    patterns: Vec<Vec<String>>,
}

/// Where a path stands in each of the patterns: the bit of each name that may come next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand(Vec<u64>);

impl Globs {
    /// Reads patterns.
    ///
    /// # Errors
    /// The place of the first one that cannot be meant, and why.
    pub fn read<'t>(patterns: impl IntoIterator<Item = &'t str>) -> Result<Self, (usize, &'static str)> {
        let mut read = vec![];
        for (at, pattern) in patterns.into_iter().enumerate() {
            if at >= MOST {
                return Err((at, "there are too many patterns"));
            }
            if let Some(why) = Self::flaw(pattern) {
                return Err((at, why));
            }
            let mut parts: Vec<String> = pattern.trim_end_matches('/').split('/').map(str::to_owned).collect();
            // Each further one would only make it slower.
            parts.dedup_by(|next, before| next == "**" && before == "**");
            if parts.last().is_some_and(|last| last == "**") {
                // What is in a directory is not the directory.
                parts.push("*".to_owned());
            }
            read.push(parts);
        }
        Ok(Self { patterns: read })
    }

    /// Why a pattern cannot be meant.
    #[must_use]
    pub fn flaw(pattern: &str) -> Option<&'static str> {
        let names = pattern.trim_end_matches('/');
        if names.is_empty() || pattern.len() > LONGEST {
            return Some("a pattern has 1 to 256 bytes");
        }
        if pattern.starts_with('/') {
            return Some("a pattern begins in the directory of the command, not with a slash");
        }
        if names.split('/').any(|name| matches!(name, "." | "..")) {
            return Some("a pattern never leaves the directory of the command: no . and no .. in it");
        }
        if names.split('/').any(str::is_empty) || names.split('/').count() > DEEPEST {
            return Some("a pattern has up to 60 names with one slash between them");
        }
        if pattern.chars().any(char::is_control) {
            return Some("there are characters in the pattern that no name has");
        }
        let is_strange = pattern.contains(ELSEWHERE) || pattern.starts_with('!');
        is_strange.then_some("only *, ? and ** mean something: write ? for brackets, braces, ! and \\ in names")
    }

    /// Where a walk begins.
    #[must_use]
    pub fn begin(&self) -> Stand {
        Stand(self.patterns.iter().map(|parts| pass_over(parts, 1)).collect())
    }

    /// Where it stands one name further down.
    #[must_use]
    pub fn step(&self, stand: &Stand, name: &str) -> Stand {
        let step = |(parts, at): (&Vec<String>, &u64)| {
            let mut next = 0u64;
            for (place, part) in parts.iter().enumerate().filter(|(place, _)| at >> place & 1 == 1) {
                if part == "**" {
                    next |= 1 << place;
                } else if name_fits(part, name) {
                    next |= 1 << (place + 1);
                }
            }
            pass_over(parts, next)
        };
        Stand(self.patterns.iter().zip(&stand.0).map(step).collect())
    }

    /// Whether what stands here is wanted.
    #[must_use]
    pub fn fits(&self, stand: &Stand) -> bool {
        self.patterns.iter().zip(&stand.0).any(|(parts, at)| at >> parts.len() & 1 == 1)
    }

    /// Whether something further down may be wanted.
    #[must_use]
    pub fn goes_on(&self, stand: &Stand) -> bool {
        self.patterns.iter().zip(&stand.0).any(|(parts, at)| at & ((1 << parts.len()) - 1) != 0)
    }
}

/// Any number of directories may be none.
fn pass_over(parts: &[String], mut at: u64) -> u64 {
    for (place, _) in parts.iter().enumerate().filter(|(_, part)| *part == "**") {
        at |= (at >> place & 1) << (place + 1);
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wanted(pattern: &str, path: &str) -> bool {
        let globs = Globs::read([pattern]).unwrap();
        let names = path.split('/');
        let end = names.fold(globs.begin(), |stand, name| globs.step(&stand, name));
        globs.fits(&end)
    }

    #[test]
    fn patterns_mean_what_people_expect() {
        for (pattern, path) in [
            ("target/*.bin", "target/app.bin"),
            ("report/**", "report/a"),
            ("report/**", "report/a/b/c.html"),
            ("**/*.log", "x.log"),
            ("**/*.log", "a/b/x.log"),
            ("a/**/z", "a/z"),
            ("a/**/z", "a/b/c/z"),
            ("?id?.js", "[id].js"),
            ("dist/", "dist"),
            ("*", ".hidden"),
        ] {
            assert!(wanted(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("target/*.bin", "target/debug/app.bin"),
            ("target/*.bin", "x/target/app.bin"),
            ("report/**", "report"),
            ("*.log", "a/x.log"),
            ("a/**/z", "a/b"),
            ("a?", "a"),
        ] {
            assert!(!wanted(pattern, path), "{pattern} {path}");
        }
    }

    #[test]
    fn f92_a_pattern_that_could_lead_elsewhere_is_none() {
        let (long, deep) = ("a".repeat(257), "a/".repeat(61));
        for odd in [
            "", "/", "/etc/*", "..", "a/../b", "./a", "a//b", "a\0", "a\nb", "*.{a,b}", "[ab]", "!a", "a\\b", &long,
            &deep,
        ] {
            assert!(Globs::flaw(odd).is_some(), "{odd:?}");
        }
        assert_eq!(Globs::read(["a", "../b"]).unwrap_err().0, 1);
        assert_eq!(Globs::read(vec!["a"; MOST + 1]).unwrap_err().0, MOST);
    }

    #[test]
    fn a_walk_knows_early_where_nothing_can_fit() {
        let globs = Globs::read(["target/*.bin", "report/**"]).unwrap();
        let stand = |path: &str| path.split('/').fold(globs.begin(), |stand, name| globs.step(&stand, name));
        for (path, goes_on) in [("target", true), ("report/a/b", true), ("src", false), ("target/debug", false)] {
            assert_eq!(globs.goes_on(&stand(path)), goes_on, "{path}");
        }
    }

    /// The same said without cleverness.
    fn plainly(parts: &[&str], path: &[&str]) -> bool {
        match (parts.split_first(), path.split_first()) {
            (None, None) => true,
            (Some((&"**", [])), _) => !path.is_empty(),
            (Some((&"**", rest)), first) => {
                plainly(rest, path) || first.is_some_and(|(_, below)| plainly(parts, below))
            }
            (Some((part, rest)), Some((name, below))) => name_plainly(part, name) && plainly(rest, below),
            _ => false,
        }
    }

    fn name_plainly(part: &str, name: &str) -> bool {
        match (part.chars().next(), name.chars().next()) {
            (None, None) => true,
            (Some('*'), first) => {
                name_plainly(&part[1..], name) || first.is_some_and(|c| name_plainly(part, &name[c.len_utf8()..]))
            }
            (Some(p), Some(c)) => (p == '?' || p == c) && name_plainly(&part[p.len_utf8()..], &name[c.len_utf8()..]),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn what_fits_is_what_fits_by_the_plain_rules(
            pattern in proptest::collection::vec("\\*\\*|[ab?*]{1,4}", 1..6),
            path in proptest::collection::vec("[ab]{1,3}", 1..6),
        ) {
            let parts: Vec<&str> = pattern.iter().map(String::as_str).collect();
            let names: Vec<&str> = path.iter().map(String::as_str).collect();
            prop_assert_eq!(wanted(&pattern.join("/"), &path.join("/")), plainly(&parts, &names));
        }

        #[test]
        fn nothing_that_fits_lies_where_a_walk_does_not_go(
            pattern in proptest::collection::vec("\\*\\*|[ab?*]{1,4}", 1..6),
            path in proptest::collection::vec("[ab]{1,3}", 1..6),
        ) {
            let globs = Globs::read([pattern.join("/").as_str()]).unwrap();
            let mut stand = globs.begin();
            let mut went_on = true;
            for name in &path {
                went_on &= globs.goes_on(&stand);
                stand = globs.step(&stand, name);
            }
            prop_assert!(went_on || !globs.fits(&stand));
        }
    }
}
