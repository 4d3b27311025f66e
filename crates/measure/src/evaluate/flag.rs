//! How well a yes-or-no task is scored: who is found, and how many others with them.

use std::collections::BTreeMap;

use ombud_report::Bin;
use serde::Serialize;

use super::calibration::{calibration_error, error_by_chance, reliability};
use super::choice::share;
use crate::interval::{Interval, Resampling, wilson};

/// A labelled row: whether it is a yes, and the calibrated probability that it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlagScore {
    /// The truth.
    pub yes: bool,
    /// Probability of yes.
    pub score: f64,
}

/// The figures of a yes-or-no task. `null` where there are no rows, or none that is a yes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlagReport {
    /// Rows that say yes or no.
    pub rows: usize,
    /// Those that say yes.
    pub positives: usize,
    /// Their share: the precision of flagging everybody, and of flagging by lot.
    pub base_rate: Option<f64>,
    /// Average precision: the area below precision over recall, in steps.
    pub pr_auc: Option<f64>,
    /// Precision at the highest score that finds 60 % of the positives.
    pub precision_at_recall_60: Option<f64>,
    /// Share of all rows that is flagged there.
    pub flag_rate_at_recall_60: Option<f64>,
    /// That score.
    pub score_at_recall_60: Option<f64>,
    /// Expected calibration error of the score, in 15 equally wide bins.
    pub ece: Option<f64>,
    /// What perfectly honest scores stay below in 19 of 20 samples like these.
    pub ece_by_chance: Option<f64>,
    /// The bins that `ece` is made of.
    pub reliability: Vec<Bin>,
    /// 95 % intervals.
    pub intervals: FlagIntervals,
    /// At each threshold that the artefact carries: what its score gives, evidence aside.
    pub thresholds: BTreeMap<String, AtThreshold>,
}

/// 95 % intervals of [`FlagReport`]'s figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlagIntervals {
    /// Of `pr_auc`: bootstrap.
    pub pr_auc: Option<Interval>,
    /// Of `precision_at_recall_60`: Wilson, the score taken as given.
    pub precision_at_recall_60: Option<Interval>,
}

/// What flagging from a score on gives.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AtThreshold {
    /// The score.
    pub score: f64,
    /// Share of the flagged that is a yes.
    pub precision: Option<f64>,
    /// Its 95 % interval: Wilson.
    pub interval: Option<Interval>,
    /// Share of the yeses that is flagged.
    pub recall: Option<f64>,
    /// Share of all that is flagged.
    pub flag_rate: Option<f64>,
}

/// The main figures of a yes-or-no task: of a slice, or of rows that don't all count alike.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlagFigures {
    /// Rows that say yes or no.
    pub rows: usize,
    /// Those that say yes.
    pub positives: usize,
    /// As in [`FlagReport`], as are the others.
    pub base_rate: Option<f64>,
    /// Average precision.
    pub pr_auc: Option<f64>,
    /// Precision at the highest score that finds 60 % of the positives.
    pub precision_at_recall_60: Option<f64>,
    /// Share of all rows that is flagged there.
    pub flag_rate_at_recall_60: Option<f64>,
    /// Expected calibration error.
    pub ece: Option<f64>,
    /// 95 %: of rows that don't all count alike, bootstrap.
    pub intervals: FlagIntervals,
}

impl FlagReport {
    /// Measures `rows`; `thresholds` are the artefact's, by name.
    pub fn of(rows: &[FlagScore], thresholds: &BTreeMap<String, f64>, resampling: Resampling) -> Self {
        let FlagFigures {
            rows: _,
            positives,
            base_rate,
            pr_auc,
            precision_at_recall_60,
            flag_rate_at_recall_60,
            ece,
            intervals,
        } = FlagFigures::of(rows, None, resampling);
        let scores: Vec<f64> = rows.iter().map(|row| row.score).collect();
        Self {
            rows: rows.len(),
            positives,
            base_rate,
            pr_auc,
            precision_at_recall_60,
            flag_rate_at_recall_60,
            score_at_recall_60: at_recall(&cuts(&surest(rows, None)), 60).map(|cut| cut.score),
            ece,
            ece_by_chance: error_by_chance(&scores, resampling),
            reliability: reliability(rows.iter().map(|row| (row.score, row.yes))),
            intervals,
            thresholds: AtThreshold::each(rows, thresholds),
        }
    }
}

