//! `ombud learn --from-feedback`: a challenger of the champion in force, from the verdicts of people on its decisions; learned,
//! registered, measured beside it on the half of the audit sample that is for trials, and proposed as a shadow.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use indicatif::ProgressBar;
use ombud_contract::records::{ModelVersion, Role, Strategy};
use ombud_launch::config::Settings;
use ombud_learn::outcomes::{
    Challenge, KnownTree, LEAST_CALIBRATING, MOST_AUDITED, Set, SetDraft, SetFigures, SetRequest, Share,
    gather, trial,
};
use ombud_measure::{evaluate::Evaluation, truth::LEAST_LABELLED};
use ombud_models::{Artefact, ModelName, Registry, digest_file, proposal};
use ombud_stream::Clock;
use serde_json::json;

use super::{args::Learn, train};
use crate::{
    Done,
    log::backend::View,
    output::terminal::Terminal,
    registry::{EvaluationDraft, obtain, register},
    strategies::LogSnapshot,
};

/// The name of the arm whose model is challenged.
const CHAMPION: &str = "champion";
/// How many judged cases are learned from. A bag takes 1.7 GB to learn, and 50 kB more for each complaint of a thousand
/// characters: some 4 GB for so many.
const ROWS: usize = 50_000;
/// The seed decides only what is held out, and that must never change.
const SEED: u64 = 1;

/// Learns the challenger that `args` ask for, or resumes where it was killed.
pub(super) fn challenge(
    args: Learn,
    settings: &Settings,
    clock: &dyn Clock,
    terminal: &Terminal,
    out: &mut impl Write,
) -> Result<Done> {
    let model_id = train::model_id(&args.out)?;
    // Beside the set of an unfinished run lies what that run has learned, or something else: that is checked below.
    if !args.replace && Set::open(&beside(&args.out))?.is_none() {
        train::ensure_free(&args.out)?;
    }
    let known = LogSnapshot::read(settings)?;
    let champion = champion(args.feedback.champion.as_deref(), &known, settings, clock.now_ms())?;
    let bar = terminal.steps();
    let set = set(&args, &champion, &known.registry, settings, clock.now_ms(), &bar)?;

    let base = args.fine_tune.base.as_deref().map(|base| ombud_models::fetch(base, None)).transpose()?;
    let threads = train::threads(&args);
    let challenge = Challenge {
        champion: &champion,
        set: &set,
        out: args.out.clone(),
        model_id,
        base,
        threads,
        most_frozen_bytes: args.fine_tune.cache_bytes(),
        keep_every: Duration::from_secs(args.fine_tune.keep_every),
    };
    if !args.replace && !challenge.is_done()? {
        train::ensure_free(&args.out)?;
    }
    let challenger = challenge.run(&bar)?;
    register(&challenger.dir, settings)?;
    let evaluation = trial(&challenger, &champion, &set, threads, &bar)?;
    let evaluation_id = match &evaluation {
        Some(evaluation) => Some(recorded(evaluation, &challenger, &champion, &set, settings)?),
        None => None,
    };
    let file = propose(&challenger, settings)?;
    let figures = set.figures().clone();
    let as_of = jiff::Timestamp::from_millisecond(set.asked().as_of)?;
    set.remove()?;
    bar.finish_and_clear();

    let (id, version) = (&challenger.manifest.model_id, &challenger.version);
    if args.json {
        let report = json!({
            "model_id": id, "version": version, "dir": challenger.dir, "as_of": as_of.to_string(),
            "champion": { "model_id": champion.manifest.model_id, "version": champion.version },
            "set": figures, "evaluation_id": evaluation_id, "evaluation": evaluation, "proposal": file,
        });
        writeln!(out, "{report}")?;
        return Ok(Done::Well);
    }
    say(&figures, rows(&args), out)?;
    match (&evaluation, &evaluation_id) {
        (Some(evaluation), Some(id)) => {
            writeln!(out, "{}\nevaluation {id}", evaluation.against_tables())?;
        }
        _ => writeln!(
            out,
            "no case of the half of the audit sample that is for trials was judged, so there is no evaluation: raise \
             audit_basis_points"
        )?,
    }
    writeln!(
        out,
        "{id}@{version}, a challenger of {}@{} as of {as_of}, is registered\nwatch it with `ombud strategy set {}`",
        champion.manifest.model_id,
        champion.version,
        file.display()
    )?;
    Ok(Done::Well)
}

