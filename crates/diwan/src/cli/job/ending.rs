//! With which exit code a job ends, and what there is to say about it. The codes are those of `diwan run`.

use diwan_client::Job;

use super::super::failure::Failure;
use super::super::run::code;

/// The exit code for a job that is over, and why it is not one of its own.
pub(in crate::cli) fn ending_of(job: &Job) -> Result<u8, Failure> {
    let where_ = job.machine_name.as_ref().map(|name| format!(" on {name}")).unwrap_or_default();
    let why = job.detail.as_ref().map(|detail| format!(": {}", detail.trim_end_matches('.'))).unwrap_or_default();
    let show = format!("`diwan job show {}` says more.", job.id);
    let again = format!("Try it again: diwan job retry {}", job.id);
    let fail = |code, detail: String, next: &str| {
        let name = job.reason.as_deref().unwrap_or(&job.state);
        Err(Failure::of(code, name, detail, next))
    };
    match (job.state.as_str(), job.reason.as_deref().unwrap_or_default()) {
        ("succeeded", _) => Ok(0),
        ("failed", "exit_code") => Ok(low_byte(job.exit_code.unwrap_or(1))),
        ("failed", "signal") => Ok(128_u8.saturating_add(low_byte(job.signal.unwrap_or_default()))),
        (_, "refused") => fail(code::REFUSED, format!("the machine refuses it{where_}{why}"), &show),
        (_, "needs_approval") => {
            let next = job.command_id.as_ref().map(|id| format!("Somebody else says yes: diwan command approve {id}"));
            fail(code::REFUSED, format!("somebody else has to say yes{where_}{why}"), &next.unwrap_or(show))
        }
        (_, "over_limit") => fail(code::OVER_LIMIT, format!("it took more than it may{where_}{why}"), &show),
        (_, "unknown_outcome" | "machine_lost") => {
            let next = format!("Look there before you do it again: diwan job retry {}", job.id);
            fail(code::UNKNOWN, format!("nobody knows what became of it{where_}{why}"), &next)
        }
        (_, "dependency_failed") => fail(code::OWN_FAULT, format!("it was not begun{why}"), &show),
        ("timed_out", _) => fail(code::TIMED_OUT, format!("it took longer than it may{where_}"), &again),
        ("expired", _) => fail(code::OFFLINE, "it did not begin in time".to_owned(), &again),
        ("cancelled", _) => fail(code::STOPPED, format!("it was cancelled{where_}{why}"), &again),
        ("failed", _) => fail(code::OWN_FAULT, format!("it failed{where_}{why}"), &show),
        (state, _) => fail(code::OWN_FAULT, format!("it is {state}"), &show),
    }
}

fn low_byte(number: i32) -> u8 {
    // As a shell sees it; what failed is never 0.
    match number.rem_euclid(256) as u8 {
        0 => 1,
        byte => byte,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::words::tests::job;
    use super::*;

    #[test]
    fn exit_codes_are_those_of_the_job_or_say_what_happened() {
        for (fields, code) in [
            (json!({"state": "succeeded"}), Ok(0)),
            (json!({"state": "failed", "reason": "exit_code", "exit_code": 3}), Ok(3)),
            (json!({"state": "failed", "reason": "exit_code", "exit_code": 256}), Ok(1)),
            (json!({"state": "failed", "reason": "signal", "signal": 9}), Ok(137)),
            (json!({"state": "failed", "reason": "refused"}), Err(126)),
            (json!({"state": "failed", "reason": "needs_approval", "command_id": "cmd_1"}), Err(126)),
            (json!({"state": "failed", "reason": "over_limit"}), Err(122)),
            (json!({"state": "failed", "reason": "unknown_outcome"}), Err(121)),
            (json!({"state": "failed", "reason": "machine_lost"}), Err(121)),
            (json!({"state": "failed", "reason": "not_started"}), Err(125)),
            (json!({"state": "timed_out", "reason": "timeout"}), Err(124)),
            (json!({"state": "expired", "reason": "queue_timeout"}), Err(120)),
            (json!({"state": "cancelled", "reason": "cancelled"}), Err(130)),
            (json!({"state": "cancelled", "reason": "dependency_failed"}), Err(125)),
            (json!({"state": "running"}), Err(125)),
        ] {
            assert_eq!(ending_of(&job(fields.clone())).map_err(|failure| failure.code()), code, "{fields}");
        }
    }

    #[test]
    fn why_a_job_was_not_begun_is_said_if_it_is_known() {
        let said = |fields| ending_of(&job(fields)).map_err(|failure| failure.detail().to_owned());
        let mut fields = json!({"state": "cancelled", "reason": "dependency_failed"});
        assert_eq!(said(fields.clone()), Err("it was not begun".to_owned()));
        fields["detail"] = json!("The job build did not succeed.");
        assert_eq!(said(fields), Err("it was not begun: The job build did not succeed".to_owned()));
    }
}
