//! One task of one model, as its logits are read: labels in groups, log-sums of them, probabilities.

use ombud_contract::{
    records::{Evidence, Prediction, Strategy},
    taxonomy::Taxonomy,
};
use ombud_models::{Answer, Head, Kind, Logits, answer, calibrated, in_label_set_order, probabilities};

use crate::{document::LevelReached, error::ExplainError, model::OpenedModels};

/// A head at its place among the model's.
#[derive(Clone, Copy)]
pub(crate) struct TaskHead<'a> {
    /// Its place in the logits.
    pub(crate) place: usize,
    pub(crate) head: &'a Head,
    pub(crate) taxonomy: &'static Taxonomy,
    /// What the strategy asks for beside the head's own thresholds.
    pub(crate) review_below: f32,
}

impl<'a> TaskHead<'a> {
    /// The head that answered `prediction` under `strategy`.
    pub(crate) fn of(
        prediction: &Prediction,
        strategy: &Strategy,
        opened: &'a OpenedModels,
    ) -> Result<Self, ExplainError> {
        let Prediction { model_id, model_version: version, task, .. } = prediction;
        let artefact = &opened.get(model_id, version)?.artefact;
        let Some((place, head)) = artefact.manifest.head(task) else {
            return Err(ExplainError::NotATask {
                task: task.clone(),
                model_id: model_id.clone(),
                version: version.clone(),
                tasks: artefact.tasks().join(", "),
            });
        };
        let taxonomy = Taxonomy::by_label_set(&head.label_set).ok_or_else(|| ExplainError::Model {
            model_id: model_id.clone(),
            version: version.clone(),
            what: format!("its label set {} is unknown here", head.label_set),
        })?;
        let asked = strategy.tasks.iter().find(|known| known.task == *task);
        Ok(Self { place, head, taxonomy, review_below: asked.map_or(0.0, |task| task.review_below) })
    }

    /// The answer to these logits, and to what the narrative says outright.
    pub(crate) fn answer(&self, logits: &Logits, evidence: &[Evidence]) -> Answer {
        let Some(logits) = logits.get(self.place) else { return Answer::failed("logits-count") };
        answer(self.head, self.taxonomy, logits, self.review_below, evidence)
    }

    pub(crate) fn is_flag(&self) -> bool {
        self.head.kind == Kind::Flag
    }

    /// Of a flag, how likely a yes is.
    pub(crate) fn score(&self, logits: &[f32], evidence: &[Evidence]) -> Option<f64> {
        (self.is_flag() && logits.len() == self.head.outputs())
            .then(|| calibrated(self.head, logits, evidence)[1])
    }

    /// The labels of a level with their probabilities, and how likely it is none of ours; of a choice alone.
    pub(crate) fn level(&self, level: &str, logits: &[f32]) -> Option<(Vec<(&'static str, f64)>, f64)> {
        let ordered = in_label_set_order(self.head, self.taxonomy, logits)?;
        let mut leaves = probabilities(&ordered, self.head.temperature);
        let none = leaves.drain(self.head.labels.len()..).sum();
        Some((self.taxonomy.sum_to_level(level, &leaves)?, none))
    }

    /// The likeliest label of a level; of equal ones the first in the label set, as answers have it.
    pub(crate) fn likeliest(&self, level: &str, logits: &[f32]) -> Option<(&'static str, f64)> {
        let (labels, _) = self.level(level, logits)?;
        labels.into_iter().reduce(|best, next| if next.1 > best.1 { next } else { best })
    }

    /// The places in the logits of the leaves below a label.
    pub(crate) fn leaves(&self, level: &str, label: &str) -> Vec<usize> {
        let Some(finest) = self.taxonomy.levels().next() else { return Vec::new() };
        let Some(depth) = self.taxonomy.levels().position(|name| name == level) else { return Vec::new() };
        let is_below = |leaf: &str| {
            let path = self.taxonomy.path(finest, leaf).unwrap_or_default();
            path.iter().rev().nth(depth) == Some(&label)
        };
        let labels = self.head.labels.iter().enumerate();
        labels.filter(|(_, leaf)| is_below(leaf)).map(|(place, _)| place).collect()
    }

    /// The logits of a record in the head's own order; `None` where it doesn't have all of them.
    pub(crate) fn recorded(&self, prediction: &Prediction) -> Option<Vec<f32>> {
        let leaves = self.taxonomy.leaves();
        if prediction.label_set != self.head.label_set
            || prediction.logits.len() != leaves.len()
            || self.head.outputs() != leaves.len()
        {
            return None;
        }
        let place = |label: &String| leaves.iter().position(|leaf| leaf == label);
        self.head.labels.iter().map(|label| Some(prediction.logits[place(label)?])).collect()
    }

    /// Every level of these logits, and what each had to reach; of a flag its thresholds, the highest first.
    pub(crate) fn levels(&self, logits: &[f32], evidence: &[Evidence]) -> Vec<LevelReached> {
        let review_below = f64::from(self.review_below);
        if let Some(score) = self.score(logits, evidence) {
            let threshold = |name: &str, default| self.head.thresholds.get(name).copied().unwrap_or(default);
            let reached = |level: &str, label: &str, confidence: f64, threshold: f64| LevelReached {
                level: level.to_owned(),
                label: label.to_owned(),
                confidence,
                threshold,
                is_reached: confidence >= threshold,
            };
            // The defaults are those of `answer`.
            return vec![
                reached("vulnerable", "VULNERABLE", score, threshold("vulnerable", 1.0)),
                reached("possible", "POSSIBLE", score, threshold("possible", 0.0)),
                reached("review_below", "NOT_INDICATED", 1.0 - score, review_below),
            ];
        }
        let reached = |level: &str| {
            let (_, none) = self.level(level, logits)?;
            let (label, confidence) = self.likeliest(level, logits)?;
            let threshold = self.head.carries_from(level, review_below).max(none);
            let (level, label, is_reached) = (level.to_owned(), label.to_owned(), confidence >= threshold);
            Some(LevelReached { level, label, confidence, threshold, is_reached })
        };
        self.taxonomy.levels().filter_map(reached).collect()
    }
}
