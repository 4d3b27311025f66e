//! What is learned: tasks with their labels, and where their thresholds are put.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ombud_contract::taxonomy::Taxonomy;
use ombud_intake::{FileDefaults, LabelColumn, Rows};
use ombud_models::{Head, Kind};
use serde::{Deserialize, Serialize};

use super::error::LearnError;

/// A task that rows are labelled for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// `product`, `issue` or `vulnerable`.
    #[serde(rename = "task")]
    pub name: String,
    /// Its labels.
    pub label_set: String,
    /// How its logits become an answer.
    pub kind: Kind,
    /// Of a bank's own task: the column that its labels stand in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
}

/// What a threshold must bring on the validation rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
        Self { name: name.to_owned(), label_set: format!("{name}@1"), kind, column: None }
    }

    /// A bank's own choice, whose labels stand in `column`: a tree of every label that `least` rows of `files` carry at
    /// the least, in alphabetical order, as number `number` of the task's trees. Other labels are none.
    ///
    /// # Errors
    /// A file can't be read or lacks the column, fewer than two labels have so many rows, or the tree of that number
    /// is known with other labels.
    pub fn own(
        name: &str,
        number: u32,
        column: &str,
        files: &[PathBuf],
        least: usize,
    ) -> Result<Self, LearnError> {
        let columns = [LabelColumn { task: name.to_owned(), column: column.to_owned() }];
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for file in files {
            let rows = Rows::open(file, FileDefaults::of(file)?)?.labelled_by(&columns)?;
            for row in rows {
                let label = row?.ok().and_then(|mut row| row.labels.own.remove(name));
                if let Some(label) = label {
                    *counts.entry(label).or_default() += 1;
                }
            }
        }
        let labels: Vec<String> =
            counts.into_iter().filter(|(_, rows)| *rows >= least).map(|(label, _)| label).collect();
        if labels.len() < 2 {
            return Err(LearnError::TooFewLabels {
                task: name.to_owned(),
                column: column.to_owned(),
                labels: labels.len(),
                least,
            });
        }
        let tree = Taxonomy::flat(name, number, labels)?;
        Ok(Self {
            name: name.to_owned(),
            label_set: tree.label_set().to_owned(),
            kind: Kind::Choice,
            column: Some(column.to_owned()),
        })
    }

    /// Where its labels stand, where that is a column of a bank's own.
    pub(crate) fn label_column(&self) -> Option<LabelColumn> {
        self.column.clone().map(|column| LabelColumn { task: self.name.clone(), column })
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
