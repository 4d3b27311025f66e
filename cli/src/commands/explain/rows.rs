//! `ombud explain --data`: labelled complaints asked of a model and explained, and the words that decide, by label and by error.

use std::{io::Write, path::Path};

use anyhow::{Context, Result, bail};
use ombud_contract::records::{Arm, Role, Strategy, TaskStrategy};
use ombud_explain::{ExplainJob, Explainer, Explanation, OpenError, OpenModels as _, OpenedModel};
use ombud_intake::{FileDefaults, Rejected, Row, Rows};
use ombud_launch::config::Settings;
use ombud_models::{Artefact, FirstStrategy, Stop};
use ombud_stream::{Clock, SystemClock};
use ombud_torch::LIBTORCH_VERSION;
use serde::Serialize;
use serde_json::json;

use super::{
    args::Explain,
    labelled::{LabelledAnswer, TaskModel, Truth},
    tally::Tally,
};
use crate::{
    Done,
    explaining::ShelfModels,
    input::tasks::columns,
    output::{screen::Screen, terminal::Terminal},
};

/// The arm of a model that no strategy names.
const ARM: &str = "explained";

/// Who is asked.
struct Subjects {
    strategy: Strategy,
    artefacts: Vec<Artefact>,
}

/// Explains the first complaints of `file`, and prints what decided.
pub(super) fn explain_rows(
    file: &Path,
    args: &Explain,
    settings: &Settings,
    terminal: &Terminal,
    out: &mut impl Write,
) -> Result<Done> {
    let Subjects { strategy, artefacts } = subjects(args, settings)?;
    let mut models = ShelfModels::of(settings, Stop::never()).with_folders(artefacts);
    let asked = asked(&strategy, args, &mut models)?;
    let mut explainer = Explainer { models, libtorch: LIBTORCH_VERSION.to_owned(), stop: Stop::never() };
    let defaults = FileDefaults { dates: args.dates.order(settings), ..FileDefaults::of(file)? };
    let rows = Rows::open(file, defaults)?.labelled_by(&columns(&args.tasks))?;
    let bar = terminal.bar("complaints");
    bar.set_length(args.limit.into());
    let (mut tally, mut explained) = (Tally::default(), 0_u32);
    for row in rows {
        if explained == args.limit {
            break;
        }
        // What is no complaint, or has no label of what is asked, is passed over, as it is where a model is measured.
        let Ok::<Row, Rejected>(row) = row? else { continue };
        let answers = answers(&row, &strategy, &asked)?;
        if answers.is_empty() {
            continue;
        }
        let jobs: Vec<ExplainJob> =
            answers.iter().map(|answer| answer.job(&row, &answers, &strategy)).collect();
        let explanations = explainer
            .explain_all(&jobs)
            .with_context(|| format!("explain the complaint of line {}", row.line))?;
        for (answer, explanation) in answers.iter().zip(&explanations) {
            tally.add(answer, explanation, &row.complaint.narrative);
            if args.json {
                let (labelled, is_right) = (answer.truth.label(), answer.is_right());
                let line = ExplainedAnswer { labelled, is_right, explanation };
                writeln!(out, "{}", serde_json::to_string(&line)?)?;
            }
        }
        explained += 1;
        bar.inc(1);
    }
    bar.finish_and_clear();
    if explained == 0 {
        bail!("explain {}: no complaint of it has a label of what is asked", file.display());
    }
    if args.json {
        writeln!(out, "{}", json!({ "complaints": explained, "top_words": tally.top() }))?;
    } else {
        let limit = args.limit;
        writeln!(out, "{explained} complaints of {} (--limit {limit})", file.display())?;
        write!(out, "{}", tally.text(Screen::of_process()))?;
    }
    Ok(Done::Well)
}

/// One answer, for programs.
#[derive(Serialize)]
struct ExplainedAnswer<'a> {
    /// What is true.
    labelled: &'a str,
    is_right: bool,
    explanation: &'a Explanation,
}

/// A folder that was named, or what the first strategy names.
fn subjects(args: &Explain, settings: &Settings) -> Result<Subjects> {
    let file = settings.models.join("strategy.toml");
    let first = FirstStrategy::read(&file, &settings.models, "ombud explain", SystemClock.now_ms())?;
    let Some(dir) = &args.model else {
        return Ok(Subjects { strategy: first.record, artefacts: first.artefacts });
    };
    let artefact = Artefact::open(dir)?;
    let arm = Arm {
        name: ARM.to_owned(),
        model_id: artefact.manifest.model_id.clone(),
        model_version: artefact.version.clone(),
        role: Role::Deciding,
        basis_points: 10_000,
    };
    let task = |task: &str| TaskStrategy {
        task: task.to_owned(),
        required: true,
        salt: ARM.to_owned(),
        review_below: 0.0,
        arms: vec![arm.clone()],
    };
    let tasks = artefact.tasks().iter().map(|name| task(name)).collect();
    Ok(Subjects { strategy: Strategy { tasks, ..first.record }, artefacts: vec![artefact] })
}

/// The tasks that are asked for, each with the model that is champion of it.
fn asked(strategy: &Strategy, args: &Explain, models: &mut ShelfModels) -> Result<Vec<TaskModel>> {
    let mut asked = Vec::new();
    for task in strategy.tasks.iter().filter(|task| args.wants(&task.task)) {
        let deciding = task.arms.iter().filter(|arm| arm.role == Role::Deciding);
        let Some(arm) = deciding.max_by_key(|arm| arm.basis_points) else { continue };
        let (model, version) = (&arm.model_id, &arm.model_version);
        let opened = models.open(model, version).map_err(|error| {
            let (OpenError::Gone(what) | OpenError::Failed(what)) = error;
            anyhow::anyhow!("open {model}@{version}: {what}")
        })?;
        asked.push(TaskModel::of(task, arm, opened)?);
    }
    if asked.is_empty() {
        let known: Vec<&str> = strategy.tasks.iter().map(|task| task.task.as_str()).collect();
        bail!("explain these tasks: name some of {}", known.join(", "));
    }
    Ok(asked)
}

/// What the models answer to a row, for each task of which it has a label. A model is asked once for all of its tasks.
fn answers(row: &Row, strategy: &Strategy, asked: &[TaskModel]) -> Result<Vec<LabelledAnswer>> {
    let mut answers = Vec::new();
    let mut computed: Vec<(&OpenedModel, ombud_models::Logits)> = Vec::new();
    for one in asked {
        let Some(truth) = Truth::of(one, &row.labels) else { continue };
        let is_it = |(opened, _): &&(&OpenedModel, _)| opened.artefact.version == one.opened.artefact.version;
        let logits = match computed.iter().find(is_it) {
            Some((_, logits)) => logits.clone(),
            None => {
                let logits = one.logits(&row.complaint)?;
                computed.push((&one.opened, logits.clone()));
                logits
            }
        };
        answers.push(one.answer(row, truth, &logits, strategy));
    }
    Ok(answers)
}
