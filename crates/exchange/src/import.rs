//! A classifier that was trained in Python as an artefact that serves.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::slice;

use ombud_contract::taxonomy::{Document, Taxonomy};
use ombud_models::{
    Artefact, Draft, EvidenceTable, FolderFault, ForeignLabel, Head, Kind, LoadModel, MANIFEST, Reads,
    TAXONOMY, VULNERABLE, least_format,
};
use serde_json::{Value, json};

use crate::architecture::Architecture;
use crate::card;
use crate::config::{self, Config};
use crate::error::ExchangeError;
use crate::export::{SOURCE, read_json};
use crate::labels::LabelMap;
use crate::probe::probe;
use crate::target::{FittedLabels, Target};
use crate::tensors::Tensors;
use crate::weights::{WEIGHTS, bring};

/// What is to be imported.
#[derive(Clone, Debug)]
pub struct Import<'a> {
    /// Where it comes from, for people: a hub's `owner/name`, or a folder's name.
    pub source: &'a str,
    /// The folder that Python wrote; see `ombud_models::fetch`.
    pub folder: &'a Path,
    /// What it answers: a task of ours, or one of its own, `TASK` or `TASK@NUMBER`.
    pub task: &'a str,
    /// Whether its labels are to be a tree of their own although the task has one.
    pub own_labels: bool,
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
    /// Theirs and ours, in the order of the network's logits; `None` where one stands for none of ours.
    pub labels: Vec<(String, Option<String>)>,
    /// Labels of the task that it never answers.
    pub never: Vec<String>,
    /// Texts that it was tried on.
    pub texts: usize,
}

/// A file of labels to fill in, for [`LabelMap::read`]: a line for each label of the classifier in `folder`.
///
/// # Errors
/// The folder is no classifier that runs here, or `task` is none.
pub fn labels_template(folder: &Path, task: &str, own_labels: bool) -> Result<String, ExchangeError> {
    let config: Config = read_json(&folder.join("config.json"))?;
    let theirs = config::labels(&config, Architecture::of(&config)?)?;
    Ok(Target::of(task, own_labels)?.template(&theirs))
}

