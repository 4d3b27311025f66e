//! Whether one model is better than another on the same rows, or whether chance would do as much.

use std::collections::{BTreeMap, BTreeSet};

use ombud_report::Interval;
use serde::Serialize;
use statrs::distribution::{Binomial, ChiSquared, ContinuousCDF, DiscreteCDF};

use super::answers::{Answers, LevelAnswers, PerTask};
use super::choice::{Figure, Verdict, accuracy, f1};
use super::flag::{Cut, Marked, at_recall, average_precision, cuts, precision_at_recall_60, surest};
use super::interval::Resampling;
use super::measured::{Measured, MeasuredTask};
use super::report::Evaluated;

/// A difference that chance makes less often than this is real.
const REAL_BELOW: f64 = 0.05;
/// With fewer rows on which just one is right, chi-squared is too rough.
const FEW_DISCORDANT: usize = 25;

/// One evaluation against another of the same complaints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Who it is compared with.
    pub against: Vec<Evaluated>,
    /// By task, where both answer it: on every level in one label set, else on the finest.
    pub tasks: BTreeMap<String, TaskComparison>,
    /// Tasks that the other does not answer.
    pub not_compared: Vec<String>,
}

/// One task's.
pub type TaskComparison = PerTask<Compared, FlagCompared>;

/// Two models' answers on one level.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// Rows that both answered.
    pub rows: usize,
    /// Share of rows whose answer is right.
    pub accuracy: Paired,
    /// Mean F1 of the labels.
    pub macro_f1: Paired,
    /// Whether the two are right equally often.
    pub mcnemar: McNemar,
    /// The same in words.
    pub says: String,
}

/// Two models' scores of a yes-or-no task.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlagCompared {
    /// Rows that both scored.
    pub rows: usize,
    /// Average precision.
    pub pr_auc: Paired,
    /// Precision at each one's highest score that finds 60 % of the positives.
    pub precision_at_recall_60: Paired,
    /// Whether the two are right equally often, each flagging from that score on.
    pub mcnemar: McNemar,
    /// The same in words.
    pub says: String,
}

/// A figure of both on the same rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Paired {
    /// Of the model that is measured.
    pub this: Option<f64>,
    /// Of the one it is compared with.
    pub other: Option<f64>,
    /// `this` less `other`.
    pub difference: Option<f64>,
    /// 95 % interval of the difference: bootstrap, the same rows drawn for both.
    pub interval: Option<Interval>,
}

/// McNemar's test of two models on the same rows: only rows on which one of them is right tell them apart.
///
/// McNemar, "Note on the sampling error of the difference between correlated proportions or percentages" (1947).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct McNemar {
    /// Rows on which this model is right and the other is not.
    pub n10: usize,
    /// Rows on which the other is right and this one is not.
    pub n01: usize,
    /// How `p` is computed.
    pub test: Test,
    /// How often chance makes at least this difference between equally good models.
    pub p: f64,
    /// Whether that is less than 5 %.
    pub real: bool,
}

/// How often chance makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Test {
    /// Both sides of the binomial distribution: below 25 rows on which one is right.
    Exact,
    /// Chi-squared with one degree of freedom and continuity correction.
    ChiSquared,
}

impl McNemar {
    /// From how many rows only this one, and only the other, is right on.
    pub fn of(n10: usize, n01: usize) -> Self {
        let discordant = n10 + n01;
        let (test, p) = if discordant < FEW_DISCORDANT {
            let half = Binomial::new(0.5, discordant as u64);
            // Refused is only what is no probability.
            (Test::Exact, half.map_or(1.0, |half| (2.0 * half.cdf(n10.min(n01) as u64)).min(1.0)))
        } else {
            let apart = (n10.abs_diff(n01) as f64 - 1.0).max(0.0);
            let statistic = apart * apart / discordant as f64;
            (Test::ChiSquared, ChiSquared::new(1.0).map_or(1.0, |chi| chi.sf(statistic)))
        };
        Self { n10, n01, test, p, real: p < REAL_BELOW }
    }

    /// "= 0.031", or "< 0.001": no chance is nothing.
    pub(crate) fn p_shown(&self) -> String {
        if self.p < 0.001 { "< 0.001".to_owned() } else { format!("= {:.3}", self.p) }
    }

    fn of_rows(rights: impl Iterator<Item = (bool, bool)>) -> Self {
        let (mut n10, mut n01) = (0, 0);
        for (this, other) in rights {
            n10 += usize::from(this && !other);
            n01 += usize::from(other && !this);
        }
        Self::of(n10, n01)
    }
}

