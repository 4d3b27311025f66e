//! What a complaint gets where its file says nothing.

use std::{path::Path, time::UNIX_EPOCH};

use ombud_contract::records::TimestampMs;

use crate::{date_order::DateOrder, dates::Undated, error::IntakeError, source::Source};

/// What a complaint gets where the file says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDefaults {
    /// In which order its dates are written; without it the order that the whole file shows.
    pub dates: Option<DateOrder>,
    /// When it was received.
    pub undated: Undated,
    /// Its language; where this is missing too, `und`: models look at the text themselves.
    pub language: Option<String>,
}

impl FileDefaults {
    /// For whoever learns from rows, measures by them or counts them, one by one: a row without a date has the file's time, and
    /// it does not matter which other rows have its id.
    ///
    /// # Errors
    /// The file isn't there.
    pub fn of(path: &Path) -> Result<Self, IntakeError> {
        Ok(Self { dates: None, undated: Undated::Unimportant(Self::changed(path)?), language: None })
    }

    /// The file's time of change, or when a pipe ended.
    ///
    /// # Errors
    /// The file isn't there.
    pub fn changed(path: &Path) -> Result<TimestampMs, IntakeError> {
        let changed = Source::open(path)?.changed();
        let since = changed.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}
