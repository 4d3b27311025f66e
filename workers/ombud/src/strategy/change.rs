//! `ombud strategy set`, `canary`, `shadow`, `promote` and `roll-back`: the next strategy, checked, shown, published.

use std::{io::Write, path::Path, sync::Arc};

use anyhow::Result;
use jiff::Timestamp;
use ombud_launch::config::Settings;
use ombud_models::{Change, StrategyDraft, differences};
use ombud_stream::Clock;
use serde_json::json;

use super::{
    command::How,
    diff::rows,
    known::Known,
    publish::{self, publish},
};
use crate::Done;

/// Publishes what `file` says.
pub(super) fn set(
    file: &Path,
    how: &How,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    out: &mut impl Write,
) -> Result<Done> {
    let known = Known::read(settings)?;
    let draft = StrategyDraft::read(file, &known.registry)?;
    follow(&Change::Replace(Box::new(draft.record)), &known, how, settings, clock, out)
}

/// Publishes what `change` makes of the newest strategy.
pub(super) fn change(
    change: &Change,
    how: &How,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    out: &mut impl Write,
) -> Result<Done> {
    follow(change, &Known::read(settings)?, how, settings, clock, out)
}

fn follow(
    change: &Change,
    known: &Known,
    how: &How,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    out: &mut impl Write,
) -> Result<Done> {
    let now_ms = clock.now_ms();
    let mut next = change.next(known.strategies(), &known.registry, &how.signature(now_ms)?)?;
    // Whoever publishes checks once more; a dry run and a wrong change end here.
    known.strategies().gate(&next, &known.registry, now_ms)?;
    let differences = differences(&known.newest()?.record, &next);
    if !how.dry_run {
        let published = publish(&next, settings, clock)?;
        let publish::Published { version, appended_at, changed_by, changed_at } = published;
        tracing::info!(version, appended_at, by = %changed_by, "strategy published");
        (next.changed_by, next.changed_at) = (changed_by, changed_at);
    }
    if how.json {
        let report = json!({ "published": !how.dry_run, "strategy": next, "differences": differences });
        writeln!(out, "{report}")?;
        return Ok(Done::Well);
    }
    let from = Timestamp::from_millisecond(next.effective_from)?;
    let done = if how.dry_run { "would be published" } else { "published" };
    writeln!(out, "strategy {} {done}, effective from {from}: {}", next.version, next.reason)?;
    write!(out, "{}", rows(&differences))?;
    Ok(Done::Well)
}
