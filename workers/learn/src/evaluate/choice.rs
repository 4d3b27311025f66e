//! How well one of several labels is chosen, at one level of a taxonomy. No models, no files: truths and
//! probabilities in, figures out.

use std::collections::BTreeMap;

use serde::Serialize;

use super::interval::{Interval, Resampling, wilson};

/// A labelled row: the true label's place, and a probability for each label.
#[derive(Clone, Debug, PartialEq)]
pub struct Graded {
    /// Place of the true label.
    pub truth: usize,
    /// One for each label, summing to 1.
    pub probabilities: Vec<f64>,
}

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
    /// What always answering the most frequent label gives.
    pub majority: Option<Majority>,
    /// Accuracy of the surest share of rows: "0.8" -> of the 80 % with the highest probability.
    pub coverage: BTreeMap<String, Option<f64>>,
    /// 95 % intervals: Wilson for shares, bootstrap for macro-F1.
    pub intervals: ChoiceIntervals,
    /// Every label of the level.
    pub classes: Vec<Class>,
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

const BINS: usize = 15;
/// Percent, so that the shares' names are exact.
const SHARES: [usize; 11] = [50, 55, 60, 65, 70, 75, 80, 85, 90, 95, 100];

impl ChoiceReport {
    /// Measures `rows`, whose truths and probabilities are in the order of `labels`.
    pub fn of(labels: &[String], rows: &[Graded], resampling: Resampling) -> Self {
        let verdicts: Vec<Verdict> = rows.iter().map(Verdict::of).collect();
        let n = verdicts.len();
        let right = verdicts.iter().filter(|v| v.rank == 0).count();
        let near = verdicts.iter().filter(|v| v.rank < 3).count();
        let tallies = tally(labels.len(), verdicts.iter().map(|v| (v, 1)));
        Self {
            rows: n,
            accuracy: share(right, n),
            top1: share(right, n),
            top3: share(near, n),
            macro_f1: macro_f1(&tallies),
            ece: calibration_error(verdicts.iter().map(|v| (v.confidence, v.rank == 0))),
            majority: majority(labels, &tallies, n),
            coverage: coverage(&verdicts),
            intervals: ChoiceIntervals {
                accuracy: wilson(right, n),
                top3: wilson(near, n),
                macro_f1: resampling.interval(n, |drawn| {
                    macro_f1(&tally(labels.len(), verdicts.iter().zip(drawn.iter().copied())))
                }),
            },
            classes: labels.iter().zip(&tallies).map(|(label, tally)| tally.class(label)).collect(),
        }
    }
}

/// What a row comes to. Of equal probabilities the earlier label is answered, as in `ombud_models::answer`.
struct Verdict {
    truth: usize,
    answer: usize,
    confidence: f64,
    /// Labels that come before the true one.
    rank: usize,
}

impl Verdict {
    fn of(row: &Graded) -> Self {
        let (mut answer, mut confidence) = (0, f64::NEG_INFINITY);
        for (label, &probability) in row.probabilities.iter().enumerate() {
            if probability > confidence {
                (answer, confidence) = (label, probability);
            }
        }
        let of_truth = row.probabilities.get(row.truth).copied().unwrap_or(f64::NEG_INFINITY);
        let before = |&(label, &p): &(usize, &f64)| p > of_truth || (p == of_truth && label < row.truth);
        let rank = row.probabilities.iter().enumerate().filter(before).count();
        Self { truth: row.truth, answer, confidence, rank }
    }
}

/// One label's counts.
#[derive(Clone, Copy, Default)]
struct Tally {
    hits: u32,
    answered: u32,
    support: u32,
}

impl Tally {
    fn f1(self) -> Option<f64> {
        let both = self.answered + self.support;
        (both > 0).then(|| 2.0 * f64::from(self.hits) / f64::from(both))
    }

    fn class(self, label: &str) -> Class {
        let ratio = |whole: u32| (whole > 0).then(|| f64::from(self.hits) / f64::from(whole));
        Class {
            label: label.to_owned(),
            precision: ratio(self.answered),
            recall: ratio(self.support),
            f1: self.f1(),
            support: self.support as usize,
        }
    }
}

fn tally<'a>(labels: usize, verdicts: impl Iterator<Item = (&'a Verdict, u32)>) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); labels];
    for (verdict, times) in verdicts {
        tallies[verdict.truth].support += times;
        tallies[verdict.answer].answered += times;
        if verdict.truth == verdict.answer {
            tallies[verdict.truth].hits += times;
        }
    }
    tallies
}

fn macro_f1(tallies: &[Tally]) -> Option<f64> {
    let scores: Vec<f64> = tallies.iter().filter_map(|tally| tally.f1()).collect();
    (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
}

fn majority(labels: &[String], tallies: &[Tally], rows: usize) -> Option<Majority> {
    let most =
        |best: usize, next: usize| if tallies[next].support > tallies[best].support { next } else { best };
    let label = (0..labels.len()).reduce(most)?;
    Some(Majority { label: labels[label].clone(), accuracy: share(tallies[label].support as usize, rows)? })
}

fn coverage(verdicts: &[Verdict]) -> BTreeMap<String, Option<f64>> {
    let mut surest: Vec<&Verdict> = verdicts.iter().collect();
    surest.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let of = |percent: usize| {
        let kept = &surest[..(surest.len() * percent).div_ceil(100)];
        let right = kept.iter().filter(|v| v.rank == 0).count();
        // 50 -> "0.5", 55 -> "0.55", 100 -> "1.0"
        (format!("{:?}", percent as f64 / 100.0), share(right, kept.len()))
    };
    SHARES.into_iter().map(of).collect()
}

/// See [`ChoiceReport::ece`]; of a yes-or-no task the score and whether it is yes.
pub(crate) fn calibration_error(rows: impl Iterator<Item = (f64, bool)>) -> Option<f64> {
    let mut bins = [(0.0, 0.0, 0_u32); BINS];
    for (confidence, right) in rows {
        // A bin holds its upper bound; the first holds 0 too.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to BINS")]
        let bin = ((confidence * BINS as f64).ceil() as usize).clamp(1, BINS) - 1;
        let (confidences, rights, rows) = &mut bins[bin];
        *confidences += confidence;
        *rights += f64::from(u8::from(right));
        *rows += 1;
    }
    let rows: u32 = bins.iter().map(|(.., rows)| rows).sum();
    // A bin's mean difference times its rows is the difference of its sums.
    let off: f64 = bins.iter().map(|(confidences, rights, _)| (confidences - rights).abs()).sum();
    (rows > 0).then(|| off / f64::from(rows))
}

/// `None` of nothing: a share of no rows is no number.
pub(crate) fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEW: Resampling = Resampling { seed: 1, draws: 20 };

    fn labels() -> Vec<String> {
        ["a", "b", "c", "d"].map(String::from).to_vec()
    }

    fn row(truth: usize, probabilities: [f64; 4]) -> Graded {
        Graded { truth, probabilities: probabilities.to_vec() }
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
    fn a_probability_on_a_bins_edge_belongs_below_it() {
        // Both in the bin that ends at 0.2 (3 / 15): |0.2 + 0.15 - 1| / 2.
        let error = calibration_error([(0.2, true), (0.15, false)].into_iter()).unwrap();
        assert!((error - 0.325).abs() < 1e-12, "{error}");
        assert_eq!(calibration_error([(0.0, false), (1.0, true)].into_iter()), Some(0.0));
    }
}
