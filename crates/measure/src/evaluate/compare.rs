//! Whether one model is better than another on the same rows, or whether chance would do as much.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::answers::{Answers, LevelAnswers, PerTask};
use super::choice::{Figure, accuracy, f1};
use super::flag::{Cut, FlagScore, at_recall, average_precision, cuts, precision_at_recall_60, surest};
use super::graded::RankedAnswer;
use super::mcnemar::{McNemar, Test};
use super::measurement::{Measurement, TaskMeasurement};
use super::subject::EvaluatedModel;
use crate::interval::Interval;
use crate::interval::Resampling;
use crate::model_name::short_version;

/// One evaluation against another of the same complaints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Who it is compared with.
    pub against: Vec<EvaluatedModel>,
    /// By task, where both answer it: on every level in one label set, else on the finest.
    pub tasks: BTreeMap<String, TaskComparison>,
    /// Tasks that the other does not answer.
    pub not_compared: Vec<String>,
}

/// One task's.
pub type TaskComparison = PerTask<ChoiceComparison, FlagComparison>;

/// Two models' answers on one level.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChoiceComparison {
    /// Rows that both answered.
    pub rows: usize,
    /// Share of rows whose answer is right.
    pub accuracy: PairedFigure,
    /// Mean F1 of the labels.
    pub macro_f1: PairedFigure,
    /// Whether the two are right equally often.
    pub mcnemar: McNemar,
    /// The same in words.
    pub says: String,
}

/// Two models' scores of a yes-or-no task.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlagComparison {
    /// Rows that both scored.
    pub rows: usize,
    /// Average precision.
    pub pr_auc: PairedFigure,
    /// Precision at each one's highest score that finds 60 % of the positives.
    pub precision_at_recall_60: PairedFigure,
    /// Whether the two are right equally often, each flagging from that score on.
    pub mcnemar: McNemar,
    /// The same in words.
    pub says: String,
}

/// A figure of both on the same rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PairedFigure {
    /// Of the model that is measured.
    pub this: Option<f64>,
    /// Of the one it is compared with.
    pub other: Option<f64>,
    /// `this` less `other`.
    pub difference: Option<f64>,
    /// 95 % interval of the difference: bootstrap, the same rows drawn for both.
    pub interval: Option<Interval>,
}

impl PairedFigure {
    fn of(
        rows: usize,
        resampling: Resampling,
        figures: impl Fn(&[u32]) -> (Option<f64>, Option<f64>),
    ) -> Self {
        let less = |(this, other): (Option<f64>, Option<f64>)| Some(this? - other?);
        let (this, other) = figures(&vec![1; rows]);
        Self {
            this,
            other,
            difference: less((this, other)),
            interval: resampling.interval(rows, |drawn| less(figures(drawn))),
        }
    }
}

impl Comparison {
    pub(crate) fn of(this: &Measurement, other: &Measurement, resampling: Resampling) -> Self {
        let mut comparison =
            Self { against: other.models.clone(), tasks: BTreeMap::new(), not_compared: Vec::new() };
        for task in &this.tasks {
            let name = &task.scores.head.task;
            let names = Names::of(this.model_of(name), other.model_of(name));
            let its = other.tasks.iter().find(|its| its.scores.head.task == *name);
            let said = its.and_then(|its| match its.scores.head.label_set == task.scores.head.label_set {
                // The labels say which rows are asked, so both were asked the same.
                true if its.complaints == task.complaints => {
                    compare(name, &names, &task.answers, &its.answers, resampling)
                }
                true => None,
                false => across(name, &names, task, its, resampling),
            });
            match said {
                Some(said) => drop(comparison.tasks.insert(name.clone(), said)),
                None => comparison.not_compared.push(name.clone()),
            }
        }
        comparison
    }

    /// The results, a sentence each.
    pub fn says(&self) -> Vec<&str> {
        self.tasks.values().flat_map(sentences).collect()
    }
}

