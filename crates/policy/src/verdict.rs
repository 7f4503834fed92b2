//! What a policy says to an operation, and why.

use std::fmt::Write;

use crate::file::Decision;
use crate::plan::{FilesPlan, KeysPlan, Plan};
use crate::text::Flaw;

/// What a policy says to an operation.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Whether it is done, once somebody said yes, or not at all.
    pub decision: Decision,
    /// The rule that decided; without one, nothing allowed it, or nothing is done.
    pub rule: Option<String>,
    /// What spoke against it: of a denial the causes, otherwise nothing.
    pub reasons: Vec<Reason>,
    /// What is run when the answer is not no: for everything but files and keys.
    pub plan: Option<Plan>,
    /// What is done with files when the answer is not no.
    pub files: Option<FilesPlan>,
    /// What is done with an SSH key when the answer is not no.
    pub keys: Option<KeysPlan>,
}

/// One thing that spoke against an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Stable for programs: one of [`CODES`].
    pub code: &'static str,
    /// The rule that it is about.
    pub rule: Option<String>,
    /// For people.
    pub text: String,
}

/// Every code of a reason, with what it means in general.
pub const CODES: &[(&str, &str)] = &[
    ("absent", "Something is not there."),
    ("actor", "The rule is for others."),
    ("circle", "A path leads in a circle."),
    ("dash", "A lone dash is not taken."),
    ("denied", "A rule denies it."),
    ("empty", "An argument is empty."),
    ("flag_absent", "None of the flags of the rule occurs."),
    ("flag_not_listed", "A flag is not among those of the rule."),
    ("flag_twice", "A flag is given twice."),
    ("for_shells", "A path holds what a shell would take for its own."),
    ("hidden_character", "An argument holds a character that hides."),
    ("host", "The host is not among those of the rule."),
    ("input", "The rule takes no input."),
    ("language", "The rule does not name the language of the script, or nobody knows it."),
    ("leaves_root", "A path leads out of its root, perhaps through a link."),
    ("no_project", "Nothing in the directory says how it is built or tested."),
    ("no_program", "No program is named."),
    ("no_rule", "No rule allows it."),
    ("not_a_choice", "A value is none of the words of the rule."),
    ("not_a_name", "A value is no plain name."),
    ("not_a_number", "A value is no whole number within the bounds of the rule."),
    ("not_a_ref", "A value is no name of a branch, tag or commit."),
    ("not_an_address", "A value is no plain https or ssh address."),
    ("not_plain_words", "A value holds more than plain words."),
    ("not_writable", "The root or the profile is read-only."),
    ("owners_unknown", "On this system it cannot be told whose a file is."),
    ("path_into_git", "A path leads into the repository's own files."),
    ("path_like_flag", "A path begins with a dash."),
    ("path_not_plain", "A path is not written plainly, or leads upwards."),
    ("path_not_portable", "A path means something else on other systems."),
    ("path_not_relative", "A path is not below its directory."),
    ("positional_missing", "A word is missing."),
    ("positional_not_listed", "There is a word too many."),
    ("program_absent", "The program is not on this machine."),
    ("program_changed", "The program is not the file of the policy."),
    ("program_foreign", "The program, or a directory above it, belongs to somebody else."),
    ("program_no_file", "What is there is no program."),
    ("program_not_listed", "The policy does not name the program."),
    ("program_writable", "Others may write to the program or to a directory above it."),
    ("root", "The rule does not hold in this root."),
    ("root_unknown", "The policy names no such root."),
    ("scheme", "The scheme is not among those of the rule."),
    ("script_source", "The script is too long, or holds what no text holds."),
    ("service", "The rule does not name the service."),
    ("ssh_key", "A line for an SSH key is none: not one public key of a plain user."),
    ("subcommand", "The words after the program are others than those of the rule."),
    ("too_long", "The arguments are too long."),
    ("too_many_arguments", "There are too many arguments."),
    ("user", "The rule does not name the user."),
    ("value_form", "A value is given in a form that the rule does not take."),
    ("value_like_flag", "A value begins with a dash."),
    ("value_missing", "A flag lacks its value."),
    ("value_not_taken", "A flag takes no value."),
];

impl Verdict {
    pub(crate) fn denied(rule: Option<String>, reasons: Vec<Reason>) -> Self {
        Self { decision: Decision::Deny, rule, reasons, plan: None, files: None, keys: None }
    }

    /// A yes to nothing: where nothing is done, nothing needs a rule.
    pub fn of_nothing() -> Self {
        Self { decision: Decision::Allow, ..Self::denied(None, vec![]) }
    }

    /// Whether it is done without asking anybody.
    pub fn is_allowed(&self) -> bool {
        self.decision == Decision::Allow
    }
}

impl Reason {
    pub(crate) fn of(flaw: Flaw, rule: Option<&str>) -> Self {
        Self { code: flaw.code, rule: rule.map(str::to_owned), text: flaw.text }
    }
}

/// A verdict in words, for whoever asks why.
pub fn explain(verdict: &Verdict) -> String {
    let mut text = match (verdict.decision, &verdict.rule) {
        (Decision::Allow, Some(rule)) => format!("allowed by the rule “{rule}”\n"),
        (Decision::Ask, Some(rule)) => format!("the rule “{rule}” asks: somebody else must say yes first\n"),
        (Decision::Deny, Some(rule)) => format!("denied at the rule “{rule}”\n"),
        (Decision::Allow, None) => "allowed: nothing is done\n".to_owned(),
        (_, None) => "denied: no rule allows it\n".to_owned(),
    };
    for reason in &verdict.reasons {
        let about = reason.rule.as_ref().map(|rule| format!("rule “{rule}”: ")).unwrap_or_default();
        // Writing into a text cannot fail.
        let _ = writeln!(text, "  {about}{} ({})", reason.text, reason.code);
    }
    if let Some(plan) = &verdict.plan {
        let _ = writeln!(text, "  runs {}", plan.program.display());
        let _ = writeln!(text, "  with {:?}", plan.argv);
        let _ = writeln!(text, "  {}", plan.profile.in_words());
    }
    text
}
