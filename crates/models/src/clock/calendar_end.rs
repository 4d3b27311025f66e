//! How long a calendar is still good for the clocks of a strategy that begin now.

use jiff::civil::Date;

use super::{
    count::day_at,
    rule::{ClockRule, RuleError},
};

/// So long before the longest limit would pass a calendar's last day, there has to be a new one.
pub const WARNING_DAYS: i64 = 60;

/// A calendar that a strategy counts by, and how far it reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarEnd {
    /// Name and number.
    pub calendar: String,
    /// Its last day.
    pub last_day: Date,
    /// The due day of the longest limit that begins now.
    pub due_day: Date,
}

impl CalendarEnd {
    /// Of a rule that counts business days, for a clock that begins at `now`: the longest of its limits. `None` of another rule.
    ///
    /// # Errors
    /// This build lacks the zone or the calendar.
    pub fn of(rule: &ClockRule, now: i64) -> Result<Option<Self>, RuleError> {
        // What is suspended for a class says nothing about the others.
        let rule = ClockRule { suspended: Default::default(), ..rule.clone() };
        let mut furthest: Option<Self> = None;
        for limit in rule.extended_by.values().chain([&rule.limit]) {
            let Some(calendar) = rule.calendar_for(*limit)? else { continue };
            // The moment is the end of the day, which is the next one.
            let due_day = day_at(rule.due(now, *limit)?.at.saturating_sub(1), &rule.zone()?);
            if furthest.as_ref().is_none_or(|known| known.due_day < due_day) {
                furthest = Some(Self {
                    calendar: calendar.name().to_owned(),
                    last_day: calendar.last_day(),
                    due_day,
                });
            }
        }
        Ok(furthest)
    }

    /// The calendar's days after the longest limit's due day; negative where it passes the last one.
    pub fn days_left(&self) -> i64 {
        self.due_day.until(self.last_day).map_or(0, |left| i64::from(left.get_days()))
    }

    /// How many days it lacks of the longest limit and [`WARNING_DAYS`] more; negative while it reaches further.
    pub fn days_short(&self) -> i64 {
        WARNING_DAYS - self.days_left()
    }

    /// Whether there has to be a new calendar soon.
    pub fn is_near(&self) -> bool {
        self.days_short() > 0
    }

    /// Whether due days lie beyond it already.
    pub fn is_passed(&self) -> bool {
        self.days_left() < 0
    }
}
