//! `ombud evaluate`: the default models, or one artefact, on labelled complaints.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use ombud_launch::config::Settings;
use ombud_measure::evaluate::{Evaluate, Evaluation, Measurement, Mix, Resampling, Subject, View};
use ombud_models::{Artefact, FirstStrategy, digest_file};
use ombud_stream::{Clock, SystemClock};

use super::{answers, args};
use crate::{
    Done, input::tasks::columns, output::terminal::Terminal, registry::EvaluationDraft, trial::TrialLoader,
};

/// The model of the models folder that all others are compared with.
const BASELINE: &str = "complaints-bag";

/// Measures what `args` name and prints the figures.
pub(crate) fn evaluate(
    args: &args::Evaluate,
    settings: &Settings,
    terminal: &Terminal,
    out: &mut impl Write,
) -> Result<Done> {
    let measure = |subjects: Vec<Subject>| -> Result<Measurement> {
        let bar = terminal.bytes("reading");
        let resampling = Resampling::default();
        let (threads, columns) = (settings.infer.replicas, columns(&args.tasks));
        let dates = args.dates.order(settings);
        let evaluate = Evaluate { subjects, threads, resampling, columns, dates };
        let measured = evaluate.measure(&args.data, &bar)?;
        bar.finish_and_clear();
        Ok(measured)
    };
    let (subjects, review_below) = subjects(args, settings)?;
    if let Some(file) = &args.answers {
        answers::write(&subjects, &review_below, &args.data, file)?;
    }
    let view = View {
        mix: args.mix.as_deref().map_or_else(|| Ok(Mix::natural()), Mix::read)?,
        per_day: args.per_day,
        review_below: review_below.into_iter().map(|(task, below)| (task, f64::from(below))).collect(),
        ..View::default()
    };
    let baseline = baseline(args, settings, &subjects)?;
    let against = args.against.as_deref().map(Artefact::open).transpose()?;

    let measured = measure(subjects)?;
    let compared = |other: &Artefact| -> Result<_> {
        let other = measure(vec![Subject::whole(other, &TrialLoader::of(settings))?])?;
        Ok(measured.compare(&other, view.resampling))
    };
    let mut evaluation = measured.evaluation(&view);
    evaluation.baseline = baseline.as_ref().map(compared).transpose()?;
    evaluation.against = against.as_ref().map(compared).transpose()?;

    let data = args.data.file_name().unwrap_or_default().to_string_lossy();
    if let Some(file) = &args.html {
        let html = evaluation.html(&data);
        std::fs::write(file, html).with_context(|| format!("write the page {}", file.display()))?;
    }
    if let Some(dir) = args.model.as_deref().filter(|_| args.card) {
        evaluation.put_into_card(dir, &data)?;
    }
    let recorded = if args.record { Some(recorded(args, &evaluation, settings)?) } else { None };
    if args.json {
        let mut report = serde_json::to_value(&evaluation)?;
        report["evaluation_id"] = recorded.into();
        writeln!(out, "{report}")?;
        return Ok(Done::Well);
    }
    if args.dial {
        writeln!(out, "{}", evaluation.dial_tables())?;
    }
    if args.against.is_some() {
        writeln!(out, "{}", evaluation.against_tables())?;
    }
    if !args.dial && args.against.is_none() {
        writeln!(out, "{}", evaluation.tables())?;
    }
    if let Some(id) = recorded {
        writeln!(out, "evaluation {id}")?;
    }
    Ok(Done::Well)
}

/// Records the evaluation in the registry; returns the id.
fn recorded(args: &args::Evaluate, evaluation: &Evaluation, settings: &Settings) -> Result<String> {
    let model = evaluation.models.first().context("record the evaluation: it is of no model")?;
    let finding = EvaluationDraft {
        kind: "data",
        data: digest_file(&args.data, String::new())?.sha256,
        rows: evaluation.rows,
        against_version: evaluation
            .against
            .as_ref()
            .and_then(|other| Some(other.against.first()?.version.clone())),
        figures: evaluation.figures(),
        report: evaluation,
    };
    finding.record((&model.model_id, &model.version), settings)
}

/// The models that are measured, and the `review_below` of the strategy that names them.
fn subjects(args: &args::Evaluate, settings: &Settings) -> Result<(Vec<Subject>, BTreeMap<String, f32>)> {
    let loader = TrialLoader::of(settings);
    if let Some(dir) = &args.model {
        return Ok((vec![Subject::whole(&Artefact::open(dir)?, &loader)?], BTreeMap::new()));
    }
    let file = settings.models.join("strategy.toml");
    let first = FirstStrategy::read(&file, &settings.models, "ombud evaluate", SystemClock.now_ms())?;
    let review_below = first.record.tasks.iter().map(|task| (task.task.clone(), task.review_below));
    Ok((Subject::champions(&first.record, &first.artefacts, &loader)?, review_below.collect()))
}

/// `None` where there is none, or where it is itself measured.
fn baseline(args: &args::Evaluate, settings: &Settings, subjects: &[Subject]) -> Result<Option<Artefact>> {
    let usual = settings.models.join(BASELINE);
    let dir: &Path = match &args.baseline {
        Some(dir) => dir,
        None if usual.join("ombud.json").is_file() => &usual,
        None => return Ok(None),
    };
    let artefact = Artefact::open(dir)?;
    let itself = subjects.iter().all(|subject| subject.evaluated().version == artefact.version);
    Ok((!itself).then_some(artefact))
}
