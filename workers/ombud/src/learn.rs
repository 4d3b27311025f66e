//! `ombud learn`: a bag from labelled complaints.

use std::io::Write;

use anyhow::{Context, Result};
use ombud_learn::train::{Recipe, Report, Train};
use serde_json::json;

use crate::{
    cli,
    terminal::{Terminal, table},
};

/// Trains what `args` ask for and prints what came of it.
pub(crate) fn learn(args: cli::Learn, terminal: &Terminal, out: &mut impl Write) -> Result<()> {
    let name = args.out.file_name().context("name the model: --out must end in a folder's name")?;
    let train = Train {
        model_id: name.to_string_lossy().into_owned(),
        files: args.files,
        validation: args.validation,
        out: args.out,
        seed: args.seed,
        recipe: Recipe::default(),
    };
    let bar = terminal.steps();
    let report = train.run(&bar)?;
    bar.finish_and_clear();
    if args.json {
        writeln!(out, "{}", as_json(&report))?;
        return Ok(());
    }
    let manifest = &report.artefact.manifest;
    let mut figures = table(["figure", "on validation", "added by shrinking"]);
    for (name, value) in &manifest.metrics {
        let shrinking = report.shrinking.get(name).map_or("-".to_owned(), |added| format!("{added:+.4}"));
        figures.add_row([name.clone(), format!("{value:.4}"), shrinking]);
    }
    writeln!(
        out,
        "{figures}\n{} learned from {} complaints, calibrated on {}\n{}",
        manifest.model_id,
        report.rows,
        report.validation_rows,
        report.artefact.dir.display()
    )?;
    Ok(())
}

fn as_json(report: &Report) -> serde_json::Value {
    json!({
        "model_id": report.artefact.manifest.model_id,
        "version": report.artefact.version,
        "dir": report.artefact.dir,
        "rows": report.rows,
        "validation_rows": report.validation_rows,
        "metrics": report.artefact.manifest.metrics,
        "shrinking": report.shrinking,
        "tasks": report.tasks,
    })
}
