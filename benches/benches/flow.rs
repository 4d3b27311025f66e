//! What the flow costs: the bare model's rate beside the rate of `ombud up` in the same run, as a ratio.
//!
//! Both sides have the same narratives, replicas and token budget, and take turns, so that a noisy neighbour
//! meets both. Bare is classifying alone, on texts that were prepared and batched before the clock ran.
//! `cargo bench -p ombud-benches`; with `-- --json` one object.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use std::{fs, path::Path, thread, time::Instant};

use anyhow::{Context, Result, ensure};
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use ombud_contract::taxonomy::Taxonomy;
use ombud_intake::{FileDefaults, Rows};
use ombud_launch::config::Settings;
use ombud_models::{Artefact, Family, Head, Kind, LoadModel, Manifest, Prepared};
use ombud_stream::{Batch, Limit, pack_by_length};
use ombud_tests::{ombud, repository, sample_times};
use ombud_torch::{Libtorch, Shape, random_encoder};
use serde_json::{Value, json};

/// Turns of each side; the medians are compared.
const TURNS: usize = 3;

/// A model family, with a models folder whose strategy serves it.
struct Subject {
    family: &'static str,
    artefact: Artefact,
    models: std::path::PathBuf,
    file: std::path::PathBuf,
}

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

/// The default bag, which answers three tasks in one pass.
fn bag(dir: &Path) -> Result<Subject> {
    let models = repository().join("models");
    let file = dir.join("bag.csv");
    sample_times(20, &file)?;
    Ok(Subject { family: "bag", artefact: Artefact::open(&models.join("complaints-bag"))?, models, file })
}

/// An encoder of MiniLM-L6's shape for the product alone; what its weights say doesn't matter here.
fn encoder(dir: &Path) -> Result<Subject> {
    let models = dir.join("encoder-models");
    let product = Taxonomy::by_label_set("product@1").context("the product's labels")?;
    let head = Head {
        task: "product".into(),
        kind: Kind::Choice,
        label_set: "product@1".into(),
        labels: product.leaves().to_vec(),
        temperature: 1.0,
        thresholds: Default::default(),
    };
    let manifest = Manifest {
        format: 1,
        model_id: "bench-encoder".into(),
        family: Family::Encoder,
        heads: vec![head],
        max_tokens: Some(256),
        metrics: Default::default(),
        training_manifest_sha256: None,
        parent_version: None,
    };
    let folder = models.join("bench-encoder");
    fs::create_dir_all(&folder)?;
    random_encoder(Shape::MINILM_L6, 1, &manifest, &folder)?;
    fs::write(models.join("strategy.toml"), strategy_with("bench-encoder")?)?;
    let file = dir.join("encoder.csv");
    sample_times(1, &file)?;
    Ok(Subject { family: "encoder", artefact: Artefact::open(&folder)?, models, file })
}

/// The repository's strategy with the product alone, answered by `model`.
fn strategy_with(model: &str) -> Result<String> {
    let mut strategy: toml::Table = fs::read_to_string(repository().join("models/strategy.toml"))?.parse()?;
    let tasks =
        strategy.get_mut("tasks").and_then(toml::Value::as_table_mut).context("the strategy's tasks")?;
    tasks.retain(|task, _| task == "product");
    let arms = tasks.get_mut("product").and_then(|product| product.get_mut("arms")).context("its arms")?;
    for arm in arms.as_array_mut().into_iter().flatten() {
        arm.as_table_mut().context("an arm")?.insert("model".into(), model.into());
    }
    Ok(toml::to_string(&strategy)?)
}

fn measure(subject: &Subject, dir: &Path) -> Result<Rates> {
    let model = Libtorch.load(&subject.artefact)?;
    let rows = Rows::open(&subject.file, FileDefaults::of(&subject.file)?)?;
    let mut prepared = Vec::new();
    for row in rows.flatten().flatten() {
        prepared.push(model.prepare(&row.complaint.narrative));
    }
    let mut rates = Rates { bare: Vec::new(), flow: Vec::new() };
    for turn in 0..TURNS {
        rates.bare.push(bare(model.as_ref(), &prepared)?);
        let data = dir.join(format!("{}-{turn}", subject.family));
        rates.flow.push(flow(subject, &data, prepared.len())?);
    }
    Ok(rates)
}

/// The same window, budget and replicas as infer's.
fn bare(model: &dyn ombud_models::Model, prepared: &[Prepared]) -> Result<f64> {
    let limit = Limit { rows: 256, cost: Settings::default().infer.token_budget };
    let batches: Vec<Batch<&Prepared>> = prepared
        .chunks(128)
        .flat_map(|window| pack_by_length(window.iter().collect(), |text| text.cost(), limit))
        .collect();
    let (send, receive) = crossbeam_channel::bounded(batches.len());
    for batch in &batches {
        send.send(batch).ok().context("queue all batches")?;
    }
    drop(send);
    let started = Instant::now();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..replicas())
            .map(|_| {
                let (mut replica, batches) = (model.replica(), receive.clone());
                scope.spawn(move || {
                    batches.iter().try_for_each(|batch| replica.classify(&batch.items).map(drop))
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or(Ok(())))
    })?;
    Ok(prepared.len() as f64 / started.elapsed().as_secs_f64())
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

fn replicas() -> usize {
    Settings::default().infer.replicas
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
