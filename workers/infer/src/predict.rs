//! From logits, and what a narrative says outright, to prediction records.

use std::collections::BTreeSet;

use ombud_contract::{
    ids,
    records::{FLOAT, Outcome, Prediction, Role, TimestampMs},
};
use ombud_models::{Answer, Logits, answer, in_label_set_order};

use crate::ask::{Ask, Question};

/// Codes of [`Prediction::failure`].
mod failure {
    /// The arm's model can't be loaded, and no other stands in: none ever does for a shadow.
    pub(super) const UNAVAILABLE: &str = "model-unavailable";
    /// The model could not score this text.
    pub(super) const UNSCORED: &str = "classify-failed";
    /// The artefact's labels are not its label set's.
    pub(super) const LABELS: &str = "label-set-mismatch";
}

/// One prediction a question. `logits`: those of the asked model, if it could score the text.
pub(crate) fn predictions(ask: &Ask, logits: Option<&Logits>, now: TimestampMs) -> Vec<Prediction> {
    ask.questions.iter().map(|question| prediction(ask, question, logits, now)).collect()
}

fn prediction(ask: &Ask, question: &Question, logits: Option<&Logits>, now: TimestampMs) -> Prediction {
    let arm = &question.arm;
    let mut prediction = Prediction {
        prediction_id: String::new(),
        complaint_id: ask.judged.complaint_id.clone(),
        input_sha256: ask.judged.input_sha256.clone(),
        raw_partition: ask.judged.raw_partition,
        raw_offset: ask.judged.raw_offset,
        task: question.task.clone(),
        model_id: arm.model_id.clone(),
        model_version: arm.model_version.clone(),
        strategy_version: ask.strategy_version,
        arm: arm.name.clone(),
        role: arm.role,
        outcome: Outcome::Failed,
        label: None,
        level: String::new(),
        path: Vec::new(),
        confidence: 0.0,
        logits: Vec::new(),
        label_set: String::new(),
        threshold: 0.0,
        tokens: 0,
        truncated_tokens: 0,
        windows: 1,
        failure: None,
        predicted_at: now,
        score: None,
        evidence: question.evidence.clone(),
        evidence_table: String::new(),
        unseen_tokens: 0,
        unread: None,
        arithmetic: FLOAT.to_owned(),
    };
    match &ask.asked {
        None => prediction.failure = Some(failure::UNAVAILABLE.to_owned()),
        Some(asked) => {
            let artefact = &asked.model.artefact;
            // The version that answers; the arm is the one that it answers as.
            prediction.model_id.clone_from(&artefact.manifest.model_id);
            prediction.model_version.clone_from(&artefact.version);
            prediction.tokens = count(asked.prepared.tokens);
            prediction.truncated_tokens = count(asked.prepared.truncated_tokens);
            prediction.unseen_tokens = count(asked.prepared.unseen_tokens);
            prediction.windows = count(asked.prepared.windows);
            let head = asked.model.head(&question.task);
            prediction.evidence_table = head.and_then(|(_, head)| head.evidence.clone()).unwrap_or_default();
            prediction.unread = asked.unread.map(|unread| unread.code().to_owned());
            match logits.zip(head) {
                None if asked.unread.is_some() => fill(&mut prediction, Answer::unread(), &[]),
                None => prediction.failure = Some(failure::UNSCORED.to_owned()),
                Some((logits, (at, head))) => {
                    let taxonomy = asked.model.taxonomies[at];
                    prediction.label_set.clone_from(&head.label_set);
                    let answer =
                        answer(head, taxonomy, &logits[at], question.review_below, &question.evidence);
                    match in_label_set_order(head, taxonomy, &logits[at]) {
                        None => prediction.failure = Some(failure::LABELS.to_owned()),
                        // A prediction speaks of the leaves alone.
                        Some(ordered) => fill(&mut prediction, answer, &ordered[..head.labels.len()]),
                    }
                }
            }
        }
    }
    prediction.prediction_id = ids::prediction_id(
        &prediction.complaint_id,
        &prediction.input_sha256,
        &prediction.task,
        &prediction.model_version,
        prediction.role,
    );
    prediction
}

fn fill(prediction: &mut Prediction, answer: Answer, logits: &[f32]) {
    if let Some(code) = answer.failure {
        prediction.failure = Some(code.to_owned());
        return;
    }
    prediction.outcome = answer.outcome;
    prediction.label = answer.label;
    prediction.level = answer.level;
    prediction.path = answer.path;
    prediction.confidence = answer.confidence;
    prediction.threshold = answer.threshold;
    prediction.score = answer.score;
    prediction.logits = logits.to_vec();
}

/// What the evidence of `prediction` speaks of, each once. Nothing for a shadow: it would count a complaint twice.
pub(crate) fn categories(prediction: &Prediction) -> BTreeSet<&str> {
    let evidence = if prediction.role == Role::Deciding { &prediction.evidence[..] } else { &[] };
    evidence.iter().map(|one| one.category.as_str()).collect()
}

fn count(tokens: u32) -> i32 {
    i32::try_from(tokens).unwrap_or(i32::MAX)
}