impl Paired {
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
    pub(crate) fn of(this: &Measured, other: &Measured, resampling: Resampling) -> Self {
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

    /// What it comes to, a sentence each.
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

/// Of two label trees: all rows whose label either knows, on the finest level; whoever doesn't know it is wrong.
fn across(
    task: &str,
    names: &Names,
    this: &MeasuredTask,
    other: &MeasuredTask,
    resampling: Resampling,
) -> Option<TaskComparison> {
    let (this, other) = (rights(this)?, rights(other)?);
    let asked: BTreeSet<usize> = this.keys().chain(other.keys()).copied().collect();
    let right = |of: &BTreeMap<usize, bool>, row: usize| of.get(&row).copied().unwrap_or(false);
    let rows: Vec<(bool, bool)> = asked.iter().map(|&row| (right(&this, row), right(&other, row))).collect();
    let (only_this, only_other) = (asked.len() - other.len(), asked.len() - this.len());
    let accuracy = Paired::of(rows.len(), resampling, |drawn| {
        let all: u32 = drawn.iter().sum();
        let share = |of: fn(&(bool, bool)) -> bool| {
            let hits: u32 = rows.iter().zip(drawn).filter(|(row, _)| of(row)).map(|(_, times)| times).sum();
            (all > 0).then(|| f64::from(hits) / f64::from(all))
        };
        (share(|row| row.0), share(|row| row.1))
    });
    let mcnemar = McNemar::of_rows(rows.iter().copied());
    let macro_f1 = Paired { this: None, other: None, difference: None, interval: None };
    let says = sentence(task, names, "accuracy", &accuracy, &mcnemar)
        + &format!(
            " {only_this} of the {} rows carry a label that only {} knows, and {only_other} one that only {} does.",
            rows.len(),
            names.this,
            names.other
        );
    Some(PerTask::Choice(Compared { rows: rows.len(), accuracy, macro_f1, mcnemar, says }))
}

/// By complaint, whether the finest answer is right. `None` for a flag.
fn rights(task: &MeasuredTask) -> Option<BTreeMap<usize, bool>> {
    let Answers::Choice(levels) = &task.answers else { return None };
    let finest = levels.first()?.verdicts.iter().map(Verdict::right);
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
                let its = its.map_or(&[][..], |its| its.verdicts.as_slice());
                let said =
                    if level.level == task { task.to_owned() } else { format!("{task}, {}", level.level) };
                Compared::of(&said, names, level, its, resampling)
            },
            |_| unreachable!("a choice has levels"),
        )),
        (Answers::Flag(this), Answers::Flag(other)) => {
            Some(PerTask::Flag(FlagCompared::of(task, names, this, other, resampling)))
        }
        _ => None,
    }
}

impl Compared {
    fn of(said: &str, names: &Names, this: &LevelAnswers, other: &[Verdict], resampling: Resampling) -> Self {
        let labels = this.labels.len();
        let (this, rows) = (&this.verdicts, this.verdicts.len());
        let paired = |figure: Figure| {
            Paired::of(rows, resampling, |drawn| {
                let of = |verdicts: &[Verdict]| figure(labels, &times(verdicts, drawn));
                (of(this), of(other))
            })
        };
        let (accuracy, macro_f1) = (paired(accuracy), paired(f1));
        let mcnemar = McNemar::of_rows(this.iter().zip(other).map(|(a, b)| (a.right(), b.right())));
        let says = sentence(said, names, "accuracy", &accuracy, &mcnemar);
        Self { rows, accuracy, macro_f1, mcnemar, says }
    }
}

fn times<'a>(verdicts: &'a [Verdict], drawn: &[u32]) -> Vec<(&'a Verdict, f64)> {
    verdicts.iter().zip(drawn).map(|(verdict, times)| (verdict, f64::from(*times))).collect()
}

impl FlagCompared {
    fn of(said: &str, names: &Names, this: &[Marked], other: &[Marked], resampling: Resampling) -> Self {
        let order = |rows: &[Marked]| {
            let mut order: Vec<usize> = (0..rows.len()).collect();
            order.sort_by(|a, b| rows[*b].score.total_cmp(&rows[*a].score));
            order
        };
        let orders = (order(this), order(other));
        let paired = |figure: fn(&[Cut]) -> Option<f64>| {
            Paired::of(this.len(), resampling, |drawn| {
                let of = |rows: &[Marked], order: &[usize]| {
                    let drawn = |row: &usize| (rows[*row], f64::from(drawn[*row]));
                    figure(&cuts(&order.iter().map(drawn).collect::<Vec<_>>()))
                };
                (of(this, &orders.0), of(other, &orders.1))
            })
        };
        let from = |rows: &[Marked]| {
            at_recall(&cuts(&surest(rows, None)), 60).map_or(f64::INFINITY, |cut| cut.score)
        };
        let (this_from, other_from) = (from(this), from(other));
        let right = |row: &Marked, from: f64| (row.score >= from) == row.yes;
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
    fn of(this: Option<&Evaluated>, other: Option<&Evaluated>) -> Self {
        let alike = this.map(|this| &this.model_id) == other.map(|other| &other.model_id);
        let name = |model: Option<&Evaluated>, unnamed: &str| match model {
            Some(model) if alike => format!("{} {}", model.model_id, super::tables::short(&model.version)),
            Some(model) => model.model_id.clone(),
            None => unnamed.to_owned(),
        };
        Self { this: name(this, "this"), other: name(other, "the other") }
    }
}

fn sentence(said: &str, names: &Names, figure: &str, paired: &Paired, mcnemar: &McNemar) -> String {
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
        let verdict = |&(truth, answer): &(usize, usize)| Verdict {
            truth,
            answer,
            confidence: 0.5,
            rank: usize::from(truth != answer),
        };
        let labels = ombud_contract::taxonomy::Taxonomy::by_label_set("product@1").unwrap().leaves();
        LevelAnswers { level: "product".into(), labels, verdicts: answers.iter().map(verdict).collect() }
    }

