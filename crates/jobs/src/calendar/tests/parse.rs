//! What is read, and how what is not understood is refused.

use proptest::prelude::*;

use super::super::{Cron, next_after};
use super::speak::expression;
use super::{cron, moment, zone};

fn refused(text: &str) -> (&'static str, usize, String) {
    let fault = Cron::parse(text).unwrap_err();
    (fault.field, fault.at, fault.message)
}

#[test]
fn a_fault_says_which_field_where_what_was_wrong_and_what_may_stand_there() {
    let expected = "\"61\" is out of range. What may stand here: 0 to 59, * for all, lists like a,b, ranges like a-b, \
                    and steps like */2.";
    assert_eq!(refused("5,61 * * * *"), ("minute", 2, expected.to_owned()));
    assert_eq!(Cron::parse("5,61 * * * *").unwrap_err().to_string(), format!("minute: {expected}"));
    let places = [
        ("60 * * * * *", "second", 0),
        ("* 24 * * *", "hour", 2),
        ("* 5-x * * *", "hour", 4),
        ("* */25 * * *", "hour", 4),
        ("* * 0 * *", "day of month", 4),
        ("* * 15W * *", "day of month", 4),
        ("* * L-3 * *", "day of month", 4),
        ("* * * 13 *", "month", 6),
        ("  *   *  * mai *", "month", 11),
        ("* * * * 8", "day of week", 8),
        ("* * * * 5L", "day of week", 8),
        ("* * * * mon#2", "day of week", 8),
        ("* * * * sat-tue", "day of week", 8),
        ("* 22-4 * * *", "hour", 2),
        ("1,,2 * * * *", "minute", 2),
        ("1, * * * *", "minute", 2),
        ("*/0 * * * *", "minute", 2),
        ("*/ * * * *", "minute", 2),
        ("*/+5 * * * *", "minute", 2),
        ("-5 * * * *", "minute", 0),
        ("5- * * * *", "minute", 2),
        ("99999999999999999999 * * * *", "minute", 0),
        ("* * * *", "expression", 7),
        ("* * * * * * *", "expression", 13),
        ("", "expression", 0),
        ("@reboot", "expression", 0),
        (" @every 5m", "expression", 10),
        ("*\n* * * *", "expression", 9),
    ];
    for (text, field, at) in places {
        let fault = refused(text);
        assert_eq!((fault.0, fault.1), (field, at), "{text}: {}", fault.2);
    }
    assert!(refused("@often").2.contains("@hourly"), "{}", refused("@often").2);
    assert!(refused(&"*".repeat(100_000)).2.contains("longer than"));
    let long = refused(&format!("{} * * * *", "ä".repeat(200)));
    assert!(long.2.chars().count() < 250, "{}", long.2);
}

#[test]
fn a_date_that_never_comes_is_refused() {
    for text in ["0 0 31 2 *", "0 0 30,31 feb *", "0 0 31 2,4,6,9,11 *", "0 0 30 2 */2", "* * * 31 2 ?"] {
        let fault = refused(text);
        assert_eq!(fault.0, "day of month", "{text}");
        assert!(fault.2.contains("comes in none of the months"), "{text}: {}", fault.2);
    }
    // These do come: by the day of the week, in leap years, or in one of the months.
    for text in ["0 0 31 2 mon", "0 0 29 2 *", "0 0 31 2,3 *", "0 0 L 2 *", "0 0 29 2 */6"] {
        assert!(next_after(&cron(text), &zone("UTC"), moment("2026-01-01T00:00:00Z")).is_some(), "{text}");
    }
}

#[test]
fn an_expression_is_shown_as_it_was_written_with_single_blanks() {
    assert_eq!(cron("  0  9\t* * MON-fri ").to_string(), "0 9 * * MON-fri");
    assert_eq!(cron("@DAILY").to_string(), "@daily");
}

proptest! {
    #[test]
    fn what_is_shown_is_read_as_the_same(expression in expression(true)) {
        if let Ok(cron) = Cron::parse(&expression.text()) {
            prop_assert_eq!(Cron::parse(&cron.to_string()).unwrap(), cron);
        }
    }

    #[test]
    fn no_text_is_too_strange(text in prop_oneof!["\\PC{0,80}", "[0-9*,/?LlW@a-z# -]{0,60}", "([0-9*,/?L-]{1,4} ){5,6}"]) {
        match Cron::parse(&text) {
            Ok(cron) => {
                prop_assert_eq!(&Cron::parse(&cron.to_string()).unwrap(), &cron);
                prop_assert!(next_after(&cron, &zone("Europe/Berlin"), moment("2026-01-01T00:00:00Z")).is_some());
            }
            Err(fault) => prop_assert!(fault.at <= text.chars().count() && !fault.message.is_empty()),
        }
    }
}
