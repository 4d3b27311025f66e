//! One task of an encoder as a folder that Python's `from_pretrained` loads, with the same logits.

use std::fs;
use std::path::{Path, PathBuf};

use ombud_models::{Artefact, Draft, Family, Head, LoadModel, MANIFEST};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::architecture::Architecture;
use crate::card;
use crate::config::{self, Config};
use crate::error::ExchangeError;
use crate::heads::{self, Pooling};
use crate::probe::probe;
use crate::tensors::Tensors;
use crate::tokenizer::Tokenizer;
use crate::weights::WEIGHTS;

/// What an exported folder is known by: what Ombud answered, for Python to answer as well.
const PARITY: &str = "ombud_parity.json";
/// Where an imported artefact came from.
pub(super) const SOURCE: &str = "source.json";
/// The class that pools by a query, and its name in the folder.
const CODE: (&str, &str) = ("modeling_ombud.py", include_str!("modeling_ombud.py"));

/// What is to be exported.
#[derive(Clone, Copy, Debug)]
pub struct Export<'a> {
    /// The model.
    pub artefact: &'a Artefact,
    /// Which of its tasks.
    pub task: &'a str,
    /// The folder to write.
    pub out: &'a Path,
}

/// What was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The folder.
    pub dir: PathBuf,
    /// Python's class; with `own_code` it is in the folder.
    pub class: &'static str,
    /// Whether loading it takes `trust_remote_code=True`.
    pub own_code: bool,
    /// Texts whose logits are in the folder, for comparing.
    pub texts: usize,
}

impl Export<'_> {
    /// Writes the folder: whole, or not at all. `models` tries the artefact, so that the folder shows what Ombud answers.
    ///
    /// # Errors
    /// The model is of a family that Python doesn't have, sums another model's labels, does not answer the task, can't serve,
    /// or can't be written.
    pub fn run(&self, models: &dyn LoadModel) -> Result<Exported, ExchangeError> {
        let artefact = self.artefact;
        let head = self.head()?;
        let config: Config = read_json(&artefact.dir.join("config.json"))?;
        let architecture = Architecture::of(&config)?;
        let answered = probe(artefact, self.task, models)?;
        let weights = Tensors::read(&artefact.dir.join(WEIGHTS))?;
        let (weights, pooling) = heads::of_task(weights, architecture, self.task);

        let longest =
            artefact.manifest.max_tokens.map_or_else(|| architecture.longest_text(&config), u64::from);
        let json: Value = read_json(&artefact.dir.join("tokenizer.json"))?;
        let tokenizer = Tokenizer::of(json, architecture.pad(&config), longest);
        let card = card::ExportedCard {
            artefact,
            head,
            architecture,
            own_code: pooling == Pooling::Query,
            longest,
            readme: fs::read_to_string(artefact.dir.join("README.md")).unwrap_or_default(),
        };

        let draft = Draft::begin(self.out, PARITY)?;
        weights.write(&draft.folder().join(WEIGHTS))?;
        draft.write_json("config.json", &config::exported(config, artefact, head, architecture, pooling))?;
        draft.write_json("tokenizer.json", &tokenizer.json)?;
        draft.write_json("tokenizer_config.json", &tokenizer.config)?;
        draft.write_json("special_tokens_map.json", &tokenizer.special)?;
        draft.write("README.md", card.to_string())?;
        if pooling == Pooling::Query {
            draft.write(CODE.0, CODE.1)?;
        }
        let parity = json!({
            "model_id": artefact.manifest.model_id,
            "version": artefact.version,
            "task": self.task,
            "answered": answered,
        });
        draft.write_json(PARITY, &parity)?;
        draft.publish()?;
        Ok(Exported {
            dir: self.out.to_owned(),
            class: if pooling == Pooling::Query {
                "OmbudForSequenceClassification"
            } else {
                architecture.class
            },
            own_code: pooling == Pooling::Query,
            texts: answered.len(),
        })
    }

    fn head(&self) -> Result<&Head, ExchangeError> {
        let manifest = &self.artefact.manifest;
        if manifest.family != Family::Encoder {
            let member = self.artefact.dir.join("encoder");
            let fix = if member.join(MANIFEST).is_file() {
                format!("export its encoder, --model {}", member.display())
            } else {
                "name a model of the family encoder, --model DIR".to_owned()
            };
            let family = manifest.family.name();
            return Err(ExchangeError::Family { model_id: manifest.model_id.clone(), family, fix });
        }
        let Some((_, head)) = manifest.head(self.task) else {
            return Err(ExchangeError::NoTask {
                model_id: manifest.model_id.clone(),
                task: self.task.to_owned(),
                answers: self.artefact.tasks().join(", "),
            });
        };
        if !head.foreign.is_empty() {
            let said: Option<Value> = read_json(&self.artefact.dir.join(SOURCE)).ok();
            let origin = said.and_then(|said| said["source"].as_str().map(str::to_owned));
            let origin = origin.unwrap_or_else(|| "the folder in Python".to_owned());
            return Err(ExchangeError::Foreign { model_id: manifest.model_id.clone(), origin });
        }
        Ok(head)
    }
}

pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, ExchangeError> {
    let text = fs::read(path).map_err(ExchangeError::file(path))?;
    serde_json::from_slice(&text).map_err(|error| ExchangeError::broken(path, error))
}
