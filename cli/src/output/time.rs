//! A time as programs read it in a report.

use anyhow::{Context, Result};
use jiff::Timestamp;

/// RFC 3339, in UTC.
///
/// # Errors
/// It lies beyond the years that can be written.
pub(crate) fn written_time(ms: i64) -> Result<String> {
    Ok(Timestamp::from_millisecond(ms).context("write a time")?.to_string())
}
