//! Names of secrets: paths like `git/github-token`, so that policies can speak of whole branches.

use diwan_kernel::Problem;
use serde::Serialize;

/// Names that begin so are the control plane's own.
pub(crate) const OWN: &str = "diwan/";

/// The longest name.
pub(crate) const LONGEST: usize = 128;

/// A name that is well formed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SecretName(String);

impl SecretName {
    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() <= LONGEST && text.split('/').all(is_segment);
        fits.then(|| Self(text.to_owned()))
    }

    /// A name that is no name, as it is stored.
    pub(crate) const fn as_stored(text: String) -> Self {
        Self(text)
    }

    /// Reads a name from a request.
    pub(crate) fn read(field: &str, text: &str) -> Result<Self, Problem> {
        if text.starts_with(OWN) {
            let message = "Names that begin with diwan/ are the control plane's own.";
            return Err(Problem::invalid_field(field, "name_reserved", message));
        }
        Self::parse(text).ok_or_else(|| {
            Problem::invalid_field(
                field,
                "name_invalid",
                "A name has up to 128 lower-case letters, digits, dots, dashes and underscores, in parts divided by slashes; each part begins with a letter or a digit.",
            )
        })
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for SecretName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_segment(part: &str) -> bool {
    let letters = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    part.bytes().next().is_some_and(letters) && part.bytes().all(|c| letters(c) || matches!(c, b'.' | b'_' | b'-'))
}

/// A pattern over names: `*` stands for one part or a piece of one, `**` for any number of parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern(String);

impl NamePattern {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= LONGEST && text.split('/').all(is_pattern_segment);
        fits.then(|| Self(text.to_owned()))
    }

    /// Reads a pattern from a request.
    pub(crate) fn read(field: &str, text: &str) -> Result<Self, Problem> {
        Self::parse(text).ok_or_else(|| {
            Problem::invalid_field(
                field,
                "pattern_invalid",
                "A pattern is a name in which * stands for one part or a piece of one, and ** for any number of parts.",
            )
        })
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the name is one of those meant.
    pub fn matches(&self, name: &SecretName) -> bool {
        let pattern: Vec<&str> = self.0.split('/').collect();
        let name: Vec<&str> = name.0.split('/').collect();
        parts_match(&pattern, &name)
    }

    /// Whether every name that the other one means is meant by this one too. Where a pattern could be
    /// put in several ways, a no may be too careful; a yes is always right.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let (own, others): (Vec<&str>, Vec<&str>) = (self.0.split('/').collect(), other.0.split('/').collect());
        parts_match(&own, &others)
    }

    /// Whether there may be a name that both mean.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        let (own, others): (Vec<&str>, Vec<&str>) = (self.0.split('/').collect(), other.0.split('/').collect());
        let may_be_same = |a: &&str, b: &&str| meet(a.as_bytes(), b.as_bytes(), |c| *c == b'*', |a, b| a == b);
        meet(&own, &others, |part| *part == "**", may_be_same)
    }
}

fn is_pattern_segment(part: &str) -> bool {
    part == "**"
        || !part.is_empty()
            && !part.contains("**")
            && part.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || b"._-*".contains(&c))
}

/// Both texts are short (at most 128 bytes), and each step looks at each pair once: no pattern takes long.
/// The name may be a pattern too, whose stars only stars of this one can stand for.
fn parts_match(pattern: &[&str], name: &[&str]) -> bool {
    // `reached[n]`: the patterns so far can stand for the first n parts of the name.
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    for part in pattern {
        let mut next = vec![false; name.len() + 1];
        for at in 0..=name.len() {
            if *part == "**" {
                next[at] = reached[at] || at > 0 && next[at - 1];
            } else if at > 0
                && reached[at - 1]
                && name[at - 1] != "**"
                && piece_matches(part.as_bytes(), name[at - 1].as_bytes())
            {
                next[at] = true;
            }
        }
        reached = next;
    }
    reached[name.len()]
}

fn piece_matches(pattern: &[u8], text: &[u8]) -> bool {
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for letter in pattern {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            next[at] = match letter {
                b'*' => reached[at] || at > 0 && next[at - 1],
                letter => at > 0 && reached[at - 1] && text[at - 1] == *letter,
            };
        }
        reached = next;
    }
    reached[text.len()]
}

