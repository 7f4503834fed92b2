//! How a command ended: in a word, with which exit code, and what there is to say about it.

use diwan_client::{Command, CommandVerdict};

use super::super::failure::Failure;
use super::super::screen::{Mark, Tone};
use code::{OFFLINE, OVER_LIMIT, OWN_FAULT, REFUSED, STOPPED, TIMED_OUT, UNKNOWN};

/// The exit codes that are not those of what ran.
pub(in crate::cli) mod code {
    /// The machine is not there, or did not come in time.
    pub(in crate::cli) const OFFLINE: u8 = 120;
    /// Nobody knows what became of it.
    pub(in crate::cli) const UNKNOWN: u8 = 121;
    /// It took more than it may.
    pub(in crate::cli) const OVER_LIMIT: u8 = 122;
    /// It took too long.
    pub(in crate::cli) const TIMED_OUT: u8 = 124;
    /// Diwan could not do it.
    pub(in crate::cli) const OWN_FAULT: u8 = 125;
    /// It may not be done.
    pub(in crate::cli) const REFUSED: u8 = 126;
    /// Somebody stopped it.
    pub(in crate::cli) const STOPPED: u8 = 130;
    /// A reader that went away, as a shell sees it.
    pub(in crate::cli) const UNHEARD: u8 = 141;
}

/// The exit code for a command, and why it is not one of its own.
pub(in crate::cli) fn ending_of(command: &Command) -> Result<u8, Failure> {
    let name = &command.machine_name;
    let detail = command.detail.as_deref().unwrap_or_default();
    let fail = |code, name: &str, detail: String, next: &str| Err(Failure::of(code, name, detail, next));
    let show = format!("`diwan command show {}` says more.", command.id);
    match (command.state.as_str(), command.outcome.as_deref().unwrap_or_default()) {
        ("ended", "exited") => Ok(low_byte(command.exit_code.unwrap_or_default())),
        ("ended", "signalled") => Ok(128_u8.saturating_add(low_byte(command.signal.unwrap_or_default()))),
        ("ended", "timed_out") => fail(TIMED_OUT, "timed_out", format!("it took longer on {name} than it may"), &show),
        ("ended", "over_limit") => fail(OVER_LIMIT, "over_limit", format!("{name} ended it: {detail}"), &show),
        ("ended", "cancelled") => fail(STOPPED, "cancelled", format!("it was stopped on {name}"), &show),
        ("ended", _) => fail(OWN_FAULT, "not_started", format!("{name} could not begin it: {detail}"), &show),
        ("refused", _) => Err(refusal(command)),
        ("needs_approval", _) => {
            let next = format!("Somebody else who may do so says yes: diwan command approve {}", command.id);
            fail(
                REFUSED,
                "needs_approval",
                format!("{name} wants somebody else to say yes{}", why_asked(command)),
                &next,
            )
        }
        ("expired", _) => {
            fail(OFFLINE, "expired", format!("{name} did not come in time"), "Wait longer: --wait-for 10m")
        }
        ("unknown", _) => {
            let why = command.problem.as_ref().map(|problem| format!(": {}", problem.detail)).unwrap_or_default();
            let next = "Look there before you do it again; what may be done twice can be run with --retry-safe.";
            fail(UNKNOWN, "unknown_outcome", format!("nobody knows what became of it on {name}{why}"), next)
        }
        (state, _) => fail(OWN_FAULT, "not_over", format!("it is {state} on {name}"), &show),
    }
}

fn refusal(command: &Command) -> Failure {
    let name = &command.machine_name;
    match (&command.verdict, &command.problem) {
        (Some(verdict), _) if doubts_the_clock(verdict) => {
            let detail = format!("{name} does not believe it{}", why(command));
            let next = "Compare its clock with the server's: a command counts for a minute.";
            Failure::of(REFUSED, "clock_differs", detail, next)
        }
        (Some(verdict), _) if verdict.decision == "deny" => {
            let detail = format!("the policy of {name} refuses it{}", why(command));
            let next = "What may be done there its owner says, in the policy: `diwan machine show NAME --policy`.";
            Failure::of(REFUSED, "refused_by_policy", detail, &next.replace("NAME", name))
        }
        (_, Some(problem)) if problem.code == "machine_offline" => offline(name),
        (_, Some(problem)) => {
            let next = format!("`diwan command show {}` says more.", command.id);
            Failure::of(OWN_FAULT, &problem.code, format!("{name}: {}", problem.detail), &next)
        }
        _ => Failure::of(REFUSED, "refused", format!("{name} refused it"), "`diwan machine show` says how it is."),
    }
}

/// Whether it was refused for its time, which no policy changes.
fn doubts_the_clock(verdict: &CommandVerdict) -> bool {
    verdict.reasons.iter().any(|reason| matches!(reason.code.as_str(), "expired" | "clock_skew"))
}

/// The machine is not there.
pub(super) fn offline(name: &str) -> Failure {
    let next = "Start its bridge, or wait for it: --wait-for 5m. `diwan worker status` says how all are.";
    Failure::of(OFFLINE, "machine_offline", format!("{name} is not connected"), next)
}

/// The reasons of the policy, in a line.
fn why(command: &Command) -> String {
    command.verdict.as_ref().map(|verdict| format!(": {}", in_words(verdict))).unwrap_or_default()
}

