//! `ombud.json`: what an artefact says of itself, beside the weights.

use std::collections::{BTreeMap, BTreeSet};

use ombud_contract::records::Evidence;
use ombud_contract::taxonomy::Taxonomy;
use serde::{Deserialize, Serialize};

use crate::evidence::EvidenceTable;
use crate::foreign::ForeignLabel;
use crate::reads::Reads;

/// The newest layout of `ombud.json`. It rises with each field or word that an earlier build would not read: so that
/// one knows that it is the build that lacks something, and no version is rejected for everybody. An artefact says the
/// least that it needs.
const FORMAT: u32 = 2;
/// The layout since which heads have [`Head::foreign`].
const FOREIGN: u32 = 2;

/// The least layout that says all of `heads`.
pub fn least_format(heads: &[Head]) -> u32 {
    if heads.iter().any(|head| !head.foreign.is_empty()) { FOREIGN } else { 1 }
}

/// What every layout says of itself.
#[derive(Deserialize)]
struct Layout {
    format: u32,
}
/// The threshold of a [`Kind::Flag`] above which the answer is POSSIBLE.
pub(crate) const POSSIBLE: &str = "possible";
/// The threshold of a [`Kind::Flag`] above which the answer is VULNERABLE.
pub(crate) const VULNERABLE: &str = "vulnerable";

/// The most that evidence adds to log-odds: certainty, and a sum of all that can still be computed with.
pub const MOST_ODDS: f64 = 20.0;

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

/// What is taken out of a narrative before a model reads it. Never changed: another way gets another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cleaning {
    /// Runs of `XXXX` become one `xx`; braces and `.00` go.
    #[serde(rename = "redactions-1")]
    Redactions1,
}

/// How a head's logits become an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One of the labels, at the finest taxonomy level that the confidence carries.
    Choice,
    /// Yes or no: two labels, the negative first. Thresholds `possible` and `vulnerable` cut its score.
    Flag,
}

/// One task that the artefact answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// `product`, `issue`, `vulnerable`, ...
    pub task: String,
    /// How its logits become an answer.
    pub kind: Kind,
    /// The numbered label set, such as `issue@1`: a taxonomy of `schemas/taxonomy/`.
    pub label_set: String,
    /// Leaf labels, in logit order.
    pub labels: Vec<String>,
    /// Logits are divided by it before the softmax.
    pub temperature: f64,
    /// For [`Kind::Choice`]: level -> least confidence to answer at that level. For [`Kind::Flag`]:
    /// `possible` and `vulnerable` -> least score.
    #[serde(default)]
    pub thresholds: BTreeMap<String, f64>,
    /// For [`Kind::Flag`]: the numbered table of what a narrative says outright, such as `vulnerable@1`; its findings are
    /// fused with the score. Part of the model, so that a version always answers the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// By category of that table: what its phrases add to the score. Empty: the score is of the logits alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence_odds: BTreeMap<String, EvidenceOdds>,
    /// Where the model was trained on other labels: what each logit of its network stands for, in their order. Empty: they
    /// are of `labels`. Encoders only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<ForeignLabel>,
}

/// What phrases of a category add to the log-odds of yes where a narrative has any: 0 or more, so that nothing that a
/// customer says lowers a score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceOdds {
    /// Of its explicit phrases.
    #[serde(default)]
    pub explicit: f64,
    /// Of its hints.
    #[serde(default)]
    pub hint: f64,
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

    /// What it reads, said or not.
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

impl Head {
    /// What `narrative` says outright, by the table that this head names. Opening the artefact has made sure that this
    /// build has it.
    pub fn evidence_in(&self, narrative: &str) -> Vec<Evidence> {
        let table = self.evidence.as_deref().and_then(EvidenceTable::by_name);
        table.map_or_else(Vec::new, |table| table.find(narrative))
    }

    /// What `evidence` adds to the log-odds of yes: each category and strength once, however often it is said.
    pub fn odds_of(&self, evidence: &[Evidence]) -> f64 {
        let said: BTreeSet<(&str, bool)> =
            evidence.iter().map(|one| (one.category.as_str(), one.explicit)).collect();
        let odds = |(category, explicit): (&str, bool)| {
            let odds = self.evidence_odds.get(category).copied().unwrap_or_default();
            if explicit { odds.explicit } else { odds.hint }
        };
        said.into_iter().map(odds).sum()
    }

    /// What an answer's confidence must reach to be given on `level`, under a strategy's `review_below`.
    pub fn carries_from(&self, level: &str, review_below: f64) -> f64 {
        self.thresholds.get(level).copied().unwrap_or(0.0).max(review_below)
    }

