//! How a machine is: put together from what is written down and whether it is there.

use std::sync::Arc;

use crate::connections::Connected;
use crate::fleet::Fleet;
use crate::machine::{Known, MachineId, MachineState, Standing};
use crate::samples::SamplePoint;

/// Clocks that differ by more make commands refused.
const MOST_SKEW_MS: i64 = 30_000;

/// What memory knows of a machine.
#[derive(Debug)]
pub(crate) struct Presence {
    pub(crate) connected: Option<Arc<Connected>>,
    /// How it is if it may come in.
    state: MachineState,
    /// What about it needs a person.
    pub(crate) troubles: Vec<&'static str>,
    /// How it was doing a moment ago.
    pub(crate) pulse: Option<SamplePoint>,
}

impl Presence {
    pub(crate) fn of(fleet: &Fleet, machine: MachineId) -> Self {
        let connected = fleet.connections().find(machine);
        let troubles = connected.as_ref().map_or_else(Vec::new, troubles);
        let state = fleet.state_by(connected.as_ref());
        Self { connected, state, troubles, pulse: fleet.samples().pulse(machine) }
    }

    /// How the machine is that is known so.
    pub(crate) fn state(&self, known: &Known) -> MachineState {
        standing_or(known, self.state)
    }
}

impl Fleet {
    /// How a machine is that may come in.
    pub(crate) fn presence(&self, machine: MachineId) -> MachineState {
        self.state_by(self.connections().find(machine).as_ref())
    }

    /// How a machine is.
    pub(crate) fn state_of(&self, known: &Known) -> MachineState {
        standing_or(known, self.presence(known.id))
    }

    fn state_by(&self, connected: Option<&Arc<Connected>>) -> MachineState {
        match connected {
            None => MachineState::Offline,
            Some(connected) if !troubles(connected).is_empty() => MachineState::Error,
            Some(connected) if self.samples().commands(connected.machine) > 0 => MachineState::Busy,
            Some(_) => MachineState::Online,
        }
    }
}

fn standing_or(known: &Known, presence: MachineState) -> MachineState {
    match known.standing {
        Standing::Active => presence,
        Standing::Locked => MachineState::Locked,
        Standing::Revoked => MachineState::Revoked,
    }
}

fn troubles(connected: &Arc<Connected>) -> Vec<&'static str> {
    let is_faulty = connected.policy.borrow().fault.is_some();
    let differs = connected.skew_ms().unsigned_abs() > MOST_SKEW_MS.unsigned_abs();
    let all = [(is_faulty, "policy_faulty"), (differs, "clock_differs")];
    all.into_iter().filter(|(is_so, _)| *is_so).map(|(_, what)| what).collect()
}
