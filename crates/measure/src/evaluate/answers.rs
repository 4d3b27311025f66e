//! What models answered, row by row and level by level: what all figures are counted from.

use std::collections::BTreeMap;

use ombud_contract::taxonomy::Taxonomy;
use ombud_models::{Head, Kind};
use serde::Serialize;

use super::choice::{ChoiceFigures, ChoiceReport};
use super::flag::{FlagFigures, FlagReport, FlagScore};
use super::graded::{GradedRow, RankedAnswer};
use crate::interval::Resampling;

/// A result for one task: `C` for a choice, for each level of its taxonomy, or `F` for a yes-or-no task.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum PerTask<C, F> {
    /// A choice whose labels stand on one level.
    Choice(C),
    /// A choice in a taxonomy: by level.
    Levels(BTreeMap<String, C>),
    /// Yes or no.
    Flag(F),
}

impl<C, F> PerTask<C, F> {
    fn levels(levels: impl IntoIterator<Item = (String, C)>) -> Self {
        let mut levels: BTreeMap<String, C> = levels.into_iter().collect();
        if levels.len() > 1 {
            return Self::Levels(levels);
        }
        match levels.pop_first() {
            Some((_, only)) => Self::Choice(only),
            None => Self::Levels(levels),
        }
    }

    /// The levels of a choice with their names; the only one of a choice without levels has none.
    pub(crate) fn choices(&self) -> Vec<(&str, &C)> {
        match self {
            Self::Choice(only) => vec![("", only)],
            Self::Levels(levels) => levels.iter().map(|(level, said)| (level.as_str(), said)).collect(),
            Self::Flag(_) => Vec::new(),
        }
    }

    /// The result for a yes-or-no task.
    pub(crate) fn flag(&self) -> Option<&F> {
        match self {
            Self::Flag(said) => Some(said),
            Self::Choice(_) | Self::Levels(_) => None,
        }
    }
}

/// One task's figures in full.
pub type TaskReport = PerTask<ChoiceReport, FlagReport>;
/// One task's main figures.
pub type TaskFigures = PerTask<ChoiceFigures, FlagFigures>;

/// One task's truths and scores.
#[derive(Clone, Debug)]
pub struct TaskScores {
    /// Who answers.
    pub head: Head,
    /// The tree of its labels.
    pub taxonomy: &'static Taxonomy,
    /// The rows that carry a label of the task.
    pub rows: Vec<ScoredRow>,
}

/// One row's truth and scores.
#[derive(Clone, Debug)]
pub struct ScoredRow {
    /// Whether it counts among the recent ones, too.
    pub recent: bool,
    /// Place of the true leaf in the taxonomy.
    pub truth: usize,
    /// Calibrated, a leaf of the taxonomy each.
    pub probabilities: Vec<f64>,
}

/// One task's answers.
pub enum Answers {
    /// Of a choice, by level: fine to coarse.
    Choice(Vec<LevelAnswers>),
    /// Of a yes-or-no task, a row each.
    Flag(Vec<FlagScore>),
}

/// What is answered on one level of a taxonomy, a row each.
pub struct LevelAnswers {
    /// The level's name.
    pub level: String,
    /// Its labels.
    pub labels: &'static [String],
    /// A row each.
    pub answers: Vec<RankedAnswer>,
}

impl Answers {
    /// The answers that follow from the scores.
    pub fn of(scores: &TaskScores) -> Self {
        match scores.head.kind {
            // A flag's labels are no and yes, in this order: the manifest is checked for it.
            Kind::Flag => {
                let marked = |row: &ScoredRow| FlagScore { yes: row.truth == 1, score: row.probabilities[1] };
                Self::Flag(scores.rows.iter().map(marked).collect())
            }
            Kind::Choice => Self::Choice(
                scores
                    .taxonomy
                    .levels()
                    .map(|level| LevelAnswers::of(scores.taxonomy, level, &scores.rows))
                    .collect(),
            ),
        }
    }

    /// Those to the rows at `places`.
    pub(crate) fn select(&self, places: &[usize]) -> Self {
        match self {
            Self::Choice(levels) => Self::Choice(
                levels
                    .iter()
                    .map(|level| LevelAnswers {
                        level: level.level.clone(),
                        labels: level.labels,
                        answers: places.iter().map(|row| level.answers[*row]).collect(),
                    })
                    .collect(),
            ),
            Self::Flag(rows) => Self::Flag(places.iter().map(|row| rows[*row]).collect()),
        }
    }

