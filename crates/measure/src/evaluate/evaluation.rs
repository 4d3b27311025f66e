//! What an evaluation found.

use std::collections::BTreeMap;

use serde::Serialize;

use super::answers::{Answers, TaskReport, tasks};
use super::compare::Comparison;
use super::dial::Dial;
use super::measurement::{Measurement, TaskMeasurement};
use super::mix::NaturalMix;
use super::served_choice::ServedChoice;
use super::served_flag::ServedFlag;
use super::slice::Slices;
use super::subject::EvaluatedModel;
use super::view::View;
use crate::interval::Resampling;

/// What an evaluation found; its JSON is the command's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Complaints read.
    pub rows: usize,
    /// Rows of the file that are no complaint.
    pub rejected: usize,
    /// The same by reason.
    pub rejected_for: BTreeMap<String, usize>,
    /// Complaints with a label that a model cannot read, and people do where it serves; the figures count them all the
    /// same.
    pub unread: usize,
    /// The same by reason.
    pub unread_for: BTreeMap<String, usize>,
    /// Which model answered which tasks.
    pub models: Vec<EvaluatedModel>,
    /// By task, over all rows.
    pub tasks: BTreeMap<String, TaskReport>,
    /// By task, over the recent rows.
    pub recent: RecentRows,
    /// Complaints counted apart.
    pub slices: Slices,
    /// Over all rows, as if they were spread over products naturally.
    pub natural_mix: NaturalMix,
    /// By choice: on which level answers are given where the model serves, and how many of them are right.
    pub answered: BTreeMap<String, ServedChoice>,
    /// By yes-or-no task, by threshold: who is flagged where the model serves, evidence and all.
    pub served: BTreeMap<String, BTreeMap<String, ServedFlag>>,
    /// What each choice of threshold costs.
    pub dial: Dial,
    /// Against a model that is cheap to have; `null` where it was not compared.
    pub baseline: Option<Comparison>,
    /// Against the model that was asked for; `null` where none was.
    pub against: Option<Comparison>,
}

/// The rows from [`RECENT_FROM_MS`](super::RECENT_FROM_MS) on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecentRows {
    /// How many.
    pub rows: usize,
    /// By task.
    #[serde(flatten)]
    pub tasks: BTreeMap<String, TaskReport>,
}

impl Measurement {
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
            recent: RecentRows {
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
        let report =
            |task: &TaskMeasurement| tasks(std::slice::from_ref(&task.scores), recent_only, resampling);
        self.tasks.iter().flat_map(report).collect()
    }

    fn answered(&self, view: &View) -> BTreeMap<String, ServedChoice> {
        let answered = |task: &TaskMeasurement| {
            let Answers::Choice(levels) = &task.answers else { return None };
            let head = &task.scores.head;
            let review_below = view.review_below.get(&head.task).copied().unwrap_or(0.0);
            Some((head.task.clone(), ServedChoice::of(levels, head, review_below, view.per_day)))
        };
        self.tasks.iter().filter_map(answered).collect()
    }

    fn served(&self) -> BTreeMap<String, BTreeMap<String, ServedFlag>> {
        let served = |task: &TaskMeasurement| {
            let Answers::Flag(rows) = &task.answers else { return None };
            let head = &task.scores.head;
            Some((head.task.clone(), ServedFlag::at(&head.thresholds, rows, &task.shown)))
        };
        self.tasks.iter().filter_map(served).collect()
    }
}