impl AtThreshold {
    /// By name of the threshold.
    pub fn each(rows: &[FlagScore], thresholds: &BTreeMap<String, f64>) -> BTreeMap<String, Self> {
        let positives = rows.iter().filter(|row| row.yes).count();
        let at = |score: f64| {
            let flagged = rows.iter().filter(|row| row.score >= score).count();
            let hits = rows.iter().filter(|row| row.score >= score && row.yes).count();
            Self {
                score,
                precision: share(hits, flagged),
                interval: wilson(hits, flagged),
                recall: share(hits, positives),
                flag_rate: share(flagged, rows.len()),
            }
        };
        thresholds.iter().map(|(name, score)| (name.clone(), at(*score))).collect()
    }
}

impl FlagFigures {
    /// Measures `rows`, each counting with its weight, or all alike.
    pub fn of(rows: &[FlagScore], weights: Option<&[f64]>, resampling: Resampling) -> Self {
        let surest = surest(rows, weights);
        let cuts = cuts(&surest);
        let found = at_recall(&cuts, 60);
        let whole = cuts.last();
        let interval = |figure: fn(&[Cut]) -> Option<f64>| {
            resampling.interval(rows.len(), |drawn| figure(&self::cuts(&redrawn(&surest, drawn))))
        };
        let yes = surest.iter().map(|(row, weight)| (row.score, row.yes, *weight));
        Self {
            rows: rows.len(),
            positives: rows.iter().filter(|row| row.yes).count(),
            base_rate: whole.map(Cut::precision),
            pr_auc: average_precision(&cuts),
            precision_at_recall_60: found.map(Cut::precision),
            flag_rate_at_recall_60: found.zip(whole).map(|(cut, whole)| cut.flagged / whole.flagged),
            ece: calibration_error(yes),
            intervals: FlagIntervals {
                pr_auc: interval(average_precision),
                precision_at_recall_60: match (weights, found) {
                    (Some(_), _) => interval(precision_at_recall_60),
                    (None, Some(cut)) => {
                        let flagged = rows.iter().filter(|row| row.score >= cut.score);
                        wilson(flagged.clone().filter(|row| row.yes).count(), flagged.count())
                    }
                    (None, None) => None,
                },
            },
        }
    }

    /// How many rows there are, where they are too few to say more.
    pub(crate) fn unsaid(rows: usize, positives: usize) -> Self {
        Self {
            rows,
            positives,
            base_rate: None,
            pr_auc: None,
            precision_at_recall_60: None,
            flag_rate_at_recall_60: None,
            ece: None,
            intervals: FlagIntervals { pr_auc: None, precision_at_recall_60: None },
        }
    }
}

/// Flagging all rows from `score` on; where all rows weigh 1, the weights are counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub(crate) score: f64,
    pub(crate) flagged: f64,
    pub(crate) hits: f64,
}

impl Cut {
    pub(crate) fn precision(&self) -> f64 {
        self.hits / self.flagged
    }
}

/// From the highest score down, with their weights; a row that weighs nothing is none.
pub(crate) fn surest(rows: &[FlagScore], weights: Option<&[f64]>) -> Vec<(FlagScore, f64)> {
    let mut surest: Vec<(FlagScore, f64)> = match weights {
        Some(weights) => rows.iter().copied().zip(weights.iter().copied()).collect(),
        None => rows.iter().map(|row| (*row, 1.0)).collect(),
    };
    surest.sort_by(|(a, _), (b, _)| b.score.total_cmp(&a.score));
    surest
}

/// `rows`, each so many times.
pub(crate) fn redrawn(rows: &[(FlagScore, f64)], drawn: &[u32]) -> Vec<(FlagScore, f64)> {
    rows.iter().zip(drawn).map(|((row, weight), times)| (*row, weight * f64::from(*times))).collect()
}

/// One cut for each score that occurs, from the highest down.
pub(crate) fn cuts(surest: &[(FlagScore, f64)]) -> Vec<Cut> {
    let mut cuts: Vec<Cut> = Vec::new();
    let (mut flagged, mut hits) = (0.0, 0.0);
    for (row, weight) in surest.iter().filter(|(_, weight)| *weight > 0.0) {
        flagged += weight;
        hits += if row.yes { *weight } else { 0.0 };
        match cuts.last_mut() {
            Some(cut) if cut.score == row.score => (cut.flagged, cut.hits) = (flagged, hits),
            _ => cuts.push(Cut { score: row.score, flagged, hits }),
        }
    }
    cuts
}

