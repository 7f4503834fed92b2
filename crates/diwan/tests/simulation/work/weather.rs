//! What breaks, and when it is whole again: by lot, and written down for those who judge.

use std::time::Duration;

use turmoil::Sim;

use super::ground::MACHINES;
use super::hosts::{Hosts, PERSON, SERVER, name};
use super::ledger::Ledger;
use super::lot::Lot;

const HOUR_MS: i64 = 3_600_000;

/// What can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// The server is killed.
    ServerDown,
    /// A bridge is killed, or its machine loses its power.
    MachineDown(usize),
    /// They do not hear each other: in both directions, or in one.
    Cut(usize, Way),
    /// What is sent between them is held back.
    Held(usize),
    /// The person does not reach the server.
    Offline,
    /// The clock of the server is wrong.
    ServerClock,
    /// The clock of a machine is wrong.
    MachineClock(usize),
    /// Everything takes long.
    Slow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    Both,
    ToServer,
    ToMachine,
}

/// A fault while it lasts, and when it came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spell {
    pub(crate) fault: Fault,
    pub(crate) from: Duration,
    pub(crate) until: Duration,
}

/// What breaks in a run.
pub(crate) struct Weather {
    lot: Lot,
    busy: Duration,
    /// What is known before.
    to_come: Vec<Spell>,
    now: Vec<Spell>,
    /// Everything that is over.
    pub(crate) past: Vec<Spell>,
    next: Duration,
    /// How often something breaks, and how long that lasts.
    pause_ms: u64,
    longest_ms: u64,
    kinds: Vec<u64>,
}

impl Weather {
    pub(crate) fn of(seed: u64, busy: Duration) -> Self {
        let lot = Lot::of(seed, 2);
        let kinds = (0..8).filter(|_| lot.is(60)).collect();
        let (pause_ms, longest_ms) = (lot.between(200, 8000), lot.between(500, 30_000));
        let (to_come, next) = (vec![], Duration::ZERO);
        Self { lot, busy, to_come, now: vec![], past: vec![], next, pause_ms, longest_ms, kinds }
    }

    /// These faults, and no others.
    pub(crate) fn known(to_come: Vec<Spell>) -> Self {
        let busy = to_come.iter().map(|spell| spell.until).max().unwrap_or_default();
        Self { to_come, kinds: vec![], ..Self::of(0, busy) }
    }

    /// How long it lasts.
    pub(crate) fn lasts(&self) -> Duration {
        self.busy
    }

    /// Whether anything is broken, or will be.
    pub(crate) fn is_calm(&self, now: Duration) -> bool {
        now >= self.busy && self.now.is_empty()
    }

    /// What this moment brings.
    pub(crate) fn blow(&mut self, sim: &mut Sim<'_>, hosts: &Hosts, ledger: &Ledger, now: Duration) {
        let (over, left) = std::mem::take(&mut self.now).into_iter().partition(|spell| spell.until <= now);
        self.now = left;
        let over: Vec<Spell> = over;
        for spell in over {
            self.mend(sim, hosts, spell.fault);
            ledger.note_at(now, &format!("over: {:?}", spell.fault));
            self.past.push(Spell { until: now, ..spell });
        }
        if now >= self.next && now < self.busy && !self.kinds.is_empty() {
            self.next = now + self.lot.ms(self.pause_ms / 4, self.pause_ms);
            let fault = self.draw();
            if now > Duration::ZERO && !self.now.iter().any(|spell| spell.fault.excludes(fault)) {
                let until = (now + self.lot.ms(20, self.longest_ms)).min(self.busy);
                self.begin(sim, hosts, ledger, Spell { fault, from: now, until });
            }
        }
        let due: Vec<Spell> = self.to_come.extract_if(.., |spell| spell.from <= now).collect();
        for spell in due {
            self.begin(sim, hosts, ledger, Spell { from: now, ..spell });
        }
        for machine in 0..MACHINES {
            let is_away = |spell: &Spell| spell.fault.parts(machine);
            if self.now.iter().any(is_away) {
                ledger.is_away(Some(machine));
            }
        }
    }

