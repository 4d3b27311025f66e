//! Models' answers to labelled complaints: what every figure, slice, comparison and dial is made from.

use std::collections::BTreeMap;

use ombud_contract::records::Vulnerability;

use super::answered::Answered;
use super::answers::{Answers, Scores, TaskReport, tasks};
use super::compare::Comparison;
use super::dial::{Dial, PER_DAY};
use super::interval::Resampling;
use super::mix::{Mix, NaturalMix};
use super::report::{Evaluated, Evaluation, Recent};
use super::served::Served;
use super::slice::Slices;
use super::traits::Traits;

/// How the answers are looked at.
#[derive(Clone, Debug)]
pub struct View {
    /// What the sample is reweighted to.
    pub mix: Mix,
    /// Complaints a day, for the dial.
    pub per_day: u32,
    /// By task, the strategy's `review_below`.
    pub review_below: BTreeMap<String, f64>,
    /// How the bootstrapped intervals are drawn.
    pub resampling: Resampling,
}

impl Default for View {
    fn default() -> Self {
        Self {
            mix: Mix::natural(),
            per_day: PER_DAY,
            review_below: BTreeMap::new(),
            resampling: Resampling::default(),
        }
    }
}

/// The answers to one file; no narrative is kept.
pub struct Measured {
    /// By reason.
    pub(crate) rejected_for: BTreeMap<String, usize>,
    /// By reason.
    pub(crate) unread_for: BTreeMap<String, usize>,
    pub(crate) models: Vec<Evaluated>,
    /// A complaint each, in the file's order.
    pub(crate) traits: Vec<Traits>,
    pub(crate) tasks: Vec<MeasuredTask>,
}

/// One task's answers.
pub(crate) struct MeasuredTask {
    pub(crate) scores: Scores,
    /// What the scores come to.
    pub(crate) answers: Answers,
    /// For each row of the answers, its place among the complaints.
    pub(crate) complaints: Vec<usize>,
    /// For each row of the answers, what its narrative says outright.
    pub(crate) shown: Vec<Vulnerability>,
}

impl Measured {
    /// All figures but those of comparisons.
    pub fn evaluation(&self, view: &View) -> Evaluation {
        Evaluation {
            rows: self.traits.len(),
            rejected: self.rejected_for.values().sum(),
            rejected_for: self.rejected_for.clone(),
            unread: self.unread_for.values().sum(),
            unread_for: self.unread_for.clone(),
            models: self.models.clone(),
            tasks: self.reports(false, view.resampling),
            recent: Recent {
                rows: self.traits.iter().filter(|traits| traits.recent).count(),
                tasks: self.reports(true, view.resampling),
            },
            slices: Slices::of(self, view.resampling),
            natural_mix: NaturalMix::of(self, &view.mix, view.resampling),
            answered: self.answered(view),
            served: self.served(),
            dial: Dial::of(self, view),
            baseline: None,
            against: None,
        }
    }

    /// Compares with `other`'s answers to the same file.
    pub fn compare(&self, other: &Self, resampling: Resampling) -> Comparison {
        Comparison::of(self, other, resampling)
    }

    fn reports(&self, recent_only: bool, resampling: Resampling) -> BTreeMap<String, TaskReport> {
        let report = |task: &MeasuredTask| tasks(std::slice::from_ref(&task.scores), recent_only, resampling);
        self.tasks.iter().flat_map(report).collect()
    }

    fn answered(&self, view: &View) -> BTreeMap<String, Answered> {
        let answered = |task: &MeasuredTask| {
            let Answers::Choice(levels) = &task.answers else { return None };
            let head = &task.scores.head;
            let review_below = view.review_below.get(&head.task).copied().unwrap_or(0.0);
            Some((head.task.clone(), Answered::of(levels, head, review_below, view.per_day)))
        };
        self.tasks.iter().filter_map(answered).collect()
    }

    fn served(&self) -> BTreeMap<String, BTreeMap<String, Served>> {
        let served = |task: &MeasuredTask| {
            let Answers::Flag(rows) = &task.answers else { return None };
            let head = &task.scores.head;
            Some((head.task.clone(), Served::at(&head.thresholds, rows, &task.shown)))
        };
        self.tasks.iter().filter_map(served).collect()
    }

    /// The true product of each row of a task.
    pub(crate) fn products<'a>(&'a self, task: &'a MeasuredTask) -> impl Iterator<Item = Option<&'a str>> {
        task.complaints.iter().map(|complaint| self.traits[*complaint].product.as_deref())
    }

    /// Who answered `task`.
    pub(crate) fn model_of(&self, task: &str) -> Option<&Evaluated> {
        self.models.iter().find(|model| model.tasks.iter().any(|asked| asked == task))
    }
}
