//! `ombud.json`: what an artefact says about itself, beside the weights.

use std::collections::BTreeMap;

use ombud_contract::taxonomy::Taxonomy;
use serde::{Deserialize, Serialize};

use crate::evidence::EvidenceTable;
use crate::head::Head;
use crate::reads::Reads;

/// The newest layout of `ombud.json`. It rises with each field or word that an earlier build would not read, so that
/// such a build knows that it lacks something itself, and does not reject the version for everyone. An artefact names the
/// least layout that it needs.
const FORMAT: u32 = 2;
/// The layout since which heads have [`Head::foreign`].
const FOREIGN: u32 = 2;

/// The least layout that says all of `heads`.
pub fn least_format(heads: &[Head]) -> u32 {
    if heads.iter().any(|head| !head.foreign.is_empty()) { FOREIGN } else { 1 }
}

/// What every layout has.
#[derive(Deserialize)]
struct Layout {
    format: u32,
}

/// How a model is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Hashed n-grams into an embedding bag.
    Bag,
    /// A transformer: a body under one head a task, or a stock sequence classifier.
    Encoder,
    /// Other artefacts, each in a folder of its own, whose answers are fused.
    Blend,
}

impl Family {
    /// As `ombud.json` and the registry write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bag => "bag",
            Self::Encoder => "encoder",
            Self::Blend => "blend",
        }
    }

    /// The file, beside `ombud.json`, without which there is no such model.
    pub(crate) fn needs(self) -> &'static str {
        match self {
            Self::Bag | Self::Encoder => "model.safetensors",
            Self::Blend => "blend.json",
        }
    }
}

/// What is taken out of a narrative before a model reads it. Never changed: another cleaning gets another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cleaning {
    /// Runs of `XXXX` become one `xx`; braces and `.00` go.
    #[serde(rename = "redactions-1")]
    Redactions1,
}

/// The content of `ombud.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Layout of this file: 1, or 2 where a head has `foreign` labels.
    pub format: u32,
    /// The model's name, as the registry and the strategy call it.
    pub model_id: String,
    /// How it is built.
    pub family: Family,
    /// In logit order of [`crate::Logits`].
    pub heads: Vec<Head>,
    /// Longest input in tokens; encoders only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// How text is cleaned before it is read; encoders only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleaning: Option<Cleaning>,
    /// What it reads; `None` where it doesn't say, which is [`Reads::default`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reads: Option<Reads>,
    /// Named figures from its evaluation, such as `validation.product.accuracy`.
    #[serde(default)]
    pub metrics: BTreeMap<String, f64>,
    /// SHA-256 of `training.json`, where the artefact was trained here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training_manifest_sha256: Option<String>,
    /// The version it was trained on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_version: Option<String>,
}

/// What is wrong in an `ombud.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ManifestFault {
    /// From 1.
    pub(crate) line: usize,
    /// The field, what is wrong with it and what would be right.
    pub(crate) what: String,
    /// Whether another build may know what this one doesn't.
    pub(crate) needs_other_build: bool,
}

impl Manifest {
    /// Reads and checks the text of an `ombud.json`.
    pub(crate) fn parse(text: &str) -> Result<Self, ManifestFault> {
        let manifest: Self = serde_json::from_str(text).map_err(|error| ManifestFault {
            line: error.line(),
            what: error.to_string(),
            needs_other_build: serde_json::from_str::<Layout>(text)
                .is_ok_and(|layout| layout.format > FORMAT),
        })?;
        match manifest.fault() {
            None => Ok(manifest),
            Some((near, what)) => Err(ManifestFault {
                line: line_of(text, &near),
                what,
                needs_other_build: manifest.is_beyond_this_build(),
            }),
        }
    }

    /// The head that answers `task`, and its place in [`crate::Logits`].
    pub fn head(&self, task: &str) -> Option<(usize, &Head)> {
        self.heads.iter().enumerate().find(|(_, head)| head.task == task)
    }

    /// What it reads, by its own words or by default.
    pub fn reads(&self) -> Reads {
        self.reads.clone().unwrap_or_default()
    }

    /// Whether it names a layout, label trees or a table that this build does not have: a newer one may.
    fn is_beyond_this_build(&self) -> bool {
        let unknown = |head: &Head| {
            let table = head.evidence.as_deref();
            Taxonomy::by_label_set(&head.label_set).is_none()
                || table.is_some_and(|table| EvidenceTable::by_name(table).is_none())
        };
        self.format > FORMAT || self.heads.iter().any(unknown)
    }

    // What is wrong, and strings that stand, one after the other, before and at the wrong place.
    fn fault(&self) -> Option<(Vec<String>, String)> {
        let at = |near: &str, what: String| Some((vec![near.to_owned()], what));
        if !(1..=FORMAT).contains(&self.format) {
            return at("format", format!("format is {}: this Ombud reads 1 to {FORMAT}", self.format));
        }
        if !is_model_id(&self.model_id) {
            let what = "model_id must be letters, digits, `-`, `_` or `.`, begin with a letter or digit, and have at most 100";
            return at("model_id", what.to_owned());
        }
        if self.heads.is_empty() {
            return at("heads", "heads is empty: a model answers at least one task".to_owned());
        }
        if let Some((near, what)) = self.reads.as_ref().and_then(Reads::fault) {
            return Some((vec!["reads".to_owned(), near.to_owned()], format!("reads.{what}")));
        }
        for (i, head) in self.heads.iter().enumerate() {
            if self.heads[..i].iter().any(|other| other.task == head.task) {
                let near = vec![head.task.clone(), head.task.clone()];
                return Some((near, format!("heads[{i}].task: `{}` has two heads: keep one", head.task)));
            }
            if !head.foreign.is_empty() {
                let what = match self.family {
                    Family::Encoder if self.format >= FOREIGN => None,
                    Family::Encoder => Some(format!("it is of format {FOREIGN}: say so")),
                    Family::Bag | Family::Blend => Some("only an encoder has them".to_owned()),
                };
                if let Some(what) = what {
                    let near = vec![head.task.clone(), "foreign".to_owned()];
                    return Some((near, format!("heads[{i}].foreign: {what}")));
                }
            }
            if let Some((near, what)) = head.fault() {
                return Some((vec![head.task.clone(), near], format!("heads[{i}].{what}")));
            }
        }
        None
    }
}

/// Whether `id` may name a model, and so a folder.
pub(crate) fn is_model_id(id: &str) -> bool {
    id.len() <= 100
        && id.starts_with(|first: char| first.is_ascii_alphanumeric())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// The line where the last of `near` stands as a JSON string after the others; what was parsed has them, unless
/// they are written with escapes: then the line of the last one found.
fn line_of(text: &str, near: &[String]) -> usize {
    let mut at = 0;
    for string in near {
        let quoted = format!("\"{string}\"");
        let Some(found) = text[at..].find(&quoted) else { break };
        at += found + quoted.len();
    }
    text[..at].matches('\n').count() + 1
}
