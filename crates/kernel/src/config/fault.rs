//! Why a configuration was refused: every reason, each with its place.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::reason::Reason;

/// Where a value came from, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SettingSource)]
pub enum Source {
    /// Nobody set it.
    Default,
    /// The configuration file.
    File,
    /// A `DIWAN_*` variable.
    Environment,
    /// The command line.
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "the defaults",
            Self::File => "the configuration file",
            Self::Environment => "the environment",
            Self::Flag => "the command line",
        })
    }
}

/// What kind of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SettingFaultKind)]
pub enum FaultKind {
    /// The file cannot be read.
    Unreadable,
    /// The file is not YAML, or not a map of sections.
    Malformed,
    /// There is no such section or key.
    Unknown,
    /// The value is not acceptable.
    Invalid,
    /// It is said by a stronger layer and cannot be changed in the file.
    Locked,
}

/// One reason why a configuration is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = SettingFault)]
pub struct Fault {
    /// What kind it is.
    pub kind: FaultKind,
    /// Which setting, like `mail.port` or `oidc.providers[0].issuer`; empty when the file as a whole is meant.
    pub key: String,
    /// Why, stable for programs; docs/settings/reasons.json lists them all.
    pub code: &'static str,
    /// What belongs in the sentence about it, like `least` and `most`.
    pub params: BTreeMap<&'static str, String>,
    /// Why, in a sentence. It never repeats a value.
    pub reason: String,
    /// The setting or value that was probably meant.
    pub nearest: Option<String>,
    /// Where the value came from.
    pub source: Source,
    /// Which file it stands in.
    pub file: Option<String>,
    /// In which line of the file.
    pub line: Option<u64>,
    /// In which column of the line.
    pub column: Option<u64>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_deref().unwrap_or("the configuration file");
        match self.kind {
            FaultKind::Unreadable => return write!(f, "cannot read the configuration file {file}: {}", self.reason),
            FaultKind::Malformed => {
                write!(f, "the configuration file {file} is not valid")?;
                if let Some(line) = self.line {
                    write!(f, " in line {line}")?;
                }
                return write!(f, ": {}", self.reason);
            }
            FaultKind::Unknown | FaultKind::Invalid | FaultKind::Locked => f.write_str(&self.key)?,
        }
        match (self.source, self.line) {
            (Source::Default, _) => {}
            (Source::File, Some(line)) => write!(f, " in line {line} of {file}")?,
            // What somebody wants to save stands in no file yet.
            (Source::File, None) if self.file.is_none() => {}
            (Source::File, None) => write!(f, " in {file}")?,
            (source, _) => write!(f, " in {source}")?,
        }
        match self.kind {
            FaultKind::Unknown => write!(f, " {}", self.reason.strip_prefix("it ").unwrap_or(&self.reason))?,
            _ => write!(f, " is not acceptable: {}", self.reason)?,
        }
        match &self.nearest {
            Some(nearest) => write!(f, "; did you mean {nearest}?"),
            None => Ok(()),
        }
    }
}

impl Fault {
    /// A value that somebody wants to save and that is not acceptable.
    pub fn invalid(key: &str, reason: impl Into<Reason>) -> Self {
        let Reason { code, params, text: reason } = reason.into();
        let (kind, source, nearest, file) = (FaultKind::Invalid, Source::File, None, None);
        Self { kind, key: key.to_owned(), code, params, reason, nearest, source, file, line: None, column: None }
    }
}

/// All reasons why a configuration is refused; at least one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Refused(pub Vec<Fault>);

impl fmt::Display for Refused {
    /// The first in full: a start that is refused says one sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, others)) = self.0.split_first() else { return Ok(()) };
        write!(f, "{first}")?;
        match others.len() {
            0 => Ok(()),
            1 => f.write_str(" (and one more fault)"),
            more => write!(f, " (and {more} more faults)"),
        }
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}
