//! How much each voice counts in a task, and how that is learned: a softmax regression on log-probabilities, which
//! has a weight a voice and so little to overfit with. The weights are the temperature, too.

use std::ops::ControlFlow;

use ombud_models::log_softmax;
use tch::{Tensor, no_grad};

use crate::lbfgs::minimise;

/// What fused logits are: `sum of weight * term + shift`.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighing {
    /// One a term, never below zero: a voice that is right less often than by chance is no voice.
    pub weights: Vec<f64>,
    /// One a label, or none.
    pub shift: Vec<f64>,
}

/// Enough for a few dozen numbers.
const MOST_ITERATIONS: usize = 200;
/// How far weights and shifts are expected to lie from where they begin. Against a thousand rows that is nothing;
/// a few rows, or rows without a mistake, can't drive them to infinity.
const DEVIATION: f64 = 1.0;

impl Weighing {
    /// The weights under which the true labels of the rows are most likely, near `expected` where rows are few.
    /// `terms` are by row, by term, by label. Where `shifts` says so, a shift a label is learned with them.
    pub fn fit(terms: &[Vec<Vec<f64>>], targets: &[usize], expected: &[f64], shifts: bool) -> Self {
        let labels = if shifts { terms.first().and_then(|row| row.first()).map_or(0, Vec::len) } else { 0 };
        let loss = Loss { terms, targets, expected };
        // A weight is a square, so that it can reach zero and not pass it.
        let mut start: Vec<f64> = expected.iter().map(|weight| weight.sqrt()).collect();
        start.resize(expected.len() + labels, 0.0);
        let function = |at: &Tensor| {
            let (value, gradient) = loss.at(&numbers(at));
            (value, row(&gradient))
        };
        let end =
            no_grad(|| minimise(row(&start), MOST_ITERATIONS, function, |_, _| ControlFlow::Continue(())));
        let found = numbers(&end.at);
        let (roots, shift) = found.split_at(expected.len());
        Self { weights: roots.iter().map(|root| root * root).collect(), shift: shift.to_vec() }
    }

    /// One text's logits from its terms, by term, by label.
    pub fn fuse(&self, terms: &[Vec<f64>]) -> Vec<f64> {
        let labels = terms.first().map_or(0, Vec::len);
        let mut logits = vec![0.0; labels];
        logits.iter_mut().zip(&self.shift).for_each(|(logit, shift)| *logit += shift);
        for (term, weight) in terms.iter().zip(&self.weights) {
            logits.iter_mut().zip(term).for_each(|(logit, value)| *logit += weight * value);
        }
        logits
    }

    /// Mean negative log-likelihood of the rows' true labels; see [`Self::fit`].
    pub fn loss(&self, terms: &[Vec<Vec<f64>>], targets: &[usize]) -> f64 {
        let rows = terms.iter().zip(targets);
        let all: f64 = rows.map(|(terms, target)| -log_softmax(&self.fuse(terms))[*target]).sum();
        all / targets.len().max(1) as f64
    }
}

struct Loss<'a> {
    terms: &'a [Vec<Vec<f64>>],
    targets: &'a [usize],
    expected: &'a [f64],
}

