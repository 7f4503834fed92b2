//! Days on which clocks were changed, one by one, as people remember them.

use super::fires;

#[test]
fn a_time_that_does_not_exist_is_fired_once_after_the_gap() {
    // Berlin, 29 March 2026: 2:00 becomes 3:00.
    let next = fires("30 2 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z", 3);
    assert_eq!(next, ["2026-03-28T02:30:00+01", "2026-03-29T03:00:00+02", "2026-03-30T02:30:00+02"]);
    // Several in one gap are one fire, together with the one that is there by itself.
    let next = fires("0,20,40 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 4);
    assert_eq!(
        next,
        ["2026-03-29T03:00:00+02", "2026-03-29T03:20:00+02", "2026-03-29T03:40:00+02", "2026-03-30T02:00:00+02"]
    );
    // New York, 8 March 2026.
    let next = fires("15 2 8 3 *", "America/New_York", "2026-01-01T00:00:00Z", 2);
    assert_eq!(next, ["2026-03-08T03:00:00-04", "2027-03-08T02:15:00-05"]);
}

#[test]
fn a_time_that_exists_twice_is_fired_the_first_time_only() {
    // Berlin, 25 October 2026: 3:00 becomes 2:00.
    let next = fires("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2);
    assert_eq!(next, ["2026-10-25T02:30:00+02", "2026-10-26T02:30:00+01"]);
    // Between the two it is past, and so is all that the clock has shown already.
    let next = fires("*/30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", 1);
    assert_eq!(next, ["2026-10-26T02:00:00+01"]);
    let next = fires("30 1 1 11 *", "America/New_York", "2026-10-31T00:00:00Z", 2);
    assert_eq!(next, ["2026-11-01T01:30:00-04", "2027-11-01T01:30:00-04"]);
}

#[test]
fn what_runs_every_so_often_goes_by_the_time_that_passes() {
    let next = fires("*/30 * * * *", "Europe/Berlin", "2026-10-24T23:45:00Z", 5);
    assert_eq!(
        next,
        [
            "2026-10-25T02:00:00+02",
            "2026-10-25T02:30:00+02",
            "2026-10-25T02:00:00+01",
            "2026-10-25T02:30:00+01",
            "2026-10-25T03:00:00+01"
        ]
    );
    let next = fires("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:15:00Z", 3);
    assert_eq!(next, ["2026-03-29T01:30:00+01", "2026-03-29T03:00:00+02", "2026-03-29T03:30:00+02"]);
    // 2:10 is missing; two hours after 0:10 it is 3:10.
    let next = fires("10 */2 * * *", "Europe/Berlin", "2026-03-28T22:15:00Z", 3);
    assert_eq!(next, ["2026-03-29T00:10:00+01", "2026-03-29T03:10:00+02", "2026-03-29T04:10:00+02"]);
    let next = fires("0 */2 * * *", "Europe/Berlin", "2026-10-24T22:00:00Z", 3);
    assert_eq!(next, ["2026-10-25T02:00:00+02", "2026-10-25T02:00:00+01", "2026-10-25T04:00:00+01"]);
}

#[test]
fn cairo_puts_its_clocks_forward_at_midnight() {
    // Friday 26 April 2024: 0:00 becomes 1:00; Friday 1 November 2024: 0:00 becomes 23:00 of Thursday.
    let next = fires("0 0 * * *", "Africa/Cairo", "2024-04-25T12:00:00Z", 2);
    assert_eq!(next, ["2024-04-26T01:00:00+03", "2024-04-27T00:00:00+03"]);
    let next = fires("30 23 * * *", "Africa/Cairo", "2024-10-31T12:00:00Z", 2);
    assert_eq!(next, ["2024-10-31T23:30:00+03", "2024-11-01T23:30:00+02"]);
    let next = fires("0 */24 * * *", "Africa/Cairo", "2024-04-25T12:00:00Z", 2);
    assert_eq!(next, ["2024-04-26T01:00:00+03", "2024-04-27T00:00:00+03"]);
}

#[test]
fn lord_howe_changes_by_half_an_hour() {
    // 5 October 2025: 2:00 becomes 2:30; 5 April 2026: 2:00 becomes 1:30.
    let next = fires("10 2 * * *", "Australia/Lord_Howe", "2025-10-04T00:00:00Z", 2);
    assert_eq!(next, ["2025-10-05T02:30:00+11", "2025-10-06T02:10:00+11"]);
    let next = fires("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", 2);
    assert_eq!(next, ["2026-04-05T01:45:00+11", "2026-04-06T01:45:00+10:30"]);
    let next = fires("45 * * * *", "Australia/Lord_Howe", "2026-04-04T14:00:00Z", 3);
    assert_eq!(next, ["2026-04-05T01:45:00+11", "2026-04-05T01:45:00+10:30", "2026-04-05T02:45:00+10:30"]);
}

#[test]
fn apia_left_out_a_whole_day() {
    // There was no 30 December 2011.
    let next = fires("0 9 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z", 4);
    assert_eq!(
        next,
        ["2011-12-29T09:00:00-10", "2011-12-31T00:00:00+14", "2011-12-31T09:00:00+14", "2012-01-01T09:00:00+14"]
    );
    let next = fires("0 9 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z", 2);
    assert_eq!(next, ["2011-12-31T00:00:00+14", "2012-12-30T09:00:00+14"]);
}

#[test]
fn riyadh_leaves_its_clocks_alone() {
    let next = fires("30 2 29 3 *", "Asia/Riyadh", "2026-01-01T00:00:00Z", 1);
    assert_eq!(next, ["2026-03-29T02:30:00+03"]);
}

#[test]
fn the_day_of_the_month_or_the_day_of_the_week_is_enough() {
    // November 2026 begins on a Sunday.
    let next = fires("0 12 13 11 fri", "UTC", "2026-11-01T00:00:00Z", 3);
    assert_eq!(next, ["2026-11-06T12:00:00+00", "2026-11-13T12:00:00+00", "2026-11-20T12:00:00+00"]);
    // With a star in one of them both must agree: Fridays that are odd days.
    let next = fires("0 12 */2 11 fri", "UTC", "2026-11-01T00:00:00Z", 2);
    assert_eq!(next, ["2026-11-13T12:00:00+00", "2026-11-27T12:00:00+00"]);
    let next = fires("0 12 L * *", "UTC", "2027-12-01T00:00:00Z", 4);
    assert_eq!(
        next,
        ["2027-12-31T12:00:00+00", "2028-01-31T12:00:00+00", "2028-02-29T12:00:00+00", "2028-03-31T12:00:00+00"]
    );
}

#[test]
fn words_and_names_mean_what_they_say() {
    assert_eq!(fires("@weekly", "UTC", "2026-11-21T12:00:00Z", 1), ["2026-11-22T00:00:00+00"]);
    assert_eq!(fires("@yearly", "UTC", "2026-11-21T12:00:00Z", 1), ["2027-01-01T00:00:00+00"]);
    assert_eq!(fires("@annually", "UTC", "2026-11-21T12:00:00Z", 1), ["2027-01-01T00:00:00+00"]);
    assert_eq!(fires("@monthly", "UTC", "2026-11-21T12:00:00Z", 1), ["2026-12-01T00:00:00+00"]);
    assert_eq!(fires("@daily", "UTC", "2026-11-21T12:00:00Z", 1), ["2026-11-22T00:00:00+00"]);
    assert_eq!(fires("@midnight", "UTC", "2026-11-21T12:00:00Z", 1), ["2026-11-22T00:00:00+00"]);
    assert_eq!(fires("@Hourly", "UTC", "2026-11-21T12:00:00Z", 1), ["2026-11-21T13:00:00+00"]);
    let next = fires("0 8 ? JAN,jul sat-sun", "UTC", "2026-06-30T00:00:00Z", 3);
    assert_eq!(next, ["2026-07-04T08:00:00+00", "2026-07-05T08:00:00+00", "2026-07-11T08:00:00+00"]);
    assert_eq!(fires("15 30 8 * * 7", "UTC", "2026-11-21T00:00:00Z", 1), ["2026-11-22T08:30:15+00"]);
}