    /// `thresholds` are the artefact's.
    pub(crate) fn report(&self, thresholds: &BTreeMap<String, f64>, resampling: Resampling) -> TaskReport {
        match self {
            Self::Choice(levels) => PerTask::levels(levels.iter().map(|level| {
                let report = ChoiceReport::of_answers(level.labels, &level.answers, resampling);
                (level.level.clone(), report)
            })),
            Self::Flag(rows) => PerTask::Flag(FlagReport::of(rows, thresholds, resampling)),
        }
    }

    /// Each row counting with its weight, or all alike.
    pub(crate) fn figures(&self, weights: Option<&[f64]>, resampling: Resampling) -> TaskFigures {
        self.each(
            |level| ChoiceFigures::of(level.labels.len(), &level.answers, weights, resampling),
            |rows| FlagFigures::of(rows, weights, resampling),
        )
    }

    /// Says something of each level, or of the flags.
    pub(crate) fn each<C, F>(
        &self,
        choice: impl Fn(&LevelAnswers) -> C,
        flag: impl FnOnce(&[FlagScore]) -> F,
    ) -> PerTask<C, F> {
        match self {
            Self::Choice(levels) => {
                PerTask::levels(levels.iter().map(|level| (level.level.clone(), choice(level))))
            }
            Self::Flag(rows) => PerTask::Flag(flag(rows)),
        }
    }
}

impl LevelAnswers {
    /// Sums the leaves' probabilities up to `level`.
    fn of(taxonomy: &'static Taxonomy, level: &str, rows: &[ScoredRow]) -> Self {
        // The place on this level of each leaf, found by summing a certainty of that leaf.
        let leaves = taxonomy.leaves().len();
        let place_of: Vec<usize> = (0..leaves)
            .map(|leaf| {
                let certain: Vec<f64> = (0..leaves).map(|other| f64::from(u8::from(other == leaf))).collect();
                let sums = taxonomy.sum_to_level(level, &certain).unwrap_or_default();
                sums.iter().position(|(_, sum)| *sum > 0.5).unwrap_or(0)
            })
            .collect();
        let answer = |row: &ScoredRow| {
            // One probability a leaf, as the head was checked for.
            let sums = taxonomy.sum_to_level(level, &row.probabilities).unwrap_or_default();
            let probabilities = sums.into_iter().map(|(_, sum)| sum).collect();
            RankedAnswer::of(&GradedRow { truth: place_of[row.truth], probabilities })
        };
        Self {
            level: level.to_owned(),
            labels: taxonomy.labels(level).unwrap_or_default(),
            answers: rows.iter().map(answer).collect(),
        }
    }
}

/// The reports of all tasks, over all rows or the recent ones.
pub fn tasks(
    scores: &[TaskScores],
    recent_only: bool,
    resampling: Resampling,
) -> BTreeMap<String, TaskReport> {
    scores
        .iter()
        .map(|scores| {
            let wanted = |row: &usize| scores.rows[*row].recent || !recent_only;
            let places: Vec<usize> = (0..scores.rows.len()).filter(wanted).collect();
            let report = Answers::of(scores).select(&places).report(&scores.head.thresholds, resampling);
            (scores.head.task.clone(), report)
        })
        .collect()
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
            evidence_odds: BTreeMap::new(),
            foreign: Vec::new(),
        }
    }

    fn scores(task: &str, kind: Kind, rows: Vec<ScoredRow>) -> TaskScores {
        let taxonomy = Taxonomy::by_label_set(&format!("{task}@1")).unwrap();
        TaskScores { head: head(task, kind), taxonomy, rows }
    }

    fn leaf(label: &str) -> usize {
        let issue = Taxonomy::by_label_set("issue@1").unwrap();
        issue.leaves().iter().position(|leaf| leaf == label).unwrap()
    }

    /// Sure of `answers` in equal parts.
    fn row(truth: &str, answers: &[&str], recent: bool) -> ScoredRow {
        let mut probabilities = vec![0.0; Taxonomy::by_label_set("issue@1").unwrap().leaves().len()];
        for answer in answers {
            probabilities[leaf(answer)] = 1.0 / answers.len() as f64;
        }
        ScoredRow { recent, truth: leaf(truth), probabilities }
    }

    fn report_of(scores: TaskScores) -> TaskReport {
        tasks(&[scores], false, FEW).remove("issue").unwrap()
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
        let report = report_of(scores("issue", Kind::Choice, rows));
        let levels = levels(&report);
        assert_eq!(levels["issue"].accuracy, Some(0.0));
        assert_eq!(levels["group"].accuracy, Some(0.5));
        assert_eq!(levels["intent"].accuracy, Some(1.0));
    }

    #[test]
    fn issues_without_an_intent_form_a_thirteenth() {
        let rows = vec![row("Other/rare", &["Other/rare"], false)];
        let report = report_of(scores("issue", Kind::Choice, rows));
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
}
