//! From scored rows to the whole report: every task, every level of its taxonomy, all rows and the recent ones.

use std::collections::BTreeMap;

use ombud_contract::records::TimestampMs;
use ombud_contract::taxonomy::Taxonomy;
use ombud_models::{Head, Kind};
use serde::Serialize;

use super::choice::{ChoiceReport, Graded};
use super::flag::{FlagReport, Marked};
use super::interval::Resampling;

/// Rows received from 2024-01-01 on, UTC, are "recent": how complaints are written has changed since the training
/// data began.
pub const RECENT_FROM_MS: TimestampMs = 1_704_067_200_000;

/// What an evaluation found; its JSON is the command's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Complaints read.
    pub rows: usize,
    /// Rows of the file that are no complaint.
    pub rejected: usize,
    /// The same by reason.
    pub rejected_for: BTreeMap<String, usize>,
    /// Which model answered which tasks.
    pub models: Vec<Evaluated>,
    /// By task, over all rows.
    pub tasks: BTreeMap<String, TaskReport>,
    /// By task, over the recent rows.
    pub recent: Recent,
}

/// A model that was evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evaluated {
    /// Its name.
    pub model_id: String,
    /// SHA-256 of its content.
    pub version: String,
    /// The tasks that it answered here.
    pub tasks: Vec<String>,
}

/// The rows from [`RECENT_FROM_MS`] on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recent {
    /// How many.
    pub rows: usize,
    /// By task.
    #[serde(flatten)]
    pub tasks: BTreeMap<String, TaskReport>,
}

/// One task's figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum TaskReport {
    /// A choice whose labels stand on one level.
    Choice(ChoiceReport),
    /// A choice in a taxonomy: by level.
    Levels(BTreeMap<String, ChoiceReport>),
    /// Yes or no.
    Flag(FlagReport),
}

/// One task's truths and answers.
#[derive(Clone, Debug)]
pub(crate) struct Scores {
    pub(crate) head: Head,
    pub(crate) taxonomy: &'static Taxonomy,
    /// The rows that carry a label of the task.
    pub(crate) rows: Vec<Scored>,
}

/// One row's truth and answer.
#[derive(Clone, Debug)]
pub(crate) struct Scored {
    pub(crate) recent: bool,
    /// Place of the true leaf in the taxonomy.
    pub(crate) truth: usize,
    /// Calibrated, a leaf of the taxonomy each.
    pub(crate) probabilities: Vec<f64>,
}

/// The reports of all tasks, over all rows or the recent ones.
pub(crate) fn tasks(
    scores: &[Scores],
    recent_only: bool,
    resampling: Resampling,
) -> BTreeMap<String, TaskReport> {
    scores.iter().map(|scores| (scores.head.task.clone(), scores.report(recent_only, resampling))).collect()
}

impl Scores {
    fn report(&self, recent_only: bool, resampling: Resampling) -> TaskReport {
        let rows: Vec<&Scored> = self.rows.iter().filter(|row| row.recent || !recent_only).collect();
        if self.head.kind == Kind::Flag {
            // A flag's labels are no and yes, in this order: the manifest is checked for it.
            let marked = |row: &&Scored| Marked { yes: row.truth == 1, score: row.probabilities[1] };
            let marked: Vec<Marked> = rows.iter().map(marked).collect();
            return TaskReport::Flag(FlagReport::of(&marked, &self.head.thresholds, resampling));
        }
        let mut levels: BTreeMap<String, ChoiceReport> = self
            .taxonomy
            .levels()
            .map(|level| (level.to_owned(), level_report(self.taxonomy, level, &rows, resampling)))
            .collect();
        match levels.len() {
            1 => levels.pop_first().map_or_else(
                || unreachable!("a map of one has a first"),
                |(_, only)| TaskReport::Choice(only),
            ),
            _ => TaskReport::Levels(levels),
        }
    }
}

