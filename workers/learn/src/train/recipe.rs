//! Everything that a training run can be told, with the values that made the default model.

use std::collections::BTreeMap;

use ombud_models::Kind;
use ombud_torch::bag::Hashing;
use serde::Serialize;

/// How a bag is learned; it stands in the artefact's `training.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recipe {
    /// How text becomes columns.
    pub hashing: Hashing,
    /// The tasks, in the order of the artefact's heads.
    pub heads: Vec<HeadRecipe>,
    /// Which task's answer hints at which other's.
    pub hint: Option<HintRecipe>,
    /// Columns that the artefact keeps, for all heads together.
    pub keep_columns: usize,
    /// Draws the calibration's shifts to zero; see [`ombud_torch::bag::Calibration::fit`].
    pub shift_pull: f64,
    /// Where thresholds are put.
    pub targets: Targets,
}

/// What one task's answer says about another's; see [`ombud_torch::bag::Hint`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HintRecipe {
    /// The task that hints; its head stands before the other's.
    pub from: String,
    /// The task that listens.
    pub to: String,
    /// Rows added to every pair of labels.
    pub smoothing: f32,
}

/// How one task is learned.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeadRecipe {
    /// `product`, `issue` or `vulnerable`.
    pub task: String,
    /// Its labels.
    pub label_set: String,
    /// How its logits become an answer.
    pub kind: Kind,
    /// Inverse strength of the L2 penalty; see [`ombud_torch::bag::Fit`].
    pub c: f64,
    /// Steps of L-BFGS.
    pub iterations: usize,
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

impl Default for Recipe {
    fn default() -> Self {
        let head = |task: &str, kind, c, iterations| HeadRecipe {
            task: task.to_owned(),
            label_set: format!("{task}@1"),
            kind,
            c,
            iterations,
        };
        Self {
            hashing: Hashing::default(),
            heads: vec![
                head("product", Kind::Choice, 5.0, 40),
                head("issue", Kind::Choice, 5.0, 50),
                // Two labels share the penalty of what a yes-or-no regression would call 2.5.
                head("vulnerable", Kind::Flag, 1.25, 30),
            ],
            hint: Some(HintRecipe { from: "product".to_owned(), to: "issue".to_owned(), smoothing: 0.2 }),
            keep_columns: 98_304,
            shift_pull: 0.003,
            targets: Targets {
                precision: [("issue", 0.70), ("group", 0.75), ("intent", 0.75)]
                    .map(|(level, share)| (level.to_owned(), share))
                    .into(),
                possible_recall: 0.6,
                vulnerable_precision: 0.5,
                least_rows: 10,
            },
        }
    }
}
