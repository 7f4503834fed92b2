//! What is fired after an absence, and that nothing is ever fired twice.

use std::collections::BTreeSet;
use std::time::Duration;

use diwan_kernel::Timestamp;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::{Due, Jitter, MissedPolicy, Tick, Timetable, due};
use super::{cron, moment, zone};

const MOST: usize = 100;
const GRACE: Duration = Duration::from_secs(60);

fn table(expression: &str, name: &str, jitter_ms: u64) -> Timetable {
    let schedule = "jsc_01k9xv3m2p8q7r6s5t4w3y2z1a".parse().unwrap();
    Timetable { cron: cron(expression), zone: zone(name), jitter: Jitter { schedule, within_ms: jitter_ms } }
}

/// The ticks that are fired, as text, and the one that comes next.
fn shown(due: &Due) -> (Vec<String>, String) {
    let text = |tick: &Tick| tick.at.to_string().replace(":00.000Z", "");
    (due.fire.iter().map(text).collect(), due.next.as_ref().map(text).unwrap_or_default())
}

fn after_absence(missed: MissedPolicy, now: &str) -> (Vec<String>, String) {
    let table = table("0 * * * *", "UTC", 0);
    shown(&due(&table, moment("2026-11-21T08:00:00Z"), moment(now), missed, MOST))
}

fn hours(ticks: &[&str], next: &str) -> (Vec<String>, String) {
    let text = |hour: &str| format!("2026-11-21T{hour}");
    (ticks.iter().map(|hour| text(hour)).collect(), text(next))
}

#[test]
fn each_policy_does_with_missed_fires_what_it_says() {
    let now = "2026-11-21T11:30:00Z";
    assert_eq!(after_absence(MissedPolicy::Skip, now), hours(&[], "12:00"));
    assert_eq!(after_absence(MissedPolicy::Once, now), hours(&["11:00"], "12:00"));
    assert_eq!(after_absence(MissedPolicy::All, now), hours(&["09:00", "10:00", "11:00"], "12:00"));
}

#[test]
fn a_fire_that_is_late_by_less_than_a_minute_was_not_missed() {
    let in_time = "2026-11-21T11:00:59.999Z";
    assert_eq!(after_absence(MissedPolicy::Skip, in_time), hours(&["11:00"], "12:00"));
    // It makes up for those before it.
    assert_eq!(after_absence(MissedPolicy::Once, in_time), hours(&["11:00"], "12:00"));
    assert_eq!(after_absence(MissedPolicy::All, in_time), hours(&["09:00", "10:00", "11:00"], "12:00"));
    assert_eq!(after_absence(MissedPolicy::Skip, "2026-11-21T11:01:00Z"), hours(&[], "12:00"));
}

#[test]
fn a_clock_that_jumps_back_fires_nothing_again() {
    for missed in [MissedPolicy::Skip, MissedPolicy::Once, MissedPolicy::All] {
        assert_eq!(after_absence(missed, "2026-11-21T08:00:00Z"), hours(&[], "09:00"));
        assert_eq!(after_absence(missed, "2026-11-21T07:00:01Z"), hours(&[], "09:00"));
        assert_eq!(after_absence(missed, "2020-01-01T00:00:00Z"), hours(&[], "09:00"));
    }
}

#[test]
fn no_more_than_asked_for_is_fired_at_once_and_the_rest_is_next() {
    let table = table("* * * * * *", "UTC", 0);
    let (last, now) = (moment("2026-01-01T00:00:00Z"), moment("2027-01-01T00:00:00Z"));
    let first = due(&table, last, now, MissedPolicy::All, MOST);
    assert_eq!(first.fire.len(), MOST);
    assert_eq!(first.fire[0].at, moment("2026-01-01T00:00:01Z"));
    let next = first.next.unwrap();
    assert_eq!(next.at, moment("2026-01-01T00:01:41Z"));
    let second = due(&table, first.fire[MOST - 1].at, now, MissedPolicy::All, MOST);
    assert_eq!(second.fire[0], next);
    // Nobody counts through the year that is passed over.
    let skipped = due(&table, last, now, MissedPolicy::Skip, MOST);
    assert_eq!(skipped.fire[0].at, moment("2026-12-31T23:59:01Z"));
    assert_eq!(skipped.fire.len(), 60);
}