    fn mirrored(paired: &Paired) -> Paired {
        Paired {
            this: paired.other,
            other: paired.this,
            difference: paired.difference.map(|difference| -difference),
            interval: paired.interval.map(|[low, high]| [-high, -low]),
        }
    }

    #[test]
    fn few_discordant_rows_are_tested_exactly() {
        let few = McNemar::of(9, 1);
        // Ten coins, at most one of one side: 2 x 11 / 1024.
        assert_eq!((few.test, few.real), (Test::Exact, true));
        assert!((few.p - 22.0 / 1024.0).abs() < 1e-12, "{}", few.p);
        assert_eq!(McNemar::of(12, 12).test, Test::Exact);
        assert_eq!(McNemar::of(13, 12).test, Test::ChiSquared);
    }

    #[test]
    fn models_that_never_differ_are_no_different() {
        assert_eq!(McNemar::of(0, 0).p, 1.0);
        assert_eq!(McNemar::of(40, 40).p, 1.0);
    }

    #[test]
    fn a_sentence_says_whether_the_difference_is_real() {
        let right: Vec<(usize, usize)> = vec![(1, 1); 40];
        let wrong: Vec<(usize, usize)> = vec![(1, 2); 40];
        let real = Compared::of("product", &names("a", "b"), &level(&right), &level(&wrong).verdicts, FEW);
        assert!(real.says.starts_with("product: +100.0 points of accuracy"), "{}", real.says);
        assert!(real.says.contains("is real at 5 %"), "{}", real.says);
        let same = Compared::of("product", &names("a", "b"), &level(&right), &level(&right).verdicts, FEW);
        assert!(same.says.contains("is not real at 5 %"), "{}", same.says);
        let none = Compared::of("product", &names("a", "b"), &level(&[]), &[], FEW);
        assert_eq!(none.says, "product: nothing to compare a and b on.");
    }

    proptest! {
        #[test]
        fn swapping_the_models_mirrors_what_a_choice_comes_to(
            rows in prop::collection::vec((0..3_usize, 0..3_usize, 0..3_usize), 1..60),
        ) {
            let this = level(&rows.iter().map(|row| (row.0, row.1)).collect::<Vec<_>>());
            let other = level(&rows.iter().map(|row| (row.0, row.2)).collect::<Vec<_>>());
            let one = Compared::of("product", &names("a", "b"), &this, &other.verdicts, FEW);
            let swapped = Compared::of("product", &names("b", "a"), &other, &this.verdicts, FEW);
            prop_assert_eq!((one.mcnemar.n10, one.mcnemar.n01), (swapped.mcnemar.n01, swapped.mcnemar.n10));
            prop_assert_eq!(one.mcnemar.p, swapped.mcnemar.p);
            prop_assert_eq!(mirrored(&one.accuracy), swapped.accuracy);
            prop_assert_eq!(mirrored(&one.macro_f1), swapped.macro_f1);
        }

        #[test]
        fn swapping_the_models_mirrors_what_a_flag_comes_to(
            rows in prop::collection::vec((any::<bool>(), 0.0..1.0, 0.0..1.0), 1..60),
        ) {
            let marked = |yes, score| Marked { yes, score };
            let this: Vec<Marked> = rows.iter().map(|row| marked(row.0, row.1)).collect();
            let other: Vec<Marked> = rows.iter().map(|row| marked(row.0, row.2)).collect();
            let one = FlagCompared::of("vulnerable", &names("a", "b"), &this, &other, FEW);
            let swapped = FlagCompared::of("vulnerable", &names("b", "a"), &other, &this, FEW);
            prop_assert_eq!((one.mcnemar.n10, one.mcnemar.n01), (swapped.mcnemar.n01, swapped.mcnemar.n10));
            prop_assert_eq!(mirrored(&one.pr_auc), swapped.pr_auc);
            prop_assert_eq!(mirrored(&one.precision_at_recall_60), swapped.precision_at_recall_60);
        }
    }
}