fn sentences(task: &TaskComparison) -> Vec<&str> {
    match task {
        PerTask::Choice(level) => vec![&level.says],
        PerTask::Levels(levels) => levels.values().map(|level| level.says.as_str()).collect(),
        PerTask::Flag(flag) => vec![&flag.says],
    }
}

/// Of two label trees: all rows whose label either knows, on the finest level; a model that doesn't know it is wrong.
fn across(
    task: &str,
    names: &Names,
    this: &TaskMeasurement,
    other: &TaskMeasurement,
    resampling: Resampling,
) -> Option<TaskComparison> {
    let (this, other) = (rights(this)?, rights(other)?);
    let asked: BTreeSet<usize> = this.keys().chain(other.keys()).copied().collect();
    let right = |of: &BTreeMap<usize, bool>, row: usize| of.get(&row).copied().unwrap_or(false);
    let rows: Vec<(bool, bool)> = asked.iter().map(|&row| (right(&this, row), right(&other, row))).collect();
    let (only_this, only_other) = (asked.len() - other.len(), asked.len() - this.len());
    let accuracy = PairedFigure::of(rows.len(), resampling, |drawn| {
        let all: u32 = drawn.iter().sum();
        let share = |of: fn(&(bool, bool)) -> bool| {
            let hits: u32 = rows.iter().zip(drawn).filter(|(row, _)| of(row)).map(|(_, times)| times).sum();
            (all > 0).then(|| f64::from(hits) / f64::from(all))
        };
        (share(|row| row.0), share(|row| row.1))
    });
    let mcnemar = McNemar::of_rows(rows.iter().copied());
    let macro_f1 = PairedFigure { this: None, other: None, difference: None, interval: None };
    let says = sentence(task, names, "accuracy", &accuracy, &mcnemar)
        + &format!(
            " {only_this} of the {} rows carry a label that only {} knows, and {only_other} one that only {} does.",
            rows.len(),
            names.this,
            names.other
        );
    Some(PerTask::Choice(ChoiceComparison { rows: rows.len(), accuracy, macro_f1, mcnemar, says }))
}

/// By complaint, whether the finest answer is right. `None` for a flag.
fn rights(task: &TaskMeasurement) -> Option<BTreeMap<usize, bool>> {
    let Answers::Choice(levels) = &task.answers else { return None };
    let finest = levels.first()?.answers.iter().map(RankedAnswer::right);
    Some(task.complaints.iter().copied().zip(finest).collect())
}

/// `None` where one takes the task for a choice and the other for yes or no.
fn compare(
    task: &str,
    names: &Names,
    this: &Answers,
    other: &Answers,
    resampling: Resampling,
) -> Option<TaskComparison> {
    match (this, other) {
        (Answers::Choice(_), Answers::Choice(others)) => Some(this.each(
            |level| {
                let its = others.iter().find(|its| its.level == level.level);
                let its = its.map_or(&[][..], |its| its.answers.as_slice());
                let said =
                    if level.level == task { task.to_owned() } else { format!("{task}, {}", level.level) };
                ChoiceComparison::of(&said, names, level, its, resampling)
            },
            |_| unreachable!("a choice has levels"),
        )),
        (Answers::Flag(this), Answers::Flag(other)) => {
            Some(PerTask::Flag(FlagComparison::of(task, names, this, other, resampling)))
        }
        _ => None,
    }
}

impl ChoiceComparison {
    fn of(
        said: &str,
        names: &Names,
        this: &LevelAnswers,
        other: &[RankedAnswer],
        resampling: Resampling,
    ) -> Self {
        let labels = this.labels.len();
        let (this, rows) = (&this.answers, this.answers.len());
        let paired = |figure: Figure| {
            PairedFigure::of(rows, resampling, |drawn| {
                let of = |answers: &[RankedAnswer]| figure(labels, &times(answers, drawn));
                (of(this), of(other))
            })
        };
        let (accuracy, macro_f1) = (paired(accuracy), paired(f1));
        let mcnemar = McNemar::of_rows(this.iter().zip(other).map(|(a, b)| (a.right(), b.right())));
        let says = sentence(said, names, "accuracy", &accuracy, &mcnemar);
        Self { rows, accuracy, macro_f1, mcnemar, says }
    }
}

