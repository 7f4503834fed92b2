//! A signed yes from afar: it counts once, for the policy that was agreed to, and only where that policy says so.

use std::sync::PoisonError;

use diwan_policy::{RuleRequest, hash_of};
use diwan_protocol::RuleAsk;
use diwan_protocol::rules::{Grant, RuleStanding};

use super::amend::AmendError;
use super::{Inner, amend, faulty, not_taken, refusals};

impl Inner {
    /// Adds what was agreed to from afar. The owner's no on the machine weighs more.
    pub(super) fn grant(&self, ask: &RuleAsk, yes: &Grant) -> RuleStanding {
        let (world, policy) = (&self.ground.world, &self.ground.policy);
        if yes.approval.by.id == ask.actor.id {
            return not_taken("own_request", "whoever asks for rules does not grant them");
        }
        if !self.counts_once(&yes.approval.id, ask.expires_ms) {
            return not_taken("replay", "this yes was brought before");
        }
        if let Some(why) = refusals::read(world, policy.path()).remove(&ask.id) {
            return RuleStanding::Refused(why);
        }
        let amended = amend(world, policy.path(), |text| added(ask, yes, text));
        if let Err(error) = amended {
            return refused(error);
        }
        tracing::warn!(
            request = ask.id,
            approval = yes.approval.id,
            by = yes.approval.by.id,
            "rules were added to the policy by a yes from afar"
        );
        policy.read_again();
        self.standing(ask)
    }

    fn counts_once(&self, approval: &str, until_ms: i64) -> bool {
        let now_ms = self.ground.world.now().as_millis();
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.retain(|_, until| *until > now_ms);
        spent.insert(approval.to_owned(), until_ms).is_none()
    }
}

/// The policy with the rules, as it lies on the disk in this moment.
fn added(ask: &RuleAsk, yes: &Grant, text: &str) -> Result<String, RuleStanding> {
    if hash_of(text) != *yes.policy {
        return Err(not_taken("other_policy", "the policy of this machine is another than the one that was agreed to"));
    }
    let wish = signed_for(&ask.id, &ask.text).judge(text).map_err(|faults| faulty(&faults))?;
    if !wish.can_be_granted_from_afar() {
        let words = "the policy of this machine leaves these rules to its owner: no [approvals] remote, or no sandbox";
        return Err(not_taken("not_from_afar", words));
    }
    Ok(wish.text)
}

/// The rules with a line before them that says where they come from.
pub(crate) fn signed_for(id: &str, text: &str) -> RuleRequest {
    RuleRequest { text: format!("# Asked for as {id}.\n{}", text.trim()) }
}

fn refused(error: AmendError<RuleStanding>) -> RuleStanding {
    match error {
        AmendError::Refused(standing) => standing,
        AmendError::Disk(why) => {
            let words = format!("the bridge cannot write the policy of this machine, so that its owner has to: {why}");
            not_taken("policy_not_writable", &words)
        }
        AmendError::Busy => not_taken("policy_busy", "somebody else changes the policy of this machine: try again"),
        AmendError::TooLong | AmendError::NoText => not_taken("too_long", "the policy would be longer than one may be"),
    }
}
