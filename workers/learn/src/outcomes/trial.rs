//! Challenger and champion on the audit sample, which neither has learned from.

use indicatif::ProgressBar;
use ombud_models::Artefact;
use ombud_torch::Libtorch;

use super::set::Set;
use crate::evaluate::{Evaluate, EvaluateError, Evaluation, Measured, Resampling, Subject, View};

/// The challenger's figures, with the comparison to the champion in `against`. `None` of an empty audit sample.
///
/// # Errors
/// A model doesn't load or can't score.
pub fn trial(
    challenger: &Artefact,
    champion: &Artefact,
    set: &Set,
    threads: usize,
    progress: &ProgressBar,
) -> Result<Option<Evaluation>, EvaluateError> {
    if set.figures().audit == 0 {
        return Ok(None);
    }
    progress.set_message("both on the audit sample");
    let measured = |artefact: &Artefact| -> Result<Measured, EvaluateError> {
        let subjects = vec![Subject::whole(artefact, &Libtorch)?];
        // Every choice by its column: a label that is new is none of the built-in trees.
        let columns = set.choices();
        Evaluate { subjects, threads, resampling: Resampling::default(), columns }
            .measure(&set.audit(), progress)
    };
    let (this, other) = (measured(challenger)?, measured(champion)?);
    let view = View::default();
    let mut evaluation = this.evaluation(&view);
    evaluation.against = Some(this.compare(&other, view.resampling));
    Ok(Some(evaluation))
}
