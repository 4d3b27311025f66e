//! What is learned: tasks with their labels, and where their thresholds are put.

use std::collections::BTreeMap;

use ombud_contract::taxonomy::Taxonomy;
use ombud_models::{Head, Kind};
use serde::Serialize;

/// A task that rows are labelled for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Task {
    /// `product`, `issue` or `vulnerable`.
    #[serde(rename = "task")]
    pub name: String,
    /// Its labels.
    pub label_set: String,
    /// How its logits become an answer.
    pub kind: Kind,
}

/// What a threshold must bring on the validation rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Targets {
    /// Taxonomy level -> share of its answers that must be right; levels without one are always answered.
    pub precision: BTreeMap<String, f64>,
    /// Share of the vulnerable that `possible` must find.
    pub possible_recall: f64,
    /// Share of those flagged `vulnerable` that must be.
    pub vulnerable_precision: f64,
    /// A precision counts from as many rows on: fewer are luck.
    pub least_rows: usize,
}

impl Default for Targets {
    fn default() -> Self {
        Self {
            precision: [("issue", 0.70), ("group", 0.75), ("intent", 0.75)]
                .map(|(level, share)| (level.to_owned(), share))
                .into(),
            possible_recall: 0.6,
            vulnerable_precision: 0.5,
            least_rows: 10,
        }
    }
}

impl Task {
    /// The task of that name, over the first label set of it.
    pub fn new(name: &str, kind: Kind) -> Self {
        Self { name: name.to_owned(), label_set: format!("{name}@1"), kind }
    }

    /// The label tree; `None` for a label set that this version does not know.
    pub fn taxonomy(&self) -> Option<&'static Taxonomy> {
        Taxonomy::by_label_set(&self.label_set)
    }

    /// A head that answers it at whatever confidence.
    pub(crate) fn uncut(&self, temperature: f64) -> Head {
        Head {
            task: self.name.clone(),
            kind: self.kind,
            label_set: self.label_set.clone(),
            labels: self.leaves().to_vec(),
            temperature,
            thresholds: BTreeMap::new(),
            evidence: None,
            evidence_odds: BTreeMap::new(),
        }
    }

    /// The labels, in logit order.
    pub(crate) fn leaves(&self) -> &'static [String] {
        self.taxonomy().map_or(&[], Taxonomy::leaves)
    }
}
