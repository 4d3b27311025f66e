//! What is answered and what is read, counted: where their shares change, the world is no longer the one that the models
//! were made in.

use std::collections::BTreeSet;

use metrics::counter;
use ombud_contract::{
    records::{Outcome, Prediction, Role},
    taxonomy::Taxonomy,
};
use ombud_models::{EvidenceTable, Head, Kind, Unread};

/// The answers of a flag that no label tree has.
const POSSIBLE: &str = "POSSIBLE";

/// Begins every series of what cannot be read at 0: an alarm on an increase misses a series that begins with it.
pub(crate) fn begin_unread() {
    for unread in Unread::ALL {
        counter!("ombud_unread_total", "reason" => unread.code()).increment(0);
    }
}

/// Begins every series at 0 that the answers of a model with these `heads` are counted in.
pub(crate) fn begin_answers<'a>(heads: impl Iterator<Item = (&'a Head, &'a Taxonomy)>) {
    for (head, taxonomy) in heads {
        let task = || head.task.clone();
        for outcome in [Outcome::Labelled, Outcome::Abstained, Outcome::Failed] {
            counter!("ombud_predictions_total", "task" => task(), "outcome" => code(outcome)).increment(0);
        }
        let labels = taxonomy.levels().filter_map(|level| taxonomy.labels(level)).flatten();
        let possible = (head.kind == Kind::Flag).then_some(POSSIBLE);
        for label in labels.map(String::as_str).chain(possible) {
            counter!("ombud_labels_total", "task" => task(), "label" => label.to_owned()).increment(0);
        }
        counter!("ombud_tokens_total", "task" => task()).increment(0);
        counter!("ombud_truncated_tokens_total", "task" => task()).increment(0);
        counter!("ombud_unseen_tokens_total", "task" => task()).increment(0);
        let table = head.evidence.as_deref().and_then(EvidenceTable::by_name);
        for category in table.iter().flat_map(|table| table.categories()) {
            counter!("ombud_evidence_total", "category" => category.name.clone()).increment(0);
        }
    }
}

/// Counts a complaint that its model cannot read; of several that decide its tasks each counts it.
pub(crate) fn count_unread(unread: Unread) {
    counter!("ombud_unread_total", "reason" => unread.code()).increment(1);
}

/// Counts one prediction.
pub(crate) fn count(prediction: &Prediction) {
    let task = || prediction.task.clone();
    counter!("ombud_predictions_total", "task" => task(), "outcome" => code(prediction.outcome)).increment(1);
    // A shadow would count a complaint twice.
    if prediction.role != Role::Deciding {
        return;
    }
    if let Some(label) = prediction.label.clone().filter(|_| prediction.outcome == Outcome::Labelled) {
        counter!("ombud_labels_total", "task" => task(), "label" => label).increment(1);
    }
    let whole = |tokens: i32| u64::try_from(tokens).unwrap_or_default();
    counter!("ombud_tokens_total", "task" => task()).increment(whole(prediction.tokens));
    counter!("ombud_truncated_tokens_total", "task" => task()).increment(whole(prediction.truncated_tokens));
    counter!("ombud_unseen_tokens_total", "task" => task()).increment(whole(prediction.unseen_tokens));
    let categories: BTreeSet<&str> = prediction.evidence.iter().map(|one| one.category.as_str()).collect();
    for category in categories {
        counter!("ombud_evidence_total", "category" => category.to_owned()).increment(1);
    }
}

/// As metrics write it.
fn code(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Labelled => "labelled",
        Outcome::Abstained => "abstained",
        Outcome::Failed => "failed",
    }
}
