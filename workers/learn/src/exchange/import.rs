//! A classifier that was trained in Python as an artefact that serves.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ombud_contract::taxonomy::Taxonomy;
use ombud_intake::label_named;
use ombud_models::{Artefact, EvidenceTable, Kind, Lacking, LoadModel, MANIFEST, Reads, VULNERABLE};
use serde_json::{Value, json};

use super::architecture::Architecture;
use super::card;
use super::config::{self, Config};
use super::error::ExchangeError;
use super::export::read_json;
use super::labels::{LabelMap, fit};
use super::probe::probe;
use super::tensors::Tensors;
use crate::draft::Draft;

/// What is to be imported.
#[derive(Clone, Debug)]
pub struct Import<'a> {
    /// Where it comes from, for people: a hub's `owner/name`, or a folder's name.
    pub source: &'a str,
    /// The folder that Python wrote; see `ombud_models::fetch`.
    pub folder: &'a Path,
    /// What it answers.
    pub task: &'a str,
    /// What its labels stand for, where their names don't say it.
    pub labels: &'a LabelMap,
    /// From which confidence on it may answer: by level, or `possible` and `vulnerable`.
    pub thresholds: &'a BTreeMap<String, f64>,
    /// What it reads.
    pub reads: &'a Reads,
    /// The folder to write; its name becomes the model's.
    pub out: &'a Path,
}

/// What was imported.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The artefact.
    pub artefact: Artefact,
    /// Theirs and ours, in the order of its logits.
    pub labels: Vec<(String, String)>,
    /// Texts that it was tried on.
    pub texts: usize,
}

impl Import<'_> {
    /// Writes the artefact, once `models` has loaded it and it answers with numbers: whole, or not at all.
    ///
    /// # Errors
    /// Labels don't fit, the model can't be read or run here, or the folder can't be written.
    pub fn run(&self, models: &dyn LoadModel) -> Result<Imported, ExchangeError> {
        if let Some(lacking) = Lacking::in_folder(self.folder).map_err(ExchangeError::file(self.folder))? {
            return Err(ExchangeError::Lacking { dir: self.folder.to_owned(), lacking });
        }
        let config: Config = read_json(&self.folder.join("config.json"))?;
        let architecture = Architecture::of(&config)?;
        let taxonomy = Taxonomy::newest(self.task)
            .ok_or_else(|| ExchangeError::UnknownTask { task: self.task.to_owned() })?;
        let theirs = config::labels(&config, architecture)?;
        let ours = fit(taxonomy, &theirs, self.labels, |name| label_named(self.task, name))?;
        let labels: Vec<(String, String)> = theirs.into_iter().zip(ours).collect();

        let draft = Draft::begin(self.out, MANIFEST)?;
        let labels = self.weights(&draft, architecture, taxonomy, labels)?;
        let ours: Vec<String> = labels.iter().map(|(_, ours)| ours.clone()).collect();
        let max_tokens = self.max_tokens(architecture.longest_text(&config));
        let temperature = config.get("ombud_temperature").and_then(Value::as_f64).unwrap_or(1.0);
        draft.write_json("config.json", &config::with_labels(config, architecture.class, &ours))?;
        draft.copy(self.folder, "tokenizer.json")?;
        draft.write_json("source.json", &json!({"source": self.source, "labels": labels}))?;
        let model_id = self.out.file_name().unwrap_or_default().to_string_lossy();
        draft.write_json(
            MANIFEST,
            &json!({
                "format": 1, "model_id": model_id, "family": "encoder", "max_tokens": max_tokens, "reads": self.reads,
                "heads": [{
                    "task": self.task, "kind": kind(self.task), "label_set": taxonomy.label_set(), "labels": ours,
                    "temperature": temperature, "thresholds": self.thresholds,
                    "evidence": EvidenceTable::newest_for(self.task).map(EvidenceTable::name),
                }],
            }),
        )?;
        let card = card::Imported {
            model_id: &model_id,
            source: self.source,
            task: self.task,
            architecture,
            labels: &labels,
            reads: self.reads,
            readme: fs::read_to_string(self.folder.join("README.md")).unwrap_or_default(),
        };
        draft.write("README.md", card.to_string())?;
        let tried = probe(&Artefact::open(draft.folder())?, self.task, models)?;
        draft.publish()?;
        Ok(Imported { artefact: Artefact::open(self.out)?, labels, texts: tried.len() })
    }

    /// Puts the weights into `draft`. A flag's negative label stands first, so its logits may have to change places.
    fn weights(
        &self,
        draft: &Draft,
        architecture: &Architecture,
        taxonomy: &Taxonomy,
        labels: Vec<(String, String)>,
    ) -> Result<Vec<(String, String)>, ExchangeError> {
        const NAME: &str = "model.safetensors";
        let place = |leaf: &String| labels.iter().position(|(_, ours)| ours == leaf);
        let order: Vec<usize> = taxonomy.leaves().iter().filter_map(place).collect();
        if kind(self.task) == Kind::Choice || order.is_sorted() {
            draft.copy(self.folder, NAME)?;
            return Ok(labels);
        }
        let mut tensors = Tensors::read(&self.folder.join(NAME))?;
        for field in ["weight", "bias"] {
            if let Some(tensor) = tensors.0.get_mut(&format!("{}.{field}", architecture.classifier)) {
                if tensor.shape.first() != Some(&order.len()) {
                    let what = format!("{}.{field} has shape {:?}", architecture.classifier, tensor.shape);
                    return Err(ExchangeError::broken(&self.folder.join(NAME), what));
                }
                *tensor = tensor.in_order(&order);
            }
        }
        tensors.write(&draft.folder().join(NAME))?;
        Ok(order.iter().map(|place| labels[*place].clone()).collect())
    }

    /// What its tokenizer cuts at, if that is less than it could read.
    fn max_tokens(&self, longest: u64) -> u64 {
        let said: Option<Value> = read_json(&self.folder.join("tokenizer_config.json")).ok();
        // Where there is no limit Python says 10^30.
        let limit = said.and_then(|said| said["model_max_length"].as_u64());
        limit.map_or(longest, |limit| limit.min(longest))
    }
}

fn kind(task: &str) -> Kind {
    if task == VULNERABLE { Kind::Flag } else { Kind::Choice }
}
