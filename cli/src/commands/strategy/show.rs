//! `ombud strategy show` and `at`: one version, whole.

use std::{io::Write, time::Duration};

use anyhow::{Context, Result};
use ombud_contract::records::Strategy;
use ombud_launch::config::Settings;
use ombud_stream::Clock;

use crate::{
    Done,
    log::backend::View,
    output::terminal::table,
    strategies::{read_feed, unpublished},
};

/// Prints a version, or the newest that is in force.
pub(super) fn show(
    version: Option<i64>,
    json: bool,
    settings: &Settings,
    clock: &dyn Clock,
    out: &mut impl Write,
) -> Result<Done> {
    let Some(version) = version else { return at(clock.now_ms(), json, settings, out) };
    let feed = read_feed(&View::open(settings)?, settings)?;
    let newest = feed.strategies().newest().ok_or_else(unpublished)?.record.version;
    let found = feed.strategies().version(version);
    let found = found.with_context(|| format!("find strategy {version}: the versions are 1 to {newest}"))?;
    print(&found.record, json, out)
}

/// Prints the strategy of the complaints that were appended at `ms`.
pub(super) fn at(ms: i64, json: bool, settings: &Settings, out: &mut impl Write) -> Result<Done> {
    let feed = read_feed(&View::open(settings)?, settings)?;
    print(&feed.at(ms).map_err(|_| unpublished())?.record, json, out)
}

fn print(record: &Strategy, json: bool, out: &mut impl Write) -> Result<Done> {
    if json {
        writeln!(out, "{}", serde_json::to_string(record)?)?;
        return Ok(Done::Well);
    }
    let mut table = table(["task", "required", "review below", "arm", "role", "share", "model", "version"]);
    for task in &record.tasks {
        for arm in &task.arms {
            table.add_row([
                task.task.clone(),
                if task.required { "yes" } else { "no" }.to_owned(),
                format!("{:.2}", task.review_below),
                arm.name.clone(),
                format!("{:?}", arm.role).to_lowercase(),
                format!("{:.2} %", f64::from(arm.basis_points) / 100.0),
                arm.model_id.clone(),
                arm.model_version.chars().take(12).collect(),
            ]);
        }
    }
    let from = jiff::Timestamp::from_millisecond(record.effective_from)?;
    writeln!(out, "strategy {} by {}, effective from {from}", record.version, record.changed_by)?;
    writeln!(
        out,
        "deadline {:?}, amend window {:?}, audit {:.2} %, approvals {}",
        Duration::from_millis(record.deadline_ms.unsigned_abs()),
        Duration::from_millis(record.amend_window_ms.unsigned_abs()),
        f64::from(record.audit_basis_points) / 100.0,
        record.approvals,
    )?;
    if !record.approved_by.is_empty() {
        let (request, by) = (record.request_id.as_deref(), record.requested_by.as_deref());
        writeln!(
            out,
            "request {} of {}, approved by {}",
            request.unwrap_or("-"),
            by.unwrap_or("-"),
            record.approved_by.join(", "),
        )?;
    }
    writeln!(out, "{table}\n\n{}", record.routing.trim_end())?;
    Ok(Done::Well)
}
