//! Part 2: what each task was answered, how surely, by which thresholds, and why nothing finer.

use ombud_contract::records::{Decision, Evidence, Outcome, Prediction};
use ombud_explain::{Explanation, LevelReached, Side};
use serde::Serialize;

use super::RATIONALE;
use crate::case::Case;

#[derive(Serialize)]
pub(crate) struct AnswersPart {
    pub(crate) answers: [&'static str; 1],
    pub(crate) notes: Vec<String>,
    /// One a task, by task.
    pub(crate) tasks: Vec<AnswerLine>,
}

#[derive(Serialize)]
pub(crate) struct AnswerLine {
    pub(crate) task: String,
    pub(crate) prediction_id: String,
    pub(crate) outcome: Outcome,
    pub(crate) label: Option<String>,
    pub(crate) level: String,
    pub(crate) path: Vec<String>,
    pub(crate) confidence: f32,
    pub(crate) model_id: String,
    pub(crate) model_version: String,
    pub(crate) strategy_version: i64,
    pub(crate) arm: String,
    pub(crate) unread: Option<String>,
    /// The narrative says it outright, whatever the model scored.
    pub(crate) explicit_evidence: bool,
    /// What only the prediction's own record says; `None` where that is gone.
    pub(crate) prediction: Option<PredictionLine>,
    /// What only an explanation says; `None` without one.
    pub(crate) explained: Option<ExplainedAnswer>,
}

#[derive(Serialize)]
pub(crate) struct PredictionLine {
    pub(crate) predicted_at: i64,
    pub(crate) threshold: f32,
    pub(crate) score: Option<f32>,
    pub(crate) failure: Option<String>,
    pub(crate) arithmetic: String,
    pub(crate) label_set: String,
    pub(crate) tokens: i32,
    pub(crate) truncated_tokens: i32,
    pub(crate) unseen_tokens: i32,
    pub(crate) windows: i32,
    pub(crate) evidence_table: String,
    /// What the narrative says outright; `None` where whoever exported may not see it.
    pub(crate) evidence: Option<Vec<Evidence>>,
}

#[derive(Serialize)]
pub(crate) struct ExplainedAnswer {
    pub(crate) reason: String,
    pub(crate) levels: Vec<LevelReached>,
    pub(crate) runner_up: Option<Side>,
}

impl AnswersPart {
    pub(crate) fn of(case: &Case<'_>) -> Self {
        let sources = case.sources;
        let explanations = sources.explanations.as_deref().unwrap_or_default();
        let mut notes = Vec::new();
        let tasks = case.route().decisions.iter().map(|decision| {
            let prediction = case.prediction(&decision.prediction_id);
            if prediction.is_none() {
                notes.push(format!(
                    "The record of the answer to {} is not in the archive: what is said here is what the route says.",
                    decision.task
                ));
            }
            let evidence = |p: &Prediction| sources.sees_evidence.then(|| p.evidence.clone());
            let explanation = explanations.iter().find(|one| is_of(one, decision));
            AnswerLine::of(decision, prediction.map(|p| PredictionLine::of(p, evidence(p))), explanation)
        });
        let tasks = tasks.collect();
        for task in &case.route().missing_tasks {
            notes.push(format!("The task {task} was not answered in time."));
        }
        if !sources.sees_evidence {
            notes.push("What the narrative says outright of a vulnerable customer is left out: whoever exported may not \
                        see it.".to_owned());
        }
        Self { answers: [RATIONALE], notes, tasks }
    }
}

/// Whether an explanation is of this very answer.
fn is_of(explanation: &Explanation, decision: &Decision) -> bool {
    explanation.task == decision.task && explanation.answered_by.model_version == decision.model_version
}

impl AnswerLine {
    fn of(
        decision: &Decision,
        prediction: Option<PredictionLine>,
        explanation: Option<&Explanation>,
    ) -> Self {
        let decision = decision.clone();
        Self {
            prediction,
            explained: explanation.map(ExplainedAnswer::of),
            task: decision.task,
            prediction_id: decision.prediction_id,
            outcome: decision.outcome,
            label: decision.label,
            level: decision.level,
            path: decision.path,
            confidence: decision.confidence,
            model_id: decision.model_id,
            model_version: decision.model_version,
            strategy_version: decision.strategy_version,
            arm: decision.arm,
            unread: decision.unread,
            explicit_evidence: decision.explicit_evidence,
        }
    }
}

impl PredictionLine {
    fn of(prediction: &Prediction, evidence: Option<Vec<Evidence>>) -> Self {
        let p = prediction.clone();
        Self {
            predicted_at: p.predicted_at,
            threshold: p.threshold,
            score: p.score,
            failure: p.failure,
            arithmetic: p.arithmetic,
            label_set: p.label_set,
            tokens: p.tokens,
            truncated_tokens: p.truncated_tokens,
            unseen_tokens: p.unseen_tokens,
            windows: p.windows,
            evidence_table: p.evidence_table,
            evidence,
        }
    }
}

impl ExplainedAnswer {
    fn of(explanation: &Explanation) -> Self {
        let runner_up = explanation.contrast.as_ref().map(|contrast| contrast.against.clone());
        let answer = &explanation.answer;
        Self { reason: answer.reason.clone(), levels: answer.levels.clone(), runner_up }
    }
}
