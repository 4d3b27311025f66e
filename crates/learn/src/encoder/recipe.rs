//! All settings of the training of an encoder, with the values that made the default model.

use ombud_models::{Cleaning, Kind};
use ombud_torch::encoder::{Coarse, HeadTuning, Tuning};
use serde::{Deserialize, Serialize};

use crate::train::{Targets, Task};

/// How an encoder is learned; it stands in the artefact's `training.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// The tasks, in the order of the artefact's heads.
    pub heads: Vec<HeadRecipe>,
    /// How the base is fine-tuned.
    pub tuning: Tuning,
    /// Tokens that are read of a text: all, or its head and its tail.
    pub max_tokens: usize,
    /// How text is cleaned before it is read.
    pub cleaning: Option<Cleaning>,
    /// Learn from a drawn part of so many rows, to choose between recipes in a short time.
    pub rows: Option<usize>,
    /// Draws the calibration's shifts to zero; see [`ombud_torch::bag::Calibration::fit`].
    pub shift_pull: f64,
    /// Where thresholds are put.
    pub targets: Targets,
}

/// How one task is learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeadRecipe {
    /// Which.
    #[serde(flatten)]
    pub task: Task,
    /// Share in the loss, and in the score that decides which weights are kept.
    pub weight: f64,
    /// A coarser level that is to be right, too.
    pub coarse: Option<CoarseRecipe>,
}

/// A level of a task's taxonomy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoarseRecipe {
    /// Its name.
    pub level: String,
    /// Share in the loss and the score.
    pub weight: f64,
}

impl Default for Recipe {
    fn default() -> Self {
        let head = |name, kind, weight| HeadRecipe { task: Task::new(name, kind), weight, coarse: None };
        let intent = CoarseRecipe { level: "intent".to_owned(), weight: 0.5 };
        Self {
            heads: vec![
                head("product", Kind::Choice, 1.0),
                HeadRecipe { coarse: Some(intent), ..head("issue", Kind::Choice, 1.0) },
                head("vulnerable", Kind::Flag, 0.3),
            ],
            tuning: Tuning::default(),
            max_tokens: 256,
            cleaning: Some(Cleaning::Redactions1),
            rows: None,
            shift_pull: 0.003,
            targets: Targets::default(),
        }
    }
}

impl HeadRecipe {
    pub(super) fn tuning(&self) -> HeadTuning {
        HeadTuning {
            task: self.task.name.clone(),
            labels: self.task.leaves().len(),
            flag: self.task.kind == Kind::Flag,
            weight: self.weight,
            coarse: self.coarse.as_ref().and_then(|coarse| {
                Some(Coarse { group: self.groups(&coarse.level)?, weight: coarse.weight })
            }),
        }
    }

    /// For each label the place of the label above it on `level`.
    pub(super) fn groups(&self, level: &str) -> Option<Vec<usize>> {
        let taxonomy = self.task.taxonomy()?;
        let leaves = taxonomy.leaves().len();
        (0..leaves)
            .map(|leaf| {
                let one: Vec<f64> = (0..leaves).map(|other| f64::from(u8::from(other == leaf))).collect();
                taxonomy.sum_to_level(level, &one)?.iter().position(|(_, sum)| *sum > 0.5)
            })
            .collect()
    }
}
