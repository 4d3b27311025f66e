//! `ombud learn`: a model from labelled complaints.

use std::io::Write;

use anyhow::{Context, Result};
use indicatif::ProgressBar;
use ombud_learn::train::Report;
use ombud_learn::{bag, blend, encoder};
use serde_json::json;

use crate::{
    cli::{self, Family},
    terminal::{Terminal, table},
};

/// Trains what `args` ask for and prints what came of it.
pub(crate) fn learn(args: cli::Learn, terminal: &Terminal, out: &mut impl Write) -> Result<()> {
    let name = args.out.file_name().context("name the model: --out must end in a folder's name")?;
    let model_id = name.to_string_lossy().into_owned();
    let json = args.json;
    let bar = terminal.steps();
    let (report, pace) = match args.family {
        Family::Bag => (bag_of(args, model_id).run(&bar)?, None),
        Family::Encoder => fine_tuned(args, model_id, &bar)?,
        Family::Blend => fused(args, model_id, &bar)?,
    };
    bar.finish_and_clear();
    if json {
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
    if let Some(pace) = pace {
        writeln!(out, "{pace}")?;
    }
    Ok(())
}

fn bag_of(args: cli::Learn, model_id: String) -> bag::Train {
    bag::Train {
        files: args.files,
        validation: args.validation,
        out: args.out,
        model_id,
        seed: args.seed,
        recipe: bag::Recipe::default(),
    }
}

/// With how fast it went, in words.
fn fine_tuned(args: cli::Learn, model_id: String, bar: &ProgressBar) -> Result<(Report, Option<String>)> {
    let recipe = args.fine_tune.recipe();
    let most_frozen_bytes = args.fine_tune.cache_bytes();
    let threads = threads(&args);
    let base = args.fine_tune.base.context("find an encoder to train on from: say its folder with --base")?;
    let train = encoder::Train {
        base,
        files: args.files,
        validation: args.validation,
        out: args.out,
        model_id,
        seed: args.seed,
        threads,
        most_frozen_bytes,
        recipe,
    };
    let outcome = train.run(bar)?;
    let best = &outcome.points[outcome.best];
    let pace = format!(
        "{:.1} examples/s on {threads} threads; best of {} judgements after {} steps (epoch {:.1})",
        outcome.examples_per_second,
        outcome.points.len(),
        best.step,
        best.epoch
    );
    Ok((outcome.report, Some(pace)))
}

/// With what its cascade does, in words.
fn fused(args: cli::Learn, model_id: String, bar: &ProgressBar) -> Result<(Report, Option<String>)> {
    let threads = threads(&args);
    let most_lost = args.fuse.cascade;
    let (bag, encoders) = args.fuse.members()?;
    let validation = args.validation.context(
        "weigh the members: say labelled complaints that none of them has learned from with --validation",
    )?;
    let recipe = blend::Recipe { most_lost, ..blend::Recipe::default() };
    let blend = blend::Blend {
        bag,
        encoders,
        files: args.files,
        validation,
        out: args.out,
        model_id,
        threads,
        recipe,
    };
    let outcome = blend.run(bar)?;
    let cascade = match (outcome.calls, most_lost) {
        (Some(calls), _) => format!("cascade: the bag alone answers {:.1} %", 100.0 * (1.0 - calls)),
        (None, Some(most_lost)) => {
            format!("no cascade: leaving any complaint to the bag loses more than {most_lost} points")
        }
        (None, None) => "no cascade: every member sees every complaint".to_owned(),
    };
    Ok((outcome.report, Some(cascade + "; the card has the curve")))
}

/// As said, or one a core.
fn threads(args: &cli::Learn) -> usize {
    match args.fine_tune.threads {
        Some(threads) => threads.max(1),
        None => std::thread::available_parallelism().map_or(1, usize::from),
    }
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
