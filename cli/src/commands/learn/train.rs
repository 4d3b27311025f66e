//! `ombud learn`: a model from labelled complaints.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use indicatif::ProgressBar;
use ombud_learn::train::{Job, LearnedModel as Report, Lineage};
use ombud_learn::{bag, blend, encoder};
use ombud_models::Reads;
use serde_json::json;

use super::args::{Family, Learn};
use crate::{Done, input::tasks::columns, output::terminal::Terminal};

/// Trains what `args` ask for and prints what came of it.
pub(super) fn train(args: Learn, terminal: &Terminal, out: &mut impl Write) -> Result<Done> {
    let model_id = model_id(&args.out)?;
    if !args.replace {
        ensure_free(&args.out)?;
    }
    let json = args.json;
    let bar = terminal.steps();
    let (report, pace) = match args.family {
        Family::Bag => (bag_of(args, model_id)?.run(&bar)?, None),
        Family::Encoder => fine_tuned(args, model_id, &bar)?,
        Family::Blend => fused(args, model_id, &bar)?,
    };
    bar.finish_and_clear();
    if json {
        writeln!(out, "{}", as_json(&report))?;
        return Ok(Done::Well);
    }
    writeln!(
        out,
        "{}\n{} learned from {} complaints{}, calibrated on {}\n{}\n{}",
        report.figures().terminal(),
        report.artefact.manifest.model_id,
        report.rows,
        report.labels_missing().map_or_else(String::new, |labels| format!(" ({labels})")),
        report.validation_rows,
        report.artefact.dir.display(),
        report.page.display()
    )?;
    if let Some(pace) = pace {
        writeln!(out, "{pace}")?;
    }
    Ok(Done::Well)
}

/// A model is called like its folder.
pub(crate) fn model_id(out: &Path) -> Result<String> {
    let name = out.file_name().context("name the model: --out must end in a folder's name")?;
    Ok(name.to_string_lossy().into_owned())
}

/// Refuses a folder that holds something: hours of learning would be gone without a word. An unfinished run lies beside it.
pub(crate) fn ensure_free(out: &Path) -> Result<()> {
    let shown = out.display();
    match std::fs::read_dir(out) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("look into {shown}")),
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => {
                bail!(
                    "write the model to {shown}: there is one already; name another folder, or say --replace"
                )
            }
        },
    }
}

/// A lineage without parents, for the languages of the flag.
fn lineage(args: &Learn) -> Result<Lineage> {
    let reads = Reads::in_languages(&args.reads).map_err(|what| anyhow!("learn a model: {what}"))?;
    Ok(Lineage { reads, ..Lineage::default() })
}

fn bag_of(args: Learn, model_id: String) -> Result<bag::Train> {
    let lineage = lineage(&args)?;
    let usual = bag::Recipe::default();
    let own = |head: &bag::HeadRecipe, task| bag::HeadRecipe { task, ..head.clone() };
    let heads = args.tasks.heads(usual.heads, |head| &head.task, own, &args.files)?;
    Ok(bag::Train {
        job: Job { files: args.files, out: args.out, model_id, lineage },
        validation: args.validation,
        seed: args.seed,
        recipe: bag::Recipe { heads, ..bag::Recipe::default() },
    })
}

fn encoder_recipe(args: &Learn) -> Result<encoder::Recipe> {
    let usual = args.fine_tune.recipe();
    // A coarser level belongs to the tree of the head that is copied, and a task of a bank's own has a flat tree.
    let own = |head: &encoder::HeadRecipe, task| encoder::HeadRecipe { task, coarse: None, ..head.clone() };
    let heads = args.tasks.heads(usual.heads.clone(), |head| &head.task, own, &args.files)?;
    Ok(encoder::Recipe { heads, ..usual })
}

/// With how fast it went, in words.
fn fine_tuned(args: Learn, model_id: String, bar: &ProgressBar) -> Result<(Report, Option<String>)> {
    let (lineage, recipe) = (lineage(&args)?, encoder_recipe(&args)?);
    let most_frozen_bytes = args.fine_tune.cache_bytes();
    let keep_every = Duration::from_secs(args.fine_tune.keep_every);
    let threads = threads(&args);
    let base = args
        .fine_tune
        .base
        .context("find an encoder to train on from: say its folder, or its name on the hub, with --base")?;
    let train = encoder::Train {
        base: ombud_models::fetch(&base, None)?,
        job: Job { files: args.files, out: args.out, model_id, lineage },
        validation: args.validation,
        seed: args.seed,
        threads,
        most_frozen_bytes,
        keep_every,
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
fn fused(args: Learn, model_id: String, bar: &ProgressBar) -> Result<(Report, Option<String>)> {
    let most_lost = args.fuse.cascade;
    let outcome = blend_of(args, model_id)?.run(bar)?;
    let cascade = cascade(outcome.calls, most_lost);
    Ok((outcome.report, Some(cascade + "; the card has the curve")))
}

fn blend_of(args: Learn, model_id: String) -> Result<blend::Blend> {
    let lineage = lineage(&args)?;
    let threads = threads(&args);
    let most_lost = args.fuse.cascade;
    let (bag, encoders) = args.fuse.members()?;
    let validation = args.validation.context(
        "weigh the members: say labelled complaints that none of them has learned from with --validation",
    )?;
    Ok(blend::Blend {
        bag,
        encoders,
        job: Job { files: args.files, out: args.out, model_id, lineage },
        validation,
        columns: columns(&args.tasks.tasks),
        threads,
        recipe: blend::Recipe { most_lost, ..blend::Recipe::default() },
    })
}

/// What became of a cascade that may lose `most_lost` points: with one, the later members are called for the share
/// `calls` of complaints.
fn cascade(calls: Option<f64>, most_lost: Option<f64>) -> String {
    match (calls, most_lost) {
        (Some(calls), _) => format!("cascade: the bag alone answers {:.1} %", 100.0 * (1.0 - calls)),
        (None, Some(most_lost)) => {
            format!("no cascade: leaving any complaint to the bag loses more than {most_lost} points")
        }
        (None, None) => "no cascade: every member sees every complaint".to_owned(),
    }
}

/// As the flag has it, or one a core.
pub(crate) fn threads(args: &Learn) -> usize {
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
        "page": report.page,
        "rows": report.rows,
        "labelled": report.labelled,
        "validation_rows": report.validation_rows,
        "metrics": report.artefact.manifest.metrics,
        "shrinking": report.shrinking,
        "tasks": report.tasks,
    })
}

#[cfg(test)]
mod tests;
