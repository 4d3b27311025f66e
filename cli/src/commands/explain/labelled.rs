//! What a model answers to a labelled complaint, as the record that infer would have written, beside what is true.

use std::sync::Arc;

use anyhow::{Context, Result};
use ombud_contract::{
    ids,
    records::{Arm, FLOAT, Outcome, Prediction, RawComplaint, Role, Strategy, TaskStrategy, Vulnerability},
    taxonomy::Taxonomy,
};
use ombud_explain::{ExplainJob, OpenedModel};
use ombud_intake::{Labels, Row, folded_label};
use ombud_models::{
    Answer, Head, ISSUE, Kind, Logits, PRODUCT, Reading, VULNERABLE, answer, in_label_set_order,
    vulnerability_of,
};

/// A task, and who is asked it.
pub(super) struct TaskModel {
    arm: Arm,
    review_below: f32,
    place: usize,
    head: Arc<Head>,
    taxonomy: &'static Taxonomy,
    pub(super) opened: OpenedModel,
}

/// What is true of a complaint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    /// A leaf of the label tree.
    Leaf(String),
    /// Of a yes or no.
    Yes(bool),
}

/// An answer, and what would be right.
pub(super) struct LabelledAnswer {
    pub(super) truth: Truth,
    pub(super) prediction: Prediction,
    taxonomy: &'static Taxonomy,
}

impl TaskModel {
    /// `task`, of which `arm` is champion.
    pub(super) fn of(task: &TaskStrategy, arm: &Arm, opened: OpenedModel) -> Result<Self> {
        let manifest = &opened.artefact.manifest;
        let (place, head) = manifest
            .head(&task.task)
            .with_context(|| format!("ask {} about {}: it has no such task", arm.model_id, task.task))?;
        let taxonomy = Taxonomy::by_label_set(&head.label_set)
            .with_context(|| format!("read the labels of {}: {} is unknown", task.task, head.label_set))?;
        let (arm, head) = (arm.clone(), Arc::new(head.clone()));
        Ok(Self { arm, review_below: task.review_below, place, head, taxonomy, opened })
    }

    /// The model's logits for all of its tasks.
    pub(super) fn logits(&self, complaint: &RawComplaint) -> Result<Logits> {
        let reading = Reading::of(&complaint.narrative, &complaint.language);
        let prepared = self.opened.model.prepare(reading.text());
        let answered = self.opened.model.replica().classify(&[&prepared])?;
        answered.into_iter().next().context("ask the model: it answered nothing")
    }

    /// The record of the answer that follows from `logits`.
    pub(super) fn answer(
        &self,
        row: &Row,
        truth: Truth,
        logits: &Logits,
        strategy: &Strategy,
    ) -> LabelledAnswer {
        let complaint = &row.complaint;
        let reading = Reading::of(&complaint.narrative, &complaint.language);
        let prepared = self.opened.model.prepare(reading.text());
        let logits = logits.get(self.place).map_or(&[][..], Vec::as_slice);
        let evidence = self.head.evidence_in(&complaint.narrative);
        let unread = reading.unread(&self.opened.artefact.manifest.reads(), &prepared);
        let given = match unread {
            Some(_) => Answer::unread(),
            None => answer(&self.head, self.taxonomy, logits, self.review_below, &evidence),
        };
        let ordered = in_label_set_order(&self.head, self.taxonomy, logits).unwrap_or_default();
        let leaves = ordered.iter().take(self.head.labels.len()).copied().collect();
        let input_sha256 = ids::input_sha256(complaint);
        let (task, version) = (&self.head.task, &self.arm.model_version);
        let prediction = Prediction {
            prediction_id: ids::prediction_id(
                &complaint.complaint_id,
                &input_sha256,
                task,
                version,
                Role::Deciding,
            ),
            complaint_id: complaint.complaint_id.clone(),
            input_sha256,
            raw_partition: 0,
            raw_offset: 0,
            task: task.clone(),
            model_id: self.arm.model_id.clone(),
            model_version: version.clone(),
            strategy_version: strategy.version,
            arm: self.arm.name.clone(),
            role: Role::Deciding,
            outcome: given.outcome,
            label: given.label,
            level: given.level,
            path: given.path,
            confidence: given.confidence,
            logits: leaves,
            label_set: self.head.label_set.clone(),
            threshold: given.threshold,
            tokens: count(prepared.tokens),
            truncated_tokens: count(prepared.truncated_tokens),
            windows: count(prepared.windows),
            failure: given.failure.map(str::to_owned),
            predicted_at: complaint.received_at,
            score: given.score,
            evidence,
            evidence_table: self.head.evidence.clone().unwrap_or_default(),
            unseen_tokens: count(prepared.unseen_tokens),
            unread: unread.map(|why| why.code().to_owned()),
            arithmetic: FLOAT.to_owned(),
        };
        LabelledAnswer { truth, prediction, taxonomy: self.taxonomy }
    }
}

impl Truth {
    /// What is true for the task by `labels`; `None` where they have nothing that is a label of it.
    pub(super) fn of(asked: &TaskModel, labels: &Labels) -> Option<Self> {
        let label = match (asked.head.kind, asked.head.task.as_str()) {
            (Kind::Flag, VULNERABLE) => return labels.vulnerable.map(Self::Yes),
            (Kind::Flag, _) => return None,
            // A column that was named for a task of ours counts before what every file is read for.
            (Kind::Choice, task) => labels.own.get(task).or(match task {
                PRODUCT => labels.product.as_ref(),
                ISSUE => labels.issue.as_ref(),
                _ => None,
            }),
        }?;
        let leaves = asked.taxonomy.leaves();
        let alike = || leaves.iter().find(|leaf| folded_label(leaf) == folded_label(label));
        leaves.iter().find(|leaf| *leaf == label).or_else(alike).cloned().map(Self::Leaf)
    }

    /// In words.
    pub(super) fn label(&self) -> &str {
        match self {
            Self::Leaf(label) => label,
            Self::Yes(true) => "yes",
            Self::Yes(false) => "no",
        }
    }
}

impl LabelledAnswer {
    /// Whether it is true, on the level on which it was given.
    pub(super) fn is_right(&self) -> bool {
        let label = self.prediction.label.as_deref();
        match &self.truth {
            Truth::Leaf(leaf) => {
                let finest = self.taxonomy.levels().next().unwrap_or_default();
                let path = self.taxonomy.path(finest, leaf).unwrap_or_default();
                label.is_some_and(|label| path.contains(&label))
            }
            Truth::Yes(yes) => {
                label.is_some_and(|label| (vulnerability_of(label) != Vulnerability::NotIndicated) == *yes)
            }
        }
    }

    /// The question: why this answer and not the runner-up, or of a wrong one, why not the right one.
    pub(super) fn job(&self, row: &Row, answers: &[Self], strategy: &Strategy) -> ExplainJob {
        let against = match &self.truth {
            Truth::Leaf(leaf) if !self.is_right() && self.prediction.outcome != Outcome::Failed => {
                Some(leaf.clone())
            }
            // A yes has nothing beside it but a no.
            _ => None,
        };
        ExplainJob {
            raw: row.complaint.clone(),
            prediction: self.prediction.clone(),
            predictions: answers.iter().map(|answer| answer.prediction.clone()).collect(),
            strategy: strategy.clone(),
            route: None,
            against,
        }
    }
}

fn count(tokens: u32) -> i32 {
    i32::try_from(tokens).unwrap_or(i32::MAX)
}
