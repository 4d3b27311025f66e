//! `ombud strategy replay`: archived complaints answered once more, to see what a candidate would change; the result is
//! recorded in the registry, so that a promotion may rest on it.

use std::{fs, io::Write};

use anyhow::{Context, Result, bail};
use ombud_contract::records::{ModelState, ModelVersion, RawComplaint};
use ombud_launch::config::Settings;
use ombud_measure::replay::{
    ArchivedCase, Document, LeftOut, Replay as Replaying, Sides, Span, case_at, champions,
    decided_complaints, page, tables,
};
use ombud_models::{ActiveStrategy, Artefact, ModelName, Registry};
use ombud_store::CaseStore;
use ombud_stream::{Clock, Outage};
use serde_json::json;

use super::args::Replay;
use crate::{
    Done,
    input::when::span,
    log::backend::View,
    output::{terminal::Terminal, time::written_time},
    registry::{EvaluationDraft, obtain},
    strategies::{LogSnapshot, deciders, unpublished},
    trial::TrialLoader,
};

/// Prints what would change.
pub(super) fn replay(
    args: &Replay,
    settings: &Settings,
    clock: &dyn Clock,
    terminal: &Terminal,
    out: &mut impl Write,
) -> Result<Done> {
    let now = clock.now_ms();
    let (since, until) = span("replay this time", args.since, args.until, now)?;
    let known = LogSnapshot::read(settings)?;
    let strategy = known.strategies().at(now).ok_or_else(unpublished)?;
    let sides = sides(args, settings, &known, strategy)?;

    let mut cases = View::open(settings)?.cases()?;
    let ids = decided_complaints(&mut *cases, deciders(known.strategies()), (since, until))?;
    let bar = terminal.bar("complaints");
    bar.set_length(ids.len() as u64);
    let mut left_out = LeftOut::default();
    let replaying = Replaying {
        sides: &sides,
        strategy,
        threads: settings.infer.replicas,
        token_budget: settings.infer.token_budget,
    };
    let replayed = replaying.run(
        ids.iter().filter_map(|id| {
            archived(&mut *cases, id, (since, until), &mut left_out)
                .inspect(|found| {
                    if found.is_none() {
                        bar.inc(1)
                    }
                })
                .transpose()
        }),
        &bar,
    )?;
    bar.finish_and_clear();
    let data = Span { since: written_time(since)?, until: written_time(until)? };
    let document = replayed.document(&replaying, data, left_out);
    if document.rows == 0 {
        bail!(
            "find complaints: none that was decided from {since} until {until} (ms since 1970) can be asked again"
        );
    }
    let finding = finding(&document);
    let (model_id, version) = document.candidate.split_once('@').unwrap_or_default();
    print(args, &document, &finding.id(version)?, out)?;
    if !args.no_record {
        // Last, so that what took long to measure is shown even where it can't be recorded.
        finding
            .record((model_id, version), settings)
            .context("record the evaluation (--no-record does without)")?;
    }
    Ok(Done::Well)
}

/// As the registry keeps it, for a promotion to rest on.
fn finding(document: &Document) -> EvaluationDraft<'_, Document> {
    let mut champions: Vec<&str> =
        document.champions.values().filter_map(|model| Some(model.split_once('@')?.1)).collect();
    champions.dedup();
    let alone = (champions.len() == 1).then(|| champions[0].to_owned());
    EvaluationDraft {
        kind: document.kind,
        data: format!("{}/{}", document.data.since, document.data.until),
        rows: document.rows,
        against_version: alone,
        figures: document.figures.clone(),
        report: document,
    }
}

fn print(args: &Replay, document: &Document, id: &str, out: &mut impl Write) -> Result<()> {
    if let Some(path) = &args.html {
        fs::write(path, page(document, id)).with_context(|| format!("write {}", path.display()))?;
    }
    if args.json {
        writeln!(out, "{}", json!({ "evaluation": id, "document": document }))?;
        return Ok(());
    }
    let Document { rows, left_out, data, .. } = document;
    writeln!(
        out,
        "{rows} complaints that were decided from {} until {}, by strategy {} and with {}; left out: {} withdrawn, {} \
         without a text",
        data.since,
        data.until,
        document.strategy_version,
        document.candidate,
        left_out.withdrawn,
        left_out.unreadable,
    )?;
    for (heading, table) in tables(document, args.limit) {
        writeln!(out, "\n{heading}\n{}", table.terminal())?;
    }
    writeln!(out, "\nevaluation {id}")?;
    Ok(())
}

/// Loads who decides now, and the candidate.
fn sides(
    args: &Replay,
    settings: &Settings,
    known: &LogSnapshot,
    strategy: &ActiveStrategy,
) -> Result<Sides> {
    let candidate = candidate(&args.candidate, &known.registry)?;
    let obtain = |model_id: &str, version: &str| obtain(model_id, version, &known.registry, settings);
    let mut artefacts: Vec<Artefact> = Vec::new();
    for (_, model_id, version) in champions(&strategy.record) {
        if artefacts.iter().all(|artefact| artefact.version != version) {
            artefacts.push(obtain(model_id, version)?);
        }
    }
    let candidate = obtain(&candidate.model_id, &candidate.version)?;
    Ok(Sides::load(&strategy.record, &artefacts, &candidate, &args.tasks, &TrialLoader::of(settings))?)
}

/// The version that is meant: one that may serve, or did.
fn candidate<'a>(name: &ModelName, registry: &'a Registry) -> Result<&'a ModelVersion> {
    let found = name.find(registry).map_err(anyhow::Error::msg).context("find the candidate")?;
    if found.state == ModelState::Rejected {
        bail!("replay {name}: the registry has it as rejected: {}", found.state_reason);
    }
    Ok(found)
}

/// The complaint, or nothing where nobody is asked about it.
fn archived(
    cases: &mut dyn CaseStore,
    id: &str,
    (since, until): (i64, i64),
    left_out: &mut LeftOut,
) -> Result<Option<RawComplaint>, Outage> {
    match case_at(&cases.case(id)?, since, until) {
        ArchivedCase::Complaint(complaint) => return Ok(Some(*complaint)),
        ArchivedCase::Withdrawn => left_out.withdrawn += 1,
        ArchivedCase::Unreadable => left_out.unreadable += 1,
        ArchivedCase::Outside => {}
    }
    Ok(None)
}
