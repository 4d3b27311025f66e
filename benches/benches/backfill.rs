//! How long live complaints take beside a backfill, over Kafka with the default model; and what a stop leaves unfinished.
//!
//! `cargo bench -p ombud-benches --bench backfill` with what `scripts/services env` prints; one object on stdout.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use ombud_tests::{Deployment, Load, Routes, appended, default_models, sample_times};
use serde_json::{Value, json};

/// Live complaints, one a second: quiet first, then beside the backfill.
const LIVE_TIMES: usize = 1;
/// How often the sample is sent as the backfill: more than is answered while the live ones come.
const BACKFILL_TIMES: usize = 50;
const PARTITIONS: i32 = 6;
/// Of a backfill, before the live complaints come.
const ROUTED_FIRST: usize = 100;
/// For the routes of both to be there.
const ROUTES_TIMEOUT: Duration = Duration::from_secs(900);

fn main() -> Result<()> {
    let models = default_models();
    let models = models.to_str().context("a path of text")?;
    let deployment = Deployment::with(PARTITIONS, &[("OMBUD_MODELS", models)])?;
    let infer = deployment.start(&["infer", "--task", "all"])?;
    let _others = [deployment.start(&["join"])?, deployment.start(&["archive"])?];
    let (quiet, live, bulk) = (
        file(&deployment, "quiet", LIVE_TIMES)?,
        file(&deployment, "live", LIVE_TIMES)?,
        file(&deployment, "bulk", BACKFILL_TIMES)?,
    );

    let mut routes = Routes::follow(&deployment)?;
    let of_quiet = one_a_second(&deployment, &mut routes, &quiet)?;

    let before = routes.by_complaint.len();
    let mut backfill = deployment.command()?.args(["send", "--bulk"]).arg(&bulk.0).spawn()?;
    while routes.by_complaint.len() < before + ROUTED_FIRST {
        ensure!(backfill.try_wait()?.is_none(), "the backfill ended before the live complaints came");
        routes.catch_up()?;
    }
    let of_live = one_a_second(&deployment, &mut routes, &live)?;
    ensure!(backfill.try_wait()?.is_none(), "the backfill ended before the live complaints did");
    let drained = infer.stop()?;
    let unfinished = deployment.logs()?.matches("drain time is over").count();
    backfill.kill()?;
    backfill.wait()?;
    println!(
        "{}",
        json!({ "quiet": of_quiet, "beside_a_backfill": of_live,
            "sigterm_under_load": { "seconds": drained.as_secs_f64(), "drains_that_left_something": unfinished } })
    );
    Ok(())
}

/// A file of the sample, `times` over, whose ids begin with `name`.
fn file(deployment: &Deployment, name: &str, times: usize) -> Result<(PathBuf, Vec<String>)> {
    let path = deployment.folder().join(format!("{name}.csv"));
    sample_times(times, &path)?;
    let mut reader = csv::Reader::from_path(&path)?;
    let header = reader.headers()?.clone();
    let at = header.iter().position(|column| column == "complaint_id").context("the sample has ids")?;
    let rows = reader.records().collect::<Result<Vec<_>, _>>()?;
    let (mut writer, mut ids) = (csv::Writer::from_path(&path)?, Vec::new());
    writer.write_record(&header)?;
    for row in rows {
        let named = |(place, field): (usize, &str)| match place == at {
            true => format!("{name}-{field}"),
            false => field.to_owned(),
        };
        let row: Vec<String> = row.iter().enumerate().map(named).collect();
        ids.push(row[at].clone());
        writer.write_record(row)?;
    }
    writer.flush()?;
    Ok((path, ids))
}

/// Sends a file's complaints one a second, and measures each from its append to its first route.
fn one_a_second(
    deployment: &Deployment,
    routes: &mut Routes,
    (path, ids): &(PathBuf, Vec<String>),
) -> Result<Value> {
    Load::start(deployment, path, 1, &[])?.finish()?;
    let until = Instant::now() + ROUTES_TIMEOUT;
    while !ids.iter().all(|id| routes.by_complaint.contains_key(id)) {
        ensure!(Instant::now() < until, "not all of {} are routed", path.display());
        routes.catch_up()?;
    }
    let raw: BTreeMap<(i32, i64), i64> = appended(deployment)?;
    let firsts = ids.iter().filter_map(|id| routes.by_complaint.get(id)?.first());
    let mut waits: Vec<i64> = Vec::new();
    let mut past_deadline = 0;
    for first in firsts {
        let sent = raw.get(&(first.at.partition, first.record.raw_offset)).context("its raw record")?;
        waits.push(first.appended_at - sent);
        past_deadline += usize::from(!first.record.missing_tasks.is_empty());
    }
    waits.sort_unstable();
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share).round() as usize];
    Ok(json!({ "complaints": waits.len(), "p50_ms": at(0.5), "p99_ms": at(0.99), "greatest_ms": at(1.0),
        "past_deadline": past_deadline }))
}
