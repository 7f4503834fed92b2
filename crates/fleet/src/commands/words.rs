//! Words that come from a machine. They are shown to people, so they are kept short and plain.

use diwan_protocol::run::{Decision, Reason, Verdict};
use serde::{Deserialize, Serialize};

/// What takes the place of a character that is not shown.
const HIDDEN: char = '\u{fffd}';
const LONGEST_CODE: usize = 64;
const LONGEST_WORDS: usize = 500;
const MOST_REASONS: usize = 16;
const MOST_ARGUMENTS: usize = 80;

/// One line of at most so many characters, without control characters and without what hides or
/// turns the direction of writing.
pub(crate) fn plain(text: &str, most: usize) -> String {
    let mut line: String = text.chars().take(most).map(|c| if is_shown(c) { c } else { HIDDEN }).collect();
    if text.chars().nth(most).is_some() {
        line.pop();
        line.push('…');
    }
    line
}

/// Whether a character is one that people see as it is.
pub(crate) fn is_shown(c: char) -> bool {
    let is_trick = matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}');
    !c.is_control() && !is_trick
}

/// What a machine's policy says of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct CommandVerdict {
    /// What is decided.
    pub(crate) decision: PolicyDecision,
    /// The rule that decided; null when no rule speaks of it.
    pub(crate) rule: Option<String>,
    /// Why, the weightiest first.
    pub(crate) reasons: Vec<PolicyReason>,
    /// What is run, as it is run.
    pub(crate) argv: Vec<String>,
}

/// What a policy decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PolicyDecision {
    /// It may be done.
    Allow,
    /// It may be done when somebody else says yes.
    Ask,
    /// It may not be done.
    Deny,
}

/// A reason of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct PolicyReason {
    /// For programs.
    pub(crate) code: String,
    /// For people.
    pub(crate) words: String,
}

impl From<&Verdict> for CommandVerdict {
    fn from(verdict: &Verdict) -> Self {
        let decision = match verdict.decision {
            Decision::Allow => PolicyDecision::Allow,
            Decision::Ask => PolicyDecision::Ask,
            Decision::Deny => PolicyDecision::Deny,
        };
        let reason = |Reason { code, words }: &Reason| PolicyReason {
            code: plain(code, LONGEST_CODE),
            words: plain(words, LONGEST_WORDS),
        };
        Self {
            decision,
            rule: verdict.rule.as_deref().map(|rule| plain(rule, LONGEST_WORDS)),
            reasons: verdict.reasons.iter().take(MOST_REASONS).map(reason).collect(),
            argv: verdict.argv.iter().take(MOST_ARGUMENTS).map(|a| plain(a, LONGEST_WORDS)).collect(),
        }
    }
}

/// Why something did not become of a command, besides what the machine's policy says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct CommandProblem {
    /// For programs.
    pub(crate) code: String,
    /// For people.
    pub(crate) detail: String,
}

impl CommandProblem {
    pub(crate) fn new(code: &str, detail: impl Into<String>) -> Self {
        Self { code: code.to_owned(), detail: detail.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f90_words_of_a_machine_are_short_and_plain() {
        assert_eq!(plain("rule \u{1b}]52;c;aGk=\u{7}", 80), "rule \u{fffd}]52;c;aGk=\u{fffd}");
        assert_eq!(plain("a\u{202e}b\r\nc", 80), "a\u{fffd}b\u{fffd}\u{fffd}c");
        assert_eq!(plain(&"x".repeat(600), 500).chars().count(), 500);
        assert_eq!(plain("قاعدة", 500), "قاعدة");
        let huge = Reason { code: "c".repeat(9000), words: "w".repeat(90_000) };
        let verdict = Verdict {
            decision: Decision::Deny,
            rule: Some("r".repeat(9000)),
            reasons: vec![huge; 900],
            argv: vec!["a".repeat(9000); 900],
        };
        let kept = serde_json::to_string(&CommandVerdict::from(&verdict)).expect("it is JSON");
        assert!(kept.len() < 64 * 1024, "{}", kept.len());
    }
}
