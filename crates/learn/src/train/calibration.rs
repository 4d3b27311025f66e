//! The heads of a model that was shrunk, calibrated on rows held out.

use ombud_models::Logits;
use ombud_torch::bag::Hint;

use super::error::LearnError;
use super::evidence_score::EvidenceScore;
use super::examples::Data;
use super::fitting::Fitting;
use super::folds::Folds;
use super::heads::{Adjustment, CalibratedHead};
use super::tasks::{Targets, Task};

/// Logits of all heads on the validation rows.
pub(crate) struct ValidationLogits {
    /// Of the model as it is stored.
    pub(crate) shrunk: Vec<Logits>,
    /// Of the model before it was shrunk.
    pub(crate) whole: Vec<Logits>,
}

/// What heads are calibrated by.
pub(crate) struct HeadCalibration<'a> {
    pub(crate) data: &'a Data,
    /// The tasks that were learned, in logit order, each with its place among the tasks of `data`.
    pub(crate) tasks: Vec<(usize, &'a Task)>,
    /// What one head believes of another's labels.
    pub(crate) hint: Option<&'a Hint>,
    /// Draws shifts to zero; see [`ombud_torch::bag::Calibration::fit`].
    pub(crate) pull: f64,
    /// Where thresholds are put.
    pub(crate) targets: &'a Targets,
}

impl HeadCalibration<'_> {
    /// The heads, ready to serve, with what shrinking added to their figures; and what serving must do to their logits.
    pub(crate) fn run(
        &self,
        mut rows: ValidationLogits,
    ) -> Result<Vec<(CalibratedHead, Adjustment)>, LearnError> {
        let truths: Vec<Vec<Option<usize>>> =
            self.tasks.iter().map(|(place, _)| self.data.truths(*place)).collect();
        let evidence: Vec<Option<EvidenceScore>> =
            self.tasks.iter().map(|(place, task)| EvidenceScore::learn(task, *place, self.data)).collect();
        let fitting = Fitting { hint: self.hint, outright: &evidence, pull: self.pull };
        let unfitted = fitting.unfitted(&Folds::of(&self.data.validation), &rows.shrunk, &truths);
        let adjustments = fitting.fit(&mut rows.shrunk, &truths);
        adjustments.iter().for_each(|adjustment| adjustment.apply(&mut rows.whole));
        let mut heads = Vec::new();
        for (place, (adjustment, unfitted)) in adjustments.into_iter().zip(unfitted).enumerate() {
            let (task, truths) = (self.tasks[place].1, &truths[place]);
            let ValidationLogits { shrunk, whole } = &rows;
            heads.push((
                adjustment.shrunk_head(task, self.targets, shrunk, whole, truths, unfitted)?,
                adjustment,
            ));
        }
        Ok(heads)
    }
}
