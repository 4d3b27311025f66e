//! From which confidence on a head may answer: the least that keeps what was promised, on rows it didn't learn from.

use std::collections::BTreeMap;

use ombud_contract::taxonomy::Taxonomy;
use ombud_models::Kind;

use super::tasks::Targets;
use crate::evaluate::Scored;

/// A threshold and what it brought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cut {
    pub(crate) threshold: f64,
    /// Share of rows at or above it.
    pub(crate) coverage: f64,
    /// Share of those that are right (or vulnerable).
    pub(crate) precision: f64,
    /// Share of all that are right (or vulnerable) that it finds.
    pub(crate) recall: f64,
}

/// By taxonomy level, or `possible` and `vulnerable`.
pub(crate) fn cuts(
    kind: Kind,
    taxonomy: &Taxonomy,
    rows: &[Scored],
    targets: &Targets,
) -> BTreeMap<String, Cut> {
    match kind {
        Kind::Choice => targets
            .precision
            .iter()
            .filter(|(level, _)| taxonomy.levels().any(|name| name == level.as_str()))
            .map(|(level, share)| {
                let answers = rows.iter().filter_map(|row| answer(taxonomy, level, row)).collect();
                (level.clone(), Ranked::of(answers).lowest_with_precision(*share, targets.least_rows))
            })
            .collect(),
        Kind::Flag => {
            let ranked = Ranked::of(rows.iter().map(|row| (row.probabilities[1], row.truth == 1)).collect());
            let possible = ranked.highest_with_recall(targets.possible_recall);
            let vulnerable = ranked.lowest_with_precision(targets.vulnerable_precision, targets.least_rows);
            // Who is called vulnerable is possibly vulnerable, too.
            let vulnerable = if vulnerable.threshold < possible.threshold { possible } else { vulnerable };
            [("possible", possible), ("vulnerable", vulnerable)].map(|(n, cut)| (n.to_owned(), cut)).into()
        }
    }
}

/// The confidence of a row's answer at `level`, and whether it is right there.
fn answer(taxonomy: &Taxonomy, level: &str, row: &Scored) -> Option<(f64, bool)> {
    let certain: Vec<f64> =
        (0..row.probabilities.len()).map(|leaf| if leaf == row.truth { 1.0 } else { 0.0 }).collect();
    let truth = taxonomy.sum_to_level(level, &certain)?;
    let sums = taxonomy.sum_to_level(level, &row.probabilities)?;
    let best = sums.iter().zip(&truth).reduce(|best, next| if next.0.1 > best.0.1 { next } else { best })?;
    Some((best.0.1, best.1.1 > 0.5))
}

/// Rows by confidence, the surest first.
struct Ranked(Vec<(f64, bool)>);

impl Ranked {
    fn of(mut rows: Vec<(f64, bool)>) -> Self {
        rows.sort_by(|a, b| b.0.total_cmp(&a.0));
        Self(rows)
    }

    /// What each possible threshold brings, the highest first. Rows of equal confidence stay together.
    fn cuts(&self) -> impl Iterator<Item = (usize, Cut)> {
        let all = self.0.iter().filter(|(_, right)| *right).count().max(1) as f64;
        let mut right = 0;
        self.0.iter().enumerate().filter_map(move |(at, row)| {
            right += usize::from(row.1);
            let last_of_equals = self.0.get(at + 1).is_none_or(|next| next.0 < row.0);
            let rows = at + 1;
            let cut = Cut {
                threshold: row.0,
                coverage: rows as f64 / self.0.len() as f64,
                precision: right as f64 / rows as f64,
                recall: right as f64 / all,
            };
            last_of_equals.then_some((rows, cut))
        })
    }

    /// Where none has the precision, only certainty will do.
    fn lowest_with_precision(&self, share: f64, least_rows: usize) -> Cut {
        let none = Cut { threshold: 1.0, coverage: 0.0, precision: 0.0, recall: 0.0 };
        self.cuts()
            .filter(|(rows, cut)| *rows >= least_rows && cut.precision >= share)
            .last()
            .map_or(none, |c| c.1)
    }

    /// Where there is nobody to find, everybody is above it.
    fn highest_with_recall(&self, share: f64) -> Cut {
        let all = Cut { threshold: 0.0, coverage: 1.0, precision: 0.0, recall: 0.0 };
        self.cuts().find(|(_, cut)| cut.recall >= share).map_or(all, |c| c.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked() -> Ranked {
        Ranked::of(vec![(0.9, true), (0.3, true), (0.8, true), (0.5, false), (0.5, true), (0.2, false)])
    }

    #[test]
    fn the_threshold_is_the_lowest_that_keeps_the_precision() {
        let cut = ranked().lowest_with_precision(0.8, 1);
        assert_eq!((cut.threshold, cut.precision), (0.3, 0.8));
        // Below .9 three of four and worse, until the one at .3: the two at .5 are one threshold.
        let cut = ranked().lowest_with_precision(0.9, 1);
        assert_eq!((cut.threshold, cut.precision), (0.8, 1.0));
    }

    #[test]
    fn a_precision_of_too_few_rows_does_not_count() {
        assert_eq!(ranked().lowest_with_precision(0.9, 3).threshold, 1.0);
    }

    #[test]
    fn the_recall_threshold_is_the_highest_that_finds_enough() {
        let cut = ranked().highest_with_recall(0.6);
        assert_eq!((cut.threshold, cut.recall), (0.5, 0.75));
        assert_eq!(Ranked::of(Vec::new()).highest_with_recall(0.6).threshold, 0.0);
    }

    #[test]
    fn leaves_of_one_intent_answer_together() {
        let taxonomy = Taxonomy::by_label_set("issue@1").unwrap();
        let place = |label: &str| taxonomy.leaves().iter().position(|leaf| leaf == label).unwrap();
        let (one, other) = (place("Communication tactics"), place("False statements or representation"));
        let mut probabilities = vec![0.0; 45];
        probabilities[one] = 0.4;
        probabilities[other] = 0.6;
        let row = Scored { recent: false, truth: one, probabilities };
        assert_eq!(answer(taxonomy, "issue", &row), Some((0.6, false)));
        assert_eq!(answer(taxonomy, "intent", &row), Some((1.0, true)));
    }
}
