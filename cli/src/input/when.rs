//! Times of the command line: a moment, a day, or how long ago.

use anyhow::{Result, ensure};
use jiff::{
    Span, SpanRelativeTo, Timestamp, Unit,
    civil::{Date, DateTime},
    tz::TimeZone,
};

/// A time, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Since the Unix epoch.
    At(i64),
    /// Before now.
    Ago(i64),
}

impl When {
    /// In milliseconds since the Unix epoch.
    pub(crate) fn ms(self, now: i64) -> i64 {
        match self {
            Self::At(ms) => ms,
            Self::Ago(ms) => now.saturating_sub(ms),
        }
    }
}

/// From `since` until `until`, or until now, in milliseconds since the Unix epoch.
///
/// # Errors
/// It holds no time; `what` is what can't be done with it.
pub(crate) fn span(what: &str, since: When, until: Option<When>, now: i64) -> Result<(i64, i64)> {
    let (since, until) = (since.ms(now), until.map_or(now, |until| until.ms(now)));
    ensure!(since < until, "{what}: --since must lie before --until");
    Ok((since, until))
}

/// RFC 3339, or a date or date and time in UTC: milliseconds since the Unix epoch.
pub(crate) fn moment(text: &str) -> Result<i64, String> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.as_millisecond());
    }
    let civil = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(Into::into));
    let time = civil.and_then(|civil| TimeZone::UTC.to_timestamp(civil));
    let wrong = |_| "no moment: say 2026-01-31T09:00Z or 2026-01-31".to_owned();
    time.map(Timestamp::as_millisecond).map_err(wrong)
}

/// A [`moment`], or a span such as `2h` or `3d`.
pub(crate) fn when(text: &str) -> Result<When, String> {
    if let Ok(ms) = moment(text) {
        return Ok(When::At(ms));
    }
    let wrong = || "no time: say 2026-01-31T09:00Z, 2026-01-31, or how long ago, such as 2h or 3d".to_owned();
    let span: Span = text.parse().map_err(|_| wrong())?;
    // A day has 24 hours; months and years have no length by themselves.
    let days = SpanRelativeTo::days_are_24_hours();
    let ms = span.total((Unit::Millisecond, days)).map_err(|_| wrong())?;
    Ok(When::Ago(ms.abs() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_may_be_a_moment_a_day_or_a_while_ago() {
        let nine = 1_769_850_000_000;
        for text in ["2026-01-31T09:00:00Z", "2026-01-31T10:00:00+01:00", "2026-01-31T09:00:00"] {
            assert_eq!(when(text), Ok(When::At(nine)), "{text}");
        }
        assert_eq!(when("2026-01-31"), Ok(When::At(nine - 9 * 3_600_000)));
        for (text, hours) in [("2h", 2), ("3d", 72), ("1w", 168), ("2h ago", 2), ("PT2H", 2)] {
            assert_eq!(when(text).map(|when| when.ms(nine)), Ok(nine - hours * 3_600_000), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_says_what_would_be() {
        for text in ["", "yesterday", "2026-13-01", "1 month"] {
            assert!(when(text).is_err_and(|why| why.contains("2h")), "{text}");
        }
    }
}
