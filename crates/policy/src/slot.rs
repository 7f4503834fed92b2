//! A place for one value: what may stand in it.

use crate::name::{check_int, check_name, check_path_argument, check_ref, check_revision, check_words};
use crate::rule_file::{FlagEntry, PositionalEntry, ValueKind};
use crate::text::{Flaw, shown};
use crate::url::Hosts;

/// What one value may be.
#[derive(Debug, Clone)]
pub(crate) enum Slot {
    /// Nothing: a flag without a value.
    None,
    /// A whole number.
    Int(i64, i64),
    /// A name of git's.
    Ref,
    /// What leads to commits from there.
    Revision,
    /// A path below the directory.
    Path,
    /// One of these words.
    Choice(Vec<String>),
    /// An address.
    Url(Hosts),
    /// A plain name.
    Name,
    /// Plain words.
    Text,
}

impl Slot {
    /// Whether a value may stand here.
    pub(crate) fn check(&self, value: &str) -> Result<(), Flaw> {
        match self {
            Self::None => Flaw::of("value_not_taken", format!("no value is taken, but there is {}", shown(value))),
            Self::Int(least, most) => check_int(value, *least, *most),
            Self::Ref => check_ref(value),
            Self::Revision => check_revision(value),
            Self::Path => check_path_argument(value),
            Self::Choice(words) if words.iter().any(|word| word == value) => Ok(()),
            Self::Choice(words) => Flaw::of("not_a_choice", format!("{} is not {}", shown(value), words.join(" or "))),
            Self::Url(hosts) => hosts.check(value),
            Self::Name => check_name(value),
            Self::Text => check_words(value),
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Whether it is git's word for commits, which stands before `--`.
    pub(crate) fn is_of_git(&self) -> bool {
        matches!(self, Self::Ref | Self::Revision)
    }

    pub(crate) fn is_path(&self) -> bool {
        matches!(self, Self::Path)
    }
}

impl From<&FlagEntry> for Slot {
    fn from(entry: &FlagEntry) -> Self {
        let hosts = Hosts { names: entry.hosts.clone(), schemes: entry.schemes.clone() };
        made(entry.value, (entry.min, entry.max), &entry.words, hosts)
    }
}

impl From<&PositionalEntry> for Slot {
    fn from(entry: &PositionalEntry) -> Self {
        let hosts = Hosts { names: entry.hosts.clone(), schemes: entry.schemes.clone() };
        made(entry.value, (entry.min, entry.max), &entry.words, hosts)
    }
}

fn made(kind: ValueKind, (min, max): (Option<i64>, Option<i64>), words: &[String], hosts: Hosts) -> Slot {
    match kind {
        ValueKind::None => Slot::None,
        ValueKind::Int => Slot::Int(min.unwrap_or(0), max.unwrap_or(i64::MAX)),
        ValueKind::Ref => Slot::Ref,
        ValueKind::Revision => Slot::Revision,
        ValueKind::Path => Slot::Path,
        ValueKind::Choice => Slot::Choice(words.to_vec()),
        ValueKind::Url => Slot::Url(hosts),
        ValueKind::Name => Slot::Name,
        ValueKind::Text => Slot::Text,
    }
}