    fn begin(&mut self, sim: &mut Sim<'_>, hosts: &Hosts, ledger: &Ledger, spell: Spell) {
        ledger.note_at(spell.from, &format!("until {:.3}: {:?}", spell.until.as_secs_f64(), spell.fault));
        self.now.push(spell);
        self.strike(sim, hosts, ledger, spell.fault);
    }

    fn draw(&self) -> Fault {
        let machine = self.lot.below(MACHINES as u64) as usize;
        match self.lot.one_of(&self.kinds) {
            0 => Fault::ServerDown,
            1 => Fault::MachineDown(machine),
            2 => Fault::Cut(machine, *self.lot.one_of(&[Way::Both, Way::Both, Way::ToServer, Way::ToMachine])),
            3 => Fault::Held(machine),
            4 => Fault::Offline,
            5 => Fault::ServerClock,
            6 => Fault::MachineClock(machine),
            _ => Fault::Slow,
        }
    }

    /// By how much a clock is set wrong.
    fn jump(&self) -> i64 {
        let size = match self.lot.below(4) {
            0 => self.lot.below(20_000) as i64,
            1 | 2 => self.lot.between(1, 48) as i64 * HOUR_MS,
            _ => self.lot.between(2, 60) as i64 * 24 * HOUR_MS,
        };
        if self.lot.is(50) { size } else { -size }
    }

    fn strike(&self, sim: &mut Sim<'_>, hosts: &Hosts, ledger: &Ledger, fault: Fault) {
        match fault {
            Fault::ServerDown => sim.crash(SERVER),
            Fault::MachineDown(machine) => {
                let (is_sudden, is_cut) = (self.lot.is(40), self.lot.is(50));
                if is_sudden {
                    // Nobody is told: a connection that is gone looks as one on which nothing is said.
                    sim.partition(SERVER, name(machine));
                }
                sim.crash(name(machine));
                if is_sudden {
                    sim.repair(SERVER, name(machine));
                }
                if is_cut {
                    hosts.machines[machine].disk.cut_power();
                    ledger.power_is_cut(machine);
                }
            }
            Fault::Cut(machine, Way::Both) => sim.partition(SERVER, name(machine)),
            Fault::Cut(machine, Way::ToServer) => sim.partition_oneway(name(machine), SERVER),
            Fault::Cut(machine, Way::ToMachine) => sim.partition_oneway(SERVER, name(machine)),
            Fault::Held(machine) => sim.hold(SERVER, name(machine)),
            Fault::Offline => sim.partition(SERVER, PERSON),
            Fault::ServerClock => hosts.clock.set_wrong_by(self.jump()),
            Fault::MachineClock(machine) => hosts.machines[machine].clock.set_wrong_by(self.jump()),
            Fault::Slow => sim.set_max_message_latency(self.lot.ms(200, 3000)),
        }
    }

    fn mend(&self, sim: &mut Sim<'_>, hosts: &Hosts, fault: Fault) {
        match fault {
            Fault::ServerDown => sim.bounce(SERVER),
            Fault::MachineDown(machine) => sim.bounce(name(machine)),
            Fault::Cut(machine, _) => sim.repair(SERVER, name(machine)),
            Fault::Held(machine) => sim.release(SERVER, name(machine)),
            Fault::Offline => sim.repair(SERVER, PERSON),
            Fault::ServerClock => hosts.clock.set_wrong_by(0),
            Fault::MachineClock(machine) => hosts.machines[machine].clock.set_wrong_by(0),
            Fault::Slow => sim.set_max_message_latency(CALM),
        }
    }
}

/// How long a message takes at the most when nothing is wrong.
pub(crate) const CALM: Duration = Duration::from_millis(20);

impl Fault {
    /// Whether server and machine may not hear each other.
    pub(crate) fn parts(self, machine: usize) -> bool {
        match self {
            Self::ServerDown | Self::Slow => true,
            Self::MachineDown(other) | Self::Cut(other, _) | Self::Held(other) => other == machine,
            _ => false,
        }
    }

    /// Whether both are the same, or on the same wire, so that one would undo the other.
    fn excludes(self, other: Self) -> bool {
        let wire = |fault| match fault {
            Self::Cut(machine, _) | Self::Held(machine) | Self::MachineDown(machine) => Some(machine),
            _ => None,
        };
        self == other || (wire(self).is_some() && wire(self) == wire(other))
    }
}
