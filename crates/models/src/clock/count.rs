//! The days of a clock, counted: from the day after it began, without what does not count, to the midnight that ends the
//! last one.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use ombud_contract::calendar::Calendar;

use super::{
    limit::Limit,
    rule::{ClockRule, RuleError},
};

/// When a clock is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueMoment {
    /// The first moment that is too late, in milliseconds since the epoch.
    pub at: i64,
    /// A day that was counted lies outside of the calendar: there only weekends were left out.
    pub beyond_calendar: bool,
}

impl ClockRule {
    /// When a clock that began at `starts` is due after `limit`, its own or one that extends it.
    ///
    /// # Errors
    /// This build lacks the zone or the calendar.
    pub fn due(&self, starts: i64, limit: Limit) -> Result<DueMoment, RuleError> {
        let zone = self.zone()?;
        let calendar = self.calendar_for(limit)?;
        // The day on which it began is day zero.
        let begun = day_at(starts, &zone);
        let mut day = begun;
        let mut left = limit.days();
        while left > 0 {
            let Ok(next) = day.tomorrow() else { return Ok(NEVER) };
            day = next;
            if let Some(span) = self.suspended.iter().find(|span| (span.from..=span.until).contains(&day)) {
                // All of it at once: it may be years.
                day = span.until;
            } else if calendar.is_none_or(|calendar| calendar.is_business_day(day)) {
                left -= 1;
            }
        }
        let Ok(after) = day.tomorrow() else { return Ok(NEVER) };
        let is_outside = |calendar: &Calendar| {
            begun.tomorrow().is_ok_and(|first| first < calendar.first_day()) || day > calendar.last_day()
        };
        Ok(DueMoment { at: begin_of(after, &zone), beyond_calendar: calendar.is_some_and(is_outside) })
    }

    /// The first moment of the day of `at` in the rule's zone.
    ///
    /// # Errors
    /// This build lacks the zone.
    pub(super) fn day_begins(&self, at: i64) -> Result<i64, RuleError> {
        let zone = self.zone()?;
        Ok(begin_of(day_at(at, &zone), &zone))
    }
}

/// The years end in 9999.
const NEVER: DueMoment = DueMoment { at: i64::MAX, beyond_calendar: true };

/// The day of `at` in `zone`; a time beyond the calendar counts to its last day.
pub(crate) fn day_at(at: i64, zone: &TimeZone) -> Date {
    let beyond = if at < 0 { Timestamp::MIN } else { Timestamp::MAX };
    zone.to_datetime(Timestamp::from_millisecond(at).unwrap_or(beyond)).date()
}

/// The first moment of `day` in `zone`: where midnight comes twice the first, where there is none what follows it.
fn begin_of(day: Date, zone: &TimeZone) -> i64 {
    let midnight = day.at(0, 0, 0, 0);
    zone.to_ambiguous_timestamp(midnight).compatible().map_or(i64::MAX, |at| at.as_millisecond())
}
