//! Scores a batch so that one text which can't be scored takes no other along.

use crate::classifier::Classifier;
use crate::logits::{ClassifyError, Logits};
use crate::prepared::Prepared;
use crate::rejection::{Blame, HostFault};

/// Logits of each of `texts`, in order; `None` where that text can't be scored. They are scored together, and one by one
/// where that fails: `failed` is called with the reason.
pub fn score_each(
    replica: &mut dyn Classifier,
    texts: &[&Prepared],
    failed: impl FnOnce(&ClassifyError),
) -> Vec<Option<Logits>> {
    match score_together(replica, texts) {
        Ok(logits) => logits.into_iter().map(Some).collect(),
        Err(error) => {
            failed(&error);
            texts.iter().map(|text| score_together(replica, &[text]).ok()?.pop()).collect()
        }
    }
}

fn score_together(replica: &mut dyn Classifier, texts: &[&Prepared]) -> Result<Vec<Logits>, ClassifyError> {
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    let logits = replica.classify(texts)?;
    if logits.len() == texts.len() {
        return Ok(logits);
    }
    let what = format!("it answered {} texts", logits.len());
    let blame = Blame::Host(HostFault::Compute);
    Err(ClassifyError { model: "replica", rows: texts.len(), what, blame })
}
