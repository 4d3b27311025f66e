//! When a complaint was received, in the ways that files write it.

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use ombud_contract::records::TimestampMs;

/// Milliseconds since the epoch, an RFC 3339 time, a date and time, a date (ISO or American); without an offset it
/// is UTC, without a time midnight. `None` for anything else.
pub(crate) fn parse(text: &str) -> Option<TimestampMs> {
    if let Ok(milliseconds) = text.parse() {
        return Some(milliseconds);
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_millisecond());
    }
    let american = |format| Date::strptime(format, text).map(|date| date.at(0, 0, 0, 0));
    let time = text
        .parse::<DateTime>()
        // The short year first: read as a long one, 24 would be 1,900 years ago.
        .or_else(|_| american("%m/%d/%y"))
        .or_else(|_| american("%m/%d/%Y"))
        .ok()?;
    Some(TimeZone::UTC.to_timestamp(time).ok()?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_a_time_is_read() {
        let may_first = 1_714_521_600_000;
        for text in ["1714521600000", "2024-05-01", "05/01/2024", "05/01/24", "2024-05-01T00:00:00Z"] {
            assert_eq!(parse(text), Some(may_first), "{text}");
        }
        assert_eq!(parse("2024-05-01T07:00:00-05:00"), Some(may_first + 12 * 3_600_000));
        assert_eq!(parse("2024-05-01 12:00:00"), Some(may_first + 12 * 3_600_000));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["", "yesterday", "2024-13-01", "13/13/2024", "05/01/2024 at noon", "1e12"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
