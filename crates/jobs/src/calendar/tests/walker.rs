//! The slow way to say when a schedule fires: it goes from step to step and looks at the clock.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp as Moment};

use super::speak::Expression;

/// A stretch of time that is walked through in steps.
pub(super) struct Walk<'a> {
    pub(super) rules: &'a TimeZone,
    pub(super) step: SignedDuration,
    /// It sets out so long before, in order to see what the clock has shown.
    pub(super) run_up: SignedDuration,
    pub(super) length: SignedDuration,
}

impl Walk<'_> {
    /// Every fire after a moment, which is a whole step, within the stretch.
    pub(super) fn fires(&self, expression: &Expression, after: Moment) -> Vec<Moment> {
        let mut at = after - self.run_up;
        let mut shown = self.rules.to_datetime(at);
        let mut offset = self.rules.to_offset(at);
        // Clocks that were put forward, as if they had not been, for as long as they were put forward by.
        let mut left_alone: Vec<(Offset, Moment)> = vec![];
        let mut fires = vec![];
        while at < after + self.length {
            at += self.step;
            let now = self.rules.to_offset(at);
            if now > offset {
                left_alone.push((offset, at + now.duration_since(offset)));
            }
            offset = now;
            let reading = now.to_datetime(at);
            let mut does_fire = false;
            if expression.is_steady() {
                let mut clocks = left_alone.iter().filter(|(_, until)| at < *until).map(|(clock, _)| *clock);
                does_fire = expression.names(reading) || clocks.any(|clock| expression.names(clock.to_datetime(at)));
            } else {
                while shown < reading {
                    shown += self.step;
                    does_fire |= expression.names(shown);
                }
            }
            if does_fire && at > after {
                fires.push(at);
            }
        }
        fires
    }

    /// Where steps begin.
    pub(super) fn aligned(&self, at: Moment) -> Moment {
        let past: DateTime = self.rules.to_datetime(at);
        at - SignedDuration::from_secs(i64::from(past.second()) % self.step.as_secs())
    }
}
