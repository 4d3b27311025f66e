//! How well a yes-or-no task is scored: who is found, and how many others with them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::choice::{calibration_error, share};
use super::interval::{Interval, Resampling, wilson};

/// A labelled row: whether it is a yes, and the calibrated probability that it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Marked {
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
    /// 95 % intervals.
    pub intervals: FlagIntervals,
    /// At each threshold that the artefact carries: what serving with it gives.
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
    /// Share of the yeses that is flagged.
    pub recall: Option<f64>,
    /// Share of all that is flagged.
    pub flag_rate: Option<f64>,
}

impl FlagReport {
    /// Measures `rows`; `thresholds` are the artefact's, by name.
    pub fn of(rows: &[Marked], thresholds: &BTreeMap<String, f64>, resampling: Resampling) -> Self {
        let mut surest: Vec<Marked> = rows.to_vec();
        surest.sort_by(|a, b| b.score.total_cmp(&a.score));
        let positives = rows.iter().filter(|row| row.yes).count();
        let cuts = cuts(surest.iter().map(|&row| (row, 1)));
        // In whole numbers: 0.6 x 5 is a little more than 3.
        let found = cuts.iter().find(|cut| positives > 0 && cut.hits * 10 >= positives * 6);
        let at = |cut: Option<&Cut>, part: fn(&Cut) -> usize, whole: fn(&Cut) -> usize| {
            cut.and_then(|cut| share(part(cut), whole(cut)))
        };
        Self {
            rows: rows.len(),
            positives,
            base_rate: share(positives, rows.len()),
            pr_auc: average_precision(&cuts),
            precision_at_recall_60: at(found, |cut| cut.hits, |cut| cut.flagged),
            flag_rate_at_recall_60: found.and_then(|cut| share(cut.flagged, rows.len())),
            score_at_recall_60: found.map(|cut| cut.score),
            ece: calibration_error(rows.iter().map(|row| (row.score, row.yes))),
            intervals: FlagIntervals {
                pr_auc: resampling.interval(rows.len(), |drawn| {
                    average_precision(&self::cuts(surest.iter().copied().zip(drawn.iter().copied())))
                }),
                precision_at_recall_60: found.and_then(|cut| wilson(cut.hits, cut.flagged)),
            },
            thresholds: thresholds
                .iter()
                .map(|(name, &score)| (name.clone(), at_threshold(rows, score, positives)))
                .collect(),
        }
    }
}

/// Flagging all rows from `score` on.
struct Cut {
    score: f64,
    flagged: usize,
    hits: usize,
}

/// One cut for each score that occurs, from the highest down; each row counts so many times.
fn cuts(surest: impl Iterator<Item = (Marked, u32)>) -> Vec<Cut> {
    let mut cuts: Vec<Cut> = Vec::new();
    let (mut flagged, mut hits) = (0, 0);
    for (row, times) in surest {
        flagged += times as usize;
        hits += if row.yes { times as usize } else { 0 };
        match cuts.last_mut() {
            Some(cut) if cut.score == row.score => (cut.flagged, cut.hits) = (flagged, hits),
            _ => cuts.push(Cut { score: row.score, flagged, hits }),
        }
    }
    cuts
}

fn average_precision(cuts: &[Cut]) -> Option<f64> {
    let positives = cuts.last().map_or(0, |cut| cut.hits);
    let mut before = 0;
    let mut area = 0.0;
    for cut in cuts {
        if cut.hits > before {
            area += (cut.hits - before) as f64 * cut.hits as f64 / cut.flagged as f64;
            before = cut.hits;
        }
    }
    (positives > 0).then(|| area / positives as f64)
}

fn at_threshold(rows: &[Marked], score: f64, positives: usize) -> AtThreshold {
    let flagged = rows.iter().filter(|row| row.score >= score).count();
    let hits = rows.iter().filter(|row| row.score >= score && row.yes).count();
    AtThreshold {
        score,
        precision: share(hits, flagged),
        recall: share(hits, positives),
        flag_rate: share(flagged, rows.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEW: Resampling = Resampling { seed: 1, draws: 20 };

    fn rows(marks: &[(bool, f64)]) -> Vec<Marked> {
        marks.iter().map(|&(yes, score)| Marked { yes, score }).collect()
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
