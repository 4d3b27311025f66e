//! Our explanations of complaints of a split: what each word of theirs earned, how exactly, and how long it took.

use std::{path::Path, sync::Arc, time::Instant};

use anyhow::{Context, Result, ensure};
use ombud_contract::{
    ids,
    records::{FLOAT, Outcome, Prediction, RawComplaint, Role},
};
use ombud_explain::{
    ALL_OTHERS, BarKind, Contrast, ExplainJob, Explainer, Explanation, OpenError, OpenModels, OpenedModel,
    Place,
};
use ombud_models::{Answer, Artefact, Model, Stop};
use serde_json::json;

use crate::{
    exact::ExactPart,
    lines::Lines,
    sample::{Complaint, complaints},
    served::{Answered, Served},
    words::{in_code_points, words},
};

/// What its lines are of, by what an answer is compared with: what SHAP explains and a fall of probability is about, ...
pub(crate) const ALL: &str = "all-others";
/// ... and what people are shown unless they ask.
pub(crate) const NEXT: &str = "runner-up";

/// Of so many complaints one has a task explained alone as well: for how long that takes, and to be the same.
const ALONE: usize = 5;

/// The one model that all jobs are about.
pub(crate) struct OneModel {
    pub(crate) artefact: Arc<Artefact>,
    pub(crate) model: Arc<dyn Model>,
}

impl OpenModels for OneModel {
    fn open(&mut self, _: &str, _: &str) -> Result<OpenedModel, OpenError> {
        Ok(OpenedModel { artefact: Arc::clone(&self.artefact), model: Arc::clone(&self.model) })
    }
}

/// Who explains what `served` answers.
pub(crate) fn explainer(served: &Served) -> Explainer<OneModel> {
    let models = OneModel { artefact: Arc::clone(&served.artefact), model: Arc::clone(&served.model) };
    Explainer { models, libtorch: String::new(), stop: Stop::never() }
}

/// Explains `count` complaints of a split, all tasks of each, and appends those that the files of `folder` lack, one line a
/// complaint.
pub(crate) fn explain(split: &str, count: usize, folder: &Path) -> Result<()> {
    let mut served = Served::load()?;
    let mut explainer = explainer(&served);
    let exact = ExactPart::of(&served)?;
    let [mut all, mut next] = open(folder)?;
    let complaints = complaints(split, count, &mut served)?;
    for (nth, complaint) in complaints.iter().enumerate() {
        if all.has(complaint.row, ALL) && next.has(complaint.row, NEXT) {
            continue;
        }
        let answered = served.answered(&complaint.narrative)?;
        let mut jobs = jobs(complaint, &answered, &served)?;
        // Each task is the one that is asked about alone equally often.
        let alone = nth.is_multiple_of(ALONE).then_some(nth / ALONE % jobs.len());
        let began = Instant::now();
        let one = alone.map(|task| explainer.explain(&jobs[task])).transpose()?;
        let seconds_alone = one.as_ref().map(|_| began.elapsed().as_secs_f64());
        let began = Instant::now();
        let explanations = explainer.explain_all(&jobs)?;
        let seconds_all = began.elapsed().as_secs_f64();
        if let (Some(one), Some(task)) = (one, alone) {
            ensure!(
                one.contrast == explanations[task].contrast,
                "row {}: alone it is another",
                complaint.row
            );
        }
        let mut tasks = Vec::new();
        for (task, explanation) in explanations.iter().enumerate() {
            let contrast = explanation.contrast.as_ref().context("a contrast")?;
            tasks.push(json!({
                "label": explanation.answer.label,
                "level": explanation.answer.level,
                "words": values(&complaint.narrative, explanation),
                "reproduced": explanation.reproduction.is_reproduced,
                "contrast": contrast.value,
                "sum": contrast.bars.iter().map(|bar| bar.value).sum::<f64>(),
                "arithmetic": bar(contrast, BarKind::Arithmetic),
                "exact_gap": exact.gap(&complaint.narrative, &answered, task, contrast)?,
                "method": contrast.method.name,
                "steps": contrast.method.steps,
                "error": contrast.method.error,
                "approximate": contrast.method.is_approximate,
            }));
        }
        next.add(&json!({
            "row": complaint.row,
            "kind": NEXT,
            "tokens": answered.prepared.tokens,
            "seconds_alone": seconds_alone,
            "seconds_all": seconds_all,
            "tasks": tasks,
        }))?;
        jobs.iter_mut().for_each(|job| job.against = Some(ALL_OTHERS.to_owned()));
        let tasks: Vec<_> = explainer
            .explain_all(&jobs)?
            .iter()
            .map(|explanation| {
                let error = explanation.contrast.as_ref().map(|contrast| contrast.method.error);
                json!({ "words": values(&complaint.narrative, explanation), "error": error })
            })
            .collect();
        all.add(&json!({ "row": complaint.row, "kind": ALL, "tasks": tasks }))?;
    }
    Ok(())
}

