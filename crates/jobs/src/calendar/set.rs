//! Small numbers from 0 to 63, as one bit each.

/// Which numbers a field of an expression names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Set(u64);

impl Set {
    /// Every number from the first to the last, in steps.
    pub(super) fn stepped(first: i8, last: i8, step: usize) -> Self {
        (first..=last).step_by(step.max(1)).fold(Self::default(), Self::with)
    }

    /// Every number from the first to the last.
    pub(super) fn range(first: i8, last: i8) -> Self {
        Self::stepped(first, last, 1)
    }

    /// The seven days of a week, 0 for Sunday, written down as the days of a month of this length whose first
    /// day is this day of the week.
    pub(super) fn of_month(self, first_is: i8, length: i8) -> Self {
        /// A bit every seven: times a week, it is that week again and again.
        const WEEKS: u64 = 1 | 1 << 7 | 1 << 14 | 1 << 21 | 1 << 28 | 1 << 35 | 1 << 42;
        Self((self.0.wrapping_mul(WEEKS) >> first_is) << 1).and(Self::range(1, length))
    }

    /// These and one more.
    pub(super) fn with(self, number: i8) -> Self {
        Self(self.0 | 1 << number)
    }

    /// What is in either.
    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this number is in it.
    pub(super) fn has(self, number: i8) -> bool {
        self.first_from(number) == Some(number)
    }

    /// The least number in it that is not below this one.
    pub(super) fn first_from(self, number: i8) -> Option<i8> {
        let rest = self.0.checked_shr(u32::try_from(number).ok()?)?;
        if rest == 0 {
            return None;
        }
        i8::try_from(rest.trailing_zeros()).ok().map(|above| number + above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_number_is_found() {
        let set = Set::stepped(0, 59, 25);
        let found: Vec<_> = [0, 1, 25, 26, 50, 51, 63].into_iter().map(|from| set.first_from(from)).collect();
        assert_eq!(found, [Some(0), Some(25), Some(25), Some(50), Some(50), None, None]);
        assert!(set.has(25) && !set.has(26) && Set::default().is_empty());
    }

    #[test]
    fn a_week_is_laid_over_a_month() {
        let sundays_and_mondays = Set::range(0, 1);
        // A month of 30 days that begins on a Wednesday: Sundays on 5, 12, 19, 26.
        let days = sundays_and_mondays.of_month(3, 30);
        let expected = [5, 6, 12, 13, 19, 20, 26, 27].into_iter().fold(Set::default(), Set::with);
        assert_eq!(days, expected);
        // One of 31 days that begins on a Saturday: the last day is a Monday.
        assert!(sundays_and_mondays.of_month(6, 31).has(31));
        assert_eq!(sundays_and_mondays.of_month(6, 31).first_from(1), Some(2));
    }
}