impl Loss<'_> {
    /// Value and gradient at the weights' roots and the shifts: the mean cross entropy, and what the distance from
    /// the expected costs, which weighs as much as less than a row.
    fn at(&self, at: &[f64]) -> (f64, Vec<f64>) {
        let (roots, shift) = at.split_at(self.expected.len());
        let weights: Vec<f64> = roots.iter().map(|root| root * root).collect();
        let weighing = Weighing { weights, shift: shift.to_vec() };
        let mut value = 0.0;
        let mut by_weight = vec![0.0; roots.len()];
        let mut by_shift = vec![0.0; shift.len()];
        for (terms, target) in self.terms.iter().zip(self.targets) {
            let log_p = log_softmax(&weighing.fuse(terms));
            value -= log_p[*target];
            let miss: Vec<f64> = (0..log_p.len())
                .map(|label| log_p[label].exp() - if label == *target { 1.0 } else { 0.0 })
                .collect();
            for (by, term) in by_weight.iter_mut().zip(terms) {
                *by += miss.iter().zip(term).map(|(miss, value)| miss * value).sum::<f64>();
            }
            by_shift.iter_mut().zip(&miss).for_each(|(by, miss)| *by += miss);
        }
        let stiffness = 1.0 / (DEVIATION * DEVIATION);
        for ((by, weight), expected) in by_weight.iter_mut().zip(&weighing.weights).zip(self.expected) {
            value += 0.5 * stiffness * (weight - expected).powi(2);
            *by += stiffness * (weight - expected);
        }
        for (by, shift) in by_shift.iter_mut().zip(shift) {
            value += 0.5 * stiffness * shift * shift;
            *by += stiffness * shift;
        }
        let by_root = by_weight.iter().zip(roots).map(|(by, root)| 2.0 * root * by);
        let rows = self.targets.len().max(1) as f64;
        (value / rows, by_root.chain(by_shift).map(|by| by / rows).collect())
    }
}

fn row(numbers: &[f64]) -> Tensor {
    Tensor::from_slice(numbers).reshape([1, -1])
}

fn numbers(row: &Tensor) -> Vec<f64> {
    Vec::try_from(row.flatten(0, 1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A voice that is `sure` of the label at `place`.
    fn voice(place: usize, sure: f64) -> Vec<f64> {
        log_softmax(&[0, 1, 2].map(|label| if label == place { sure } else { 0.0 }))
    }

    /// The first voice is right four times of five, the second says anything.
    fn rows() -> (Vec<Vec<Vec<f64>>>, Vec<usize>) {
        let row = |i: usize| {
            let truth = i % 3;
            let said = if i.is_multiple_of(5) { (truth + 1) % 3 } else { truth };
            (vec![voice(said, 2.0), voice((i / 3) % 3, 4.0)], truth)
        };
        (0..90).map(row).unzip()
    }

    #[test]
    fn a_voice_that_knows_nothing_loses_its_weight() {
        let (terms, targets) = rows();
        let found = Weighing::fit(&terms, &targets, &[0.5, 0.5], false);
        assert!(found.weights[0] > 0.8 && found.weights[1] < 0.05, "{found:?}");
        assert!(found.shift.is_empty());
    }

    #[test]
    fn fused_the_truth_is_at_least_as_likely_as_by_the_best_voice() {
        let (terms, targets) = rows();
        let fused = Weighing::fit(&terms, &targets, &[0.5, 0.5], false).loss(&terms, &targets);
        for weights in [vec![1.0, 0.0], vec![0.0, 1.0]] {
            assert!(fused <= Weighing { weights, shift: Vec::new() }.loss(&terms, &targets));
        }
    }

    #[test]
    fn rows_without_a_mistake_do_not_drive_the_weights_to_infinity() {
        let terms: Vec<_> = (0..30).map(|i| vec![voice(i % 3, 3.0)]).collect();
        let targets: Vec<usize> = (0..30).map(|i| i % 3).collect();
        let found = Weighing::fit(&terms, &targets, &[1.0], false);
        assert!((1.0..5.0).contains(&found.weights[0]), "{found:?}");
        assert_eq!(Weighing::fit(&[], &[], &[0.5, 0.5], false).weights.len(), 2);
    }

    #[test]
    fn a_label_that_all_voices_think_too_rare_is_shifted_up() {
        let terms: Vec<_> = (0..100).map(|_| vec![voice(0, 1.0)]).collect();
        let targets: Vec<usize> = (0..100).map(|i| usize::from(i < 50)).collect();
        let found = Weighing::fit(&terms, &targets, &[1.0], true);
        assert!(found.shift[1] > 0.2 && found.shift[2] < -0.2, "{found:?}");
    }
}
