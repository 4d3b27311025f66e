//! Rows in folds: each row's scores by what was fitted to the rows of the other folds alone, so that it can't flatter
//! itself.

use ombud_measure::evaluate::ScoredRow;
use sha2::{Digest, Sha256};

use super::examples::Example;
use crate::likeness::likeness;

/// How many: what nine of ten rows fit is nearly what all of them fit.
const FOLDS: usize = 10;

/// By task, by row: the place of its label.
pub(crate) type Truths = [Vec<Option<usize>>];

/// Which fold each row lies in.
#[derive(Clone, Debug)]
pub(crate) struct Folds {
    by_row: Vec<usize>,
}

impl Folds {
    /// By a hash of the narrative: copies of one lie in one fold, and a row lies in the same one in every run.
    pub(crate) fn of(rows: &[Example]) -> Self {
        let fold = |row: &Example| {
            let digest =
                Sha256::new().chain_update(b"fold").chain_update(likeness(&row.narrative)).finalize();
            usize::from(u16::from_le_bytes([digest[0], digest[1]])) % FOLDS
        };
        Self { by_row: rows.iter().map(fold).collect() }
    }

    /// By task, the scores of the labelled rows, in their order. `judge` is asked once a fold: with the labels of the other
    /// folds' rows, for it to fit to, and with those of the fold's own rows, for it to score; by task, a score for each
    /// label that it gets to score. A fold without which some task has no label left is not judged.
    pub(crate) fn judge<E>(
        &self,
        truths: &Truths,
        mut judge: impl FnMut(&Truths, &Truths) -> Result<Vec<Vec<ScoredRow>>, E>,
    ) -> Result<Vec<Vec<ScoredRow>>, E> {
        let mut judged: Vec<Vec<(usize, ScoredRow)>> = vec![Vec::new(); truths.len()];
        for fold in 0..FOLDS {
            let own = self.labels(truths, |other| other == fold);
            let others = self.labels(truths, |other| other != fold);
            let labelled = |task: &Vec<Option<usize>>| task.iter().any(Option::is_some);
            if !own.iter().any(labelled) || !others.iter().all(labelled) {
                continue;
            }
            for ((judged, own), scored) in judged.iter_mut().zip(&own).zip(judge(&others, &own)?) {
                let rows = own.iter().enumerate().filter_map(|(row, truth)| truth.map(|_| row));
                judged.extend(rows.zip(scored));
            }
        }
        let in_order = |mut task: Vec<(usize, ScoredRow)>| {
            task.sort_unstable_by_key(|(row, _)| *row);
            task.into_iter().map(|(_, scored)| scored).collect()
        };
        Ok(judged.into_iter().map(in_order).collect())
    }

    /// The labels of the rows of those folds; `None` for every other row.
    fn labels(&self, truths: &Truths, wanted: impl Fn(usize) -> bool) -> Vec<Vec<Option<usize>>> {
        let of_task = |task: &Vec<Option<usize>>| {
            task.iter().zip(&self.by_row).map(|(truth, fold)| truth.filter(|_| wanted(*fold))).collect()
        };
        truths.iter().map(of_task).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn folds(rows: usize) -> Folds {
        let row = |row: usize| Example {
            id_hash: String::new(),
            narrative: format!("Letter {}.", row / 2),
            labels: Vec::new(),
        };
        Folds::of(&(0..rows).map(row).collect::<Vec<_>>())
    }

    fn scored(row: usize) -> ScoredRow {
        ScoredRow { recent: false, truth: row, probabilities: Vec::new() }
    }

    #[test]
    fn no_row_is_scored_by_what_it_or_its_copy_was_fitted_to() {
        let folds = folds(400);
        let truths: Vec<Vec<Option<usize>>> =
            vec![(0..400).map(|row| (row % 3 != 0).then_some(row)).collect()];
        let mut asked = 0;
        let judged = folds.judge(&truths, |others, own| {
            asked += 1;
            for pair in 0..200 {
                let fitted = (2 * pair..2 * pair + 2).any(|row| others[0][row].is_some());
                let judged = (2 * pair..2 * pair + 2).any(|row| own[0][row].is_some());
                assert!(!(fitted && judged), "letter {pair}");
            }
            let labelled = |task: &[Option<usize>]| task.iter().flatten().count();
            assert_eq!(labelled(&others[0]) + labelled(&own[0]), labelled(&truths[0]));
            Ok::<_, Infallible>(vec![own[0].iter().flatten().map(|truth| scored(*truth)).collect()])
        });
        assert_eq!(asked, FOLDS);
        // Every labelled row once, in the order of the rows.
        let rows: Vec<usize> = judged.unwrap()[0].iter().map(|scored| scored.truth).collect();
        assert_eq!(rows, (0..400).filter(|row| row % 3 != 0).collect::<Vec<_>>());
    }

    #[test]
    fn a_fold_that_has_all_labels_of_a_task_is_not_judged() {
        let mut one = vec![None; 400];
        one[7] = Some(0);
        let truths = vec![one, vec![Some(1); 400]];
        let judged = folds(400).judge(&truths, |others, own| {
            assert!(others[0][7].is_some() && own[0][7].is_none());
            let score =
                |task: &Vec<Option<usize>>| task.iter().flatten().map(|truth| scored(*truth)).collect();
            Ok::<_, Infallible>(own.iter().map(score).collect())
        });
        let judged = judged.unwrap();
        assert!(judged[0].is_empty() && (300..400).contains(&judged[1].len()), "{}", judged[1].len());
    }
}
