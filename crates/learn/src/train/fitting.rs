//! A model's heads fitted to its validation rows one after the other; and once more fold by fold, so that thresholds are
//! chosen on rows that fitted nothing.

use std::convert::Infallible;

use ombud_measure::evaluate::ScoredRow;
use ombud_models::Logits;
use ombud_torch::bag::Hint;

use super::evidence_score::EvidenceScore;
use super::folds::{Folds, Truths};
use super::heads::{Addend, Adjustment};

/// What stands beside the heads' logits, learned from the rows to learn from.
pub(crate) struct Fitting<'a> {
    /// What one head believes of another's labels.
    pub(crate) hint: Option<&'a Hint>,
    /// By head, the evidence in narratives.
    pub(crate) outright: &'a [Option<EvidenceScore>],
    /// Draws shifts to zero; see [`ombud_torch::bag::Calibration::fit`].
    pub(crate) pull: f64,
}

impl Fitting<'_> {
    /// Fits each head to the rows that carry its label, by head, by row, and adjusts all rows as serving will.
    pub(crate) fn fit(&self, rows: &mut [Logits], truths: &Truths) -> Vec<Adjustment> {
        let mut adjustments = Vec::new();
        for (place, (outright, truths)) in self.outright.iter().zip(truths).enumerate() {
            let hint = self.hint.filter(|hint| hint.to == place);
            let beside = Addend::of(hint, outright.as_ref());
            let adjustment = Adjustment::fit(place, beside, rows, truths, self.pull);
            adjustment.apply(rows);
            adjustments.push(adjustment);
        }
        adjustments
    }

    /// By head, the scores of its labelled rows, each by what the rows of other folds were fitted to.
    pub(crate) fn unfitted(&self, folds: &Folds, rows: &[Logits], truths: &Truths) -> Vec<Vec<ScoredRow>> {
        let judged = folds.judge(truths, |others, own| {
            let mut rows = rows.to_vec();
            let adjustments = self.fit(&mut rows, others);
            let scored = adjustments.iter().zip(own).map(|(adjustment, own)| adjustment.scored(&rows, own));
            Ok::<_, Infallible>(scored.collect())
        });
        match judged {
            Ok(scored) => scored,
            Err(never) => match never {},
        }
    }
}

#[cfg(test)]
mod tests {
    use ombud_torch::bag::HintHead;

    use super::*;
    use crate::train::examples::Example;

    /// Rows of two heads, of which the first hints at the second.
    fn rows() -> (Vec<Logits>, Folds, Vec<Vec<Option<usize>>>) {
        let example = |row: usize| Example {
            id_hash: String::new(),
            narrative: format!("Letter {row}."),
            labels: Vec::new(),
        };
        let logits = |row: usize| {
            let sure = (row % 7) as f32 / 2.0;
            vec![vec![sure, 0.3], vec![0.2, sure - 1.0]]
        };
        let truths =
            |of: usize| (0..120).map(|row| Some(usize::from((row + of).is_multiple_of(3)))).collect();
        let examples: Vec<Example> = (0..120).map(example).collect();
        ((0..120).map(logits).collect(), Folds::of(&examples), vec![truths(0), truths(1)])
    }

    #[test]
    fn a_rows_own_label_does_not_change_its_score_and_those_of_others_do() {
        let (rows, folds, truths) = rows();
        let head = |place: usize| HintHead { place, labels: 2 };
        let hint = Hint::count(head(0), head(1), (0..30).map(|row| (row % 2, usize::from(row % 5 < 3))), 0.2);
        let fitting = Fitting { hint: Some(&hint), outright: &[None, None], pull: 0.003 };
        let before = fitting.unfitted(&folds, &rows, &truths);
        let probabilities = |scored: &[Vec<ScoredRow>], row: usize| -> Vec<Vec<f64>> {
            scored.iter().map(|head| head[row].probabilities.clone()).collect()
        };
        for row in [0, 17] {
            let mut other = truths.clone();
            for head in &mut other {
                head[row] = head[row].map(|label| 1 - label);
            }
            let after = fitting.unfitted(&folds, &rows, &other);
            assert_eq!(probabilities(&after, row), probabilities(&before, row), "row {row}");
            assert!((0..120).any(|other| probabilities(&after, other) != probabilities(&before, other)));
            // Fitted to all rows it does change.
            let fitted = |truths: &Truths| {
                let mut rows = rows.clone();
                fitting.fit(&mut rows, truths)[0].scored(&rows, &truths[0])[row].probabilities.clone()
            };
            assert_ne!(fitted(&truths), fitted(&other));
        }
    }
}
