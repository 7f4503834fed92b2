//! All that says when one schedule fires: its expression, whose clock is meant, and how its fires are spread.

use diwan_kernel::Timestamp;

use super::cron::Cron;
use super::jitter::Jitter;
use super::next::next_after;
use super::zone::Zone;

/// When a schedule fires.
#[derive(Debug, Clone)]
pub(crate) struct Timetable {
    /// What was written.
    pub(crate) cron: Cron,
    /// Whose clock is meant.
    pub(crate) zone: Zone,
    /// How far its fires are spread.
    pub(crate) jitter: Jitter,
}

/// One fire of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick {
    /// The moment that the expression names. It is what this fire is known by.
    pub(crate) at: Timestamp,
    /// When it is to be fired: then, or later by its jitter.
    pub(crate) fires_at: Timestamp,
}

impl Timetable {
    /// The first tick after a moment.
    pub(crate) fn next(&self, after: Timestamp) -> Option<Tick> {
        next_after(&self.cron, &self.zone, after).map(|at| self.tick(at))
    }

    /// The newest tick after one moment and not after another. It is found by halving: there may be millions.
    pub(super) fn newest(&self, after: Timestamp, until: Timestamp) -> Option<Tick> {
        let first_after = |moment| next_after(&self.cron, &self.zone, moment).filter(|at| *at <= until);
        let mut newest = first_after(after)?;
        let mut end = until;
        while newest < end {
            let middle = Timestamp::from_millis(newest.as_millis().midpoint(end.as_millis()));
            match first_after(middle) {
                Some(at) => newest = at,
                None => end = middle,
            }
        }
        Some(self.tick(newest))
    }

    fn tick(&self, at: Timestamp) -> Tick {
        let following = (self.jitter.within_ms > 0).then(|| next_after(&self.cron, &self.zone, at)).flatten();
        Tick { at, fires_at: self.jitter.of(at, following) }
    }
}
