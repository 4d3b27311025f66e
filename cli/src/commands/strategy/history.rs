//! `ombud strategy history`: who changed what, when, why, and on which evaluation.

use std::io::Write;

use anyhow::Result;
use jiff::Timestamp;
use ombud_launch::config::Settings;
use ombud_models::{Difference, differences};
use serde::Serialize;

use crate::{
    Done,
    log::backend::View,
    output::terminal::table,
    strategies::{read_feed, unpublished},
};

#[derive(Serialize)]
struct Line<'a> {
    version: i64,
    effective_from: i64,
    changed_at: i64,
    changed_by: &'a str,
    reason: &'a str,
    evaluation_id: Option<&'a str>,
    request_id: Option<&'a str>,
    requested_by: Option<&'a str>,
    approved_by: &'a [String],
    /// From the version before; of the first, nothing.
    differences: Vec<Difference>,
}

/// Prints every version, oldest first.
pub(super) fn history(json: bool, settings: &Settings, out: &mut impl Write) -> Result<Done> {
    let feed = read_feed(&View::open(settings)?, settings)?;
    let records: Vec<_> = feed.strategies().iter().map(|strategy| &strategy.record).collect();
    if records.is_empty() {
        return Err(unpublished());
    }
    let mut table = table([
        "version",
        "effective from",
        "changed",
        "by",
        "approved by",
        "reason",
        "evaluation",
        "differences",
    ]);
    for (i, record) in records.iter().enumerate() {
        let before = i.checked_sub(1).map(|before| records[before]);
        let line = Line {
            version: record.version,
            effective_from: record.effective_from,
            changed_at: record.changed_at,
            changed_by: &record.changed_by,
            reason: &record.reason,
            evaluation_id: record.evaluation_id.as_deref(),
            request_id: record.request_id.as_deref(),
            requested_by: record.requested_by.as_deref(),
            approved_by: &record.approved_by,
            differences: before.map(|before| differences(before, record)).unwrap_or_default(),
        };
        if json {
            writeln!(out, "{}", serde_json::to_string(&line)?)?;
            continue;
        }
        table.add_row([
            line.version.to_string(),
            Timestamp::from_millisecond(line.effective_from)?.to_string(),
            Timestamp::from_millisecond(line.changed_at)?.to_string(),
            line.changed_by.to_owned(),
            if line.approved_by.is_empty() { "-".to_owned() } else { line.approved_by.join(", ") },
            line.reason.to_owned(),
            line.evaluation_id.unwrap_or("-").to_owned(),
            line.differences.len().to_string(),
        ]);
    }
    if !json {
        writeln!(out, "{table}")?;
    }
    Ok(Done::Well)
}
