//! Whether jobs on lost machines were found in time.

use std::time::Duration;

use diwan_kernel::Timestamp;
use diwan_testkit::sim::START;
use serde_json::Value;

use super::weather::{Fault, Spell, Way};

/// A machine that is away is noticed within this time.
const NOTICED: Duration = Duration::from_secs(15);

/// The tries at this job that were found too late, when the server's clock was right all the time. `machine` says
/// which number a machine has.
pub(crate) fn found_late(job: &Value, past: &[Spell], machine: impl Fn(&str) -> Option<usize>) -> Vec<String> {
    if job["lost"]["policy"] == "wait" || past.iter().any(|spell| spell.fault == Fault::ServerClock) {
        return vec![];
    }
    let waits = NOTICED + Duration::from_millis(job["lost"]["after_ms"].as_u64().unwrap_or_default());
    let mut late = vec![];
    for one in job["attempts"].as_array().into_iter().flatten() {
        let Some(number) = one["machine_id"].as_str().and_then(&machine) else { continue };
        let (Some(leased), ended) = (moment(&one["leased_at"]), moment(&one["ended_at"])) else { continue };
        for spell in past.iter().filter(|spell| takes_away(spell.fault, number)) {
            let by = spell.from + waits;
            let is_under_way = leased < spell.from && ended.is_none_or(|ended| ended > spell.from);
            if is_under_way && spell.until > by && is_quiet(past, spell.from, by) && ended.is_none_or(|at| at > by) {
                late.push(format!("its machine was away from {:?}, and it was found at {ended:?}", spell.from));
            }
        }
    }
    late
}

fn moment(at: &Value) -> Option<Duration> {
    Some(Timestamp::parse(at.as_str()?)?.since(START))
}

fn takes_away(fault: Fault, machine: usize) -> bool {
    [Fault::MachineDown(machine), Fault::Cut(machine, Way::Both), Fault::Held(machine)].contains(&fault)
}

/// Whether somebody was there who could find it.
fn is_quiet(past: &[Spell], from: Duration, to: Duration) -> bool {
    !past.iter().any(|spell| spell.fault == Fault::ServerDown && spell.from <= to && spell.until >= from)
}
