//! From logits to an answer: at the finest taxonomy level that the calibrated confidence carries, or not at all.

use std::borrow::Cow;

use ombud_contract::records::{Evidence, Outcome, Vulnerability};
use ombud_contract::taxonomy::Taxonomy;

use crate::head::{Head, Kind, POSSIBLE, VULNERABLE};

/// What a head's logits say.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Labelled, abstained or failed.
    pub outcome: Outcome,
    /// The answer; of an abstained one the best guess at the coarsest level; `None` when failed or unread.
    pub label: Option<String>,
    /// The taxonomy level of `label`.
    pub level: String,
    /// Coarse to fine, ends with `label`.
    pub path: Vec<String>,
    /// Calibrated probability of `label`.
    pub confidence: f32,
    /// What the confidence had to reach at `level`; 0 where evidence answered.
    pub threshold: f32,
    /// Of a flag: the calibrated probability of yes by logits and evidence, whatever is answered.
    pub score: Option<f32>,
    /// Why there is no answer, as a code.
    pub failure: Option<&'static str>,
}

impl Answer {
    /// No answer, for the reason that `code` names.
    pub fn failed(code: &'static str) -> Self {
        Self {
            outcome: Outcome::Failed,
            label: None,
            level: String::new(),
            path: Vec::new(),
            confidence: 0.0,
            threshold: 0.0,
            score: None,
            failure: Some(code),
        }
    }

    /// No answer to a text that the model cannot read: not even a guess.
    pub fn unread() -> Self {
        Self { outcome: Outcome::Abstained, failure: None, ..Self::failed("") }
    }

    /// A flag's answer together with what the narrative says outright. A failed one stays failed, because its model
    /// needs a fix; where it is routed, explicit evidence counts all the same.
    fn fused(self, evidence: &[Evidence]) -> Self {
        let (Some(label), Some(score)) = (&self.label, self.score) else { return self };
        let shown = vulnerability_shown(evidence);
        if shown <= vulnerability_of(label) {
            return self;
        }
        let label = shown.symbol();
        Self {
            outcome: Outcome::Labelled,
            label: Some(label.to_owned()),
            path: vec![label.to_owned()],
            confidence: score,
            threshold: 0.0,
            ..self
        }
    }
}

/// The answer of `head`, whose label set `taxonomy` is, to one narrative's logits (in the head's label order) and to
/// what that says outright (as [`Head::evidence_in`] finds it).
///
/// A choice is answered at the finest level whose confidence reaches that level's threshold, the strategy's
/// `review_below` and, where the model knows what is none of our labels, the probability of that; where none does it
/// abstains. A flag is VULNERABLE, POSSIBLE or NOT_INDICATED by its score, and abstains from a NOT_INDICATED below
/// `review_below`; explicit evidence makes it VULNERABLE whatever the score, a hint POSSIBLE at the least, and nothing
/// lowers it. Of equal labels the first in the label set wins.
pub fn answer(
    head: &Head,
    taxonomy: &Taxonomy,
    logits: &[f32],
    review_below: f32,
    evidence: &[Evidence],
) -> Answer {
    if logits.len() != head.outputs() {
        return Answer::failed("logits-count");
    }
    if logits.iter().any(|logit| !logit.is_finite()) {
        return Answer::failed("logits-not-finite");
    }
    match head.kind {
        Kind::Choice => choice(head, taxonomy, logits, review_below),
        Kind::Flag => flag(head, logits, review_below, evidence).fused(evidence),
    }
}

/// `logits` in the order of the label set's leaves, as a prediction carries them, and behind them that of none of them,
/// where the head has it; `None` when the two don't fit.
pub fn in_label_set_order<'a>(head: &Head, taxonomy: &Taxonomy, logits: &'a [f32]) -> Option<Cow<'a, [f32]>> {
    let leaves = taxonomy.leaves();
    if leaves.len() != head.labels.len() || logits.len() != head.outputs() {
        return None;
    }
    if head.labels.iter().eq(leaves) {
        return Some(Cow::Borrowed(logits));
    }
    let place = |leaf| head.labels.iter().position(|label| label == leaf);
    let none = logits[leaves.len()..].iter().copied().map(Some);
    let ordered = leaves.iter().map(|leaf| place(leaf).map(|i| logits[i])).chain(none);
    ordered.collect::<Option<Vec<f32>>>().map(Cow::Owned)
}