/// The same where it is said already that somebody else has to say yes.
fn why_asked(command: &Command) -> String {
    match command.verdict.as_ref().filter(|verdict| verdict.reasons.is_empty()) {
        Some(verdict) => verdict.rule.as_ref().map(|rule| format!(" (rule {rule})")).unwrap_or_default(),
        None => why(command),
    }
}

/// What a policy says, in a line.
pub(super) fn in_words(verdict: &CommandVerdict) -> String {
    let words = verdict.reasons.iter().map(|reason| reason.words.as_str()).collect::<Vec<_>>().join("; ");
    match (&verdict.rule, verdict.decision.as_str()) {
        (Some(rule), "ask") if words.is_empty() => format!("the rule {rule} wants somebody else to say yes"),
        (Some(rule), _) if words.is_empty() => format!("the rule {rule} decides so"),
        (Some(rule), _) => format!("{words} (rule {rule})"),
        (None, _) if words.is_empty() => "no rule allows it".to_owned(),
        (None, _) => words,
    }
}

/// How a command ended, in a word or two, and its mark.
pub(in crate::cli) fn result_of(command: &Command) -> (String, Mark) {
    let good = Mark { sign: '✓', tone: Some(Tone::Good) };
    let bad = Mark { sign: '✗', tone: Some(Tone::Bad) };
    let open = Mark { sign: '◐', tone: Some(Tone::Doubtful) };
    let is_offline = command.problem.as_ref().is_some_and(|problem| problem.code == "machine_offline");
    match (command.state.as_str(), command.outcome.as_deref().unwrap_or_default()) {
        ("ended", "exited") if command.exit_code == Some(0) => ("done".to_owned(), good),
        ("ended", "exited") => (format!("status {}", command.exit_code.unwrap_or_default()), bad),
        ("ended", "signalled") => (format!("signal {}", command.signal.unwrap_or_default()), bad),
        ("ended", outcome) => (outcome.replace('_', " "), bad),
        ("refused", _) if is_offline => ("offline".to_owned(), bad),
        ("needs_approval", _) => ("needs approval".to_owned(), open),
        ("waiting" | "written" | "sent" | "running", _) => (command.state.clone(), open),
        (state, _) => (state.to_owned(), bad),
    }
}

/// What there is to say about how it ended.
pub(super) fn detail_of(command: &Command) -> String {
    match &command.verdict {
        Some(verdict) if verdict.decision != "allow" => in_words(verdict),
        _ => {
            let problem = command.problem.as_ref().map(|problem| problem.detail.clone());
            command.detail.clone().or(problem).unwrap_or_default()
        }
    }
}

fn low_byte(number: i32) -> u8 {
    // As a shell sees it.
    number.rem_euclid(256) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn command(more: Value) -> Command {
        let mut all = json!({"id": "cmd_1", "batch_id": "bat_1", "machine_id": "mch_1", "machine_name": "web-1",
            "actor": {"id": "usr_1", "name": "A"}, "operation": {}, "issued_at": "", "expires_at": "",
            "output_bytes": 0, "error_bytes": 0, "input_bytes": 0});
        let (Value::Object(all_fields), Value::Object(more)) = (&mut all, more) else { panic!("objects") };
        all_fields.extend(more);
        serde_json::from_value(all).expect("a command")
    }

    #[test]
    fn exit_codes_are_those_of_the_command_or_say_what_happened() {
        let denied = json!({"decision": "deny", "rule": "git push", "argv": [],
            "reasons": [{"code": "flag", "words": "--force is not allowed"}]});
        for (fields, code) in [
            (json!({"state": "ended", "outcome": "exited", "exit_code": 3}), Ok(3)),
            (json!({"state": "ended", "outcome": "exited", "exit_code": -1}), Ok(255)),
            (json!({"state": "ended", "outcome": "signalled", "signal": 9}), Ok(137)),
            (json!({"state": "ended", "outcome": "timed_out"}), Err(124)),
            (json!({"state": "ended", "outcome": "over_limit"}), Err(122)),
            (json!({"state": "ended", "outcome": "cancelled"}), Err(130)),
            (json!({"state": "ended", "outcome": "not_started", "detail": "no"}), Err(125)),
            (json!({"state": "refused", "verdict": denied}), Err(126)),
            (json!({"state": "refused", "problem": {"code": "machine_offline", "detail": ""}}), Err(120)),
            (json!({"state": "refused", "problem": {"code": "never_arrived", "detail": ""}}), Err(125)),
            (json!({"state": "needs_approval"}), Err(126)),
            (json!({"state": "expired"}), Err(120)),
            (json!({"state": "unknown"}), Err(121)),
        ] {
            assert_eq!(ending_of(&command(fields.clone())).map_err(|failure| failure.code()), code, "{fields}");
        }
        let command = command(json!({"state": "refused", "verdict": denied}));
        assert_eq!(detail_of(&command), "--force is not allowed (rule git push)");
        assert_eq!(result_of(&command).0, "refused");
    }

    #[test]
    fn a_rule_that_asks_is_not_said_to_be_missing() {
        let asks = json!({"decision": "ask", "rule": "git pull", "argv": [], "reasons": []});
        let command = command(json!({"state": "needs_approval", "verdict": asks}));
        assert_eq!(detail_of(&command), "the rule git pull wants somebody else to say yes");
        let failure = ending_of(&command).expect_err("it is not done");
        assert_eq!(failure.detail(), "web-1 wants somebody else to say yes (rule git pull)");
    }
}
