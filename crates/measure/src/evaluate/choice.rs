//! How well one of several labels is chosen, at one level of a taxonomy. No models, no files: truths and
//! probabilities in, figures out.

use std::collections::BTreeMap;

use ombud_report::Bin;
use serde::Serialize;

use super::calibration::{calibration_error, error_by_chance, reliability};
use super::graded::{GradedRow, RankedAnswer};
use crate::interval::{Interval, Resampling, wilson};

/// The figures of one level. `null` where there are no rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChoiceReport {
    /// Rows that carry a label.
    pub rows: usize,
    /// Share of rows whose most probable label is true.
    pub accuracy: Option<f64>,
    /// The same, named beside `top3`.
    pub top1: Option<f64>,
    /// Share of rows whose true label is among the three most probable.
    pub top3: Option<f64>,
    /// Mean F1 of the labels that occur, as truth or as answer.
    pub macro_f1: Option<f64>,
    /// Expected calibration error: 15 equally wide bins of the answer's probability, each bin's
    /// |accuracy - mean probability| weighted by its rows.
    pub ece: Option<f64>,
    /// What perfectly honest confidences stay below in 19 of 20 samples like these.
    pub ece_by_chance: Option<f64>,
    /// The bins that `ece` is made of.
    pub reliability: Vec<Bin>,
    /// What always answering the most frequent label gives.
    pub majority: Option<Majority>,
    /// Accuracy of the surest share of rows: "0.8" -> of the 80 % with the highest probability.
    pub coverage: BTreeMap<String, Option<f64>>,
    /// 95 % intervals: Wilson for shares, bootstrap for macro-F1.
    pub intervals: ChoiceIntervals,
    /// Every label of the level.
    pub classes: Vec<Class>,
    /// Rows by true label (outer) and answer (inner), in the order of `classes`.
    pub confusion: Vec<Vec<usize>>,
}

/// The main figures of one level: of a slice, or of rows that don't all count alike.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChoiceFigures {
    /// Rows that carry a label.
    pub rows: usize,
    /// As in [`ChoiceReport`], as are the others.
    pub accuracy: Option<f64>,
    /// Mean F1 of the labels that occur, as truth or as answer.
    pub macro_f1: Option<f64>,
    /// Share of rows whose true label is among the three most probable.
    pub top3: Option<f64>,
    /// Expected calibration error.
    pub ece: Option<f64>,
    /// 95 %: of rows that don't all count alike, bootstrap.
    pub intervals: ChoiceIntervals,
}

/// The answer that needs no model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Majority {
    /// The most frequent label of these rows.
    pub label: String,
    /// Its share of them.
    pub accuracy: f64,
}

/// 95 % intervals of [`ChoiceReport`]'s figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChoiceIntervals {
    /// Of `accuracy`.
    pub accuracy: Option<Interval>,
    /// Of `top3`.
    pub top3: Option<Interval>,
    /// Of `macro_f1`.
    pub macro_f1: Option<Interval>,
}

/// How one label fares.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Class {
    /// The label.
    pub label: String,
    /// Of the rows answered with it, the share that is right; `null` when it is never the answer.
    pub precision: Option<f64>,
    /// Of the rows that it is true for, the share answered with it; `null` without support.
    pub recall: Option<f64>,
    /// Harmonic mean of both; `null` when it neither occurs nor is answered.
    pub f1: Option<f64>,
    /// Rows that it is true for.
    pub support: usize,
}

/// Percent, so that the shares' names are exact.
const SHARES: [usize; 11] = [50, 55, 60, 65, 70, 75, 80, 85, 90, 95, 100];

impl ChoiceReport {
    /// Measures `rows`, whose truths and probabilities are in the order of `labels`.
    pub fn of(labels: &[String], rows: &[GradedRow], resampling: Resampling) -> Self {
        Self::of_answers(labels, &rows.iter().map(RankedAnswer::of).collect::<Vec<_>>(), resampling)
    }

    pub(crate) fn of_answers(labels: &[String], answers: &[RankedAnswer], resampling: Resampling) -> Self {
        let ChoiceFigures { rows, accuracy, macro_f1, top3, ece, intervals } =
            ChoiceFigures::of(labels.len(), answers, None, resampling);
        let tallies = tally(labels.len(), answers.iter().map(|answer| (answer, 1.0)));
        let mut confusion = vec![vec![0; labels.len()]; labels.len()];
        answers.iter().for_each(|answer| confusion[answer.truth][answer.answer] += 1);
        let confidences: Vec<f64> = answers.iter().map(|answer| answer.confidence).collect();
        Self {
            rows,
            accuracy,
            top1: accuracy,
            top3,
            macro_f1,
            ece,
            ece_by_chance: error_by_chance(&confidences, resampling),
            reliability: reliability(answers.iter().map(|answer| (answer.confidence, answer.right()))),
            majority: majority(labels, &confusion, rows),
            coverage: coverage(answers),
            intervals,
            classes: labels.iter().zip(&tallies).map(|(label, tally)| tally.class(label)).collect(),
            confusion,
        }
    }
}

