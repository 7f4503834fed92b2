//! Cron expressions: which readings of a clock on a wall they name. What they mean in a time zone is
//! [`super::next`]'s.
//!
//! Five fields: minute, hour, day of month, month, day of week; a sixth, in front, for the second. Or one word
//! such as `@daily`. Where both the day of the month and the day of the week are restricted, either is enough, as
//! in every cron since Vixie's; a field with a star in it (`*`, `*/2`) restricts nothing in this sense, and then
//! both must agree.

use std::fmt;

use jiff::civil::{Date, DateTime, Time};

use super::fault::{CronFault, quoted};
use super::field::{DAY, HOUR, Kind, MINUTE, MONTH, SECOND, WEEKDAY};
use super::set::Set;

/// More than any expression needs, even one that lists every number.
const LONGEST: usize = 500;

const WORDS: &[(&str, &str)] = &[
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// A cron expression that was understood and names at least one date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cron {
    text: String,
    seconds: Set,
    minutes: Set,
    hours: Set,
    days: Set,
    has_last_day: bool,
    months: Set,
    weekdays: Set,
    /// The day of the month or the day of the week is enough.
    either_day: bool,
    is_steady: bool,
}

impl Cron {
    /// Reads an expression.
    ///
    /// # Errors
    /// When it is not understood, or names only dates that never come, such as 31 February.
    pub(crate) fn parse(text: &str) -> Result<Self, CronFault> {
        if text.len() > LONGEST {
            return Err(CronFault::whole(0, format!("It is longer than {LONGEST} characters.")));
        }
        let words = words(text);
        let written = words.iter().map(|(_, word)| *word).collect::<Vec<_>>().join(" ");
        match words.as_slice() {
            [(at, word)] if word.starts_with('@') => {
                let known = WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
                let Some((name, meaning)) = known else {
                    let names = WORDS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
                    return Err(CronFault::whole(*at, format!("{} is not known; there are {names}.", quoted(word))));
                };
                Ok(Self { text: (*name).to_owned(), ..Self::parse(meaning)? })
            }
            &[minute, hour, day, month, weekday] => Self::read(written, [(0, "0"), minute, hour, day, month, weekday]),
            &[second, minute, hour, day, month, weekday] => {
                Self::read(written, [second, minute, hour, day, month, weekday])
            }
            words => {
                let wrong = format!(
                    "It has {} fields. It needs five (minute, hour, day of month, month, day of week), six with the \
                     second in front, or one word such as @daily.",
                    words.len()
                );
                Err(CronFault::whole(text.chars().count(), wrong))
            }
        }
    }

    fn read(text: String, fields: [Placed<'_>; 6]) -> Result<Self, CronFault> {
        let [second, minute, hour, day, month, weekday] = fields;
        let read = |kind: &Kind, (at, word): Placed<'_>| kind.read(word, at);
        let (seconds, minutes, hours) = (read(&SECOND, second)?, read(&MINUTE, minute)?, read(&HOUR, hour)?);
        let (days, months, weekdays) = (read(&DAY, day)?, read(&MONTH, month)?, read(&WEEKDAY, weekday)?);
        let cron = Self {
            text,
            seconds: seconds.set,
            minutes: minutes.set,
            hours: hours.set,
            days: days.set,
            has_last_day: days.has_last,
            months: months.set,
            weekdays: weekdays.set,
            either_day: !days.has_star && !weekdays.has_star,
            is_steady: hours.has_step || hours.set == HOUR.all(),
        };
        if !cron.comes() {
            let wrong = format!("{} comes in none of the months that are named.", quoted(day.1));
            return Err(DAY.fault(day.0, wrong));
        }
        Ok(cron)
    }

    /// Whether it runs every so often, instead of at hours that it names: the hour is `*` or has a step.
    pub(super) fn is_steady(&self) -> bool {
        self.is_steady
    }

    /// The first reading of the clock that it names, from this one on. None after the year 9999.
    pub(super) fn first_from(&self, from: DateTime) -> Option<DateTime> {
        let today = from.date();
        if self.days_of(today.year(), today.month())?.has(today.day())
            && self.months.has(today.month())
            && let Some(time) = self.time_from(from.time())
        {
            return Some(today.to_datetime(time));
        }
        let day = self.day_from(today.tomorrow().ok()?)?;
        Some(day.to_datetime(self.time_from(Time::midnight())?))
    }

    /// The first time of a day, from this one on.
    fn time_from(&self, from: Time) -> Option<Time> {
        let (hour, minute) = (from.hour(), from.minute());
        let first_second = || self.seconds.first_from(0);
        if self.hours.has(hour) {
            if self.minutes.has(minute)
                && let Some(second) = self.seconds.first_from(from.second())
            {
                return Time::new(hour, minute, second, 0).ok();
            }
            if let Some(minute) = self.minutes.first_from(minute + 1) {
                return Time::new(hour, minute, first_second()?, 0).ok();
            }
        }
        Time::new(self.hours.first_from(hour + 1)?, self.minutes.first_from(0)?, first_second()?, 0).ok()
    }

    /// The first day, from this one on.
    fn day_from(&self, from: Date) -> Option<Date> {
        let (mut year, mut month, mut day) = (from.year(), from.month(), from.day());
        loop {
            let Some(named) = self.months.first_from(month) else {
                (year, month, day) = (year + 1, 1, 1);
                continue;
            };
            let first = if named == month { day } else { 1 };
            if let Some(day) = self.days_of(year, named)?.first_from(first) {
                return Date::new(year, named, day).ok();
            }
            (month, day) = (named + 1, 1);
        }
    }

    /// The days of a month that it names, as if it named every month. None after the year 9999.
    fn days_of(&self, year: i16, month: i8) -> Option<Set> {
        let first = Date::new(year, month, 1).ok()?;
        let length = first.days_in_month();
        let dates = self.dates_within(length);
        let weekdays = self.weekdays.of_month(first.weekday().to_sunday_zero_offset(), length);
        Some(if self.either_day { dates.or(weekdays) } else { dates.and(weekdays) })
    }

    /// The days by their number, in a month of this length.
    fn dates_within(&self, length: i8) -> Set {
        let dates = self.days.and(Set::range(1, length));
        if self.has_last_day { dates.with(length) } else { dates }
    }

    /// Whether any date that it names ever comes. A date falls on every day of the week sooner or later.
    fn comes(&self) -> bool {
        const LEAP_YEAR: i16 = 2000;
        let length = |month| Date::new(LEAP_YEAR, month, 1).map_or(0, Date::days_in_month);
        self.either_day || (1..=12).any(|month| self.months.has(month) && !self.dates_within(length(month)).is_empty())
    }
}

/// As it was written, with single blanks.
impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A word, and how many characters stand before it.
type Placed<'a> = (usize, &'a str);

fn words(text: &str) -> Vec<Placed<'_>> {
    let mut at = 0;
    let mut words = vec![];
    for word in text.split([' ', '\t']) {
        if !word.is_empty() {
            words.push((at, word));
        }
        at += word.chars().count() + 1;
    }
    words
}
