//! From logits, and what a narrative says outright, to prediction records.

use ombud_contract::{
    ids,
    records::{FLOAT, Outcome, Prediction, TimestampMs},
};
use ombud_models::{Answer, Logits, answer, in_label_set_order};

use crate::{
    question::Question,
    request::{ModelInput, ModelRequest},
};

/// Codes of [`Prediction::failure`].
mod failure {
    /// The arm's model can't be loaded, and no other stands in: none ever does for a shadow.
    pub(super) const UNAVAILABLE: &str = "model-unavailable";
    /// The model could not score this text.
    pub(super) const UNSCORED: &str = "classify-failed";
    /// The artefact's labels are not its label set's.
    pub(super) const LABELS: &str = "label-set-mismatch";
}

/// One prediction a question. `logits`: those of the request's model, if it could score the text.
pub(crate) fn predictions(
    request: &ModelRequest,
    logits: Option<&Logits>,
    now: TimestampMs,
) -> Vec<Prediction> {
    request.questions.iter().map(|question| prediction(request, question, logits, now)).collect()
}

fn prediction(
    request: &ModelRequest,
    question: &Question,
    logits: Option<&Logits>,
    now: TimestampMs,
) -> Prediction {
    let mut prediction = unanswered(request, question, now);
    match &request.input {
        None => prediction.failure = Some(failure::UNAVAILABLE.to_owned()),
        Some(input) => {
            describe(&mut prediction, input, &question.task);
            match logits.zip(input.model.head(&question.task)) {
                None if input.unread.is_some() => fill(&mut prediction, Answer::unread(), &[]),
                None => prediction.failure = Some(failure::UNSCORED.to_owned()),
                Some((logits, (at, head))) => {
                    let taxonomy = input.model.taxonomies[at];
                    prediction.label_set.clone_from(&head.label_set);
                    let answer =
                        answer(head, taxonomy, &logits[at], question.review_below, &question.evidence);
                    match in_label_set_order(head, taxonomy, &logits[at]) {
                        None => prediction.failure = Some(failure::LABELS.to_owned()),
                        // A prediction has logits of the leaves only.
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

/// The prediction before any model is asked, as if the arm's own had failed.
fn unanswered(request: &ModelRequest, question: &Question, now: TimestampMs) -> Prediction {
    let (complaint, arm) = (&request.complaint, &question.arm);
    Prediction {
        prediction_id: String::new(),
        complaint_id: complaint.complaint_id.clone(),
        input_sha256: complaint.input_sha256.clone(),
        raw_partition: complaint.raw_partition,
        raw_offset: complaint.raw_offset,
        task: question.task.clone(),
        model_id: arm.model_id.clone(),
        model_version: arm.model_version.clone(),
        strategy_version: request.strategy_version,
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
    }
}

/// Which version answers, and how much of the narrative it reads. The arm stays the one that it answers as.
fn describe(prediction: &mut Prediction, input: &ModelInput, task: &str) {
    let (artefact, prepared) = (&input.model.artefact, &input.prepared);
    prediction.model_id.clone_from(&artefact.manifest.model_id);
    prediction.model_version.clone_from(&artefact.version);
    prediction.tokens = count(prepared.tokens);
    prediction.truncated_tokens = count(prepared.truncated_tokens);
    prediction.unseen_tokens = count(prepared.unseen_tokens);
    prediction.windows = count(prepared.windows);
    let head = input.model.head(task);
    prediction.evidence_table = head.and_then(|(_, head)| head.evidence.clone()).unwrap_or_default();
    prediction.unread = input.unread.map(|unread| unread.code().to_owned());
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

fn count(tokens: u32) -> i32 {
    i32::try_from(tokens).unwrap_or(i32::MAX)
}
