//! What is left out: patterns in lines, as `.gitignore` has them in its plain form.
//!
//! `*` and `?` stand for anything but `/`, `**` also for that. A pattern with a `/` at its beginning or inside
//! begins at the top, any other fits at every depth; one that ends with `/` fits directories only; `!` takes
//! back; `#` begins a remark. The last pattern that fits counts. What is in a directory that is left out is too.

/// More patterns than these are nobody's intention.
pub const MOST: usize = 1000;
/// Nor longer ones.
pub const LONGEST: usize = 1024;

/// Patterns of what is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ignore {
    patterns: Vec<Pattern>,
    lines: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    parts: Vec<String>,
    only_directories: bool,
    takes_back: bool,
}

impl Ignore {
    /// Reads patterns, one from each line. Too many or too long ones are an error.
    ///
    /// # Errors
    /// In words.
    pub fn read<'t>(lines: impl IntoIterator<Item = &'t str>) -> Result<Self, String> {
        let mut ignore = Self::default();
        for line in lines {
            if line.len() > LONGEST || ignore.lines.len() >= MOST {
                return Err(format!("there are more than {MOST} patterns, or one of more than {LONGEST} bytes"));
            }
            if let Some(pattern) = Pattern::read(line) {
                ignore.patterns.push(pattern);
                ignore.lines.push(line.to_owned());
            }
        }
        Ok(ignore)
    }

    /// Its lines, as the other end can read them.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Whether this is left out. What is above it was asked before.
    #[must_use]
    pub fn covers(&self, path: &str, is_directory: bool) -> bool {
        let parts: Vec<&str> = path.split('/').collect();
        let fits = |pattern: &&Pattern| (is_directory || !pattern.only_directories) && pattern.fits(&parts);
        self.patterns.iter().rev().find(fits).is_some_and(|pattern| !pattern.takes_back)
    }
}

impl Pattern {
    fn read(line: &str) -> Option<Self> {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let (takes_back, line) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
        let (only_directories, line) = line.strip_suffix('/').map_or((false, line), |rest| (true, rest));
        let is_from_top = line.contains('/');
        let mut parts: Vec<String> = line.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        if !is_from_top {
            parts.insert(0, "**".to_owned());
        }
        // Each further one would only make it slower.
        parts.dedup_by(|next, before| next == "**" && before == "**");
        (!line.is_empty()).then_some(Self { parts, only_directories, takes_back })
    }

    /// Remembers the last `**` only: that is enough, and its time is bounded.
    fn fits(&self, path: &[&str]) -> bool {
        let (mut p, mut t, mut back) = (0, 0, None);
        while t < path.len() {
            match self.parts.get(p).map(String::as_str) {
                Some("**") => {
                    back = Some((p, t));
                    p += 1;
                }
                Some(part) if name_fits(part, path[t]) => (p, t) = (p + 1, t + 1),
                _ => match back {
                    Some((at, from)) => {
                        back = Some((at, from + 1));
                        (p, t) = (at + 1, from + 1);
                    }
                    None => return false,
                },
            }
        }
        self.parts[p..].iter().all(|part| part == "**")
    }
}

/// Whether a name fits a pattern with `*` and `?`.
pub(crate) fn name_fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut t, mut back) = (0, 0, None);
    while t < name.len() {
        match pattern.get(p) {
            Some('*') => {
                back = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[t] => (p, t) = (p + 1, t + 1),
            _ => match back {
                Some((at, from)) => {
                    back = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_people_expect() {
        let ignore =
            Ignore::read(["# remark", "", "node_modules/", "*.log", "!keep.log", "/build", "a/**/z", "doc/?.txt"])
                .unwrap();
        for (path, is_directory) in [
            ("node_modules", true),
            ("x/node_modules", true),
            ("a.log", false),
            ("x/a.log", false),
            ("build", true),
            ("a/z", false),
            ("a/b/c/z", false),
            ("doc/a.txt", false),
        ] {
            assert!(ignore.covers(path, is_directory), "{path}");
        }
        for (path, is_directory) in
            [("node_modules", false), ("keep.log", false), ("x/build", true), ("doc/ab.txt", false), ("b/z", false)]
        {
            assert!(!ignore.covers(path, is_directory), "{path}");
        }
        assert_eq!(Ignore::read(ignore.lines().iter().map(String::as_str)).unwrap(), ignore);
    }

    #[test]
    fn f_a_hostile_pattern_takes_no_time() {
        let pattern = format!("{}b", "*a".repeat(500));
        let ignore = Ignore::read([pattern.as_str(), &"**/a/".repeat(200)]).unwrap();
        assert!(!ignore.covers(&"a".repeat(250), false));
        assert!(Ignore::read(vec!["x"; MOST + 1]).is_err());
    }
}
