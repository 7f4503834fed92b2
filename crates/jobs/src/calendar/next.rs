//! When a schedule fires next, in a time zone.
//!
//! Clocks are changed, and then some times do not exist and others exist twice. What is done about it, in plain
//! words:
//!
//! - **A schedule with hours of its own** (`30 2 * * *`, `0 9,17 * * mon-fri`) promises something for each of them.
//!   A time that does not exist is made up for once, at the first moment after the gap: in Berlin, 2:30 on the day in
//!   March on which 2:00 becomes 3:00 is fired at 3:00. Several such times in one gap are one fire. A time that exists
//!   twice counts the first time only.
//! - **A schedule that runs every so often** (the hour is `*` or has a step: `*/15 * * * *`, `0 */6 * * *`) goes by
//!   the time that passes. An hour that exists twice has its fires twice. A time that does not exist comes as late as
//!   if the clock had been left alone: 2:30 becomes 3:30, which for most such schedules is a fire anyway.
//!
//! In both, every fire is later than the one before, and no moment is fired twice.
//!
//! Nothing here walks through minutes: the fields are sets of bits, and days, months and changes of the clock are
//! skipped whole.

use diwan_kernel::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp as Moment};

use super::cron::Cron;
use super::zone::Zone;

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// The first fire after a moment. None when there is none before the year 10000.
pub(crate) fn next_after(cron: &Cron, zone: &Zone, after: Timestamp) -> Option<Timestamp> {
    let earliest = Moment::MIN.as_second() + 1;
    let after = Moment::from_second(after.as_secs().max(earliest)).ok()?;
    let next = if cron.is_steady() { steady(cron, zone.rules(), after) } else { named(cron, zone.rules(), after) };
    next.map(|next| Timestamp::from_millis(next.as_millisecond()))
}

/// The next fires after a moment, at most so many.
pub(crate) fn preview(cron: &Cron, zone: &Zone, after: Timestamp, count: usize) -> Vec<Timestamp> {
    std::iter::successors(next_after(cron, zone, after), |last| next_after(cron, zone, *last)).take(count).collect()
}

/// For schedules with hours of their own. Where the clock was put back, it shows again what was fired already.
fn named(cron: &Cron, rules: &TimeZone, after: Moment) -> Option<Moment> {
    let mut reading = rules.to_datetime(after);
    loop {
        reading = cron.first_from(reading.checked_add(SECOND).ok()?)?;
        let fires = first_shown(rules, reading)?;
        if fires > after {
            return Some(fires);
        }
    }
}

/// When the clock first shows this, or was put past it.
fn first_shown(rules: &TimeZone, reading: DateTime) -> Option<Moment> {
    let found = rules.to_ambiguous_timestamp(reading);
    let AmbiguousOffset::Gap { before, .. } = found.offset() else { return found.earlier().ok() };
    let if_left_alone = before.to_timestamp(reading).ok()?;
    rules.preceding(if_left_alone.checked_add(SECOND).ok()?).next().map(|change| change.timestamp())
}

/// For schedules that run every so often. Between two changes of the clock, readings and moments go side by side.
fn steady(cron: &Cron, rules: &TimeZone, after: Moment) -> Option<Moment> {
    let mut from = after.checked_add(SECOND).ok()?;
    let mut offset = rules.to_offset(from);
    let mut late = made_up_for(cron, rules, from);
    let mut changes = rules.following(from);
    loop {
        let next = cron.first_from(offset.to_datetime(from));
        let fires = next.and_then(|next| offset.to_timestamp(next).ok());
        let change = changes.next();
        let is_before = |moment: &Moment| change.as_ref().is_none_or(|change| *moment < change.timestamp());
        let found = [late, fires].into_iter().flatten().filter(is_before).min();
        let Some(change) = change.filter(|_| found.is_none()) else { return found };
        // One that the clock jumped over comes as late as if it had not jumped.
        let gap = change.offset().duration_since(offset);
        let is_in_gap = |moment: &Moment| moment.duration_since(change.timestamp()) < gap;
        late = [late, fires.filter(is_in_gap)].into_iter().flatten().min();
        (from, offset) = (change.timestamp(), change.offset());
    }
}

/// The first fire, from this moment on, that the change of the clock just before it jumped over.
fn made_up_for(cron: &Cron, rules: &TimeZone, from: Moment) -> Option<Moment> {
    let change = rules.preceding(from.checked_add(SECOND).ok()?).next()?;
    let before = rules.to_offset(change.timestamp().checked_sub(SECOND).ok()?);
    let gap = change.offset().duration_since(before);
    let is_in_gap = |moment: &Moment| moment.duration_since(change.timestamp()) < gap;
    if !is_in_gap(&from) {
        return None;
    }
    before.to_timestamp(cron.first_from(before.to_datetime(from))?).ok().filter(is_in_gap)
}
