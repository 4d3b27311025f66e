//! `ombud strategy simulate`: known complaints through the draws of a strategy, to see what each arm would get.

use std::{
    collections::BTreeSet,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use clap::Args;
use ombud_contract::{catalogue::Topic, validate::id_of};
use ombud_intake::{FileDefaults, Rows};
use ombud_launch::config::Settings;
use ombud_models::{ActiveStrategy, ArmShare, Signature, StrategyChange, StrategyDraft};
use ombud_stream::Clock;
use serde_json::json;

use crate::{
    Done,
    input::when::{When, when},
    log::{
        backend::{READER, View},
        scan::scan,
    },
    output::terminal::table,
    strategies::LogSnapshot,
};

/// The arguments of `simulate`.
#[derive(Args, Debug, Default)]
pub(crate) struct Simulate {
    /// Complaints: CSV or JSON, plain, .gz or .zst [default: those in the log]
    #[arg(conflicts_with = "since")]
    file: Option<PathBuf>,

    /// Of the log only what came at or after this time, such as 2026-01-31 or 3d
    #[arg(long, value_name = "TIME", value_parser = when)]
    since: Option<When>,

    /// The strategy [default: the newest]
    #[arg(long, value_name = "N", conflicts_with = "candidate")]
    version: Option<i64>,

    /// A strategy file instead, as `set` takes it
    #[arg(long, value_name = "FILE")]
    candidate: Option<PathBuf>,

    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Prints each arm's share of the complaints beside the share that it should have.
pub(super) fn simulate(
    args: &Simulate,
    settings: &Settings,
    clock: &dyn Clock,
    out: &mut impl Write,
) -> Result<Done> {
    let strategy = strategy(args, settings, clock.now_ms())?;
    let ids = match &args.file {
        Some(file) => of_file(file)?,
        None => of_log(args.since.map(|since| since.ms(clock.now_ms())), settings)?,
    };
    let shares = strategy.shares(ids.iter().map(String::as_str));
    let name = match &args.candidate {
        Some(file) => file.display().to_string(),
        None => format!("strategy {}", strategy.record.version),
    };
    if args.json {
        let report = json!({ "strategy": name, "complaints": ids.len(), "arms": shares });
        writeln!(out, "{report}")?;
        return Ok(Done::Well);
    }
    writeln!(out, "{name} over {} complaints; the sampling error is one standard error", ids.len())?;
    let mut table = table(["task", "arm", "role", "complaints", "share", "expected", "sampling error"]);
    let percent = |share: f64| format!("{:.2} %", share * 100.0);
    for ArmShare { task, arm, role, expected, complaints, share, sampling_error } in shares {
        table.add_row([
            task,
            arm,
            format!("{role:?}").to_lowercase(),
            complaints.to_string(),
            percent(share),
            percent(expected),
            percent(sampling_error),
        ]);
    }
    writeln!(out, "{table}")?;
    Ok(Done::Well)
}

fn strategy(args: &Simulate, settings: &Settings, now_ms: i64) -> Result<ActiveStrategy> {
    let known = LogSnapshot::read(settings)?;
    let newest = known.newest()?;
    let Some(file) = &args.candidate else {
        let version = args.version.unwrap_or(newest.record.version);
        let found = known.strategies().version(version);
        let found = found.with_context(|| {
            format!("find strategy {version}: the versions are 1 to {}", newest.record.version)
        });
        return Ok(found?.as_ref().clone());
    };
    let draft = StrategyDraft::read(file, &known.registry, &newest.record)?.record;
    let signature = Signature { by: "ombud strategy simulate".to_owned(), reason: None, now_ms, from: None };
    let next =
        StrategyChange::Replace(Box::new(draft)).next(known.strategies(), &known.registry, &signature)?;
    Ok(ActiveStrategy::new(next)?)
}

/// The complaints of a file; rows that are none are left out, as when it is sent.
fn of_file(file: &Path) -> Result<BTreeSet<String>> {
    let mut ids = BTreeSet::new();
    for row in Rows::open(file, FileDefaults::of(file)?)? {
        if let Ok(row) = row? {
            ids.insert(row.complaint.complaint_id);
        }
    }
    Ok(ids)
}

/// The complaints of the log, by what workers take for their ids. Each once, however often it was sent.
fn of_log(since: Option<i64>, settings: &Settings) -> Result<BTreeSet<String>> {
    let view = View::open(settings)?;
    let mut reader = view.reader(READER)?;
    let mut ids = BTreeSet::new();
    for (partition, end) in view.ends(&Topic::Raw.name(&settings.topics.prefix))? {
        let from = reader.offset_at(&partition, since.unwrap_or(i64::MIN))?;
        scan(&mut reader, &partition, from, end, |record| {
            ids.extend(id_of(record.key.as_deref(), record.value.as_deref()));
            Ok(())
        })?;
    }
    if ids.is_empty() {
        anyhow::bail!("find complaints: the log has none of that time; name a file of complaints instead");
    }
    Ok(ids)
}
