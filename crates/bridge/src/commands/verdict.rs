//! What the policy says, as it is told, and whether that is a yes.

use diwan_policy::{Decision, Here, Plan, Verdict as Judged};
use diwan_protocol::command::{Actor, Approval};
use diwan_protocol::run::{self, Reason, Verdict};
use diwan_protocol::{Operation, Refusal};

use crate::execute::{files, keys, starter};
use crate::policy_file::InForce;

/// What the policy says.
#[derive(Debug)]
pub(super) struct Opinion {
    /// As it is told.
    pub(super) told: Verdict,
    /// What would be run, unless the answer is no.
    pub(super) plan: Option<Plan>,
}

/// Asks the policy.
pub(super) fn judge(policy: &InForce, here: &Here, operation: &Operation, actor: &str) -> Opinion {
    match policy.judge(operation, actor, here) {
        None => {
            Opinion { told: denied("no_policy", "this machine has no policy, so everything is denied"), plan: None }
        }
        Some(judged) => {
            let own = match (&judged.keys, &judged.files, operation) {
                (Some(plan), _, Operation::SshKey(wanted)) => keys::plan(plan, wanted).map(Some),
                (_, Some(plan), Operation::CreateProject(wanted)) => starter::plan(plan, wanted),
                (_, Some(plan), _) => Ok(files::plan(plan, operation)),
                _ => Ok(None),
            };
            match own {
                Ok(own) => Opinion { told: told(&judged), plan: judged.plan.or(own) },
                Err((code, words)) => Opinion { told: denied(code, &words), plan: None },
            }
        }
    }
}

/// Why a verdict is no yes to a command; `None` when it is one. Where the policy asks, somebody other than
/// whoever wants it must have said yes.
pub(super) fn objection(verdict: &Verdict, actor: &Actor, approval: Option<&Approval>) -> Option<String> {
    match verdict.decision {
        run::Decision::Allow => None,
        run::Decision::Ask if approval.is_some_and(|approval| approval.by.id != actor.id) => None,
        run::Decision::Ask => Some("the policy of this machine asks for somebody else's approval".to_owned()),
        run::Decision::Deny => {
            let words: Vec<&str> = verdict.reasons.iter().map(|reason| reason.words.as_str()).collect();
            Some(if words.is_empty() { "the policy of this machine denies it".to_owned() } else { words.join("; ") })
        }
    }
}

/// A no.
pub(super) fn denied(code: &str, words: &str) -> Verdict {
    let reason = Reason { code: code.to_owned(), words: words.to_owned() };
    Verdict { decision: run::Decision::Deny, rule: None, reasons: vec![reason], argv: vec![] }
}

/// A command that is not believed.
pub(super) fn disbelieved(refusal: Refusal) -> Verdict {
    denied(refusal.code(), &refusal.to_string())
}

fn told(judged: &Judged) -> Verdict {
    let decision = match judged.decision {
        Decision::Allow => run::Decision::Allow,
        Decision::Ask => run::Decision::Ask,
        Decision::Deny => run::Decision::Deny,
    };
    let reasons =
        judged.reasons.iter().map(|reason| Reason { code: reason.code.to_owned(), words: reason.text.clone() });
    let argv = judged.plan.as_ref().map(|plan| plan.argv.clone()).unwrap_or_default();
    Verdict { decision, rule: judged.rule.clone(), reasons: reasons.collect(), argv }
}
