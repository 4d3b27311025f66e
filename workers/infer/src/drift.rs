//! What is answered and what is read, counted: where their shares change, the world is no longer the one that the models
//! were made in.

use metrics::counter;
use ombud_contract::records::{Outcome, Prediction, Role};

use crate::ask::Ask;

/// Counts a complaint that its model cannot read; of several that decide its tasks each counts it.
pub(crate) fn count_unread(ask: &Ask) {
    let decides = ask.questions.iter().any(|question| question.arm.role == Role::Deciding);
    if let Some(unread) = ask.asked.as_ref().and_then(|asked| asked.unread).filter(|_| decides) {
        counter!("ombud_unread_total", "reason" => unread.code()).increment(1);
    }
}

/// Counts one prediction.
pub(crate) fn count(prediction: &Prediction) {
    // A shadow would count a complaint twice.
    if prediction.role != Role::Deciding {
        return;
    }
    let task = || prediction.task.clone();
    if let Some(label) = prediction.label.clone().filter(|_| prediction.outcome == Outcome::Labelled) {
        counter!("ombud_labels_total", "task" => task(), "label" => label).increment(1);
    }
    let whole = |tokens: i32| u64::try_from(tokens).unwrap_or_default();
    counter!("ombud_tokens_total", "task" => task()).increment(whole(prediction.tokens));
    counter!("ombud_truncated_tokens_total", "task" => task()).increment(whole(prediction.truncated_tokens));
    counter!("ombud_unseen_tokens_total", "task" => task()).increment(whole(prediction.unseen_tokens));
}
