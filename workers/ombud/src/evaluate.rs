//! `ombud evaluate`: the default models, or one artefact, on labelled complaints.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use ombud_launch::config::Settings;
use ombud_learn::evaluate::{Evaluate, Resampling, Subject};
use ombud_models::{Artefact, FirstStrategy};
use ombud_stream::{Clock, SystemClock};
use ombud_torch::Libtorch;

use crate::{cli, listing, terminal::Terminal};

/// Measures what `args` name and prints the figures.
pub(crate) fn evaluate(
    args: &cli::Evaluate,
    settings: &Settings,
    terminal: &Terminal,
    out: &mut impl Write,
) -> Result<()> {
    let (subjects, review_below) = match &args.model {
        Some(dir) => (vec![Subject::whole(&Artefact::open(dir)?, &Libtorch)?], BTreeMap::new()),
        None => {
            let file = settings.models.join("strategy.toml");
            let now = SystemClock.now_ms();
            let first = FirstStrategy::read(&file, &settings.models, "ombud evaluate", now)?;
            let tasks = first.record.tasks.iter().map(|task| (task.task.clone(), task.review_below));
            (Subject::champions(&first.record, &first.artefacts, &Libtorch)?, tasks.collect())
        }
    };
    if let Some(file) = &args.answers {
        listing::write(&subjects, &review_below, &args.data, file)?;
    }
    let bar = terminal.bytes("reading");
    let evaluate = Evaluate { subjects, threads: settings.infer.replicas, resampling: Resampling::default() };
    let evaluation = evaluate.run(&args.data, &bar)?;
    bar.finish_and_clear();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&evaluation)?)?;
    } else {
        writeln!(out, "{}", evaluation.tables())?;
    }
    Ok(())
}
