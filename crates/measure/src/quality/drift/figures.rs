//! The figures of drift: rates by week, and how far the last week lies from the weeks before it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::seen::{AnswerCounts, SeriesWeek};
use crate::quality::tally::Tally;

/// Labels that are named as having moved.
const MOVERS: usize = 5;

/// What each version answered and read, week by week.
pub type Drift = Vec<Series>;

/// One task and model version.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// The task.
    pub task: String,
    /// `MODEL@VERSION`.
    pub model: String,
    /// By ISO week, such as 2026-W05.
    pub weeks: BTreeMap<String, Week>,
    /// The last week against all before it; absent where there is no other.
    pub last: Option<WeekShift>,
}

/// One week's rates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Week {
    /// Answers that decided.
    pub decisions: usize,
    /// Of them, too unsure to answer.
    pub abstained: Tally,
    /// Of them, none was given.
    pub failed: Tally,
    /// Tokens that the model had never learned, in a sample of complaints.
    pub unseen: Tally,
    /// How many complaints that is.
    pub sampled: usize,
    /// Sure answers by label, of all sure answers.
    pub labels: BTreeMap<String, Tally>,
}

/// How far a week lies from the weeks before it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WeekShift {
    /// Which week.
    pub week: String,
    /// How many weeks are before it.
    pub before: usize,
    /// The population stability index over labels, those that abstained or failed among them; from 0.1 on worth a look,
    /// from 0.25 on a shift.
    pub stability: f64,
    /// What moved most, greatest first.
    pub movers: Vec<LabelShift>,
}

/// A label whose share is another than before.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LabelShift {
    /// The label, or how there was none.
    pub label: String,
    /// Its share of the week's answers, 0 to 1.
    pub share: f64,
    /// Its share of the answers before.
    pub before: f64,
}

/// By task, then by model version.
pub fn figures(seen: &BTreeMap<SeriesWeek, AnswerCounts>) -> Drift {
    let mut series: BTreeMap<(&str, &str), BTreeMap<&str, &AnswerCounts>> = BTreeMap::new();
    for (cell, seen) in seen {
        series.entry((&cell.task, &cell.model)).or_default().insert(&cell.week, seen);
    }
    let one = |((task, model), weeks): ((&str, &str), BTreeMap<&str, &AnswerCounts>)| Series {
        task: task.to_owned(),
        model: model.to_owned(),
        last: moving(&weeks),
        weeks: weeks.into_iter().map(|(week, seen)| (week.to_owned(), Week::of(seen))).collect(),
    };
    series.into_iter().map(one).collect()
}

impl Week {
    fn of(seen: &AnswerCounts) -> Self {
        let of_all = |hits| Tally { hits, of: seen.decisions };
        let sure = seen.labels.values().sum();
        Self {
            decisions: seen.decisions,
            abstained: of_all(seen.abstained),
            failed: of_all(seen.failed),
            unseen: seen.unseen,
            sampled: seen.sampled,
            labels: seen
                .labels
                .iter()
                .map(|(label, n)| (label.clone(), Tally { hits: *n, of: sure }))
                .collect(),
        }
    }
}

/// The last of `weeks` against all before it.
fn moving(weeks: &BTreeMap<&str, &AnswerCounts>) -> Option<WeekShift> {
    let (week, last) = weeks.last_key_value()?;
    let before = weeks.len() - 1;
    if before == 0 {
        return None;
    }
    let mut reference: BTreeMap<&str, usize> = BTreeMap::new();
    for seen in weeks.values().take(before) {
        answers(seen).for_each(|(label, n)| *reference.entry(label).or_default() += n);
    }
    let now: BTreeMap<&str, usize> = answers(last).collect();
    let labels: BTreeSet<&str> = reference.keys().chain(now.keys()).copied().collect();
    let counts = |of: &BTreeMap<&str, usize>| -> Vec<usize> {
        labels.iter().map(|label| of.get(label).copied().unwrap_or_default()).collect()
    };
    let (now, reference) = (counts(&now), counts(&reference));
    let share = |counts: &[usize], at: usize| counts[at] as f64 / counts.iter().sum::<usize>().max(1) as f64;
    let mut movers: Vec<LabelShift> = labels
        .iter()
        .enumerate()
        .map(|(at, label)| LabelShift {
            label: (*label).to_owned(),
            share: share(&now, at),
            before: share(&reference, at),
        })
        .collect();
    let moved = |mover: &LabelShift| (mover.share - mover.before).abs();
    movers.sort_by(|a, b| moved(b).total_cmp(&moved(a)));
    movers.truncate(MOVERS);
    Some(WeekShift { week: (*week).to_owned(), before, stability: stability(&now, &reference), movers })
}

