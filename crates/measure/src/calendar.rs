//! Days and weeks, UTC.

use std::iter::successors;

use jiff::{ToSpan as _, civil::Date};
use ombud_contract::records::TimestampMs;
use ombud_store::day_of;

/// Every day of `since..until`, in order.
pub(crate) fn days((since, until): (TimestampMs, TimestampMs)) -> impl Iterator<Item = Date> {
    let first = (since < until).then(|| day_of(since));
    // The calendar ends in the year 9999.
    let all = successors(first, |day| day.checked_add(1.day()).ok());
    all.take_while(move |day| *day <= day_of(until - 1))
}

/// The ISO week of a time, such as 2026-W05.
pub(crate) fn week_at(at: TimestampMs) -> String {
    week_of(day_of(at))
}

/// The ISO week of a day, such as 2026-W05.
pub(crate) fn week_of(day: Date) -> String {
    let week = day.iso_week_date();
    format!("{}-W{:02}", week.year(), week.week())
}