fn times<'a>(answers: &'a [RankedAnswer], drawn: &[u32]) -> Vec<(&'a RankedAnswer, f64)> {
    answers.iter().zip(drawn).map(|(answer, times)| (answer, f64::from(*times))).collect()
}

impl FlagComparison {
    fn of(
        said: &str,
        names: &Names,
        this: &[FlagScore],
        other: &[FlagScore],
        resampling: Resampling,
    ) -> Self {
        let order = |rows: &[FlagScore]| {
            let mut order: Vec<usize> = (0..rows.len()).collect();
            order.sort_by(|a, b| rows[*b].score.total_cmp(&rows[*a].score));
            order
        };
        let orders = (order(this), order(other));
        let paired = |figure: fn(&[Cut]) -> Option<f64>| {
            PairedFigure::of(this.len(), resampling, |drawn| {
                let of = |rows: &[FlagScore], order: &[usize]| {
                    let drawn = |row: &usize| (rows[*row], f64::from(drawn[*row]));
                    figure(&cuts(&order.iter().map(drawn).collect::<Vec<_>>()))
                };
                (of(this, &orders.0), of(other, &orders.1))
            })
        };
        let from = |rows: &[FlagScore]| {
            at_recall(&cuts(&surest(rows, None)), 60).map_or(f64::INFINITY, |cut| cut.score)
        };
        let (this_from, other_from) = (from(this), from(other));
        let right = |row: &FlagScore, from: f64| (row.score >= from) == row.yes;
        let rights = this.iter().zip(other).map(|(a, b)| (right(a, this_from), right(b, other_from)));
        let (pr_auc, precision) = (paired(average_precision), paired(precision_at_recall_60));
        let mcnemar = McNemar::of_rows(rights);
        let says = sentence(said, names, "precision at 60 % recall", &precision, &mcnemar);
        Self { rows: this.len(), pr_auc, precision_at_recall_60: precision, mcnemar, says }
    }
}

/// What two models are called in a sentence.
struct Names {
    this: String,
    other: String,
}

impl Names {
    fn of(this: Option<&EvaluatedModel>, other: Option<&EvaluatedModel>) -> Self {
        let alike = this.map(|this| &this.model_id) == other.map(|other| &other.model_id);
        let name = |model: Option<&EvaluatedModel>, unnamed: &str| match model {
            Some(model) if alike => format!("{} {}", model.model_id, short_version(&model.version)),
            Some(model) => model.model_id.clone(),
            None => unnamed.to_owned(),
        };
        Self { this: name(this, "this"), other: name(other, "the other") }
    }
}