#[test]
fn a_fire_that_its_jitter_holds_back_is_not_missed() {
    let table = table("0 * * * *", "UTC", 30 * 60_000);
    let (last, tick) = (moment("2026-11-21T08:00:00Z"), moment("2026-11-21T09:00:00Z"));
    let first = due(&table, last, tick, MissedPolicy::Skip, MOST).next.unwrap();
    assert_eq!(first.at, tick);
    assert!(first.fires_at > tick.plus(GRACE) && first.fires_at <= tick.plus(30 * GRACE), "{first:?}");
    for missed in [MissedPolicy::Skip, MissedPolicy::Once, MissedPolicy::All] {
        let early = due(&table, last, first.fires_at.minus(Duration::from_millis(1)), missed, MOST);
        assert_eq!((&early.fire, early.next), (&vec![], Some(first)));
        // Whoever looked at it meanwhile has not passed it over.
        assert!(early.last < tick);
        assert_eq!(due(&table, early.last, first.fires_at, missed, MOST).fire, [first]);
        assert_eq!(due(&table, last, first.fires_at, missed, MOST).fire, [first]);
    }
    let late = first.fires_at.plus(GRACE);
    assert_eq!(due(&table, last, late, MissedPolicy::Skip, MOST).fire, []);
    assert_eq!(due(&table, last, late, MissedPolicy::Once, MOST).fire, [first]);
}

#[test]
fn what_was_passed_over_stays_so_under_another_policy() {
    let table = table("0 * * * *", "UTC", 0);
    let (last, now) = (moment("2026-11-21T08:00:00Z"), moment("2026-11-21T11:30:00Z"));
    let skipped = due(&table, last, now, MissedPolicy::Skip, MOST);
    assert_eq!((skipped.fire.len(), skipped.last), (0, now));
    assert_eq!(shown(&due(&table, skipped.last, now, MissedPolicy::All, MOST)), hours(&[], "12:00"));
}

#[test]
fn the_names_of_policies_are_those_of_the_database_and_of_requests() {
    for missed in [MissedPolicy::Skip, MissedPolicy::Once, MissedPolicy::All] {
        assert_eq!(MissedPolicy::parse(missed.as_str()), Some(missed));
        assert_eq!(serde_json::to_value(missed).unwrap(), missed.as_str());
    }
    assert_eq!(MissedPolicy::parse("none"), None);
}

const START: i64 = 1_774_000_000_000; // March 2026, some days before clocks change

/// How far the clock moves until somebody looks again: seconds mostly, hours and days now and then, and back.
fn moves() -> impl Strategy<Value = Vec<i64>> {
    let step = prop_oneof![
        6 => 0i64..90_000,
        2 => 0i64..7_200_000,
        1 => 0i64..3 * 86_400_000,
        2 => -7_200_000i64..0,
        1 => -2 * 86_400_000i64..0,
    ];
    prop::collection::vec(step, 1..60)
}

const EXPRESSIONS: &[&str] =
    &["* * * * *", "*/7 * * * *", "30 2 * * *", "0 */3 * * *", "*/20 0 */5 * * *", "0,30 1-3 * * *"];

fn tables() -> impl Strategy<Value = Timetable> {
    let expression = select(EXPRESSIONS);
    (
        expression,
        select(&["Europe/Berlin", "Africa/Cairo", "UTC"][..]),
        select(&[0, 1, 500, 30_000, 600_000, 86_400_000][..]),
    )
        .prop_map(|(expression, name, jitter)| table(expression, name, jitter))
}

/// Every tick between two moments whose time came.
fn every_tick(table: &Timetable, from: Timestamp, until: Timestamp) -> Vec<Tick> {
    std::iter::successors(table.next(from), |tick| table.next(tick.at))
        .take_while(|tick| tick.fires_at <= until)
        .collect()
}

