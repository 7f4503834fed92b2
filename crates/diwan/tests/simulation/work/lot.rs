//! Dice for a story: the same seed, the same story.

use std::time::Duration;

use diwan_kernel::world::Chance;
use diwan_testkit::sim::SeededChance;

#[derive(Debug)]
pub(crate) struct Lot(SeededChance);

impl Lot {
    /// The dice of one part of a run; other parts have others.
    pub(crate) fn of(seed: u64, part: u64) -> Self {
        Self(SeededChance::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (part << 56)))
    }

    /// A number below this one.
    pub(crate) fn below(&self, many: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes) % many.max(1)
    }

    /// One of these numbers.
    pub(crate) fn between(&self, from: u64, to: u64) -> u64 {
        from + self.below(to - from + 1)
    }

    /// Whether it happens, which it does so often in a hundred.
    pub(crate) fn is(&self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub(crate) fn one_of<'a, T>(&self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }

    /// A span of so many milliseconds.
    pub(crate) fn ms(&self, from: u64, to: u64) -> Duration {
        Duration::from_millis(self.between(from, to))
    }
}
