//! A rule as its owner writes it; part of the one type that [`crate::file`] begins.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::file::{Class, Decision, Kind};
use crate::script::Language;

/// No script is longer.
pub(crate) const LONGEST_SOURCE_KIB: u32 = 64;

/// One rule.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleEntry {
    /// Its name, which refusals and the audit trail say. No two rules share one.
    #[schemars(length(min = 1, max = 80))]
    pub(crate) name: String,
    /// What it is about. A rule that denies may leave it out: then it is about everything.
    #[serde(default)]
    pub(crate) operations: Vec<Kind>,
    /// The program, by its name in `programs`. Needed for `exec` and `terminal`. With `build`, `test` and `script`
    /// the rule is about what this program builds or runs.
    #[serde(default)]
    pub(crate) program: Option<String>,
    /// The fixed words after the program, exactly these. `build|test` is either.
    #[serde(default)]
    #[schemars(length(max = 8))]
    pub(crate) subcommand: Vec<String>,
    /// Arguments that are put after the subcommand whatever was asked for.
    #[serde(default)]
    #[schemars(length(max = 32))]
    pub(crate) always: Vec<String>,
    /// The flags that may be given, and no others. They stand for themselves: no abbreviations.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub(crate) flags: Vec<FlagEntry>,
    /// What may follow, in this order. It is handed on behind the flags.
    #[serde(default)]
    #[schemars(length(max = 8))]
    pub(crate) positionals: Vec<PositionalEntry>,
    /// The roots that it holds in, by name; none named: all of them.
    #[serde(default)]
    pub(crate) roots: Vec<String>,
    /// Who it holds for: `role:admin` or the id of somebody, like `usr_…`; none named: everybody.
    #[serde(default)]
    pub(crate) actors: Vec<String>,
    /// For `service.status` and `service.restart`: the services, by their whole names.
    #[serde(default)]
    pub(crate) services: Vec<String>,
    /// For `ssh_key.install`, `ssh_key.prove` and `ssh_key.remove`: the users of this machine whose keys they are.
    /// It is done with the rights of that user, outside the sandbox: as root for `root`.
    #[serde(default)]
    pub(crate) users: Vec<String>,
    /// For `script`: what scripts may be written in. A rule that denies and names none is about all of them.
    #[serde(default)]
    pub(crate) languages: Vec<Language>,
    /// For `script`: how long a script may be, in KiB; without it 64, which is the most.
    #[serde(default)]
    #[schemars(range(min = 1, max = 64))]
    pub(crate) source_kib: Option<u32>,
    /// For git: the hosts that may be cloned from: `github.com`, `*.example.org`, with a port
    /// `git.example.org:8443`, or `*` for every name that is not local.
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
    /// For git: the schemes that it may use.
    #[serde(default = "safe_schemes")]
    pub(crate) schemes: Vec<Scheme>,
    /// What the command finds in its environment beside what is fixed.
    #[serde(default)]
    pub(crate) environment: EnvironmentEntry,
    /// What the sandbox lets it do, by the name in `profiles`; none named: nothing but read its root.
    #[serde(default)]
    pub(crate) profile: Option<String>,
    /// Whether it may be given input.
    #[serde(default)]
    pub(crate) input: bool,
    /// What is done when the rule fits. A rule that denies does not judge values: it fits as soon as the
    /// words of its subcommand occur in this order and, where it names flags, one of them does.
    pub(crate) decision: Decision,
    /// What it lets a command do.
    #[serde(default)]
    pub(crate) class: Option<Class>,
    /// Commands that it must fit, each as a list: program, arguments. Tried whenever the file is loaded.
    #[serde(default, rename = "match")]
    pub(crate) fits: Vec<Vec<String>>,
    /// Commands that it must not fit.
    #[serde(default)]
    pub(crate) not_match: Vec<Vec<String>>,
}

/// A flag that may be given.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FlagEntry {
    /// The flag: `--depth`, `-n`.
    pub(crate) name: String,
    /// The same flag in one letter: `-d`.
    #[serde(default)]
    pub(crate) short: Option<String>,
    /// What its value is.
    #[serde(default)]
    pub(crate) value: ValueKind,
    /// For `int`: the least.
    #[serde(default)]
    pub(crate) min: Option<i64>,
    /// For `int`: the most.
    #[serde(default)]
    pub(crate) max: Option<i64>,
    /// For `choice`: the words.
    #[serde(default)]
    pub(crate) words: Vec<String>,
    /// For `url`: the hosts, as in a rule.
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
    /// For `url`: the schemes.
    #[serde(default = "safe_schemes")]
    pub(crate) schemes: Vec<Scheme>,
    /// How its value is given.
    #[serde(default)]
    pub(crate) form: Form,
    /// Whether it may be given more than once.
    #[serde(default)]
    pub(crate) repeat: bool,
    /// For `int`: whether digits alone mean it, as `-20` means `-n 20` to `head`.
    #[serde(default)]
    pub(crate) digits: bool,
}

/// What may stand where no flag stands.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PositionalEntry {
    /// What it is.
    pub(crate) value: ValueKind,
    /// For `int`: the least.
    #[serde(default)]
    pub(crate) min: Option<i64>,
    /// For `int`: the most.
    #[serde(default)]
    pub(crate) max: Option<i64>,
    /// For `choice`: the words.
    #[serde(default)]
    pub(crate) words: Vec<String>,
    /// For `url`: the hosts, as in a rule.
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
    /// For `url`: the schemes.
    #[serde(default = "safe_schemes")]
    pub(crate) schemes: Vec<Scheme>,
    /// How many there must be.
    #[serde(default = "one")]
    #[schemars(range(min = 0, max = 64))]
    pub(crate) at_least: usize,
    /// How many there may be.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 64))]
    pub(crate) at_most: usize,
}

/// What a value is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ValueKind {
    /// There is none.
    #[default]
    None,
    /// A whole number from `min` to `max`.
    Int,
    /// A branch, a tag or a commit, by git's own rules for names.
    Ref,
    /// What leads to a commit from there, and what lies between two: `HEAD~2`, `main..feature`.
    Revision,
    /// A path below the directory that the command runs in: never absolute, never upwards, never into `.git`.
    Path,
    /// One of `words`.
    Choice,
    /// An address at one of `hosts`.
    Url,
    /// A name: letters, digits and `.`, `_`, `-`, `@`.
    Name,
    /// Plain words: letters, digits, spaces and `. _ : , @ % + = / -`; nothing that a shell would take for its own.
    Text,
}

/// How the value of a flag is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Form {
    /// In either way.
    #[default]
    Either,
    /// In the same argument: `--depth=1`. For flags whose value may be left out.
    Equals,
    /// As the next argument: `--depth 1`.
    Separate,
}

/// A way to reach a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scheme {
    /// `https://…`
    Https,
    /// `ssh://…` and `user@host:path`.
    Ssh,
    /// A repository on this machine, as the remote of a working copy; never in an address that is given.
    /// Its hooks are foreign code.
    File,
}

/// What a command finds in its environment beside what is fixed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnvironmentEntry {
    /// Variables with their values; `~/…` at the beginning of a value is the home of the bridge's user.
    #[serde(default)]
    pub(crate) set: BTreeMap<String, String>,
    /// Variables that are taken over from the bridge's own environment, from a short list: languages,
    /// time zone, proxies, certificates and the agent of ssh.
    #[serde(default)]
    pub(crate) pass: Vec<String>,
}

fn one() -> usize {
    1
}

fn safe_schemes() -> Vec<Scheme> {
    vec![Scheme::Https, Scheme::Ssh]
}