/// Sums the leaves' probabilities up to `level`, and measures what is answered there.
fn level_report(taxonomy: &Taxonomy, level: &str, rows: &[&Scored], resampling: Resampling) -> ChoiceReport {
    let labels = taxonomy.labels(level).unwrap_or_default();
    // The place on this level of each leaf, found by summing a certainty of that leaf.
    let leaves = taxonomy.leaves().len();
    let place_of: Vec<usize> = (0..leaves)
        .map(|leaf| {
            let certain: Vec<f64> = (0..leaves).map(|other| f64::from(u8::from(other == leaf))).collect();
            let sums = taxonomy.sum_to_level(level, &certain).unwrap_or_default();
            sums.iter().position(|(_, sum)| *sum > 0.5).unwrap_or(0)
        })
        .collect();
    let graded: Vec<Graded> = rows
        .iter()
        .filter_map(|row| {
            let sums = taxonomy.sum_to_level(level, &row.probabilities)?;
            let probabilities = sums.into_iter().map(|(_, sum)| sum).collect();
            Some(Graded { truth: place_of[row.truth], probabilities })
        })
        .collect();
    ChoiceReport::of(labels, &graded, resampling)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(task: &str, kind: Kind) -> Head {
        let label_set = format!("{task}@1");
        Head {
            task: task.into(),
            kind,
            labels: Taxonomy::by_label_set(&label_set).unwrap().leaves().to_vec(),
            label_set,
            temperature: 1.0,
            thresholds: BTreeMap::new(),
            evidence: None,
        }
    }

    fn scores(task: &str, kind: Kind, rows: Vec<Scored>) -> Scores {
        let taxonomy = Taxonomy::by_label_set(&format!("{task}@1")).unwrap();
        Scores { head: head(task, kind), taxonomy, rows }
    }

    fn leaf(label: &str) -> usize {
        let issue = Taxonomy::by_label_set("issue@1").unwrap();
        issue.leaves().iter().position(|leaf| leaf == label).unwrap()
    }

    /// Sure of `answers` in equal parts.
    fn row(truth: &str, answers: &[&str], recent: bool) -> Scored {
        let mut probabilities = vec![0.0; Taxonomy::by_label_set("issue@1").unwrap().leaves().len()];
        for answer in answers {
            probabilities[leaf(answer)] = 1.0 / answers.len() as f64;
        }
        Scored { recent, truth: leaf(truth), probabilities }
    }

    const FEW: Resampling = Resampling { seed: 1, draws: 20 };

    fn levels(report: &TaskReport) -> &BTreeMap<String, ChoiceReport> {
        match report {
            TaskReport::Levels(levels) => levels,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_wrong_issue_can_be_the_right_group_and_a_wrong_group_the_right_intent() {
        let rows = vec![
            row("False statements or representation", &["Communication tactics"], false),
            row("Problem when making payments", &["Dealing with your lender or servicer"], false),
        ];
        let report = scores("issue", Kind::Choice, rows).report(false, FEW);
        let levels = levels(&report);
        assert_eq!(levels["issue"].accuracy, Some(0.0));
        assert_eq!(levels["group"].accuracy, Some(0.5));
        assert_eq!(levels["intent"].accuracy, Some(1.0));
    }

    #[test]
    fn issues_without_an_intent_form_a_thirteenth() {
        let rows = vec![row("Other/rare", &["Other/rare"], false)];
        let report = scores("issue", Kind::Choice, rows).report(false, FEW);
        let intents = &levels(&report)["intent"].classes;
        assert_eq!(intents.len(), 13);
        let other = intents.iter().find(|class| class.label == "Other").unwrap();
        assert_eq!((other.support, other.recall), (1, Some(1.0)));
    }

    #[test]
    fn recent_rows_are_also_measured_alone() {
        let rows = vec![
            row("Fraud or scam", &["Fraud or scam"], true),
            row("Fraud or scam", &["Closing an account"], false),
        ];
        let scores = [scores("issue", Kind::Choice, rows)];
        assert_eq!(levels(&tasks(&scores, false, FEW)["issue"])["issue"].accuracy, Some(0.5));
        assert_eq!(levels(&tasks(&scores, true, FEW)["issue"])["issue"].accuracy, Some(1.0));
    }

    #[test]
    fn the_json_has_the_shape_that_is_promised() {
        let flag = vec![Scored { recent: true, truth: 1, probabilities: vec![0.4, 0.6] }];
        let scores = [
            scores("product", Kind::Choice, vec![]),
            scores("issue", Kind::Choice, vec![row("Fraud or scam", &["Fraud or scam"], true)]),
            scores("vulnerable", Kind::Flag, flag),
        ];
        let evaluation = Evaluation {
            rows: 1,
            rejected: 0,
            rejected_for: BTreeMap::new(),
            models: vec![],
            tasks: tasks(&scores, false, FEW),
            recent: Recent { rows: 1, tasks: tasks(&scores, true, FEW) },
        };
        let json = serde_json::to_value(&evaluation).unwrap();
        for tasks in [&json["tasks"], &json["recent"]] {
            assert!(tasks["product"]["accuracy"].is_null() && tasks["product"]["macro_f1"].is_null());
            for level in ["issue", "group", "intent"] {
                assert_eq!(tasks["issue"][level]["top1"], 1.0);
                assert_eq!(tasks["issue"][level]["top3"], 1.0);
                assert_eq!(tasks["issue"][level]["coverage"]["0.8"], 1.0);
                assert_eq!(tasks["issue"][level]["ece"], 0.0);
            }
            assert_eq!(tasks["vulnerable"]["pr_auc"], 1.0);
            assert_eq!(tasks["vulnerable"]["precision_at_recall_60"], 1.0);
        }
        assert_eq!(json["recent"]["rows"], 1);
        assert_eq!(json["rows"], 1);
    }
}
