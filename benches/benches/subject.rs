//! What benches run: a model family with the models folder that serves it, and the bare model's rate.

use std::{fs, path::Path, sync::Arc, thread, time::Instant};

use anyhow::{Context, Result};
use ombud_contract::taxonomy::Taxonomy;
use ombud_intake::{FileDefaults, Rows};
use ombud_launch::config::Settings;
use ombud_models::{Artefact, BatchBudget, Family, Head, Kind, LoadModel, Manifest, Model, Prepared, pack};
use ombud_tests::{quick_models, repository, sample_times};
use ombud_torch::{Libtorch, Shape, random_encoder};

/// A model family, with a models folder whose strategy serves it.
pub(crate) struct Subject {
    pub(crate) family: &'static str,
    pub(crate) artefact: Artefact,
    pub(crate) models: std::path::PathBuf,
    pub(crate) file: std::path::PathBuf,
}

/// The bag that the default model begins with; it answers three tasks in one pass.
pub(crate) fn bag(dir: &Path) -> Result<Subject> {
    let models = quick_models(dir)?;
    let file = dir.join("bag.csv");
    sample_times(20, &file)?;
    Ok(Subject { family: "bag", artefact: Artefact::open(&models.join("complaints-bag"))?, models, file })
}

/// An encoder of MiniLM-L6's shape for the product alone; what its weights say doesn't matter here.
pub(crate) fn encoder(dir: &Path) -> Result<Subject> {
    let models = dir.join("encoder-models");
    let product = Taxonomy::by_label_set("product@1").context("the product's labels")?;
    let head = Head {
        task: "product".into(),
        kind: Kind::Choice,
        label_set: "product@1".into(),
        labels: product.leaves().to_vec(),
        temperature: 1.0,
        thresholds: Default::default(),
        evidence: None,
        evidence_odds: Default::default(),
        foreign: Vec::new(),
    };
    let manifest = Manifest {
        format: 1,
        model_id: "bench-encoder".into(),
        family: Family::Encoder,
        heads: vec![head],
        max_tokens: Some(256),
        cleaning: None,
        reads: None,
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

impl Subject {
    /// The model, and the file's narratives as it reads them.
    pub(crate) fn prepare(&self) -> Result<(Arc<dyn Model>, Vec<Prepared>)> {
        let model = Libtorch.load(&self.artefact)?;
        let rows = Rows::open(&self.file, FileDefaults::of(&self.file)?)?;
        let prepared = rows.flatten().flatten().map(|row| model.prepare(&row.complaint.narrative)).collect();
        Ok((model, prepared))
    }
}

/// The same window, budget and replicas as infer's.
pub(crate) fn bare(model: &dyn Model, prepared: &[Prepared]) -> Result<f64> {
    let infer = Settings::default().infer;
    let budget = BatchBudget { texts: infer.batch, tokens: infer.token_budget }.within(model.budget());
    let batches: Vec<Vec<&Prepared>> = prepared
        .chunks(infer.window)
        .flat_map(|window| pack(window.iter().collect(), |text| text.cost(), budget))
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
                scope.spawn(move || batches.iter().try_for_each(|batch| replica.classify(batch).map(drop)))
            })
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or(Ok(())))
    })?;
    Ok(prepared.len() as f64 / started.elapsed().as_secs_f64())
}

pub(crate) fn replicas() -> usize {
    Settings::default().infer.replicas
}

pub(crate) fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
