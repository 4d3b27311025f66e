//! What is learned: tasks with their labels, and where their thresholds are put.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ombud_contract::taxonomy::Taxonomy;
use ombud_intake::{FileDefaults, LabelColumn, Rows, folded_label};
use ombud_models::{Head, Kind};
use serde::{Deserialize, Serialize};

use super::error::LearnError;
use super::spellings::{SpellingPolicy, Spellings};

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

/// What a threshold must bring, on validation rows that nothing was fitted to. Of shares that are right it is the lower
/// bound of the 95 % interval (Wilson, two-sided) that must reach these values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "WrittenTargets")]
pub struct Targets {
    /// Taxonomy level -> share of its answers that is right, of those that finer levels left to it; a level without one
    /// is always answered.
    pub least_right: BTreeMap<String, f64>,
    /// Share of the vulnerable that `possible` finds.
    pub possible_recall: f64,
    /// Share of those flagged `vulnerable` that is vulnerable.
    pub vulnerable_precision: f64,
}

impl Default for Targets {
    fn default() -> Self {
        Self {
            least_right: [("issue", 0.65), ("group", 0.57), ("intent", 0.57)]
                .map(|(level, share)| (level.to_owned(), share))
                .into(),
            possible_recall: 0.6,
            vulnerable_precision: 0.4,
        }
    }
}

/// Targets as a recipe has them.
#[derive(Deserialize)]
struct WrittenTargets {
    least_right: Option<BTreeMap<String, f64>>,
    possible_recall: f64,
    vulnerable_precision: f64,
}

impl From<WrittenTargets> for Targets {
    /// A recipe from before promises were lower bounds has plain shares, over all rows: they promise nothing.
    fn from(written: WrittenTargets) -> Self {
        let WrittenTargets { least_right, possible_recall, vulnerable_precision } = written;
        match least_right {
            Some(least_right) => Self { least_right, possible_recall, vulnerable_precision },
            None => Self { possible_recall, ..Self::default() },
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
    /// A file can't be read or lacks the column, labels differ in case or white space alone and are not to be merged, fewer
    /// than two labels have so many rows, or the tree of that number is known with other labels.
    pub fn own(
        name: &str,
        number: u32,
        column: &str,
        files: &[PathBuf],
        least: usize,
        alike: SpellingPolicy,
    ) -> Result<Self, LearnError> {
        let columns = [LabelColumn { task: name.to_owned(), column: column.to_owned() }];
        let mut spellings = Spellings::default();
        for file in files {
            let rows = Rows::open(file, FileDefaults::of(file)?)?.labelled_by(&columns)?;
            for row in rows {
                let label = row?.ok().and_then(|mut row| row.labels.own.remove(name));
                if let Some(label) = label {
                    spellings.count(label);
                }
            }
        }
        spellings.drop_rare(least);
        if let Some(labels) = spellings.alike().filter(|_| alike == SpellingPolicy::Refuse) {
            return Err(LearnError::LabelsAlike { task: name.to_owned(), column: column.to_owned(), labels });
        }
        let labels = spellings.labels();
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
            foreign: Vec::new(),
        }
    }

    /// The place of `label` among the labels. A bank's own labels are known in any case.
    pub(crate) fn place_of(&self, label: &str) -> Option<usize> {
        let leaves = self.leaves();
        let exact = leaves.iter().position(|leaf| leaf == label);
        exact.or_else(|| {
            self.column.as_ref()?;
            let label = folded_label(label);
            leaves.iter().position(|leaf| folded_label(leaf) == label)
        })
    }

    /// The labels, in logit order.
    pub(crate) fn leaves(&self) -> &'static [String] {
        self.taxonomy().map_or(&[], Taxonomy::leaves)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_shares_of_an_older_recipe_are_not_taken_for_lower_bounds() {
        let older = r#"{"precision": {"group": 0.75, "issue": 0.7}, "possible_recall": 0.7,
            "vulnerable_precision": 0.5, "least_rows": 10}"#;
        let read: Targets = serde_json::from_str(older).unwrap();
        assert_eq!(read, Targets { possible_recall: 0.7, ..Targets::default() });
        let own = Targets { vulnerable_precision: 0.3, least_right: BTreeMap::new(), ..Targets::default() };
        let again: Targets = serde_json::from_str(&serde_json::to_string(&own).unwrap()).unwrap();
        assert_eq!(again, own);
    }
}