/// The artefact of the champion.
fn champion(said: Option<&str>, known: &LogSnapshot, settings: &Settings, now: i64) -> Result<Artefact> {
    if let Some(dir) = said.map(Path::new).filter(|dir| dir.is_dir()) {
        return Ok(Artefact::open(dir)?);
    }
    let (model_id, version) = match said {
        Some(named) => {
            let name: ModelName = named.parse().map_err(|what| anyhow!("find {named}: {what}"))?;
            let found = name.find(&known.registry).map_err(|what| anyhow!("find {named}: {what}"))?;
            (found.model_id.clone(), found.version.clone())
        }
        None => {
            let strategy = known.strategies().at(now);
            in_force(&strategy.context("find the champion: no strategy is in force")?.record)?
        }
    };
    obtain(&model_id, &version, &known.registry, settings)
}

/// The one model that is champion of every task of `strategy`.
fn in_force(strategy: &Strategy) -> Result<(String, String)> {
    let arms = strategy.tasks.iter().flat_map(|task| &task.arms);
    let champions: BTreeSet<(String, String)> = arms
        .filter(|arm| arm.role == Role::Deciding && arm.name == CHAMPION)
        .map(|arm| (arm.model_id.clone(), arm.model_version.clone()))
        .collect();
    let mut each = champions.iter();
    match (each.next(), each.next()) {
        (Some(one), None) => Ok(one.clone()),
        _ => {
            let names: Vec<&str> = champions.iter().map(|(model_id, _)| model_id.as_str()).collect();
            bail!("find the champion: tasks have several ({}); say one with --champion", names.join(", "))
        }
    }
}

/// The set of an unfinished run with the same arguments, or a new one.
fn set(
    args: &Learn,
    champion: &Artefact,
    registry: &Registry,
    settings: &Settings,
    now: i64,
    bar: &ProgressBar,
) -> Result<Set> {
    let dir = beside(&args.out);
    let as_of = args.feedback.as_of.map(|as_of| as_of.ms(now));
    if let Some(kept) = Set::open(&dir)?
        && resumes(kept.asked(), as_of, |as_of| asked(args, champion, as_of))?
    {
        tracing::info!(dir = %dir.display(), "going on with an unfinished run");
        return Ok(kept);
    }
    let asked = asked(args, champion, as_of.unwrap_or(now))?;
    let mut cases = View::open(settings)?.cases()?;
    bar.set_message("reading cases");
    let (since, as_of) = (asked.since, asked.as_of);
    let mut draft = SetDraft::begin(&dir, asked, champion)?;
    let progress = |read, all| {
        bar.set_length(all as u64);
        bar.set_position(read as u64);
    };
    gather(&mut *cases, since, as_of, progress, |case| Ok::<_, anyhow::Error>(draft.take(&case)?))?;
    Ok(draft.finish(&args.files, &trees(registry), bar)?)
}

/// What a set is made of that leaves out all after `as_of`. The age of verdicts is counted from there.
fn asked(args: &Learn, champion: &Artefact, as_of: i64) -> Result<SetRequest> {
    let feedback = &args.feedback;
    let span = (feedback.since.ms(as_of), as_of);
    Ok(SetRequest::of(span, champion, &args.files, (feedback.admit, rows(args)), SEED)?)
}

/// How many of the cases outside the audit sample are taken.
fn rows(args: &Learn) -> usize {
    args.fine_tune.rows.unwrap_or(ROWS)
}

/// Whether the set that was made of `kept` is what is `asked` for at the time `said`. Without a time, an unfinished run keeps
/// its own: a later one would make another set.
fn resumes(
    kept: &SetRequest,
    said: Option<i64>,
    asked: impl FnOnce(i64) -> Result<SetRequest>,
) -> Result<bool> {
    Ok(*kept == asked(said.unwrap_or(kept.as_of))?)
}

/// Where the set lies while it is needed.
fn beside(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_os_string();
    name.push(".feedback");
    out.with_file_name(name)
}

/// The label trees whose numbers are in use.
fn trees(registry: &Registry) -> Vec<KnownTree> {
    let of = |version: &ModelVersion| -> Vec<KnownTree> {
        let named = version.label_sets.iter();
        let tree = |(task, label_set): (&String, &String)| {
            Some(KnownTree { label_set: label_set.clone(), leaves: version.labels.get(task)?.clone() })
        };
        named.filter_map(tree).collect()
    };
    registry.versions().flat_map(of).collect()
}