/// Calibrated probabilities: softmax of `logits / temperature`.
pub fn probabilities(logits: &[f32], temperature: f64) -> Vec<f64> {
    let scaled = || logits.iter().map(|logit| f64::from(*logit) / temperature);
    let greatest = scaled().fold(f64::NEG_INFINITY, f64::max);
    let mut shares: Vec<f64> = scaled().map(|logit| (logit - greatest).exp()).collect();
    let sum: f64 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= sum);
    shares
}

/// Calibrated probabilities of what `head` answers: of its logits, and of a flag also of what the narrative says outright,
/// as far as the head's odds count it. One a label: they sum to less than 1 where the head knows what is none of them.
pub fn calibrated(head: &Head, logits: &[f32], evidence: &[Evidence]) -> Vec<f64> {
    let mut ours = probabilities(logits, head.temperature);
    ours.truncate(head.labels.len());
    with_odds(ours, head.odds_of(evidence))
}

/// The probabilities of no and yes when `odds` are added to the log-odds of yes.
pub fn with_odds(probabilities: Vec<f64>, odds: f64) -> Vec<f64> {
    match probabilities[..] {
        [no, yes] if odds != 0.0 => {
            let no = no * (-odds).exp();
            vec![no / (no + yes), yes / (no + yes)]
        }
        _ => probabilities,
    }
}

fn choice(head: &Head, taxonomy: &Taxonomy, logits: &[f32], review_below: f32) -> Answer {
    let Some(logits) = in_label_set_order(head, taxonomy, logits) else {
        return Answer::failed("labels-unknown");
    };
    let mut leaves = probabilities(&logits, head.temperature);
    let none: f64 = leaves.drain(head.labels.len()..).sum();
    let mut last = Answer::failed("taxonomy-empty");
    for level in taxonomy.levels() {
        let sums = taxonomy.sum_to_level(level, &leaves).unwrap_or_default();
        let Some((label, confidence)) = first_greatest(sums) else { continue };
        let carries = head.carries_from(level, f64::from(review_below)).max(none);
        let path = taxonomy.path(level, label).unwrap_or_default();
        last = Answer {
            outcome: if confidence >= carries { Outcome::Labelled } else { Outcome::Abstained },
            label: Some(label.to_owned()),
            level: level.to_owned(),
            path: path.into_iter().map(str::to_owned).collect(),
            confidence: confidence as f32,
            threshold: carries as f32,
            score: None,
            failure: None,
        };
        if last.outcome == Outcome::Labelled {
            break;
        }
    }
    last
}

fn first_greatest(sums: Vec<(&str, f64)>) -> Option<(&str, f64)> {
    sums.into_iter().reduce(|best, next| if next.1 > best.1 { next } else { best })
}

fn flag(head: &Head, logits: &[f32], review_below: f32, evidence: &[Evidence]) -> Answer {
    let [_, score] = calibrated(head, logits, evidence)[..] else {
        return Answer::failed("logits-count");
    };
    // An artefact has both thresholds; without them no customer is called vulnerable, and none is cleared.
    let possible = head.thresholds.get(POSSIBLE).copied().unwrap_or(0.0);
    let vulnerable = head.thresholds.get(VULNERABLE).copied().unwrap_or(1.0);
    let review_below = f64::from(review_below);
    let (said, confidence, threshold) = if score >= vulnerable {
        (Vulnerability::Vulnerable, score, vulnerable)
    } else if score >= possible {
        (Vulnerability::Possible, score, possible)
    } else {
        (Vulnerability::NotIndicated, 1.0 - score, review_below)
    };
    let unsure = said == Vulnerability::NotIndicated && confidence < review_below;
    let label = said.symbol();
    Answer {
        outcome: if unsure { Outcome::Abstained } else { Outcome::Labelled },
        label: Some(label.to_owned()),
        level: head.task.clone(),
        path: vec![label.to_owned()],
        confidence: confidence as f32,
        threshold: threshold as f32,
        score: Some(score as f32),
        failure: None,
    }
}

/// What `evidence` alone answers.
pub fn vulnerability_shown(evidence: &[Evidence]) -> Vulnerability {
    match evidence.iter().map(|one| one.explicit).max() {
        Some(true) => Vulnerability::Vulnerable,
        Some(false) => Vulnerability::Possible,
        None => Vulnerability::NotIndicated,
    }
}

/// What a decision's label says; an unknown label is POSSIBLE, never a no.
pub fn vulnerability_of(label: &str) -> Vulnerability {
    match label {
        "NOT_INDICATED" => Vulnerability::NotIndicated,
        "VULNERABLE" => Vulnerability::Vulnerable,
        _ => Vulnerability::Possible,
    }
}
