//! Models' answers to labelled complaints: what every figure, slice, comparison and dial is made from.

use std::collections::BTreeMap;

use ombud_contract::records::Vulnerability;

use super::answers::{Answers, TaskScores};
use super::subject::EvaluatedModel;
use super::traits::Traits;

/// The answers to one file; no narrative is kept.
pub struct Measurement {
    /// By reason.
    pub(crate) rejected_for: BTreeMap<String, usize>,
    /// By reason.
    pub(crate) unread_for: BTreeMap<String, usize>,
    pub(crate) models: Vec<EvaluatedModel>,
    /// A complaint each, in the file's order.
    pub(crate) traits: Vec<Traits>,
    pub(crate) tasks: Vec<TaskMeasurement>,
}

/// One task's answers.
pub(crate) struct TaskMeasurement {
    pub(crate) scores: TaskScores,
    /// What follows from the scores.
    pub(crate) answers: Answers,
    /// For each row of the answers, its place among the complaints.
    pub(crate) complaints: Vec<usize>,
    /// For each row of the answers, what its narrative says outright.
    pub(crate) shown: Vec<Vulnerability>,
}

impl Measurement {
    /// The true product of each row of a task.
    pub(crate) fn products<'a>(&'a self, task: &'a TaskMeasurement) -> impl Iterator<Item = Option<&'a str>> {
        task.complaints.iter().map(|complaint| self.traits[*complaint].product.as_deref())
    }

    /// Who answered `task`.
    pub(crate) fn model_of(&self, task: &str) -> Option<&EvaluatedModel> {
        self.models.iter().find(|model| model.tasks.iter().any(|asked| asked == task))
    }
}