/// Whether two rows of things, some of which stand for any number of others, can stand for the same.
fn meet<T>(a: &[T], b: &[T], is_any: impl Fn(&T) -> bool, is_same: impl Fn(&T, &T) -> bool) -> bool {
    // `reached[i][j]`: the first i of one and the first j of the other can.
    let mut reached = vec![vec![false; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            reached[i][j] = match (a[..i].last(), b[..j].last()) {
                (None, None) => true,
                (Some(one), None) => is_any(one) && reached[i - 1][j],
                (None, Some(other)) => is_any(other) && reached[i][j - 1],
                (Some(one), Some(other)) if is_any(one) || is_any(other) => reached[i - 1][j] || reached[i][j - 1],
                (Some(one), Some(other)) => is_same(one, other) && reached[i - 1][j - 1],
            };
        }
    }
    reached[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_paths_of_plain_words() {
        for good in ["a", "git/github-token", "machines/gpu-1/ssh", "a.b_c-d/0"] {
            assert!(SecretName::parse(good).is_some(), "{good}");
        }
        let long = "a".repeat(129);
        for bad in ["", "/", "a/", "/a", "a//b", "A", "a b", "../a", "a/..", ".a", "-a", "é", "a\n", "a/*", &long] {
            assert!(SecretName::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn patterns_mean_parts_and_branches() {
        for (pattern, name, meant) in [
            ("**", "a/b/c", true),
            ("git/*", "git/token", true),
            ("git/*", "git/a/b", false),
            ("git/*", "git", false),
            ("git/**", "git/a/b", true),
            ("git/**", "git", true),
            ("**/ssh", "machines/gpu/ssh", true),
            ("**/ssh", "ssh", true),
            ("machines/gpu-*/ssh", "machines/gpu-12/ssh", true),
            ("machines/gpu-*/ssh", "machines/cpu-12/ssh", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("git/token", "git/token", true),
            ("git/token", "git/token2", false),
        ] {
            let matches = NamePattern::parse(pattern).zip(SecretName::parse(name)).map(|(p, n)| p.matches(&n));
            assert_eq!(matches, Some(meant), "{pattern} {name}");
        }
        for bad in ["", "a//b", "a/***", "a**", "A", "a b"] {
            assert!(NamePattern::parse(bad).is_none(), "{bad}");
        }
    }

    fn pattern(text: &str) -> NamePattern {
        NamePattern::parse(text).unwrap()
    }

    #[test]
    fn a_pattern_covers_what_means_no_more_and_meets_what_shares_a_name() {
        for (one, other, covers, meets) in [
            ("**", "git/**", true, true),
            ("git/**", "git/*", true, true),
            ("git/**", "git", true, true),
            ("git/*", "git/**", false, true),
            ("git/*", "git/a*", true, true),
            ("git/a*", "git/*", false, true),
            ("git/*", "**/token", false, true),
            ("git/*", "mail/*", false, false),
            ("git/a*", "git/b*", false, false),
            ("*a", "b*", false, true),
            ("**/prod/**", "git/*", false, true),
            ("git/*/key", "git/prod/*", false, true),
            ("*", "**", false, true),
        ] {
            let (one, other) = (pattern(one), pattern(other));
            assert_eq!(
                (one.covers(&other), one.meets(&other), other.meets(&one)),
                (covers, meets, meets),
                "{one:?} {other:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_pattern_covers_nothing_that_it_does_not_mean_and_meets_whatever_it_shares(
            one in "(\\*\\*|[ab*]{1,2})(/(\\*\\*|[ab*]{1,2})){0,2}",
            other in "(\\*\\*|[ab*]{1,2})(/(\\*\\*|[ab*]{1,2})){0,2}",
            name in "[ab]{1,2}(/[ab]{1,2}){0,2}",
        ) {
            let (one, other, name) = (pattern(&one), pattern(&other), SecretName::parse(&name).unwrap());
            prop_assert!(one.matches(&name) || !other.matches(&name) || !one.covers(&other));
            prop_assert!(one.meets(&other) || !one.matches(&name) || !other.matches(&name));
            prop_assert!(one.covers(&one) && one.meets(&one));
        }

        #[test]
        fn a_name_is_a_pattern_for_itself_alone(a in "[a-z0-9]{1,4}(/[a-z0-9]{1,4}){0,3}", b in "[a-z0-9]{1,4}(/[a-z0-9]{1,4}){0,3}") {
            let (pattern, name) = (NamePattern::parse(&a), SecretName::parse(&b));
            prop_assert_eq!(pattern.zip(name).map(|(p, n)| p.matches(&n)), Some(a == b));
        }

        #[test]
        fn no_text_makes_the_readers_panic(text in "\\PC{0,200}") {
            let _ = (SecretName::parse(&text), NamePattern::parse(&text));
        }
    }
}