/// Somebody looks after each move of the clock; all that survives between is what is to be remembered. Hands over what was fired,
/// what it was fired at, and the latest moment that the clock has shown.
fn look(table: &Timetable, moves: &[i64], missed: MissedPolicy, most: usize) -> (Vec<(Timestamp, Tick)>, Timestamp) {
    let start = Timestamp::from_millis(START);
    let (mut now, mut last, mut latest) = (start, start, start);
    let mut fired = vec![];
    for step in moves {
        now = Timestamp::from_millis(now.as_millis() + step);
        latest = latest.max(now);
        loop {
            let due = due(table, last, now, missed, most);
            assert_eq!(
                due,
                super::super::due(table, last, now, missed, most),
                "another server comes to something else"
            );
            assert!(due.fire.len() <= most);
            if due.fire.is_empty() {
                assert!(due.next.is_none_or(|next| next.fires_at > now), "something is due and nothing is fired");
                assert!(due.last >= last);
                last = due.last;
                break;
            }
            for tick in due.fire {
                assert!(tick.at > last, "{tick:?} was fired after {last}");
                assert!(tick.fires_at <= now, "{tick:?} was fired too early, at {now}");
                last = tick.at;
                fired.push((now, tick));
            }
            assert_eq!(last, due.last);
            assert!(due.next.is_none_or(|next| next.at > last));
        }
    }
    (fired, latest)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn all_fires_every_tick_exactly_once(table in tables(), moves in moves(), most in 1usize..20) {
        let (fired, latest) = look(&table, &moves, MissedPolicy::All, most);
        let fired: Vec<_> = fired.into_iter().map(|(_, tick)| tick).collect();
        prop_assert_eq!(fired, every_tick(&table, Timestamp::from_millis(START), latest));
    }

    #[test]
    fn skip_fires_what_was_not_missed_and_nothing_else(table in tables(), moves in moves()) {
        let (fired, latest) = look(&table, &moves, MissedPolicy::Skip, MOST);
        for (now, tick) in &fired {
            prop_assert!(now.since(tick.fires_at) < GRACE, "{:?} was missed, and fired at {}", tick, now);
        }
        // Whatever somebody looked at in time was fired, unless a later tick was fired before the clock jumped back.
        let fired: BTreeSet<_> = fired.into_iter().map(|(_, tick)| tick).collect();
        let mut now = Timestamp::from_millis(START);
        let mut furthest = now;
        let every = every_tick(&table, now, latest);
        for step in &moves {
            now = Timestamp::from_millis(now.as_millis() + step);
            furthest = furthest.max(now);
            let in_time = |tick: &&Tick| tick.fires_at <= now && now.since(tick.fires_at) < GRACE;
            for tick in every.iter().filter(in_time).filter(|_| now == furthest) {
                prop_assert!(fired.contains(tick), "{:?} was due at {}, and not fired", tick, now);
            }
        }
    }

    #[test]
    fn once_makes_up_for_an_absence_with_one_run(table in tables(), moves in moves()) {
        let (fired, _) = look(&table, &moves, MissedPolicy::Once, MOST);
        let mut looks: Vec<(Timestamp, Vec<Tick>)> = vec![];
        for (now, tick) in fired {
            match looks.last_mut().filter(|(at, _)| *at == now) {
                Some((_, ticks)) => ticks.push(tick),
                None => looks.push((now, vec![tick])),
            }
        }
        for (now, ticks) in looks {
            let missed: Vec<_> = ticks.iter().filter(|tick| now.since(tick.fires_at) >= GRACE).collect();
            prop_assert!(missed.is_empty() || ticks.len() == 1, "{:?} at {}", ticks, now);
            for tick in missed {
                let next = table.next(tick.at);
                prop_assert!(next.is_none_or(|next| next.fires_at > now), "{:?} was not the newest at {}", tick, now);
            }
        }
    }

    #[test]
    fn jitter_is_stable_within_its_limit_and_keeps_the_order(table in tables(), after in 0i64..86_400_000) {
        let first = table.next(Timestamp::from_millis(START + after)).unwrap();
        let ticks: Vec<_> = std::iter::successors(Some(first), |tick| table.next(tick.at)).take(50).collect();
        for pair in ticks.windows(2) {
            prop_assert!(pair[0].fires_at < pair[1].at && pair[1].at <= pair[1].fires_at);
            prop_assert!(pair[0].fires_at.since(pair[0].at).as_millis() <= u128::from(table.jitter.within_ms));
            prop_assert_eq!(table.newest(pair[0].at, pair[1].at), Some(pair[1]));
        }
    }
}

#[test]
fn the_jitter_of_a_tick_never_changes_from_one_version_to_the_next() {
    let late = |tick: &str| {
        let tick = table("0 * * * *", "UTC", 600_000).next(moment(tick)).unwrap();
        tick.fires_at.since(tick.at).as_millis()
    };
    let first = [late("2026-11-21T08:00:00Z"), late("2026-11-21T09:00:00Z"), late("2026-11-21T10:00:00Z")];
    assert_eq!(first, [339_988, 225_175, 308_910]);
}