/// Every answer, and every way to give none, with how many.
fn answers(seen: &AnswerCounts) -> impl Iterator<Item = (&str, usize)> {
    let none = [("(unsure)", seen.abstained), ("(failed)", seen.failed)];
    seen.labels.iter().map(|(label, n)| (label.as_str(), *n)).chain(none).filter(|(_, n)| *n > 0)
}

/// The population stability index of `now` against `before`, counts of the same categories: the sum of
/// `(p - q) * ln(p / q)`. Half an answer is added to each, so that a category that one of both lacks counts, and is finite.
///
/// Siddiqi, "Credit Risk Scorecards" (2006).
fn stability(now: &[usize], before: &[usize]) -> f64 {
    let share = |counts: &[usize], at: usize| {
        (counts[at] as f64 + 0.5) / (counts.iter().sum::<usize>() as f64 + 0.5 * counts.len() as f64)
    };
    let one = |at| {
        let (p, q): (f64, f64) = (share(now, at), share(before, at));
        (p - q) * (p / q).ln()
    };
    (0..now.len()).map(one).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(labels: &[(&str, usize)], abstained: usize, failed: usize) -> AnswerCounts {
        let labels: BTreeMap<String, usize> =
            labels.iter().map(|(label, n)| ((*label).to_owned(), *n)).collect();
        AnswerCounts {
            decisions: labels.values().sum::<usize>() + abstained + failed,
            abstained,
            failed,
            labels,
            ..AnswerCounts::default()
        }
    }

    fn weeks(seen: &[AnswerCounts]) -> BTreeMap<SeriesWeek, AnswerCounts> {
        let cell =
            |at| SeriesWeek { task: "product".into(), model: "m@v".into(), week: format!("2026-W{at:02}") };
        seen.iter().cloned().enumerate().map(|(at, seen)| (cell(at + 1), seen)).collect()
    }

    #[test]
    fn the_last_week_is_held_against_all_before_it() {
        let before = seen(&[("a", 50), ("b", 40)], 10, 0);
        let drift = figures(&weeks(&[before.clone(), before, seen(&[("a", 20), ("c", 70)], 10, 0)]));
        let series = &drift[0];
        assert_eq!(
            (series.weeks.len(), series.weeks["2026-W03"].abstained),
            (3, Tally { hits: 10, of: 100 })
        );
        assert_eq!(series.weeks["2026-W03"].labels["c"], Tally { hits: 70, of: 90 });
        let last = series.last.as_ref().unwrap();
        assert_eq!((last.week.as_str(), last.before), ("2026-W03", 2));
        assert!(last.stability > 0.25, "{}", last.stability);
        let movers: Vec<_> =
            last.movers.iter().map(|mover| (mover.label.as_str(), mover.share, mover.before)).collect();
        assert_eq!(movers, [("c", 0.7, 0.0), ("b", 0.0, 0.4), ("a", 0.2, 0.5), ("(unsure)", 0.1, 0.1)]);
    }

    #[test]
    fn what_stays_does_not_move_and_one_week_has_nothing_before_it() {
        let week = seen(&[("a", 50), ("b", 40)], 10, 3);
        let last = figures(&weeks(&[week.clone(), week.clone()]))[0].last.clone().unwrap();
        assert!(last.stability.abs() < 1e-9, "{}", last.stability);
        assert_eq!(figures(&weeks(&[week]))[0].last, None);
    }

    #[test]
    fn stability_agrees_with_one_by_hand() {
        // p = 30.5/101, 70.5/101; q = 50.5/101 each.
        let by_hand = (0.301_980_f64 - 0.5) * (0.301_980_f64 / 0.5).ln()
            + (0.698_020_f64 - 0.5) * (0.698_020_f64 / 0.5).ln();
        assert!((stability(&[30, 70], &[50, 50]) - by_hand).abs() < 1e-5);
        assert!(stability(&[100, 0], &[0, 100]).is_finite());
    }
}