fn sentence(said: &str, names: &Names, figure: &str, paired: &PairedFigure, mcnemar: &McNemar) -> String {
    let Names { this, other } = names;
    let (Some(difference), Some([low, high])) = (paired.difference, paired.interval) else {
        return format!("{said}: nothing to compare {this} and {other} on.");
    };
    let points = |share: f64| format!("{:+.1}", 100.0 * share);
    let (difference, low, high) = (points(difference), points(low), points(high));
    let test = match mcnemar.test {
        Test::Exact => "exact McNemar",
        Test::ChiSquared => "McNemar",
    };
    let verdict =
        if mcnemar.real { "is real at 5 %" } else { "is not real at 5 %: chance alone does as much" };
    format!(
        "{said}: {difference} points of {figure} (95 %: {low} to {high}) for {this} against {other}; the difference \
         {verdict} ({test}, p {}).",
        mcnemar.p_shown()
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FEW: Resampling = Resampling { seed: 1, draws: 40 };

    fn names(this: &str, other: &str) -> Names {
        Names { this: this.into(), other: other.into() }
    }

    fn level(answers: &[(usize, usize)]) -> LevelAnswers {
        let answer = |&(truth, answer): &(usize, usize)| RankedAnswer {
            truth,
            answer,
            confidence: 0.5,
            rank: usize::from(truth != answer),
        };
        let labels = ombud_contract::taxonomy::Taxonomy::by_label_set("product@1").unwrap().leaves();
        LevelAnswers { level: "product".into(), labels, answers: answers.iter().map(answer).collect() }
    }

    fn mirrored(paired: &PairedFigure) -> PairedFigure {
        PairedFigure {
            this: paired.other,
            other: paired.this,
            difference: paired.difference.map(|difference| -difference),
            interval: paired.interval.map(|[low, high]| [-high, -low]),
        }
    }

    #[test]
    fn a_sentence_says_whether_the_difference_is_real() {
        let right: Vec<(usize, usize)> = vec![(1, 1); 40];
        let wrong: Vec<(usize, usize)> = vec![(1, 2); 40];
        let real =
            ChoiceComparison::of("product", &names("a", "b"), &level(&right), &level(&wrong).answers, FEW);
        assert!(real.says.starts_with("product: +100.0 points of accuracy"), "{}", real.says);
        assert!(real.says.contains("is real at 5 %"), "{}", real.says);
        let same =
            ChoiceComparison::of("product", &names("a", "b"), &level(&right), &level(&right).answers, FEW);
        assert!(same.says.contains("is not real at 5 %"), "{}", same.says);
        let none = ChoiceComparison::of("product", &names("a", "b"), &level(&[]), &[], FEW);
        assert_eq!(none.says, "product: nothing to compare a and b on.");
    }

    proptest! {
        #[test]
        fn swapping_the_models_mirrors_what_a_choice_comes_to(
            rows in prop::collection::vec((0..3_usize, 0..3_usize, 0..3_usize), 1..60),
        ) {
            let this = level(&rows.iter().map(|row| (row.0, row.1)).collect::<Vec<_>>());
            let other = level(&rows.iter().map(|row| (row.0, row.2)).collect::<Vec<_>>());
            let one = ChoiceComparison::of("product", &names("a", "b"), &this, &other.answers, FEW);
            let swapped = ChoiceComparison::of("product", &names("b", "a"), &other, &this.answers, FEW);
            prop_assert_eq!((one.mcnemar.n10, one.mcnemar.n01), (swapped.mcnemar.n01, swapped.mcnemar.n10));
            prop_assert_eq!(one.mcnemar.p, swapped.mcnemar.p);
            prop_assert_eq!(mirrored(&one.accuracy), swapped.accuracy);
            prop_assert_eq!(mirrored(&one.macro_f1), swapped.macro_f1);
        }

        #[test]
        fn swapping_the_models_mirrors_what_a_flag_comes_to(
            rows in prop::collection::vec((any::<bool>(), 0.0..1.0, 0.0..1.0), 1..60),
        ) {
            let marked = |yes, score| FlagScore { yes, score };
            let this: Vec<FlagScore> = rows.iter().map(|row| marked(row.0, row.1)).collect();
            let other: Vec<FlagScore> = rows.iter().map(|row| marked(row.0, row.2)).collect();
            let one = FlagComparison::of("vulnerable", &names("a", "b"), &this, &other, FEW);
            let swapped = FlagComparison::of("vulnerable", &names("b", "a"), &other, &this, FEW);
            prop_assert_eq!((one.mcnemar.n10, one.mcnemar.n01), (swapped.mcnemar.n01, swapped.mcnemar.n10));
            prop_assert_eq!(mirrored(&one.pr_auc), swapped.pr_auc);
            prop_assert_eq!(mirrored(&one.precision_at_recall_60), swapped.precision_at_recall_60);
        }
    }
}