impl Import<'_> {
    /// Writes the artefact, once `models` has loaded it and it answers with numbers: whole, or not at all.
    ///
    /// # Errors
    /// Labels don't fit, the model can't be read or run here, or the folder can't be written.
    pub fn run(&self, models: &dyn LoadModel) -> Result<Imported, ExchangeError> {
        if let Some(lacking) =
            FolderFault::in_folder(self.folder).map_err(ExchangeError::file(self.folder))?
        {
            return Err(ExchangeError::FolderFault { dir: self.folder.to_owned(), lacking });
        }
        let config: Config = read_json(&self.folder.join("config.json"))?;
        let architecture = Architecture::of(&config)?;
        let target = Target::of(self.task, self.own_labels)?;
        let task = target.task();
        let fitted = target.fit(config::labels(&config, architecture)?, self.labels)?;

        let draft = Draft::begin(self.out, MANIFEST)?;
        bring(self.folder, &draft)?;
        let (labels, head) = match fitted.one_to_one() {
            Some(ours) => {
                let order = order(task, fitted.taxonomy, &ours);
                if !order.is_sorted() {
                    reorder(&draft.folder().join(WEIGHTS), architecture, &order)?;
                }
                let labels = order.iter().map(|place| fitted.labels[*place].clone()).collect();
                let ours = order.iter().map(|place| ours[*place].clone()).collect();
                (labels, self.head(&config, fitted.taxonomy, ours, Vec::new()))
            }
            None => {
                let ours = fitted.taxonomy.leaves().to_vec();
                let head = self.head(&config, fitted.taxonomy, ours, foreign(&fitted));
                (fitted.labels, head)
            }
        };
        let max_tokens = self.max_tokens(architecture.longest_text(&config));
        let named: Vec<String> = head.network_labels().into_iter().map(str::to_owned).collect();
        draft.write_json("config.json", &config::with_labels(config, architecture.class, &named))?;
        draft.copy(self.folder, "tokenizer.json")?;
        draft.write_json(SOURCE, &json!({"source": self.source, "labels": labels}))?;
        if !fitted.taxonomy.is_built_in() {
            let tree = toml::to_string(&Document::of([fitted.taxonomy]));
            draft
                .write(TAXONOMY, tree.map_err(|error| ExchangeError::broken(Path::new(TAXONOMY), error))?)?;
        }
        let model_id = self.out.file_name().unwrap_or_default().to_string_lossy();
        let format = least_format(slice::from_ref(&head));
        draft.write_json(
            MANIFEST,
            &json!({
                "format": format, "model_id": model_id, "family": "encoder", "max_tokens": max_tokens,
                "reads": self.reads, "heads": [head],
            }),
        )?;
        let card = card::ImportedCard {
            model_id: &model_id,
            source: self.source,
            architecture,
            head: &head,
            labels: &labels,
            reads: self.reads,
            readme: fs::read_to_string(self.folder.join("README.md")).unwrap_or_default(),
        };
        draft.write("README.md", card.to_string())?;
        let tried = probe(&Artefact::open(draft.folder())?, task, models)?;
        draft.publish()?;
        let never = head.never_answered().map(str::to_owned).collect();
        Ok(Imported { artefact: Artefact::open(self.out)?, labels, never, texts: tried.len() })
    }

    fn head(
        &self,
        config: &Config,
        taxonomy: &Taxonomy,
        labels: Vec<String>,
        foreign: Vec<ForeignLabel>,
    ) -> Head {
        let task = taxonomy.task();
        Head {
            task: task.to_owned(),
            kind: kind(task),
            label_set: taxonomy.label_set().to_owned(),
            labels,
            temperature: config.get("ombud_temperature").and_then(Value::as_f64).unwrap_or(1.0),
            thresholds: self.thresholds.clone(),
            evidence: EvidenceTable::newest_for(task).map(|table| table.name().to_owned()),
            evidence_odds: BTreeMap::new(),
            foreign,
        }
    }

    /// What its tokenizer cuts at, if that is less than it could read.
    fn max_tokens(&self, longest: u64) -> u64 {
        let said: Option<Value> = read_json(&self.folder.join("tokenizer_config.json")).ok();
        // Where there is no limit Python says 10^30.
        let limit = said.and_then(|said| said["model_max_length"].as_u64());
        limit.map_or(longest, |limit| limit.min(longest))
    }
}

/// For each logit of the head the place of what becomes it: a flag's negative label stands first.
fn order(task: &str, taxonomy: &Taxonomy, ours: &[String]) -> Vec<usize> {
    match kind(task) {
        Kind::Choice => (0..ours.len()).collect(),
        Kind::Flag => {
            let place = |leaf: &String| ours.iter().position(|label| label == leaf);
            taxonomy.leaves().iter().filter_map(place).collect()
        }
    }
}

/// Puts the logits of the classifier in `file` into another order.
fn reorder(file: &Path, architecture: &Architecture, order: &[usize]) -> Result<(), ExchangeError> {
    let mut tensors = Tensors::read(file)?;
    for field in ["weight", "bias"] {
        if let Some(tensor) = tensors.0.get_mut(&format!("{}.{field}", architecture.classifier)) {
            if tensor.shape.first() != Some(&order.len()) {
                let what = format!("{}.{field} has shape {:?}", architecture.classifier, tensor.shape);
                return Err(ExchangeError::broken(file, what));
            }
            *tensor = tensor.in_order(order);
        }
    }
    tensors.write(file)
}

fn foreign(fitted: &FittedLabels) -> Vec<ForeignLabel> {
    let label = |(theirs, ours): &(String, Option<String>)| ForeignLabel {
        theirs: theirs.clone(),
        ours: ours.clone(),
    };
    fitted.labels.iter().map(label).collect()
}

fn kind(task: &str) -> Kind {
    if task == VULNERABLE { Kind::Flag } else { Kind::Choice }
}