impl ChoiceFigures {
    /// Measures `rows` over so many labels, each counting with its weight.
    pub fn weighted(labels: usize, rows: &[GradedRow], weights: &[f64], resampling: Resampling) -> Self {
        Self::of(labels, &rows.iter().map(RankedAnswer::of).collect::<Vec<_>>(), Some(weights), resampling)
    }

    /// Measures `answers` over so many labels, each counting with its weight, or all alike.
    pub(crate) fn of(
        labels: usize,
        answers: &[RankedAnswer],
        weights: Option<&[f64]>,
        resampling: Resampling,
    ) -> Self {
        let n = answers.len();
        let weighed: Vec<(RankedAnswer, f64)> = match weights {
            Some(weights) => answers.iter().copied().zip(weights.iter().copied()).collect(),
            None => answers.iter().map(|answer| (*answer, 1.0)).collect(),
        };
        let all = || weighed.iter().map(|(answer, weight)| (answer, *weight));
        let interval = |figure: Figure| {
            resampling.interval(n, |drawn| {
                let times = |((answer, weight), times): (_, &u32)| (answer, weight * f64::from(*times));
                let redrawn: Vec<(&RankedAnswer, f64)> =
                    weighed.iter().map(|(v, w)| (v, *w)).zip(drawn).map(times).collect();
                figure(labels, &redrawn)
            })
        };
        let shares = |rank: usize, figure| match weights {
            Some(_) => interval(figure),
            None => wilson(answers.iter().filter(|answer| answer.rank < rank).count(), n),
        };
        let measured: Vec<(&RankedAnswer, f64)> = all().collect();
        Self {
            rows: n,
            accuracy: accuracy(labels, &measured),
            macro_f1: f1(labels, &measured),
            top3: top3(labels, &measured),
            ece: calibration_error(all().map(|(v, weight)| (v.confidence, v.right(), weight))),
            intervals: ChoiceIntervals {
                accuracy: shares(1, accuracy),
                top3: shares(3, top3),
                macro_f1: interval(f1),
            },
        }
    }

    /// How many rows there are, where they are too few to say more.
    pub(crate) fn unsaid(rows: usize) -> Self {
        let intervals = ChoiceIntervals { accuracy: None, top3: None, macro_f1: None };
        Self { rows, accuracy: None, macro_f1: None, top3: None, ece: None, intervals }
    }
}

/// A figure of weighted verdicts over so many labels.
pub(crate) type Figure = fn(usize, &[(&RankedAnswer, f64)]) -> Option<f64>;

/// Share of weight whose answer is true.
pub(crate) fn accuracy(_: usize, answers: &[(&RankedAnswer, f64)]) -> Option<f64> {
    weighted_share(answers.iter().map(|(answer, weight)| (answer.rank == 0, *weight)))
}

fn top3(_: usize, answers: &[(&RankedAnswer, f64)]) -> Option<f64> {
    weighted_share(answers.iter().map(|(answer, weight)| (answer.rank < 3, *weight)))
}

/// Macro-F1 over so many labels.
pub(crate) fn f1(labels: usize, answers: &[(&RankedAnswer, f64)]) -> Option<f64> {
    macro_f1(&tally(labels, answers.iter().copied()))
}

/// One label's weights; where all rows weigh 1, its counts.
#[derive(Clone, Copy, Default)]
struct Tally {
    hits: f64,
    answered: f64,
    support: f64,
    rows: usize,
}

impl Tally {
    fn f1(self) -> Option<f64> {
        let both = self.answered + self.support;
        (both > 0.0).then(|| 2.0 * self.hits / both)
    }

    fn class(self, label: &str) -> Class {
        let ratio = |whole: f64| (whole > 0.0).then(|| self.hits / whole);
        Class {
            label: label.to_owned(),
            precision: ratio(self.answered),
            recall: ratio(self.support),
            f1: self.f1(),
            support: self.rows,
        }
    }
}

fn tally<'a>(labels: usize, answers: impl Iterator<Item = (&'a RankedAnswer, f64)>) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); labels];
    for (answer, weight) in answers {
        tallies[answer.truth].rows += 1;
        tallies[answer.truth].support += weight;
        tallies[answer.answer].answered += weight;
        if answer.truth == answer.answer {
            tallies[answer.truth].hits += weight;
        }
    }
    tallies
}

