//! Challenger and champion on the half of the audit sample that neither has learned from or was calibrated on.

use indicatif::ProgressBar;
use ombud_measure::evaluate::{Evaluate, EvaluateError, Evaluation, Measurement, Resampling, Subject, View};
use ombud_models::Artefact;
use ombud_torch::Libtorch;

use super::set::Set;

/// The challenger's figures, with the comparison to the champion in `against`. `None` where no case of that
/// half was judged. What a flag is worth is judged only where enough of it are labelled: else the set has none of its labels
/// there, and the figures none of the flag.
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
    if set.figures().trial == 0 {
        return Ok(None);
    }
    progress.set_message("both on the audit sample's half for trials");
    let measured = |artefact: &Artefact| -> Result<Measurement, EvaluateError> {
        let subjects = vec![Subject::whole(artefact, &Libtorch)?];
        // Every choice by its column: a label that is new is none of the built-in trees.
        let columns = set.choices();
        Evaluate { subjects, threads, resampling: Resampling::default(), columns, dates: None }
            .measure(&set.trial(), progress)
    };
    let (this, other) = (measured(challenger)?, measured(champion)?);
    let view = View::default();
    let mut evaluation = this.evaluation(&view);
    evaluation.against = Some(this.compare(&other, view.resampling));
    Ok(Some(evaluation))
}