    fn fault(&self) -> Option<(String, String)> {
        let at = |near: &str, what: String| Some((near.to_owned(), what));
        if !(self.temperature > 0.0 && self.temperature.is_finite()) {
            return at(
                "temperature",
                format!("temperature is {}: it must be greater than 0; 1 changes nothing", self.temperature),
            );
        }
        if let Some((name, value)) = self.thresholds.iter().find(|(_, value)| !(0.0..=1.0).contains(*value)) {
            return at(name, format!("thresholds.{name} is {value}: it must lie in 0 to 1"));
        }
        let Some(taxonomy) = Taxonomy::by_label_set(&self.label_set) else {
            return at(&self.label_set, format!("label_set: there is no taxonomy `{}`", self.label_set));
        };
        if let Some(label) = self.labels.iter().find(|label| !taxonomy.leaves().contains(label)) {
            return at(label, format!("labels: `{label}` is not in taxonomy {}", self.label_set));
        }
        if let Some(label) = taxonomy.leaves().iter().find(|leaf| !self.labels.contains(leaf)) {
            return at("labels", format!("labels: `{label}` of taxonomy {} is missing", self.label_set));
        }
        let twice = |i: usize| self.labels[..i].contains(&self.labels[i]);
        if let Some(i) = (0..self.labels.len()).find(|i| twice(*i)) {
            return at("labels", format!("labels: `{}` stands there twice", self.labels[i]));
        }
        if let Some(fault) = self.evidence_fault() {
            return Some(fault);
        }
        if !self.foreign.is_empty()
            && let Some(fault) = self.foreign_fault()
        {
            return Some(fault);
        }
        match self.kind {
            Kind::Choice => {
                let levels: Vec<&str> = taxonomy.levels().collect();
                let name = self.thresholds.keys().find(|name| !levels.contains(&name.as_str()))?;
                let levels = levels.join(", ");
                at(name, format!("thresholds.{name} is no level of {}: {levels}", self.label_set))
            }
            Kind::Flag if self.labels != taxonomy.leaves() => at(
                "labels",
                format!("labels: of a flag they stand as in {}, the negative first", self.label_set),
            ),
            Kind::Flag => self.flag_fault(),
        }
    }

    fn evidence_fault(&self) -> Option<(String, String)> {
        let Some(name) = &self.evidence else {
            let what = "evidence_odds: there is no `evidence` that they could be of: name its table";
            return (!self.evidence_odds.is_empty()).then(|| ("evidence_odds".to_owned(), what.to_owned()));
        };
        let what = match EvidenceTable::by_name(name) {
            None => format!("evidence: this Ombud has no table `{name}`"),
            Some(_) if self.kind != Kind::Flag => {
                "evidence: only a flag is fused with it: leave it out".to_owned()
            }
            Some(table) if table.task() != self.task => {
                format!("evidence: table `{name}` is for the task {}", table.task())
            }
            Some(table) => return self.odds_fault(table),
        };
        Some(("evidence".to_owned(), what))
    }

    fn odds_fault(&self, table: &EvidenceTable) -> Option<(String, String)> {
        let known = |name: &str| table.categories().iter().any(|category| category.name == name);
        if let Some(name) = self.evidence_odds.keys().find(|name| !known(name)) {
            let what = format!("evidence_odds.{name}: table {} has no such category", table.name());
            return Some((name.clone(), what));
        }
        let adds = |odds: f64| (0.0..=MOST_ODDS).contains(&odds);
        let (name, _) =
            self.evidence_odds.iter().find(|(_, odds)| !(adds(odds.explicit) && adds(odds.hint)))?;
        let what =
            format!("evidence_odds.{name}: each must lie in 0 to {MOST_ODDS}: nothing said lowers a score");
        Some((name.clone(), what))
    }

    fn flag_fault(&self) -> Option<(String, String)> {
        let at = |near: &str, what: String| Some((near.to_owned(), what));
        if self.labels.len() != 2 {
            return at(
                "labels",
                format!("labels: a flag has 2, the negative first, not {}", self.labels.len()),
            );
        }
        if let Some(name) = self.thresholds.keys().find(|name| *name != POSSIBLE && *name != VULNERABLE) {
            return at(name, format!("thresholds.{name}: a flag has `{POSSIBLE}` and `{VULNERABLE}`"));
        }
        match (self.thresholds.get(POSSIBLE), self.thresholds.get(VULNERABLE)) {
            (Some(possible), Some(vulnerable)) if possible <= vulnerable => None,
            (Some(_), Some(_)) => {
                at(POSSIBLE, format!("thresholds: `{POSSIBLE}` must not be above `{VULNERABLE}`"))
            }
            _ => at("thresholds", format!("thresholds: a flag needs `{POSSIBLE}` and `{VULNERABLE}`")),
        }
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
