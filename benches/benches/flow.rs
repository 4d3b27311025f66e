//! What the flow costs: the bare model's rate beside the rate of `ombud up` in the same run, as a ratio.
//!
//! Both sides have the same narratives, replicas and token budget, and take turns, so that a noisy neighbour
//! meets both. Bare is classifying alone, on texts that were prepared and batched before the clock ran.
//! `cargo bench -p ombud-benches`; with `-- --json` one object.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

mod subject;

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use ombud_tests::ombud;
use serde_json::{Value, json};
use subject::{Subject, bag, bare, encoder, median, replicas};

/// Turns of each side; the medians are compared.
const TURNS: usize = 3;

/// Complaints a second, one figure a turn.
struct Rates {
    bare: Vec<f64>,
    flow: Vec<f64>,
}

fn main() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let subjects = [bag(dir.path())?, encoder(dir.path())?];
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header([
        "family",
        "bare model, complaints/s",
        "ombud up, complaints/s",
        "ratio",
    ]);
    let mut objects = Vec::new();
    for subject in &subjects {
        let mut rates = measure(subject, dir.path())?;
        let (bare, flow) = (median(&mut rates.bare), median(&mut rates.flow));
        table.add_row([
            subject.family.to_owned(),
            format!("{bare:.1}"),
            format!("{flow:.1}"),
            format!("{:.2}", flow / bare),
        ]);
        objects.push(json!({ "family": subject.family, "bare_per_second": bare, "flow_per_second": flow,
            "ratio": flow / bare, "replicas": replicas() }));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    if std::env::args().any(|argument| argument == "--json") {
        println!("{}", json!({ "benches": objects }));
    } else {
        println!("{table}\n{} replicas, {} turns, medians", replicas(), TURNS);
    }
    Ok(())
}

fn measure(subject: &Subject, dir: &Path) -> Result<Rates> {
    let (model, prepared) = subject.prepare()?;
    let mut rates = Rates { bare: Vec::new(), flow: Vec::new() };
    for turn in 0..TURNS {
        rates.bare.push(bare(model.as_ref(), &prepared)?);
        let data = dir.join(format!("{}-{turn}", subject.family));
        rates.flow.push(flow(subject, &data, prepared.len())?);
    }
    Ok(rates)
}

fn flow(subject: &Subject, data: &Path, complaints: usize) -> Result<f64> {
    fs::create_dir_all(data)?;
    let mut up = ombud(data)?;
    up.env("OMBUD_MODELS", &subject.models).arg("up").arg(&subject.file).args(["--once", "--json"]);
    let output = up.output()?;
    ensure!(output.status.success(), "up: {}", String::from_utf8_lossy(&output.stderr));
    let summary: Value = serde_json::from_slice(output.stdout.trim_ascii())?;
    ensure!(summary["complete"] == complaints, "up: {summary}");
    summary["per_second"].as_f64().context("a rate")
}
