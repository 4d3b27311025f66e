//! The figures of a quality report: what was counted, summed the ways that people ask for.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    arms::{Arm, Outcomes},
    count::{Cell, Counts, Flags, Quality, Tally},
    drift::Drift,
};

/// Tallies by a name: a model, a team or a week.
pub type Tallies = BTreeMap<String, Tally>;

/// Everything; one JSON object.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// From when on verdicts count, RFC 3339.
    pub since: String,
    /// Until when.
    pub until: String,
    /// Cases that were drawn at random: without bias.
    pub audit_sample: Part,
    /// All other cases.
    pub rest: Part,
    /// What was answered and read, week by week, whether or not anybody judged it.
    pub drift: Drift,
}

/// What was counted of the audit sample, or of the rest.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// Cases with a verdict.
    pub cases: usize,
    /// Those that are no complaint.
    pub not_a_complaint: usize,
    /// Re-allocated of all whose allocation was judged.
    pub reallocated: Tally,
    /// The same, by the team that had them.
    pub reallocated_by_team: Tallies,
    /// The same, by the week of the verdict.
    pub reallocated_by_week: Tallies,
    /// Accuracy, by task.
    pub tasks: BTreeMap<String, TaskPart>,
    /// The flag of vulnerability.
    pub vulnerable: Flags,
    /// Who decides beside who is tried, by task.
    pub arms: Vec<ArmFigures>,
}

/// What became of one arm's answers.
#[derive(Clone, Debug, Serialize)]
pub struct ArmFigures {
    /// Which.
    #[serde(flatten)]
    pub arm: Arm,
    /// What became of them.
    #[serde(flatten)]
    pub outcomes: Outcomes,
}

/// How often one task's answers were right.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TaskPart {
    /// In all.
    pub all: Tally,
    /// Judged decisions that were no answer: abstained or failed.
    pub unanswered: usize,
    /// By `MODEL@VERSION`.
    pub by_model: Tallies,
    /// By the team that had the complaint.
    pub by_team: Tallies,
    /// By the ISO week of the verdict.
    pub by_week: Tallies,
}

impl Report {
    /// The figures of `quality`, counted of verdicts in `since..until`, beside the drift of that time.
    pub fn of(quality: &Quality, drift: Drift, since: String, until: String) -> Self {
        let (audit_sample, rest) = (Part::of(&quality.audit_sample), Part::of(&quality.rest));
        Self { since, until, audit_sample, rest, drift }
    }

    /// Both parts, with what they are called.
    pub(super) fn parts(&self) -> [(&'static str, &Part); 2] {
        [("Audit sample", &self.audit_sample), ("Rest", &self.rest)]
    }
}

impl Part {
    fn of(counts: &Counts) -> Self {
        let sums = |key: fn(&str, &str) -> String| counts.reallocated_by(key);
        let mut reallocated = Tally::default();
        counts.reallocated.values().for_each(|tally| reallocated += *tally);
        let mut tasks: BTreeMap<String, TaskPart> = BTreeMap::new();
        for (task, all) in counts.by(|cell| cell.task.clone()) {
            tasks.entry(task).or_default().all = all;
        }
        for (task, unanswered) in &counts.unanswered {
            tasks.entry(task.clone()).or_default().unanswered = *unanswered;
        }
        for (task, part) in &mut tasks {
            let by = |name: fn(&Cell) -> &String| {
                let of_task = counts.by(|cell| (cell.task.clone(), name(cell).clone())).into_iter();
                of_task.filter(|((of, _), _)| of == task).map(|((_, name), tally)| (name, tally)).collect()
            };
            part.by_model = by(|cell| &cell.model);
            part.by_team = by(|cell| &cell.team);
            part.by_week = by(|cell| &cell.week);
        }
        Self {
            cases: counts.cases,
            not_a_complaint: counts.not_a_complaint,
            reallocated,
            reallocated_by_team: sums(|team, _| team.to_owned()),
            reallocated_by_week: sums(|_, week| week.to_owned()),
            tasks,
            vulnerable: counts.flags,
            arms: counts
                .arms
                .iter()
                .map(|(arm, outcomes)| ArmFigures { arm: arm.clone(), outcomes: *outcomes })
                .collect(),
        }
    }
}
