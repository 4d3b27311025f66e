//! How long a clock runs: `3 business days`, `8 weeks`, `15 days`.

use std::{fmt, str::FromStr};

/// The longest limit, in its own unit: ten years of days.
const MAX_NUMBER: u16 = 3_660;

/// How long a clock runs, counted from the day after it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Limit {
    unit: LimitUnit,
    number: u16,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LimitUnit {
    /// Days of the calendar.
    Days,
    /// Business days of a numbered calendar.
    BusinessDays,
    /// Seven days each.
    Weeks,
}

impl LimitUnit {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Days, "day"), (Self::BusinessDays, "business day"), (Self::Weeks, "week")];
}

impl Limit {
    /// `None` where `number` is 0 or beyond ten years of days.
    pub fn new(number: u16, unit: LimitUnit) -> Option<Self> {
        (1..=MAX_NUMBER).contains(&number).then_some(Self { unit, number })
    }

    /// What it counts.
    pub fn unit(self) -> LimitUnit {
        self.unit
    }

    /// How many days of its kind are counted.
    pub fn days(self) -> u32 {
        let of_each = if self.unit == LimitUnit::Weeks { 7 } else { 1 };
        u32::from(self.number) * of_each
    }

    /// Whether a calendar says which days count.
    pub fn needs_calendar(self) -> bool {
        self.unit == LimitUnit::BusinessDays
    }

    /// Whether it is surely no longer than `other`: of business days and others nobody knows it without a calendar.
    pub fn is_within(self, other: Self) -> bool {
        self.needs_calendar() == other.needs_calendar() && self.days() <= other.days()
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = LimitUnit::ALL.iter().find(|(unit, _)| *unit == self.unit).map_or("", |(_, word)| word);
        let plural = if self.number == 1 { "" } else { "s" };
        write!(f, "{} {unit}{plural}", self.number)
    }
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong =
            || format!("`{text}` is no limit: write it like `3 business days`, `15 days` or `8 weeks`");
        let (number, unit) = text.split_once(' ').ok_or_else(wrong)?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse().ok().filter(|_| is_number).ok_or_else(wrong)?;
        let singular = unit.strip_suffix('s').unwrap_or(unit);
        let unit = LimitUnit::ALL.iter().find(|(_, word)| *word == singular).ok_or_else(wrong)?.0;
        Self::new(number, unit)
            .ok_or_else(|| format!("`{text}` is no limit: a clock runs for 1 to {MAX_NUMBER} days or weeks"))
    }
}
