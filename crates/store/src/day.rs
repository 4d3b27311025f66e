//! UTC days, by which cases are filed.

use std::iter::successors;

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::Offset};

/// The UTC day of a time; a time beyond the calendar counts to its last day.
pub fn day_of(ms: i64) -> Date {
    let beyond = if ms < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Offset::UTC.to_datetime(Timestamp::from_millisecond(ms).unwrap_or(beyond)).date()
}

/// Every day of `since..until` (milliseconds), in order.
pub fn days(since: i64, until: i64) -> impl Iterator<Item = Date> {
    let first = (since < until).then(|| day_of(since));
    // The calendar ends in the year 9999.
    let all = successors(first, |day| day.checked_add(1.day()).ok());
    all.take_while(move |day| *day <= day_of(until - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_the_utc_day_and_no_time_is_beyond_it() {
        assert_eq!(day_of(0).to_string(), "1970-01-01");
        assert_eq!(day_of(-1).to_string(), "1969-12-31");
        assert_eq!(day_of(1_709_251_199_999).to_string(), "2024-02-29");
        assert!(day_of(i64::MIN) < day_of(0) && day_of(0) < day_of(i64::MAX));
    }
}
