//! Scripts: a text that comes with the operation and is run as a file, by the program of its language.

use diwan_protocol::command::{LONGEST_ARGUMENTS, LONGEST_SOURCE, MOST_ARGUMENTS, Script};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::program::Program;
use crate::text::{Flaw, shown};

/// A language that scripts are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    /// Run by the program of the policy that is `python3`.
    Python,
    /// Run by the program of the policy that is `node`.
    Javascript,
    /// Run by the first program of the policy that is `bash` or `sh`.
    Shell,
}

impl Language {
    const ALL: [Self; 3] = [Self::Python, Self::Javascript, Self::Shell];

    /// The language of this name.
    fn named(name: &str) -> Result<Self, Flaw> {
        let found = Self::ALL.into_iter().find(|language| language.to_string() == name);
        found.ok_or_else(|| {
            let known = Self::ALL.map(|language| language.to_string()).join(", ");
            Flaw::new("language", format!("no script in {} is run here; known are {known}", shown(name)))
        })
    }

    /// What its programs are called everywhere.
    const fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Python => &["python3"],
            Self::Javascript => &["node"],
            Self::Shell => &["bash", "sh"],
        }
    }

    /// What the file is called that holds the script.
    pub(crate) const fn file(self) -> &'static str {
        match self {
            Self::Python => "script.py",
            Self::Javascript => "script.js",
            Self::Shell => "script.sh",
        }
    }

    /// What has the script find what lies beside it in the project, although its file lies elsewhere.
    pub(crate) fn environment(self, directory: &str) -> Option<(String, String)> {
        match self {
            Self::Python => Some(("PYTHONPATH".to_owned(), directory.to_owned())),
            Self::Javascript => Some(("NODE_PATH".to_owned(), format!("{directory}/node_modules"))),
            Self::Shell => None,
        }
    }
}

impl std::fmt::Display for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.serialize(f)
    }
}

/// The language of a script and the program that runs it, when everything about it is well-formed.
pub(crate) fn check<'a>(script: &Script, programs: &'a [Program]) -> Result<(Language, &'a Program), Flaw> {
    let language = Language::named(&script.language)?;
    let length: usize = script.arguments.iter().map(|argument| argument.len().saturating_add(1)).sum();
    if script.arguments.len() > MOST_ARGUMENTS {
        return Flaw::of("too_many_arguments", format!("there are more than {MOST_ARGUMENTS} arguments"));
    }
    if length > LONGEST_ARGUMENTS {
        return Flaw::of("too_long", format!("the arguments are longer than {LONGEST_ARGUMENTS} bytes"));
    }
    if script.source.len() > LONGEST_SOURCE {
        return Flaw::of("script_source", format!("the script is longer than {LONGEST_SOURCE} bytes"));
    }
    if std::iter::once(&script.source).chain(&script.arguments).any(|text| text.contains('\0')) {
        return Flaw::of("script_source", "there is a zero byte in the script or its arguments");
    }
    let names = language.programs();
    let program = programs.iter().find(|program| names.iter().any(|name| program.is(name)));
    let program = program.ok_or_else(|| {
        let names = names.join(" or ");
        Flaw::new(
            "program_not_listed",
            format!("a script in {language} is run by {names}, which the policy does not name"),
        )
    })?;
    Ok((language, program))
}
