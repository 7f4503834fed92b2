//! A script that is sent along: from a file or from standard input, and what it is written in.

use std::io::Read;
use std::path::Path;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::super::failure::Failure;

/// No script is longer.
const LONGEST: u64 = 64 * 1024;

/// What a script is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Language {
    /// Run by python3
    Python,
    /// Run by node
    Javascript,
    /// Run by bash, or sh where there is none
    Shell,
}

impl Language {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Javascript => "javascript",
            Self::Shell => "shell",
        }
    }

    /// By the ending of the file, or else by its first line.
    fn of(path: &str, source: &str) -> Option<Self> {
        let ending = Path::new(path).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let first = source.lines().next().and_then(|line| line.strip_prefix("#!")).unwrap_or_default();
        let mut words = first.split_whitespace().filter_map(|word| word.rsplit('/').next());
        let program = words.find(|word| *word != "env" && !word.starts_with('-')).unwrap_or_default();
        match (ending, program) {
            ("py", _) => Some(Self::Python),
            ("js" | "cjs" | "mjs", _) => Some(Self::Javascript),
            ("sh" | "bash", _) => Some(Self::Shell),
            (_, "node") => Some(Self::Javascript),
            (_, "sh" | "bash" | "dash") => Some(Self::Shell),
            (_, program) => program.starts_with("python").then_some(Self::Python),
        }
    }
}

/// The operation, but for where it is done.
pub(super) fn operation(path: &str, language: Option<Language>, args: &[String]) -> Result<Value, Failure> {
    let source = read(path)?;
    let language = language.or_else(|| Language::of(path, &source)).ok_or_else(|| {
        Failure::usage(format!("{path} does not say what it is written in"), "Say so with --language.")
    })?;
    let mut operation = json!({"kind": "script", "language": language.as_str(), "source": source});
    if !args.is_empty() {
        operation["args"] = json!(args);
    }
    Ok(operation)
}

fn read(path: &str) -> Result<String, Failure> {
    let mut bytes = vec![];
    let read = match path {
        "-" => std::io::stdin().take(LONGEST + 1).read_to_end(&mut bytes),
        _ => std::fs::File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes)),
    };
    read.map_err(|error| Failure::usage(format!("{path}: {error}"), "Name a file, or - for standard input."))?;
    if bytes.len() as u64 > LONGEST {
        let next = "Copy it to the machine with diwan cp, and run it there.";
        return Err(Failure::usage(format!("{path} is longer than {} KiB", LONGEST / 1024), next));
    }
    let text = String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
    text.ok_or_else(|| Failure::usage(format!("{path} is no text"), "A script is text in UTF-8."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_says_what_it_is_written_in() {
        for (path, source, language) in [
            ("a.py", "", Some(Language::Python)),
            ("a.js", "#!/bin/sh", Some(Language::Javascript)),
            ("b/a.sh", "", Some(Language::Shell)),
            ("a", "#!/usr/bin/env python3\n", Some(Language::Python)),
            ("a", "#!/usr/bin/env -S node --no-warnings\n", Some(Language::Javascript)),
            ("-", "#! /bin/bash -e\n", Some(Language::Shell)),
            ("a", "#!/usr/bin/perl\n", None),
            ("a", "echo hello\n", None),
            ("-", "", None),
        ] {
            assert_eq!(Language::of(path, source), language, "{path} {source}");
        }
    }
}
