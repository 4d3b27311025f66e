//! Jobs in, explanations out.
//!
//! jobs -> their models, each opened once -> [one narrative in one model: its tasks share every step] -> answers, contrasts
//! -> where it went, once a complaint -> explanations in the jobs' order

use ombud_contract::{
    ids,
    records::{Evidence, FLOAT, Outcome, Prediction},
};
use ombud_models::{Answer, PRODUCT, Stop};

use crate::{
    document::{
        AnswerGiven, AnsweredBy, EvidencePhrase, Explanation, FORMAT, Place, Reproduction, RoutingReason,
    },
    error::ExplainError,
    head::TaskHead,
    job::ExplainJob,
    model::{OpenModels, OpenedModels},
    reading::{NarrativeReading, TaskFindings, TaskQuestion},
    reason::reason,
    routing::routing_reason,
};

/// How far a confidence may be off where the record was computed in single precision: libtorch promises no bits over releases and
/// processors.
const TOLERANCE_OF_FLOAT: f64 = 1e-3;
/// The same in any other arithmetic, whose kernels round by the processor's own instructions.
const TOLERANCE_OF_OTHERS: f64 = 1e-2;

/// Explains decisions, one call after the other.
pub struct Explainer<M: OpenModels> {
    /// Where the models come from.
    pub models: M,
    /// The version of libtorch that they compute with; empty where they use none.
    pub libtorch: String,
    /// Whether the process stops: asked between steps, of which each takes well under a second.
    pub stop: Stop,
}

impl<M: OpenModels> Explainer<M> {
    /// Explains one task.
    ///
    /// # Errors
    /// As [`Self::explain_all`].
    pub fn explain(&mut self, job: &ExplainJob) -> Result<Explanation, ExplainError> {
        let mut explanations = self.explain_all(std::slice::from_ref(job))?;
        match explanations.pop() {
            Some(explanation) => Ok(explanation),
            None => unreachable!("there is one explanation a job"),
        }
    }

    /// Explains `jobs`, one explanation each in their order. Tasks of one narrative that one model answered share its steps.
    ///
    /// # Errors
    /// The first job that can't be explained says why.
    pub fn explain_all(&mut self, jobs: &[ExplainJob]) -> Result<Vec<Explanation>, ExplainError> {
        let mut opened = OpenedModels::default();
        for job in jobs {
            if ids::input_sha256(&job.raw) != job.prediction.input_sha256 {
                let (complaint_id, task) = (job.prediction.complaint_id.clone(), job.prediction.task.clone());
                return Err(ExplainError::OtherNarrative { complaint_id, task });
            }
            // The others are asked about the team alone.
            let others = job.predictions.iter().filter(|_| job.route.is_some());
            for prediction in others.chain([&job.prediction]) {
                if self.stop.requested() {
                    return Err(ExplainError::Stopped);
                }
                opened.open(&mut self.models, &prediction.model_id, &prediction.model_version);
            }
        }
        let mut found: Vec<Option<TaskFindings>> = jobs.iter().map(|_| None).collect();
        for group in groups(jobs) {
            for (at, findings) in self.read(jobs, &group, &opened)? {
                found[at] = Some(findings);
            }
        }
        let mut routings: Vec<(usize, Option<RoutingReason>)> = Vec::new();
        let mut explanations = Vec::with_capacity(jobs.len());
        for (at, (job, found)) in jobs.iter().zip(found).enumerate() {
            let same = |other: &&(usize, _)| is_same_route(&jobs[other.0], job);
            let routing = match routings.iter().find(same) {
                Some((_, routing)) => routing.clone(),
                None => {
                    let routing = routing_reason(job, &opened, &self.stop)?;
                    routings.push((at, routing.clone()));
                    routing
                }
            };
            explanations.push(self.explanation(job, &opened, found, routing));
        }
        Ok(explanations)
    }

