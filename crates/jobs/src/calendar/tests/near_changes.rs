//! Fires around changes of clocks are those that somebody who looks at the clock all the time comes to.

use diwan_kernel::Timestamp;
use jiff::tz::TimeZoneDatabase;
use jiff::{SignedDuration, Timestamp as Moment};
use proptest::prelude::*;
use proptest::sample::select;

use super::super::{Cron, Zone, next_after};
use super::speak::{Expression, expression};
use super::walker::Walk;

/// Zones with changes of an hour, at midnight, of half an hour, of a whole day, and without any.
const ZONES: &[&str] =
    &["Europe/Berlin", "America/New_York", "Africa/Cairo", "Asia/Riyadh", "Australia/Lord_Howe", "Pacific/Apia", "UTC"];

/// The years from 1975 to 2039, in which distances from Greenwich are whole minutes.
const SECONDS: std::ops::Range<i64> = 157_766_400..2_208_988_800;

/// As many as take a few seconds: each walks through days or hours.
const CASES: u32 = 160;

/// A zone, and a moment that is mostly near a change of its clocks.
fn place(names: impl Strategy<Value = String>) -> impl Strategy<Value = (Zone, Moment)> {
    (names, SECONDS, -40i64 * 3600..4 * 3600, 0..4).prop_map(|(name, second, distance, form)| {
        let zone = Zone::parse(&name).unwrap();
        let any = Moment::from_second(second).unwrap();
        let change = zone.rules().following(any).next().map(|change| change.timestamp());
        let near = change.filter(|_| form > 0).unwrap_or(any);
        (zone, near + SignedDuration::from_secs(distance))
    })
}

fn compare(expression: &Expression, zone: &Zone, after: Moment, walk: &Walk<'_>) {
    // Some never come, and are refused.
    let Ok(cron) = Cron::parse(&expression.text()) else { return };
    let after = walk.aligned(after);
    let until = Timestamp::from_millis((after + walk.length).as_millisecond());
    let slow: Vec<_> =
        walk.fires(expression, after).iter().map(|at| Timestamp::from_millis(at.as_millisecond())).collect();
    let first = next_after(&cron, zone, Timestamp::from_millis(after.as_millisecond()));
    let quick = std::iter::successors(first, |last| next_after(&cron, zone, *last));
    let quick: Vec<_> = quick.take_while(|at| *at <= until).take(slow.len() + 1).collect();
    assert_eq!(quick, slow, "{cron} in {zone} after {after}");
}

const MINUTE: SignedDuration = SignedDuration::from_secs(60);

fn by_minutes(expression: &Expression, zone: &Zone, after: Moment) {
    let (run_up, length) = (SignedDuration::from_hours(26), SignedDuration::from_hours(60));
    compare(expression, zone, after, &Walk { rules: zone.rules(), step: MINUTE, run_up, length });
}

fn every_zone() -> Vec<String> {
    TimeZoneDatabase::bundled()
        .available()
        .map(|name| name.to_string())
        .filter(|name| Zone::parse(name).is_ok())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn fires_are_those_of_somebody_who_looks_every_minute(
        (zone, after) in place(select(ZONES).prop_map(str::to_owned)),
        expression in expression(false),
    ) {
        by_minutes(&expression, &zone, after);
    }

    #[test]
    fn so_they_are_in_every_zone_of_the_world(
        (zone, after) in place(select(every_zone())),
        expression in expression(false),
    ) {
        by_minutes(&expression, &zone, after);
    }

    #[test]
    fn fires_are_those_of_somebody_who_looks_every_second(
        (zone, after) in place(select(&ZONES[..5]).prop_map(str::to_owned)),
        expression in expression(true),
        distance in -3600i64..3600,
    ) {
        let step = SignedDuration::from_secs(1);
        let change = zone.rules().following(after).next().map_or(after, |change| change.timestamp());
        let (run_up, length) = (SignedDuration::from_hours(2), SignedDuration::from_hours(2));
        let after = change + SignedDuration::from_secs(distance);
        compare(&expression, &zone, after, &Walk { rules: zone.rules(), step, run_up, length });
    }

    #[test]
    fn parts_of_a_second_change_nothing(
        (zone, after) in place(select(ZONES).prop_map(str::to_owned)),
        expression in expression(true),
        millis in 0i64..1000,
    ) {
        if let Ok(cron) = Cron::parse(&expression.text()) {
            let second = after.as_second() * 1000;
            let next = |ms| next_after(&cron, &zone, Timestamp::from_millis(ms));
            prop_assert_eq!(next(second + millis), next(second));
        }
    }
}
