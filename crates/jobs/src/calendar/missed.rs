//! What is to be fired now, after a moment in which nobody looked: a restart, a pause of the machine, a clock that
//! was put forward.
//!
//! All that must be remembered of a schedule is one moment: its last fired tick, or up to where ticks were passed over,
//! or when it was made or last changed. Nothing at or before it is ever fired again, whatever the clock says and however
//! often it is asked; two servers that remember the same come to the same fires.

use std::time::Duration;

use diwan_kernel::Timestamp;
use serde::{Deserialize, Serialize};

use super::timetable::{Tick, Timetable};

/// A fire that is late by less was not missed: somebody was busy.
const GRACE: Duration = Duration::from_secs(60);
/// No two moments are closer.
const SHORTEST: Duration = Duration::from_millis(1);

/// What is done about fires that were missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MissedPolicy {
    /// Nothing: it goes on with the next one.
    Skip,
    /// One run makes up for all of them: the next one if that is due already, otherwise the newest that was missed.
    #[default]
    Once,
    /// Each is fired, the oldest first.
    All,
}

impl MissedPolicy {
    /// The name used in the API and in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Once => "once",
            Self::All => "all",
        }
    }

    /// Reads its name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Skip, Self::Once, Self::All].into_iter().find(|policy| policy.as_str() == name)
    }
}

/// What is to be fired now, and what comes after that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    /// To be fired now, in this order.
    pub(crate) fire: Vec<Tick>,
    /// What is to be remembered from then on: the last of these, or up to where nothing is to be fired any more.
    pub(crate) last: Timestamp,
    /// What comes next. It may be due already, when more was missed than is fired at once.
    pub(crate) next: Option<Tick>,
}

/// Says what is to be fired now, at most so many at once. `last` is what was remembered.
pub(crate) fn due(table: &Timetable, last: Timestamp, now: Timestamp, missed: MissedPolicy, most: usize) -> Due {
    let mut next = match missed {
        MissedPolicy::All => table.next(last),
        MissedPolicy::Skip => first_not_missed(table, last, now),
        MissedPolicy::Once => one_for_all(table, last, now),
    };
    let mut fire = vec![];
    while let Some(tick) = next.filter(|tick| tick.fires_at <= now && fire.len() < most) {
        fire.push(tick);
        next = table.next(tick.at);
    }
    let before_next = next.map_or(now, |tick| tick.at.minus(SHORTEST));
    let last = fire.last().map_or_else(|| last.max(before_next.min(now)), |tick| tick.at);
    Due { fire, last, next }
}

/// The first tick that was not missed; it may be due or yet to come.
fn first_not_missed(table: &Timetable, last: Timestamp, now: Timestamp) -> Option<Tick> {
    let too_late = now.minus(GRACE);
    // The newest tick of those times may be fired later than it says.
    let spread = table.newest(last, too_late).filter(|tick| tick.fires_at > too_late);
    spread.or_else(|| table.next(last.max(too_late)))
}

/// The first tick that was not missed, if that makes up for the others because it is due; else the newest of them.
fn one_for_all(table: &Timetable, last: Timestamp, now: Timestamp) -> Option<Tick> {
    let next = first_not_missed(table, last, now);
    if next.is_some_and(|tick| tick.fires_at <= now) {
        return next;
    }
    let before_next = next.map_or(now, |tick| tick.at.minus(SHORTEST));
    table.newest(last, before_next).or(next)
}
