//! Random expressions, and what they mean, worked out beside the parser: lists of numbers instead of bits.

use jiff::civil::DateTime;
use proptest::prelude::*;

/// A field, as text and as what it names.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) text: String,
    names: Vec<i8>,
    has_star: bool,
    has_step: bool,
    has_last: bool,
}

/// An expression, as text and as what it names.
#[derive(Debug, Clone)]
pub(super) struct Expression {
    pub(super) second: Option<Part>,
    pub(super) minute: Part,
    pub(super) hour: Part,
    pub(super) day: Part,
    pub(super) month: Part,
    pub(super) weekday: Part,
}

impl Expression {
    pub(super) fn text(&self) -> String {
        let fields = [&self.minute, &self.hour, &self.day, &self.month, &self.weekday];
        self.second.iter().chain(fields).map(|part| part.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// Whether it runs every so often.
    pub(super) fn is_steady(&self) -> bool {
        self.hour.has_step || (0..24).all(|hour| self.hour.names.contains(&hour))
    }

    /// Whether it names this reading of a clock.
    pub(super) fn names(&self, at: DateTime) -> bool {
        let date = at.date();
        let is_last = self.day.has_last && date.day() == date.last_of_month().day();
        let by_date = is_last || self.day.names.contains(&date.day());
        let by_weekday = self.weekday.names.contains(&date.weekday().to_sunday_zero_offset());
        let is_restricted = !self.day.has_star && !self.weekday.has_star;
        let is_day = if is_restricted { by_date || by_weekday } else { by_date && by_weekday };
        is_day
            && self.month.names.contains(&date.month())
            && self.hour.names.contains(&at.hour())
            && self.minute.names.contains(&at.minute())
            && self.second.as_ref().map_or(at.second() == 0, |part| part.names.contains(&at.second()))
    }
}

/// One item of a list within a field of these limits.
fn item(least: i8, most: i8) -> impl Strategy<Value = Part> {
    let part = |text: String, first: i8, last: i8, step: usize, has_star: bool, has_step: bool| Part {
        text,
        names: (first..=last).step_by(step).collect(),
        has_star,
        has_step,
        has_last: false,
    };
    let steps = 1..=usize::from((most - least + 1).unsigned_abs());
    (least..=most, least..=most, steps, 0..8).prop_map(move |(a, b, step, form)| {
        let (first, last) = (a.min(b), a.max(b));
        match form {
            0 | 1 => part(format!("*/{step}"), least, most, step, true, true),
            2 => part(format!("{first}-{last}"), first, last, 1, false, false),
            3 => part(format!("{first}-{last}/{step}"), first, last, step, false, true),
            4 => part(format!("{first}/{step}"), first, most, step, false, true),
            _ => part(format!("{a}"), a, a, 1, false, false),
        }
    })
}

fn part(least: i8, most: i8) -> impl Strategy<Value = Part> {
    prop::collection::vec(item(least, most), 1..4).prop_map(|items| Part {
        text: items.iter().map(|item| item.text.as_str()).collect::<Vec<_>>().join(","),
        names: items.iter().flat_map(|item| item.names.clone()).collect(),
        has_star: items.iter().any(|item| item.has_star),
        has_step: items.iter().any(|item| item.has_step),
        has_last: false,
    })
}

fn star(least: i8, most: i8) -> impl Strategy<Value = Part> {
    let names = (least..=most).collect::<Vec<_>>();
    let all = move |text: &str| Part {
        text: text.into(),
        names: names.clone(),
        has_star: true,
        has_step: false,
        has_last: false,
    };
    prop_oneof![Just(all("*")), Just(all("?"))]
}

fn day() -> impl Strategy<Value = Part> {
    (part(1, 31), any::<bool>()).prop_map(|(part, has_last)| match has_last {
        true => Part { text: format!("{},L", part.text), has_last, ..part },
        false => part,
    })
}

/// Hours in which clocks are changed, named one by one or as a range.
fn hours_of_change() -> impl Strategy<Value = Part> {
    let list = prop::collection::vec(prop::sample::select(&[0i8, 1, 2, 3, 22, 23][..]), 1..4);
    let list = list.prop_map(|hours| (hours.iter().map(i8::to_string).collect::<Vec<_>>().join(","), hours));
    let range = (0i8..3, 1i8..4).prop_map(|(first, more)| {
        let last = first + more;
        (format!("{first}-{last}"), (first..=last).collect())
    });
    prop_oneof![list, range].prop_map(|(text, names)| Part {
        text,
        names,
        has_star: false,
        has_step: false,
        has_last: false,
    })
}

/// Sunday is 0 or 7.
fn weekday() -> impl Strategy<Value = Part> {
    part(0, 7).prop_filter_map("a star or a step goes to 6, not to 7", |part| {
        let names = part.names.iter().map(|day| day % 7).collect();
        (!part.has_star && !part.has_step).then_some(Part { names, ..part })
    })
}

/// Any expression; with seconds or without. Dates are restricted now and then only, so that most fire soon.
pub(super) fn expression(with_seconds: bool) -> impl Strategy<Value = Expression> {
    let second = prop_oneof![3 => part(0, 59), 1 => star(0, 59)].prop_map(move |part| with_seconds.then_some(part));
    let minute = prop_oneof![3 => part(0, 59), 1 => star(0, 59)];
    let hour = prop_oneof![2 => hours_of_change(), 1 => part(0, 23), 1 => star(0, 23)];
    let day = prop_oneof![1 => day(), 3 => star(1, 31)];
    let month = prop_oneof![1 => part(1, 12), 5 => star(1, 12)];
    let weekday = prop_oneof![1 => weekday(), 1 => part(0, 6), 3 => star(0, 6)];
    (second, minute, hour, day, month, weekday).prop_map(|(second, minute, hour, day, month, weekday)| Expression {
        second,
        minute,
        hour,
        day,
        month,
        weekday,
    })
}
