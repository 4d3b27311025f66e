//! The evaluation's figures are those of scikit-learn and statsmodels.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;

use ombud_measure::evaluate::{
    ChoiceFigures, ChoiceReport, FlagFigures, FlagReport, FlagScore, GradedRow, McNemar, Resampling,
};
use serde::Deserialize;

/// Written by `scripts/evaluation_golden.py`.
#[derive(Deserialize)]
struct Golden {
    choice: Choice,
    flag: Flag,
    weighted: Weighted,
    mcnemar: Vec<Discordant>,
}

#[derive(Deserialize)]
struct Choice {
    truth: Vec<usize>,
    probabilities: Vec<Vec<f64>>,
    accuracy: f64,
    macro_f1: f64,
    top3: f64,
    ece: f64,
    accuracy_interval: [f64; 2],
    coverage: BTreeMap<String, f64>,
    precision: Vec<f64>,
    recall: Vec<f64>,
    f1: Vec<f64>,
    support: Vec<usize>,
}

#[derive(Deserialize)]
struct Flag {
    yes: Vec<bool>,
    score: Vec<f64>,
    pr_auc: f64,
    precision_at_recall_60: f64,
    score_at_recall_60: f64,
    flag_rate_at_recall_60: f64,
    base_rate: f64,
}

/// The rows of both, each counting so much.
#[derive(Deserialize)]
struct Weighted {
    weights: Vec<f64>,
    accuracy: f64,
    macro_f1: f64,
    top3: f64,
    pr_auc: f64,
    precision_at_recall_60: f64,
}

#[derive(Deserialize)]
struct Discordant {
    n10: usize,
    n01: usize,
    p: f64,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../goldens/metrics.json")).unwrap()
}

/// A figure that scikit-learn gives as 0 where it does not exist is `None` here.
#[track_caller]
fn agree(ours: impl Into<Option<f64>>, theirs: f64) {
    let ours = ours.into().unwrap_or(0.0);
    assert!((ours - theirs).abs() < 1e-9, "{ours} is not {theirs}");
}

#[test]
fn a_choice_is_measured_as_scikit_learn_measures_it() {
    let golden = golden().choice;
    let labels: Vec<String> = (0..golden.support.len()).map(|label| label.to_string()).collect();
    let rows = golden.truth.into_iter().zip(golden.probabilities);
    let rows: Vec<GradedRow> =
        rows.map(|(truth, probabilities)| GradedRow { truth, probabilities }).collect();
    let report = ChoiceReport::of(&labels, &rows, Resampling::default());

    agree(report.accuracy, golden.accuracy);
    agree(report.top1, golden.accuracy);
    agree(report.top3, golden.top3);
    agree(report.macro_f1, golden.macro_f1);
    agree(report.ece, golden.ece);
    let [low, high] = report.intervals.accuracy.unwrap();
    agree(low, golden.accuracy_interval[0]);
    agree(high, golden.accuracy_interval[1]);
    for (share, accuracy) in golden.coverage {
        agree(report.coverage[&share], accuracy);
    }
    for (label, class) in report.classes.iter().enumerate() {
        agree(class.precision, golden.precision[label]);
        agree(class.recall, golden.recall[label]);
        agree(class.f1, golden.f1[label]);
        assert_eq!(class.support, golden.support[label]);
    }
    let [low, high] = report.intervals.macro_f1.unwrap();
    assert!(low < golden.macro_f1 && golden.macro_f1 < high && high - low < 0.3, "{low} {high}");
}

#[test]
fn a_flag_is_measured_as_scikit_learn_measures_it() {
    let golden = golden().flag;
    let rows: Vec<FlagScore> =
        golden.yes.into_iter().zip(golden.score).map(|(yes, score)| FlagScore { yes, score }).collect();
    let report = FlagReport::of(&rows, &BTreeMap::new(), Resampling::default());

    agree(report.pr_auc, golden.pr_auc);
    agree(report.precision_at_recall_60, golden.precision_at_recall_60);
    agree(report.score_at_recall_60, golden.score_at_recall_60);
    agree(report.flag_rate_at_recall_60, golden.flag_rate_at_recall_60);
    agree(report.base_rate, golden.base_rate);
    let [low, high] = report.intervals.pr_auc.unwrap();
    assert!(low < golden.pr_auc && golden.pr_auc < high, "{low} {high}");
}

#[test]
fn rows_that_count_differently_are_measured_as_scikit_learn_measures_them() {
    let Golden { choice, flag, weighted, .. } = golden();
    let rows = choice.truth.into_iter().zip(choice.probabilities);
    let rows: Vec<GradedRow> =
        rows.map(|(truth, probabilities)| GradedRow { truth, probabilities }).collect();
    let figures =
        ChoiceFigures::weighted(choice.support.len(), &rows, &weighted.weights, Resampling::default());
    agree(figures.accuracy, weighted.accuracy);
    agree(figures.macro_f1, weighted.macro_f1);
    agree(figures.top3, weighted.top3);
    let [low, high] = figures.intervals.accuracy.unwrap();
    assert!(low < weighted.accuracy && weighted.accuracy < high && high - low < 0.3, "{low} {high}");

    let rows: Vec<FlagScore> =
        flag.yes.into_iter().zip(flag.score).map(|(yes, score)| FlagScore { yes, score }).collect();
    let figures = FlagFigures::of(&rows, Some(&weighted.weights), Resampling::default());
    agree(figures.pr_auc, weighted.pr_auc);
    agree(figures.precision_at_recall_60, weighted.precision_at_recall_60);
}

#[test]
fn models_are_told_apart_as_statsmodels_tells_them_apart() {
    for Discordant { n10, n01, p } in golden().mcnemar {
        let test = McNemar::of(n10, n01);
        agree(test.p, p);
        assert_eq!(test.real, p < 0.05, "{n10} {n01}");
    }
}
