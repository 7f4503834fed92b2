//! What a simulated program does: decided before the run, so that everybody knows what should have come of it.

use std::time::Duration;

use super::lot::Lot;

/// Something that a program does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Says so many bytes: 0 is its output, 1 its errors.
    Say(usize, usize),
    /// Does what it is for: that counts in the ledger.
    Effect,
}

/// A program.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// What it does, and how long after its beginning.
    pub(crate) course: Vec<(Duration, Act)>,
    /// How long it runs.
    pub(crate) takes: Duration,
    /// With which status it ends, the first time, the second, and so on; the last one from then on.
    pub(crate) statuses: Vec<i32>,
    /// How long it goes on after it was asked to stop.
    pub(crate) deaf: Duration,
    /// Whether it goes on when the bridge dies that began it.
    pub(crate) survives: bool,
}

impl Step {
    pub(crate) fn by_lot(lot: &Lot) -> Self {
        let takes = if lot.is(50) { lot.ms(0, 500) } else { lot.ms(500, 9000) };
        let within = || Duration::from_millis(lot.below(takes.as_millis() as u64 + 1));
        let mut course = vec![(within(), Act::Effect)];
        for _ in 0..lot.below(5) {
            let length = if lot.is(5) { lot.between(50_000, 300_000) } else { lot.between(1, 3000) };
            course.push((within(), Act::Say(lot.below(2) as usize, length as usize)));
        }
        course.sort_by_key(|(at, _)| *at);
        let mut statuses: Vec<i32> = (0..lot.below(3)).map(|_| lot.between(1, 3) as i32).collect();
        if lot.is(70) {
            statuses.push(0);
        }
        if statuses.is_empty() || lot.is(50) {
            statuses = vec![0];
        }
        let deaf = if lot.is(40) { lot.ms(0, 7000) } else { Duration::ZERO };
        Self { course, takes, statuses, deaf, survives: lot.is(30) }
    }
}