/// The highest cut that finds so many percent of the positives; `None` where there are none.
pub(crate) fn at_recall(cuts: &[Cut], percent: u32) -> Option<&Cut> {
    let positives = cuts.last().map_or(0.0, |cut| cut.hits);
    // Counts are whole, and 100 x 3 is 60 x 5; sums of other weights are off by their last digits.
    let enough = positives * f64::from(percent) * (1.0 - 1e-12);
    cuts.iter().find(|cut| positives > 0.0 && cut.hits * 100.0 >= enough)
}

/// The area below precision over recall, in steps.
pub(crate) fn average_precision(cuts: &[Cut]) -> Option<f64> {
    let positives = cuts.last().map_or(0.0, |cut| cut.hits);
    let mut before = 0.0;
    let mut area = 0.0;
    for cut in cuts {
        area += (cut.hits - before) * cut.precision();
        before = cut.hits;
    }
    (positives > 0.0).then(|| area / positives)
}

/// See [`FlagReport::precision_at_recall_60`].
pub(crate) fn precision_at_recall_60(cuts: &[Cut]) -> Option<f64> {
    at_recall(cuts, 60).map(Cut::precision)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_weighs_nothing_changes_nothing() {
        let marks = rows(&[(true, 0.9), (false, 0.8), (true, 0.4)]);
        let others = rows(&[(true, 0.9), (false, 0.95), (false, 0.8), (true, 0.4), (true, 0.1)]);
        let weighted = FlagFigures::of(&others, Some(&[1.0, 0.0, 1.0, 1.0, 0.0]), FEW);
        let plain = FlagFigures::of(&marks, None, FEW);
        assert_eq!(
            (weighted.pr_auc, weighted.precision_at_recall_60, weighted.flag_rate_at_recall_60),
            (plain.pr_auc, plain.precision_at_recall_60, plain.flag_rate_at_recall_60)
        );
        assert_eq!((weighted.base_rate, weighted.ece), (plain.base_rate, plain.ece));
    }

    const FEW: Resampling = Resampling { seed: 1, draws: 20 };

    fn rows(marks: &[(bool, f64)]) -> Vec<FlagScore> {
        marks.iter().map(|&(yes, score)| FlagScore { yes, score }).collect()
    }

    #[test]
    fn the_cut_at_60_percent_recall_is_the_highest_that_finds_so_many() {
        let rows = rows(&[
            (true, 0.9),
            (false, 0.8),
            (true, 0.7),
            (true, 0.6),
            (false, 0.5),
            (true, 0.4),
            (true, 0.3),
            (false, 0.2),
        ]);
        let report = FlagReport::of(&rows, &BTreeMap::new(), FEW);
        assert_eq!(report.precision_at_recall_60, Some(0.75));
        assert_eq!(report.flag_rate_at_recall_60, Some(0.5));
        assert_eq!(report.score_at_recall_60, Some(0.6));
        assert_eq!(report.base_rate, Some(5.0 / 8.0));
    }

    #[test]
    fn rows_of_one_score_are_flagged_together() {
        let rows = rows(&[(true, 0.5), (false, 0.5), (true, 0.5), (false, 0.1)]);
        let report = FlagReport::of(&rows, &BTreeMap::new(), FEW);
        assert_eq!(report.precision_at_recall_60, Some(2.0 / 3.0));
        assert_eq!(report.pr_auc, Some(2.0 / 3.0));
    }

    #[test]
    fn without_a_yes_there_is_no_precision_to_speak_of() {
        let report = FlagReport::of(&rows(&[(false, 0.4), (false, 0.2)]), &BTreeMap::new(), FEW);
        assert_eq!((report.pr_auc, report.precision_at_recall_60), (None, None));
        assert_eq!(report.base_rate, Some(0.0));
        let nothing = serde_json::to_value(FlagReport::of(&[], &BTreeMap::new(), FEW)).unwrap();
        assert!(nothing["base_rate"].is_null() && nothing["ece"].is_null());
    }

    #[test]
    fn an_artefacts_own_thresholds_are_measured_as_they_serve() {
        let rows = rows(&[(true, 0.9), (false, 0.5), (true, 0.4), (false, 0.1)]);
        let thresholds = BTreeMap::from([("possible".to_owned(), 0.4)]);
        let at = &FlagReport::of(&rows, &thresholds, FEW).thresholds["possible"];
        assert_eq!((at.precision, at.recall, at.flag_rate), (Some(2.0 / 3.0), Some(1.0), Some(0.75)));
    }
}