/// Records the result of the trial in the registry; returns the id.
fn recorded(
    evaluation: &Evaluation,
    challenger: &Artefact,
    champion: &Artefact,
    set: &Set,
    settings: &Settings,
) -> Result<String> {
    let mut figures = evaluation.figures();
    figures.extend(evaluation.against.iter().flat_map(|against| against.figures()));
    let finding = EvaluationDraft {
        kind: "audit-sample",
        data: digest_file(&set.trial(), String::new())?.sha256,
        rows: evaluation.rows,
        against_version: Some(champion.version.clone()),
        figures,
        report: evaluation,
    };
    finding.record((&challenger.manifest.model_id, &challenger.version), settings)
}

/// Writes the proposed strategy beside the artefact; returns the file.
fn propose(challenger: &Artefact, settings: &Settings) -> Result<PathBuf> {
    let known = LogSnapshot::read(settings)?;
    let (id, version) = (&challenger.manifest.model_id, &challenger.version);
    let registered = known.registry.get(id, version).context("read the challenger back from the registry")?;
    let table = proposal(&known.newest()?.record, registered)?;
    let file = challenger.dir.with_extension("strategy.toml");
    let text = format!(
        "# Proposed for {id}@{version}: it watches, and decides nothing. A product that is new has the triage desk for its team,\n\
         # until another is written here. `ombud strategy set` publishes this file.\n\n{}",
        toml::to_string_pretty(&table)?
    );
    fs::write(&file, text).with_context(|| format!("write {}", file.display()))?;
    Ok(file)
}

fn say(figures: &SetFigures, rows: usize, out: &mut impl Write) -> Result<()> {
    let SetFigures { cases, train, validation, trial, left_out, older, .. } = figures;
    writeln!(
        out,
        "{cases} judged cases: {train} complaints to learn from, {validation} to calibrate on, {trial} to try both models on; \
         {left_out} left out, which are copies of those, were judged since or have no label to use"
    )?;
    if *older > 0 {
        writeln!(
            out,
            "{older} more were judged earlier and are left out: --rows {rows} takes the latest, and {MOST_AUDITED} of each \
             half of the audit sample"
        )?;
    }
    for (task, labelled) in &figures.labelled {
        let pools = [
            ("cases that people came upon", labelled.rest, "learned"),
            ("the audit sample's half that calibrates", labelled.calibration, "calibrated"),
            ("its half for trials", labelled.trial, "judged"),
        ];
        let shares: Vec<String> = pools.iter().map(|(pool, share, _)| labelled_share(pool, *share)).collect();
        writeln!(out, "{task}, labelled: {}", shares.join(", "))?;
        for (pool, _, what) in pools.iter().filter(|(_, share, _)| !share.is_enough()) {
            let least = 100.0 * LEAST_LABELLED;
            writeln!(out, "{task} is not {what} by {pool}: less than {least:.0} % of them are labelled")?;
        }
    }
    for (task, calibrated) in &figures.calibrated {
        let (audited, others) = (calibrated.audited, calibrated.others);
        match (audited, others) {
            _ if figures.not_learned.contains(task) => {
                writeln!(
                    out,
                    "{task} is not learned, because it has too few labels: the model that answers it now stays"
                )?;
            }
            (_, 0) => writeln!(out, "{task}, calibrated on {audited} cases that were drawn at random")?,
            _ => writeln!(
                out,
                "{task}, calibrated on {audited} cases that were drawn at random, fewer than {LEAST_CALIBRATING}, and on \
                 {others} that were not: its thresholds lean towards what people came upon"
            )?,
        }
    }
    for (what, by_task) in
        [("learned as new", &figures.admitted), ("too rare to be learned", &figures.waiting)]
    {
        for (task, labels) in by_task {
            let labels: Vec<String> =
                labels.iter().map(|(label, rows)| format!("{label} ({rows})")).collect();
            writeln!(out, "{task}, {what}: {}", labels.join(", "))?;
        }
    }
    Ok(())
}

/// `95.0 % of 40 in its half for trials`
fn labelled_share(pool: &str, share: Share) -> String {
    match share.of {
        0 => format!("none judged in {pool}"),
        of => format!("{:.1} % of {of} in {pool}", 100.0 * share.labelled as f64 / of as f64),
    }
}

#[cfg(test)]
mod tests;
