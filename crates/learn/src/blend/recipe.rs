//! All settings of the learning of a blend.

use serde::{Deserialize, Serialize};

pub use crate::bag::HintRecipe;
use crate::train::Targets;

/// How members become a blend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Which task's fused answer hints at which other's.
    pub hint: Option<HintRecipe>,
    /// Where thresholds are put.
    pub targets: Targets,
    /// With a cascade: how many points each figure may lose by it. `None`: every member sees every text.
    pub most_lost: Option<f64>,
}

impl Default for Recipe {
    fn default() -> Self {
        let hint = HintRecipe { from: "product".to_owned(), to: "issue".to_owned(), smoothing: 0.2 };
        Self { hint: Some(hint), targets: Targets::default(), most_lost: None }
    }
}
