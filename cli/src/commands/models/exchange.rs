//! `ombud models export|import`: models to and from Python's transformers.

use std::{collections::BTreeMap, io::Write, path::Path};

use anyhow::{Context, Result, anyhow, ensure};
use ombud_contract::records::Role;
use ombud_exchange::{Export, Import, LabelMap, labels_template};
use ombud_launch::config::Settings;
use ombud_models::{Artefact, FirstStrategy, ModelStore, Reads, TAXONOMY, called, fetch};
use ombud_stream::{Clock, SystemClock};

use super::args::{ExportModel, ImportModel};
use crate::{output::terminal::table, trial::TrialLoader};

/// What is shown for a label that stands for none of ours.
const NONE: &str = "none";

/// Writes what `args` ask for, and prints how Python loads it.
pub(crate) fn export(args: &ExportModel, settings: &Settings, out: &mut impl Write) -> Result<()> {
    let artefact = match &args.model {
        Some(named) => model(named, settings)?,
        None => champion(&args.task, settings)?,
    };
    let exported = Export { artefact: &artefact, task: &args.task, out: &args.dir };
    let exported = exported.run(&TrialLoader::of(settings))?;
    let (dir, class) = (exported.dir.display(), exported.class);
    let trust = if exported.own_code { ", trust_remote_code=True" } else { "" };
    writeln!(
        out,
        "{dir}: {} of {}, of the class {class}\nAutoModelForSequenceClassification.from_pretrained(\"{dir}\"{trust})",
        args.task, artefact.manifest.model_id
    )?;
    Ok(())
}

/// A folder, or `MODEL@VERSION` of the models that the data folder holds.
fn model(named: &str, settings: &Settings) -> Result<Artefact> {
    if !Path::new(named).is_dir()
        && let Some((model_id, version)) = named.split_once('@')
    {
        let store = ModelStore::new(settings.data.join("models"));
        let found = store.get(model_id, version)?;
        return found.with_context(|| {
            format!(
                "find {named} in {}: `ombud models list` shows what is registered",
                settings.data.display()
            )
        });
    }
    Ok(Artefact::open(Path::new(named))?)
}

/// The model that decides `task` by the first strategy.
fn champion(task: &str, settings: &Settings) -> Result<Artefact> {
    let file = settings.models.join("strategy.toml");
    let first = FirstStrategy::read(&file, &settings.models, "ombud models export", SystemClock.now_ms())?;
    let arms = first.record.tasks.iter().filter(|asked| asked.task == task).flat_map(|asked| &asked.arms);
    let deciding = arms.filter(|arm| arm.role == Role::Deciding).max_by_key(|arm| arm.basis_points);
    let version = deciding.map(|arm| arm.model_version.as_str());
    let found = first.artefacts.into_iter().find(|artefact| Some(artefact.version.as_str()) == version);
    found.with_context(|| {
        format!("find a model for the task {task} in {}: name one, --model DIR", file.display())
    })
}

/// Imports what `args` name, and prints what each label stands for; or prints a file of labels to be filled in.
pub(crate) fn import(args: ImportModel, settings: &Settings, out: &mut impl Write) -> Result<()> {
    if args.labels_template {
        let folder = fetch(&args.source, args.revision.as_deref())?;
        write!(out, "{}", labels_template(&folder, &args.task, args.own_labels)?)?;
        return Ok(());
    }
    let mut labels = match &args.labels {
        Some(file) => LabelMap::read(file)?,
        None => LabelMap::default(),
    };
    for (theirs, ours) in args.map {
        let before = labels.0.insert(theirs.clone(), ours);
        ensure!(
            before.is_none(),
            "import {}: the label \"{theirs}\" is mapped twice; map it once",
            args.source
        );
    }
    let thresholds: BTreeMap<String, f64> = args.thresholds.into_iter().collect();
    let reads = Reads::in_languages(&args.reads).map_err(|what| anyhow!("import {}: {what}", args.source))?;
    let folder = fetch(&args.source, args.revision.as_deref())?;
    let target =
        args.out.with_context(|| format!("import {}: name a folder to write, --out DIR", args.source))?;
    let import = Import {
        source: &called(&folder),
        folder: &folder,
        task: &args.task,
        own_labels: args.own_labels,
        labels: &labels,
        thresholds: &thresholds,
        reads: &reads,
        out: &target,
    };
    let imported = import.run(&TrialLoader::of(settings))?;
    let mut taken = table(["logit", "theirs", "ours"]);
    for (logit, (theirs, ours)) in imported.labels.iter().enumerate() {
        taken.add_row([logit.to_string().as_str(), theirs.as_str(), ours.as_deref().unwrap_or(NONE)]);
    }
    writeln!(out, "{taken}")?;
    let manifest = &imported.artefact.manifest;
    let head = manifest.heads.first();
    if let Some(head) = head.filter(|head| !head.foreign.is_empty()) {
        writeln!(
            out,
            "labels that stand for one of {} have their probabilities summed; where {NONE} of them is likelier, it abstains",
            head.label_set
        )?;
    }
    if !imported.never.is_empty() {
        writeln!(out, "it never answers with: {}", imported.never.join(", "))?;
    }
    if let Some(head) = head.filter(|_| imported.artefact.files.iter().any(|file| file.name == TAXONOMY)) {
        writeln!(out, "{} is a tree of its own, of {} labels", head.label_set, head.labels.len())?;
    }
    writeln!(
        out,
        "{} {} answers {} texts with numbers\n{}",
        manifest.model_id,
        imported.artefact.version,
        imported.texts,
        imported.artefact.dir.display()
    )?;
    Ok(())
}