    /// What is found out about the jobs of one narrative in one model. Nothing where the model failed then and is not there.
    fn read(
        &self,
        jobs: &[ExplainJob],
        group: &[usize],
        opened: &OpenedModels,
    ) -> Result<Vec<(usize, TaskFindings)>, ExplainError> {
        let mut asked: Vec<(usize, TaskQuestion<'_>)> = Vec::new();
        for at in group {
            let job = &jobs[*at];
            let answer = answer_to_compare(job);
            match TaskHead::of(&job.prediction, &job.strategy, opened) {
                Ok(task) => asked.push((*at, TaskQuestion { task, answer, against: job.against.as_deref() })),
                // It answered nothing, so nothing is lost.
                Err(_) if job.prediction.outcome == Outcome::Failed => {}
                Err(error) => return Err(error),
            }
        }
        let Some((first, _)) = asked.first() else { return Ok(Vec::new()) };
        let job = &jobs[*first];
        let (model_id, version) = (&job.prediction.model_id, &job.prediction.model_version);
        let model = opened.get(model_id, version)?;
        let (places, questions): (Vec<usize>, Vec<TaskQuestion<'_>>) = asked.into_iter().unzip();
        let follow = questions.iter().any(|question| question.answer.is_some());
        let narrative = (job.raw.narrative.as_str(), job.raw.language.as_str());
        let reading = NarrativeReading::of(model, narrative, follow, &self.stop)
            .map_err(|interruption| interruption.of(model_id, version))?;
        Ok(places.into_iter().zip(reading.findings(&questions)?).collect())
    }

    fn explanation(
        &self,
        job: &ExplainJob,
        opened: &OpenedModels,
        findings: Option<TaskFindings>,
        routing: Option<RoutingReason>,
    ) -> Explanation {
        let prediction = &job.prediction;
        let task = TaskHead::of(prediction, &job.strategy, opened).ok();
        let evidence = findings.as_ref().map_or(&prediction.evidence, |findings| &findings.evidence);
        let given = answer_given(job, task.as_ref(), findings.as_ref());
        Explanation {
            format: FORMAT,
            complaint_id: prediction.complaint_id.clone(),
            input_sha256: prediction.input_sha256.clone(),
            task: prediction.task.clone(),
            answered_by: AnsweredBy {
                model_id: prediction.model_id.clone(),
                model_version: prediction.model_version.clone(),
                strategy_version: prediction.strategy_version,
                arm: prediction.arm.clone(),
                arithmetic: prediction.arithmetic.clone(),
            },
            answer: given,
            reproduction: reproduction(
                prediction,
                findings.as_ref().map(|found| &found.answer),
                &self.libtorch,
            ),
            evidence: phrases(evidence),
            unread: findings.as_ref().map_or_else(Vec::new, |findings| findings.unread.clone()),
            contrast: findings.and_then(|findings| findings.contrast),
            routing,
        }
    }
}

/// The jobs of each narrative in each model, by their numbers.
fn groups(jobs: &[ExplainJob]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (at, job) in jobs.iter().enumerate() {
        let same = |group: &&mut Vec<usize>| {
            let (one, other) = (&jobs[group[0]], job);
            let key = |p: &Prediction| (p.model_id.clone(), p.model_version.clone(), p.input_sha256.clone());
            key(&one.prediction) == key(&other.prediction) && one.raw == other.raw
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(at),
            None => groups.push(vec![at]),
        }
    }
    groups
}

fn is_same_route(one: &ExplainJob, other: &ExplainJob) -> bool {
    one.route == other.route
        && one.raw == other.raw
        && one.strategy == other.strategy
        && one.predictions == other.predictions
}

/// A, where there is one: of a text that the model read, and of a model that answered. Where the CRM knew the product the model's
/// own is compared only where somebody asks what with.
fn answer_to_compare(job: &ExplainJob) -> Option<(&str, &str)> {
    let ExplainJob { raw, prediction, against, .. } = job;
    let is_overridden = prediction.task == PRODUCT && raw.known_product.is_some() && against.is_none();
    if prediction.outcome == Outcome::Failed || prediction.unread.is_some() || is_overridden {
        return None;
    }
    Some((&prediction.level, prediction.label.as_deref()?))
}

fn answer_given(
    job: &ExplainJob,
    task: Option<&TaskHead<'_>>,
    findings: Option<&TaskFindings>,
) -> AnswerGiven {
    let prediction = &job.prediction;
    let is_answered = prediction.outcome != Outcome::Failed && prediction.unread.is_none();
    let levels = task.filter(|_| is_answered).map_or_else(Vec::new, |task| {
        // By the record, which is what decided; by what comes out now where the record lacks some.
        let logits = task.recorded(prediction).or_else(|| findings?.logits.clone());
        logits.map_or_else(Vec::new, |logits| task.levels(&logits, &prediction.evidence))
    });
    AnswerGiven {
        outcome: prediction.outcome.symbol().to_owned(),
        label: prediction.label.clone(),
        level: prediction.level.clone(),
        confidence: prediction.confidence,
        threshold: prediction.threshold,
        reason: reason(prediction, task, &levels, job.raw.known_product.as_deref()),
        levels,
    }
}

/// `now`: the answer as it comes out now; `None` where the model failed then and is not there.
fn reproduction(prediction: &Prediction, now: Option<&Answer>, libtorch: &str) -> Reproduction {
    let tolerance = if prediction.arithmetic == FLOAT { TOLERANCE_OF_FLOAT } else { TOLERANCE_OF_OTHERS };
    let label = now.and_then(|answer| answer.label.clone());
    let confidence = now.map_or(0.0, |answer| answer.confidence);
    let apart = (f64::from(confidence) - f64::from(prediction.confidence)).abs();
    Reproduction {
        is_reproduced: now.is_some() && label == prediction.label && apart <= tolerance,
        recorded_label: prediction.label.clone(),
        label,
        recorded_confidence: prediction.confidence,
        confidence,
        tolerance,
        libtorch: if now.is_some() { libtorch.to_owned() } else { String::new() },
    }
}

fn phrases(evidence: &[Evidence]) -> Vec<EvidencePhrase> {
    let place = |at: i32| usize::try_from(at).unwrap_or_default();
    let phrase = |one: &Evidence| EvidencePhrase {
        category: one.category.clone(),
        explicit: one.explicit,
        place: Place { start: place(one.start), end: place(one.end) },
    };
    evidence.iter().map(phrase).collect()
}

#[cfg(test)]
mod tests;
