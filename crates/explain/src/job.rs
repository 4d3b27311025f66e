//! What is asked of whoever explains: everything but the weights, so that no access to any log or store is needed.

use std::fmt;

use ombud_contract::records::{Prediction, RawComplaint, RoutedComplaint, Strategy};
use serde::{Deserialize, Serialize};

/// One task of one complaint to explain.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplainJob {
    /// The submission that was judged, with its narrative.
    pub raw: RawComplaint,
    /// The prediction to explain.
    pub prediction: Prediction,
    /// All deciding predictions of the submission, that one included: the models of all of them answer again where the team is
    /// asked about.
    pub predictions: Vec<Prediction>,
    /// The strategy that decided.
    pub strategy: Strategy,
    /// The route that came of it; `None` where it is not routed.
    pub route: Option<RoutedComplaint>,
    /// B: a label of any level; `None` for the runner-up.
    pub against: Option<String>,
}

impl fmt::Debug for ExplainJob {
    // It holds a narrative.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {} of {}", self.prediction.task, self.prediction.complaint_id)
    }
}
