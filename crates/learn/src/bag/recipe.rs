//! All settings of the training of a bag, with the values that made the default model.

use ombud_models::Kind;
use ombud_torch::bag::Hashing;
use serde::{Deserialize, Serialize};

use crate::train::{Targets, Task};

/// How a bag is learned; it stands in the artefact's `training.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HintRecipe {
    /// The task that hints; its head stands before the other's.
    pub from: String,
    /// The task that listens.
    pub to: String,
    /// Rows added to every pair of labels.
    pub smoothing: f32,
}

/// How one task is learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeadRecipe {
    /// Which.
    #[serde(flatten)]
    pub task: Task,
    /// Inverse strength of the L2 penalty; see [`ombud_torch::bag::Fit`].
    pub c: f64,
    /// Steps of L-BFGS.
    pub iterations: usize,
}

impl Default for Recipe {
    fn default() -> Self {
        let head =
            |task: &str, kind, c, iterations| HeadRecipe { task: Task::new(task, kind), c, iterations };
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
            targets: Targets::default(),
        }
    }
}
