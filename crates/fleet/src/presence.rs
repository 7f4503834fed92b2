//! How a machine is: put together from what is written down and whether it is there.

use std::sync::Arc;

use crate::connections::Connected;
use crate::fleet::Fleet;
use crate::machine::{Known, MachineId, MachineState, Standing};

/// Clocks that differ by more make commands refused.
const MOST_SKEW_MS: i64 = 30_000;

impl Fleet {
    /// How a machine is that may come in.
    pub(crate) fn presence(&self, machine: MachineId) -> MachineState {
        match self.connections().find(machine) {
            None => MachineState::Offline,
            Some(connected) if !troubles(&connected).is_empty() => MachineState::Error,
            Some(_) if self.samples().commands(machine) > 0 => MachineState::Busy,
            Some(_) => MachineState::Online,
        }
    }

    /// How a machine is.
    pub(crate) fn state_of(&self, known: &Known) -> MachineState {
        match known.standing {
            Standing::Active => self.presence(known.id),
            Standing::Locked => MachineState::Locked,
            Standing::Revoked => MachineState::Revoked,
        }
    }

    /// What about a machine needs a person.
    pub(crate) fn troubles(&self, machine: MachineId) -> Vec<&'static str> {
        self.connections().find(machine).map_or_else(Vec::new, |connected| troubles(&connected))
    }
}

fn troubles(connected: &Arc<Connected>) -> Vec<&'static str> {
    let is_faulty = connected.policy.borrow().fault.is_some();
    let differs = connected.skew_ms().unsigned_abs() > MOST_SKEW_MS.unsigned_abs();
    let all = [(is_faulty, "policy_faulty"), (differs, "clock_differs")];
    all.into_iter().filter(|(is_so, _)| *is_so).map(|(_, what)| what).collect()
}
