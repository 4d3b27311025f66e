//! `ombud strategy set`, `canary`, `shadow`, `promote` and `roll-back`: the next strategy, checked, shown, published.

use std::{io::Write, sync::Arc};

use anyhow::Result;
use jiff::Timestamp;
use ombud_launch::config::Settings;
use ombud_models::{StrategyChange, differences};
use ombud_stream::Clock;
use serde_json::json;

use super::{changes::SetArgs, diff::rows, options::ChangeOptions};
use crate::{
    Done,
    strategies::{LogSnapshot, Published, publish},
};

/// Publishes what the file of `args` says.
pub(super) fn set(
    args: &SetArgs,
    options: &ChangeOptions,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    out: &mut impl Write,
) -> Result<Done> {
    let known = LogSnapshot::read(settings)?;
    follow(&args.change(&known)?, &known, options, settings, clock, out)
}

/// Publishes what `change` makes of the newest strategy.
pub(super) fn change(
    change: &StrategyChange,
    options: &ChangeOptions,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    out: &mut impl Write,
) -> Result<Done> {
    follow(change, &LogSnapshot::read(settings)?, options, settings, clock, out)
}

fn follow(
    change: &StrategyChange,
    known: &LogSnapshot,
    options: &ChangeOptions,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    out: &mut impl Write,
) -> Result<Done> {
    let now_ms = clock.now_ms();
    let mut next = change.next(known.strategies(), &known.registry, &options.signature(now_ms)?)?;
    // Whoever publishes checks once more; a dry run and a wrong change end here.
    known.strategies().gate(&next, &known.registry, now_ms)?;
    let differences = differences(&known.newest()?.record, &next);
    if !options.dry_run {
        let published = publish(&next, settings, clock)?;
        let Published { version, appended_at, changed_by, changed_at } = published;
        tracing::info!(version, appended_at, by = %changed_by, "strategy published");
        (next.changed_by, next.changed_at) = (changed_by, changed_at);
    }
    if options.json {
        let report = json!({ "published": !options.dry_run, "strategy": next, "differences": differences });
        writeln!(out, "{report}")?;
        return Ok(Done::Well);
    }
    let from = Timestamp::from_millisecond(next.effective_from)?;
    let done = if options.dry_run { "would be published" } else { "published" };
    writeln!(out, "strategy {} {done}, effective from {from}: {}", next.version, next.reason)?;
    write!(out, "{}", rows(&differences))?;
    Ok(Done::Well)
}
