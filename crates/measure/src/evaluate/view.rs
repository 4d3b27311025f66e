//! How an evaluation looks at the answers: the mix, complaints a day, what counts as sure, how intervals are drawn.

use std::collections::BTreeMap;

use super::mix::Mix;
use crate::interval::Resampling;

/// Complaints a day, unless another number is given.
pub const PER_DAY: u32 = 5_000;

/// How the answers are looked at.
#[derive(Clone, Debug)]
pub struct View {
    /// What the sample is reweighted to.
    pub mix: Mix,
    /// Complaints a day, for the dial.
    pub per_day: u32,
    /// By task, the strategy's `review_below`.
    pub review_below: BTreeMap<String, f64>,
    /// How the bootstrapped intervals are drawn.
    pub resampling: Resampling,
}

impl Default for View {
    fn default() -> Self {
        Self {
            mix: Mix::natural(),
            per_day: PER_DAY,
            review_below: BTreeMap::new(),
            resampling: Resampling::default(),
        }
    }
}
