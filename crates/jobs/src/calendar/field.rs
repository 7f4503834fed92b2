//! One field of an expression: `*`, `5`, `mon-fri`, `*/10`, `1,15,L`.

use super::fault::{CronFault, quoted};
use super::set::Set;

/// A kind of field: what it is called and what may stand in it.
#[derive(Debug)]
pub(super) struct Kind {
    name: &'static str,
    least: i8,
    most: i8,
    /// Words for numbers, the first for `least`.
    words: &'static [&'static str],
    /// What may stand in it, besides `*`, lists, ranges and steps.
    values: &'static str,
}

pub(super) const SECOND: Kind = Kind { name: "second", least: 0, most: 59, words: &[], values: "0 to 59" };
pub(super) const MINUTE: Kind = Kind { name: "minute", least: 0, most: 59, words: &[], values: "0 to 59" };
pub(super) const HOUR: Kind = Kind { name: "hour", least: 0, most: 23, words: &[], values: "0 to 23" };
pub(super) const DAY: Kind =
    Kind { name: "day of month", least: 1, most: 31, words: &[], values: "1 to 31, L for the last day" };
pub(super) const MONTH: Kind = Kind {
    name: "month",
    least: 1,
    most: 12,
    words: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    values: "1 to 12 or jan to dec",
};
/// Sunday is 0, and 7 while it is read.
pub(super) const WEEKDAY: Kind = Kind {
    name: "day of week",
    least: 0,
    most: 6,
    words: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    values: "0 to 7 (0 and 7 are Sunday) or sun to sat",
};

/// What a field says.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Field {
    /// The numbers it names.
    pub(super) set: Set,
    /// It begins with a star somewhere, so that it restricts nothing or only thins out.
    pub(super) has_star: bool,
    /// It goes in steps.
    pub(super) has_step: bool,
    /// It names the last day of the month.
    pub(super) has_last: bool,
}

impl Kind {
    /// Everything that may stand in it.
    pub(super) fn all(&self) -> Set {
        Set::range(self.least, self.most)
    }

    /// A fault in a field of this kind.
    pub(super) fn fault(&self, at: usize, wrong: impl std::fmt::Display) -> CronFault {
        let values = self.values;
        let may = format!("{values}, * for all, lists like a,b, ranges like a-b, and steps like */2");
        CronFault::new(self.name, at, format!("{wrong} What may stand here: {may}."))
    }

    /// Reads a field that begins after so many characters of the expression.
    pub(super) fn read(&self, text: &str, at: usize) -> Result<Field, CronFault> {
        let mut field = Field::default();
        let mut at = at;
        for item in text.split(',') {
            self.read_item(item, at, &mut field)?;
            at += item.chars().count() + 1;
        }
        Ok(field)
    }

    /// Reads what stands between commas.
    fn read_item(&self, item: &str, at: usize, field: &mut Field) -> Result<(), CronFault> {
        if item.is_empty() {
            return Err(self.fault(at, "There is nothing before or after a comma."));
        }
        if item.eq_ignore_ascii_case("l") && self.name == DAY.name {
            field.has_last = true;
            return Ok(());
        }
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(self.read_step(step, at + range.chars().count() + 1)?)),
            None => (item, None),
        };
        let (first, last) = if matches!(range, "*" | "?") {
            field.has_star = true;
            (self.least, self.most)
        } else if let Some((first, last)) = range.split_once('-') {
            let last_at = at + first.chars().count() + 1;
            self.in_order(self.read_value(first, at)?, self.read_value(last, last_at)?, range, at)?
        } else {
            let first = self.read_value(range, at)?;
            (first, if step.is_some() { self.most.max(first) } else { first })
        };
        field.has_step |= step.is_some();
        let named = Set::stepped(first, last, step.unwrap_or(1));
        let sunday = Set::range(7, 7);
        let is_seven = self.name == WEEKDAY.name && !named.and(sunday).is_empty();
        field.set = field.set.or(named.and(self.all()));
        if is_seven {
            field.set = field.set.with(0);
        }
        Ok(())
    }

    /// The ends of a range. A week may end with its Sunday.
    fn in_order(&self, first: i8, last: i8, range: &str, at: usize) -> Result<(i8, i8), CronFault> {
        let last = if self.name == WEEKDAY.name && last == 0 && first > 0 { 7 } else { last };
        if first > last {
            let wrong = format!("{} goes backwards; write the two parts as a list.", quoted(range));
            return Err(self.fault(at, wrong));
        }
        Ok((first, last))
    }

    fn read_value(&self, word: &str, at: usize) -> Result<i8, CronFault> {
        if word.is_empty() {
            return Err(self.fault(at, "A number is missing."));
        }
        if word.bytes().all(|byte| byte.is_ascii_digit()) {
            let most = if self.name == WEEKDAY.name { 7 } else { self.most };
            let value = word.parse().ok().filter(|value| (self.least..=most).contains(value));
            return value.ok_or_else(|| self.fault(at, format!("{} is out of range.", quoted(word))));
        }
        let named = self.words.iter().zip(self.least..).find(|(name, _)| name.eq_ignore_ascii_case(word));
        let Some((_, value)) = named else {
            return Err(self.fault(at, format!("{} is not known.", quoted(word))));
        };
        Ok(value)
    }

    fn read_step(&self, word: &str, at: usize) -> Result<usize, CronFault> {
        let longest = self.most - self.least + 1;
        let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        let step =
            word.parse().ok().filter(|step| is_number && (1..=usize::from(longest.unsigned_abs())).contains(step));
        step.ok_or_else(|| {
            let wrong = format!("{} is no step; a step here is a number from 1 to {longest}.", quoted(word));
            self.fault(at, wrong)
        })
    }
}