/// The files of [`ALL`] and [`NEXT`].
fn open(folder: &Path) -> Result<[Lines; 2]> {
    let file = |kind: &str| Lines::open(&folder.join(format!("{kind}.jsonl")));
    Ok([file(ALL)?, file(NEXT)?])
}

/// One a task.
pub(crate) fn jobs(complaint: &Complaint, answered: &Answered, served: &Served) -> Result<Vec<ExplainJob>> {
    let raw = RawComplaint::new(format!("row-{}", complaint.row), complaint.narrative.as_str(), 0);
    let heads = served.artefact.manifest.heads.iter();
    let predictions = heads.zip(&answered.answers).enumerate().map(|(place, (head, answer))| {
        let arm = served.strategy.tasks.iter().find(|task| task.task == head.task);
        let arm = arm.and_then(|task| task.arms.first()).context("the task's arm")?;
        let evidence = head.evidence_in(&complaint.narrative);
        let input_sha256 = ids::input_sha256(&raw);
        let version = &arm.model_version;
        Ok(Prediction {
            prediction_id: ids::prediction_id(
                &raw.complaint_id,
                &input_sha256,
                &head.task,
                version,
                Role::Deciding,
            ),
            complaint_id: raw.complaint_id.clone(),
            input_sha256,
            raw_partition: 0,
            raw_offset: 0,
            model_id: arm.model_id.clone(),
            model_version: version.clone(),
            strategy_version: served.strategy.version,
            arm: arm.name.clone(),
            role: Role::Deciding,
            logits: served.ordered(place, &answered.logits)?,
            label_set: head.label_set.clone(),
            evidence_table: head.evidence.clone().unwrap_or_default(),
            evidence,
            tokens: i32::try_from(answered.prepared.tokens)?,
            truncated_tokens: i32::try_from(answered.prepared.truncated_tokens)?,
            unseen_tokens: i32::try_from(answered.prepared.unseen_tokens)?,
            windows: 1,
            predicted_at: 0,
            unread: None,
            arithmetic: FLOAT.to_owned(),
            ..filled(&head.task, answer)
        })
    });
    let predictions = predictions.collect::<Result<Vec<Prediction>>>()?;
    let job = |prediction: &Prediction| ExplainJob {
        raw: raw.clone(),
        prediction: prediction.clone(),
        predictions: predictions.clone(),
        strategy: served.strategy.clone(),
        route: None,
        against: None,
    };
    Ok(predictions.iter().map(job).collect())
}

/// The answer; the rest is empty.
fn filled(task: &str, answer: &Answer) -> Prediction {
    Prediction {
        prediction_id: String::new(),
        complaint_id: String::new(),
        input_sha256: String::new(),
        raw_partition: 0,
        raw_offset: 0,
        task: task.to_owned(),
        model_id: String::new(),
        model_version: String::new(),
        strategy_version: 0,
        arm: String::new(),
        role: Role::Deciding,
        outcome: answer.outcome,
        label: answer.label.clone(),
        level: answer.level.clone(),
        path: answer.path.clone(),
        confidence: answer.confidence,
        logits: Vec::new(),
        label_set: String::new(),
        threshold: answer.threshold,
        tokens: 0,
        truncated_tokens: 0,
        windows: 1,
        failure: answer.failure.filter(|_| answer.outcome == Outcome::Failed).map(str::to_owned),
        predicted_at: 0,
        score: answer.score,
        evidence: Vec::new(),
        evidence_table: String::new(),
        unseen_tokens: 0,
        unread: None,
        arithmetic: FLOAT.to_owned(),
    }
}

/// What each word earned: the shares of what stands in it, and its part of what a phrase of evidence in it adds.
pub(crate) fn values(narrative: &str, explanation: &Explanation) -> Vec<f64> {
    let places = in_code_points(narrative, &words(narrative));
    let mut values = vec![0.0; places.len()];
    let Some(contrast) = &explanation.contrast else { return values };
    let overlapped = |place: &Place| {
        let first = places.partition_point(|word| word.end <= place.start);
        let words = places[first..].iter().take_while(|word| word.start < place.end);
        first..first + words.count()
    };
    for share in &contrast.words {
        // A share's place lies in one word; one between words, such as a sign, is nobody's.
        if let Some(word) = overlapped(&share.place).next() {
            values[word] += share.value;
        }
    }
    for bar in contrast.bars.iter().filter(|bar| bar.kind == BarKind::Evidence) {
        let phrases: Vec<_> = explanation
            .evidence
            .iter()
            .filter(|phrase| phrase.category == bar.name)
            .flat_map(|phrase| overlapped(&phrase.place))
            .collect();
        for word in &phrases {
            values[*word] += bar.value / phrases.len() as f64;
        }
    }
    values
}

pub(crate) fn bar(contrast: &Contrast, kind: BarKind) -> f64 {
    contrast.bars.iter().filter(|bar| bar.kind == kind).map(|bar| bar.value).sum()
}
