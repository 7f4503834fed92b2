//! Dates far away: leap days, the end of 32-bit seconds, the year 9999, and all dates by a walk from day to day.

use diwan_kernel::Timestamp;
use jiff::civil::{DateTime, date};
use proptest::prelude::*;

use super::super::{Cron, next_after};
use super::speak::expression;
use super::{cron, fires, moment, zone};

#[test]
fn leap_days_come_every_four_years_and_not_in_1900_or_2100() {
    let next = fires("0 0 29 2 *", "UTC", "2023-03-01T00:00:00Z", 2);
    assert_eq!(next, ["2024-02-29T00:00:00+00", "2028-02-29T00:00:00+00"]);
    assert_eq!(fires("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", 1), ["2104-02-29T00:00:00+00"]);
    // A star in a field asks for both: a leap day that is a Sunday.
    assert_eq!(
        fires("0 0 29 2 */7", "UTC", "2005-01-01T00:00:00Z", 2),
        ["2032-02-29T00:00:00+00", "2060-02-29T00:00:00+00"]
    );
}

#[test]
fn seconds_go_on_after_2038() {
    let next = fires("*/1 14 3 19 1 *", "UTC", "2038-01-19T03:14:06Z", 3);
    assert_eq!(next, ["2038-01-19T03:14:07+00", "2038-01-19T03:14:08+00", "2038-01-19T03:14:09+00"]);
    assert_eq!(fires("0 12 * 7 *", "Europe/Berlin", "2500-06-30T12:00:00Z", 1), ["2500-07-01T12:00:00+02"]);
}

#[test]
fn fires_end_with_the_year_9999() {
    assert_eq!(fires("0 0 1 1 *", "UTC", "9998-01-01T00:00:00Z", 5), ["9999-01-01T00:00:00+00"]);
    assert_eq!(fires("0 0 1 7 *", "America/New_York", "9998-12-01T00:00:00Z", 5), ["9999-07-01T00:00:00-04"]);
    for ms in [i64::MIN, -62_135_596_800_000, 253_402_300_799_999, i64::MAX] {
        for expression in ["* * * * * *", "0 0 1 1 *", "*/7 * 29 2 *"] {
            for name in ["UTC", "Europe/Berlin", "Pacific/Apia"] {
                let (after, next) = (Timestamp::from_millis(ms), (cron(expression), zone(name)));
                let next = next_after(&next.0, &next.1, after);
                assert!(next.is_none_or(|next| next > after), "{expression} in {name} after {after}: {next:?}");
            }
        }
    }
}

#[test]
fn a_schedule_that_runs_every_so_often_finds_a_date_years_away() {
    let next = fires("*/20 */12 29 2 *", "Europe/Berlin", "2025-03-30T00:30:00Z", 2);
    assert_eq!(next, ["2028-02-29T00:00:00+01", "2028-02-29T00:20:00+01"]);
}

proptest! {
    #[test]
    fn dates_are_those_of_a_walk_from_day_to_day(expression in expression(false), days in 0i32..146_097) {
        let Ok(cron) = Cron::parse(&expression.text()) else { return Ok(()) };
        let midnight = date(1999, 12, 31).checked_add(jiff::Span::new().days(days)).unwrap().at(0, 0, 0, 0);
        let times: Vec<_> = (0..24i8).flat_map(|hour| (0..60).map(move |minute| (hour, minute))).collect();
        let is_named = |at: &DateTime| times.iter().any(|(hour, minute)| expression.names(at.date().at(*hour, *minute, 0, 0)));
        let walk = std::iter::successors(Some(midnight), |at| at.tomorrow().ok()).take(500);
        let slow = walk.skip(1).find(is_named).map(|at| at.date());
        let at = midnight.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
        let before_tomorrow = Timestamp::from_millis(at.as_millisecond() + 86_400_000 - 1);
        let quick = next_after(&cron, &zone("UTC"), before_tomorrow).unwrap();
        let quick = jiff::Timestamp::from_millisecond(quick.as_millis()).unwrap().to_zoned(jiff::tz::TimeZone::UTC).date();
        match slow {
            Some(slow) => prop_assert_eq!(quick, slow),
            None => prop_assert!(quick > midnight.date().checked_add(jiff::Span::new().days(499)).unwrap()),
        }
    }
}

#[test]
fn a_moment_without_a_second_is_found_from_any_year() {
    let after = moment("0001-01-01T00:00:00Z");
    let next = next_after(&cron("0 0 1 1 *"), &zone("UTC"), after).unwrap();
    assert_eq!(next, moment("0002-01-01T00:00:00Z"));
}
