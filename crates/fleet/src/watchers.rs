//! Who watches which machine: a machine that is watched reports more often, and its samples go to those who
//! watch it and nobody else.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diwan_kernel::id::UserId;

use crate::machine::MachineId;

/// A watch that is not renewed ends after so long.
pub(crate) const WATCH: Duration = Duration::from_secs(30);
/// How often a machine reports that nobody watches, and one that somebody does.
pub(crate) const USUALLY: Duration = Duration::from_secs(30);
pub(crate) const WATCHED: Duration = Duration::from_secs(2);
/// Nobody looks at more machines at once.
const MOST: usize = 64;

/// Until when who watches what, by the monotonic clock.
#[derive(Debug, Default)]
pub(crate) struct Watchers(Mutex<HashMap<MachineId, HashMap<UserId, Duration>>>);

impl Watchers {
    /// Begins or renews a watch. Says whether the machine was not watched before; `None` when somebody would
    /// watch more machines than anybody looks at.
    pub(crate) fn watch(&self, machine: MachineId, who: UserId, now: Duration) -> Option<bool> {
        let mut all = self.lock();
        let others = all.iter().filter(|(other, watching)| **other != machine && watching.contains_key(&who));
        if others.count() >= MOST {
            return None;
        }
        let watching = all.entry(machine).or_default();
        let is_first = watching.is_empty();
        watching.insert(who, now + WATCH);
        Some(is_first)
    }

    /// Who watches a machine.
    pub(crate) fn of(&self, machine: MachineId, now: Duration) -> Vec<UserId> {
        let all = self.lock();
        let watching = all.get(&machine).into_iter().flatten();
        watching.filter(|(_, until)| **until > now).map(|(who, _)| *who).collect()
    }

    /// How often a machine is to report.
    pub(crate) fn interval(&self, machine: MachineId) -> Duration {
        if self.lock().contains_key(&machine) { WATCHED } else { USUALLY }
    }

    /// Ends the watches that nobody renewed; says which machines nobody watches any more.
    pub(crate) fn end_old(&self, now: Duration) -> Vec<MachineId> {
        let mut all = self.lock();
        for watching in all.values_mut() {
            watching.retain(|_, until| *until > now);
        }
        let left: Vec<MachineId> = all.iter().filter(|(_, w)| w.is_empty()).map(|(machine, _)| *machine).collect();
        all.retain(|_, watching| !watching.is_empty());
        left
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MachineId, HashMap<UserId, Duration>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_ends_unless_it_is_renewed() {
        let (watchers, machine, now) = (Watchers::default(), MachineId::from_bits(1), Duration::from_secs(100));
        let (one, other) = (UserId::from_bits(1), UserId::from_bits(2));
        assert_eq!((watchers.watch(machine, one, now), watchers.watch(machine, other, now)), (Some(true), Some(false)));
        assert_eq!(watchers.interval(machine), WATCHED);
        watchers.watch(machine, one, now + WATCH / 2);
        assert!(watchers.end_old(now + WATCH).is_empty());
        assert_eq!(watchers.of(machine, now + WATCH), [one]);
        assert_eq!(watchers.end_old(now + WATCH * 2), [machine]);
        assert_eq!((watchers.interval(machine), watchers.of(machine, now).len()), (USUALLY, 0));
    }

    #[test]
    fn nobody_watches_everything() {
        let (watchers, who) = (Watchers::default(), UserId::from_bits(1));
        let watch = |machine: u128| watchers.watch(MachineId::from_bits(machine), who, Duration::ZERO);
        assert!((0..64).all(|machine| watch(machine) == Some(true)));
        assert_eq!((watch(64), watch(63)), (None, Some(false)));
    }
}
