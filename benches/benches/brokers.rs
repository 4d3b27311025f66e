//! What brokers, registry and case store cost: the bare model's rate beside the rate end to end over Kafka in the same
//! run, as a ratio; and how long one complaint takes when they come one by one.
//!
//! `cargo bench -p ombud-benches --bench brokers` with what `scripts/services env` prints; with `-- --json` one object,
//! and with `-- bag` or `-- encoder` that family alone.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

mod subject;

use std::{path::Path, time::Duration};

use anyhow::{Context, Result};
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use ombud_tests::{Deployment, Routes, appended, sample_times};
use serde_json::json;
use subject::{Subject, bag, bare, encoder, median, replicas};

/// Turns of each side; the medians are compared.
const TURNS: usize = 3;
/// How often the sample is sent in one turn: long enough that the first batch's latency does not count.
const TIMES: usize = 4;
/// Complaints that come one by one, one every two seconds.
const ONE_BY_ONE: usize = 60;
const PARTITIONS: i32 = 6;
/// For all routes of a turn to be there.
const ROUTES_TIMEOUT: Duration = Duration::from_secs(600);

fn main() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (bag, mut encoder) = (bag(dir.path())?, encoder(dir.path())?);
    sample_times(TIMES, &encoder.file)?;
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header([
        "family",
        "complaints",
        "bare model, complaints/s",
        "over Kafka, complaints/s",
        "ratio",
    ]);
    let mut families = Vec::new();
    let named: Vec<String> =
        std::env::args().filter(|it| ["bag", "encoder"].contains(&it.as_str())).collect();
    let asked = |subject: &&Subject| named.is_empty() || named.iter().any(|name| name == subject.family);
    for subject in [&bag, &encoder].into_iter().filter(asked) {
        let (model, prepared) = subject.prepare()?;
        let (mut alone, mut flow) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            alone.push(bare(model.as_ref(), &prepared)?);
            flow.push(over_kafka(subject, prepared.len())?);
        }
        let (alone, flow) = (median(&mut alone), median(&mut flow));
        table.add_row([
            subject.family.to_owned(),
            prepared.len().to_string(),
            format!("{alone:.1}"),
            format!("{flow:.1}"),
            format!("{:.2}", flow / alone),
        ]);
        families
            .push(json!({ "family": subject.family, "complaints": prepared.len(), "bare_per_second": alone,
            "kafka_per_second": flow, "ratio": flow / alone, "replicas": replicas() }));
    }
    encoder.file = dir.path().join("one-by-one.csv");
    let mut waits = one_by_one(&encoder, dir.path())?;
    waits.sort_unstable();
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share).round() as usize];
    let (p50, p99) = (at(0.5), at(0.99));
    if std::env::args().any(|argument| argument == "--json") {
        let latency = json!({ "complaints": waits.len(), "p50_ms": p50, "p99_ms": p99 });
        println!("{}", json!({ "families": families, "one_every_two_seconds": latency }));
        return Ok(());
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    println!("{table}\n{} replicas, {TURNS} turns, medians", replicas());
    println!(
        "one complaint every 2 s, encoder, append to route: p50 {p50} ms, p99 {p99} ms of {}",
        waits.len()
    );
    Ok(())
}

/// A deployment that serves `subject`.
fn deploy(subject: &Subject) -> Result<Deployment> {
    let models = subject.models.to_str().context("a path of text")?;
    Deployment::with(PARTITIONS, &[("OMBUD_MODELS", models)])
}

/// Complaints a second from the first append to the last route, all roles in processes of their own.
fn over_kafka(subject: &Subject, complaints: usize) -> Result<f64> {
    let deployment = deploy(subject)?;
    let _roles = [
        deployment.start(&["infer", "--task", "all"])?,
        deployment.start(&["join"])?,
        deployment.start(&["archive"])?,
    ];
    let file = subject.file.to_str().context("a path of text")?;
    deployment.run(&["send", "--bulk", file])?;
    let mut routes = Routes::follow(&deployment)?;
    routes.wait_for_complete(complaints, ROUTES_TIMEOUT)?;
    let raw = appended(&deployment)?;
    let first = raw.values().min().context("raw records")?;
    let last = routes.by_complaint.values().flatten().map(|routed| routed.appended_at).max();
    let took = last.context("routes")? - first;
    Ok(complaints as f64 / (took as f64 / 1_000.0))
}

/// Milliseconds from append to route, of complaints that come one every two seconds.
fn one_by_one(subject: &Subject, dir: &Path) -> Result<Vec<i64>> {
    let deployment = deploy(subject)?;
    let _roles = [
        deployment.start(&["infer", "--task", "all"])?,
        deployment.start(&["join"])?,
        deployment.start(&["archive"])?,
    ];
    sample_times(1, &subject.file)?;
    let few = dir.join("few.csv");
    let text = std::fs::read_to_string(&subject.file)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut writer = csv::Writer::from_path(&few)?;
    writer.write_record(reader.headers()?)?;
    for row in reader.records().take(ONE_BY_ONE) {
        writer.write_record(&row?)?;
    }
    writer.flush()?;
    deployment.run(&["send", "--rate", "0.5", few.to_str().context("a path of text")?])?;
    let mut routes = Routes::follow(&deployment)?;
    routes.wait_for_complete(ONE_BY_ONE, ROUTES_TIMEOUT)?;
    let raw = appended(&deployment)?;
    let waits = routes.by_complaint.values().filter_map(|routed| {
        let first = routed.first()?;
        Some(first.appended_at - raw.get(&(first.at.partition, first.record.raw_offset))?)
    });
    Ok(waits.collect())
}