fn macro_f1(tallies: &[Tally]) -> Option<f64> {
    let scores: Vec<f64> = tallies.iter().filter_map(|tally| tally.f1()).collect();
    (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
}

fn majority(labels: &[String], confusion: &[Vec<usize>], rows: usize) -> Option<Majority> {
    let support: Vec<usize> = confusion.iter().map(|answers| answers.iter().sum()).collect();
    let most = |best: usize, next: usize| if support[next] > support[best] { next } else { best };
    let label = (0..labels.len()).reduce(most)?;
    Some(Majority { label: labels[label].clone(), accuracy: share(support[label], rows)? })
}

fn coverage(answers: &[RankedAnswer]) -> BTreeMap<String, Option<f64>> {
    let mut surest: Vec<&RankedAnswer> = answers.iter().collect();
    surest.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let of = |percent: usize| {
        let kept = &surest[..(surest.len() * percent).div_ceil(100)];
        let right = kept.iter().filter(|v| v.rank == 0).count();
        // 50 -> "0.5", 55 -> "0.55", 100 -> "1.0"
        (format!("{:?}", percent as f64 / 100.0), share(right, kept.len()))
    };
    SHARES.into_iter().map(of).collect()
}

/// `None` of nothing: a share of no rows is no number.
pub(crate) fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The share of the weight that is on `true`.
pub(crate) fn weighted_share(rows: impl Iterator<Item = (bool, f64)>) -> Option<f64> {
    let (mut part, mut whole) = (0.0, 0.0);
    for (is, weight) in rows {
        part += if is { weight } else { 0.0 };
        whole += weight;
    }
    (whole > 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEW: Resampling = Resampling { seed: 1, draws: 20 };

    fn labels() -> Vec<String> {
        ["a", "b", "c", "d"].map(String::from).to_vec()
    }

    fn row(truth: usize, probabilities: [f64; 4]) -> GradedRow {
        GradedRow { truth, probabilities: probabilities.to_vec() }
    }

    #[test]
    fn no_rows_have_null_figures_not_nan() {
        let json = serde_json::to_value(ChoiceReport::of(&labels(), &[], FEW)).unwrap();
        for figure in ["accuracy", "top3", "macro_f1", "ece", "majority"] {
            assert!(json[figure].is_null(), "{figure}");
        }
        assert!(json["coverage"]["0.8"].is_null());
        assert!(json["intervals"]["macro_f1"].is_null());
        assert_eq!(json["classes"][0]["support"], 0);
    }

    #[test]
    fn of_equal_probabilities_the_earlier_label_comes_first() {
        let rows = [row(0, [0.25; 4]), row(2, [0.25; 4]), row(3, [0.25; 4])];
        let report = ChoiceReport::of(&labels(), &rows, FEW);
        assert_eq!(report.accuracy, Some(1.0 / 3.0));
        assert_eq!(report.top3, Some(2.0 / 3.0));
    }

    #[test]
    fn a_label_that_never_occurs_weighs_nothing_in_macro_f1() {
        let rows = [row(0, [0.7, 0.3, 0.0, 0.0]), row(1, [0.2, 0.8, 0.0, 0.0])];
        let report = ChoiceReport::of(&labels(), &rows, FEW);
        assert_eq!(report.macro_f1, Some(1.0));
        assert_eq!((report.classes[2].f1, report.classes[2].support), (None, 0));
    }

    #[test]
    fn coverage_keeps_the_surest_rows() {
        let rows = [
            row(0, [0.9, 0.1, 0.0, 0.0]),
            row(1, [0.2, 0.8, 0.0, 0.0]),
            row(1, [0.6, 0.4, 0.0, 0.0]),
            row(2, [0.5, 0.3, 0.2, 0.0]),
        ];
        let coverage = ChoiceReport::of(&labels(), &rows, FEW).coverage;
        assert_eq!(coverage["0.5"], Some(1.0));
        assert_eq!(coverage["0.75"], Some(2.0 / 3.0));
        assert_eq!(coverage["1.0"], Some(0.5));
        assert_eq!(coverage.len(), SHARES.len());
    }

    #[test]
    fn the_majority_is_what_the_most_frequent_label_gives() {
        let rows = [row(1, [1.0, 0.0, 0.0, 0.0]), row(1, [1.0, 0.0, 0.0, 0.0]), row(0, [1.0, 0.0, 0.0, 0.0])];
        let majority = ChoiceReport::of(&labels(), &rows, FEW).majority.unwrap();
        assert_eq!((majority.label.as_str(), majority.accuracy), ("b", 2.0 / 3.0));
    }

    #[test]
    fn rows_of_twice_the_weight_count_as_two() {
        let once = [row(0, [0.7, 0.3, 0.0, 0.0]), row(1, [0.6, 0.4, 0.0, 0.0])];
        let answers = |rows: &[GradedRow]| rows.iter().map(RankedAnswer::of).collect::<Vec<_>>();
        let twice = [once[0].clone(), once[0].clone(), once[1].clone()];
        let weighted = ChoiceFigures::of(4, &answers(&once), Some(&[2.0, 1.0]), FEW);
        let repeated = ChoiceFigures::of(4, &answers(&twice), None, FEW);
        assert_eq!(
            (weighted.accuracy, weighted.macro_f1, weighted.top3, weighted.ece),
            (repeated.accuracy, repeated.macro_f1, repeated.top3, repeated.ece)
        );
    }

    #[test]
    fn the_confusion_has_the_truth_outside_and_the_answer_inside() {
        let rows = [row(2, [0.7, 0.3, 0.0, 0.0]), row(1, [0.2, 0.8, 0.0, 0.0])];
        let confusion = ChoiceReport::of(&labels(), &rows, FEW).confusion;
        assert_eq!((confusion[2][0], confusion[1][1]), (1, 1));
        assert_eq!(confusion.iter().flatten().sum::<usize>(), 2);
    }
}
