//! How the fires of many schedules are spread, so that not all of them come at the full hour.
//!
//! It is no dice: the same tick of the same schedule is always as late, on every server and after every restart.

use diwan_kernel::Timestamp;
use ring::digest;

use crate::ScheduleId;

/// How far the fires of one schedule may be spread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Jitter {
    /// Whose fires they are.
    pub(crate) schedule: ScheduleId,
    /// The most that a fire is late.
    pub(crate) within_ms: u64,
}

impl Jitter {
    /// When a tick is fired. It never reaches the tick after it, so that ticks stay in order.
    pub(super) fn of(self, tick: Timestamp, following: Option<Timestamp>) -> Timestamp {
        let room_ms = following.map_or(i64::MAX, |next| next.as_millis() - tick.as_millis() - 1).max(0);
        let most_ms = self.within_ms.min(room_ms.unsigned_abs());
        let text = format!("{}/{}", self.schedule, tick.as_millis());
        let hash = digest::digest(&digest::SHA256, text.as_bytes());
        let number = hash.as_ref().iter().take(8).fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
        let late_ms = number % most_ms.saturating_add(1);
        Timestamp::from_millis(tick.as_millis().saturating_add_unsigned(late_ms))
    }
}
