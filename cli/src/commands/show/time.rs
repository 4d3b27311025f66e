//! A time as people read it in a case.

use jiff::{Timestamp, tz::TimeZone};

/// To the minute: `2026-01-31 09:00 UTC`.
pub(super) fn time(ms: i64) -> String {
    // Of a row that is damaged, the time may be too.
    let at = TimeZone::UTC.to_datetime(Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MIN));
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
