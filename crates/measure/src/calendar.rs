//! Weeks, UTC.

use jiff::civil::Date;
use ombud_contract::records::TimestampMs;
use ombud_store::day_of;

/// The ISO week of a time, such as 2026-W05.
pub(crate) fn week_at(at: TimestampMs) -> String {
    week_of(day_of(at))
}

/// The ISO week of a day, such as 2026-W05.
pub(crate) fn week_of(day: Date) -> String {
    let week = day.iso_week_date();
    format!("{}-W{:02}", week.year(), week.week())
}
