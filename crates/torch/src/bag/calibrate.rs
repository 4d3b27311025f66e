//! Calibrates a head's probabilities on rows that it didn't learn from.
//!
//! Bias-corrected temperature scaling (Alexandari, Kundaje & Shrikumar, ICML 2020): a temperature for how sure the
//! head is, and a shift a label for how frequent the label is. Training files are collected product by product, so
//! their label frequencies are not those of the complaints that come in.

use std::ops::ControlFlow;

use tch::{Device, Kind, Tensor, no_grad};

use crate::lbfgs::{dot, minimise};

/// What calibrated logits are: `logit / temperature + shift`, and `hint_strength` times the hint where there is one.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// Above 1 where the head is too sure.
    pub temperature: f64,
    /// One a label.
    pub shift: Vec<f64>,
    /// Zero without hints.
    pub hint_strength: f64,
}

/// Enough for a few dozen numbers.
const MOST_ITERATIONS: usize = 200;

impl Calibration {
    /// Fits to rows of logits, their true labels and, where another head hints, the hints ([`super::Hint::terms`])
    /// of the same rows. `pull` draws the shifts to zero: the loss is the mean cross entropy plus `pull` times the
    /// sum of the squared shifts. Without rows nothing is changed.
    pub fn fit(
        logits: &[Vec<f32>],
        hints: Option<&[Vec<f32>]>,
        targets: &[usize],
        labels: usize,
        pull: f64,
    ) -> Self {
        if logits.is_empty() {
            return Self { temperature: 1.0, shift: vec![0.0; labels], hint_strength: 0.0 };
        }
        let width = labels as i64;
        let table = |rows: &[Vec<f32>]| {
            let flat: Vec<f64> = rows.iter().flatten().map(|value| f64::from(*value)).collect();
            Tensor::from_slice(&flat).reshape([-1, width])
        };
        let targets: Vec<i64> = targets.iter().map(|target| *target as i64).collect();
        let targets = Tensor::from_slice(&targets).unsqueeze(1);
        let loss = Loss {
            logits: table(logits),
            hints: hints.map(table),
            hit: Tensor::full_like(&targets, -1).to_kind(Kind::Double),
            targets,
            rows: logits.len() as f64,
            pull,
        };
        let start = Tensor::zeros([1, width + 2], (Kind::Double, Device::Cpu));
        let end =
            no_grad(|| minimise(start, MOST_ITERATIONS, |at| loss.at(at), |_, _| ControlFlow::Continue(())));
        let found = Vec::<f64>::try_from(end.at.flatten(0, 1)).unwrap_or_default();
        Self { temperature: (-found[0]).exp(), hint_strength: found[1], shift: found[2..].to_vec() }
    }
}

struct Loss {
    logits: Tensor,
    hints: Option<Tensor>,
    targets: Tensor,
    /// -1 a target.
    hit: Tensor,
    rows: f64,
    pull: f64,
}

impl Loss {
    /// At one row: the logarithm of 1 / temperature, which keeps that above zero; the hint's strength; the shifts.
    fn at(&self, at: &Tensor) -> (f64, Tensor) {
        let sharpness = at.double_value(&[0, 0]).exp();
        let strength = at.double_value(&[0, 1]);
        let shift = at.narrow(1, 2, self.logits.size()[1]);
        let mut calibrated = &self.logits * sharpness + &shift;
        if let Some(hints) = &self.hints {
            calibrated += hints * strength;
        }
        let log_p = calibrated.log_softmax(1, Kind::Double);
        let ones = Tensor::ones_like(&self.targets).to_kind(Kind::Double);
        let entropy = -dot(&log_p.gather(1, &self.targets, false), &ones) / self.rows;
        let miss = log_p.exp().scatter_add(1, &self.targets, &self.hit) / self.rows;
        let by_sharpness = dot(&miss, &self.logits) * sharpness;
        let by_strength = self.hints.as_ref().map_or(0.0, |hints| dot(&miss, hints));
        let by_shift =
            miss.sum_dim_intlist([0_i64].as_slice(), true, Kind::Double) + &shift * (2.0 * self.pull);
        let of_two = Tensor::from_slice(&[by_sharpness, by_strength]).reshape([1, 2]);
        (entropy + self.pull * dot(&shift, &shift), Tensor::cat(&[of_two, by_shift], 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_that_is_too_sure_gets_a_temperature_above_one() {
        // Four times e^4 to 1 sure, and right three times of four.
        let logits = vec![vec![4.0, 0.0]; 4];
        let found = Calibration::fit(&logits, None, &[0, 0, 0, 1], 2, 10.0);
        assert!(found.temperature > 1.0);
        let odds = (4.0 / found.temperature + found.shift[0] - found.shift[1]).exp();
        assert!((odds - 3.0).abs() < 0.05, "{odds}");
    }

    #[test]
    fn a_label_more_frequent_than_the_head_believes_is_shifted_up() {
        let logits: Vec<Vec<f32>> =
            [[1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, 1.0]].map(Vec::from).to_vec();
        let found = Calibration::fit(&logits, None, &[0, 0, 0, 1], 2, 0.01);
        assert!(found.shift[0] > 0.1 && found.shift[1] < -0.1, "{found:?}");
    }

    #[test]
    fn a_hint_that_knows_better_is_listened_to() {
        let logits = vec![vec![0.5_f32, 0.0], vec![0.5, 0.0], vec![0.5, 0.0], vec![0.0, 0.5]];
        let hints = vec![vec![0.0, -3.0], vec![-3.0, 0.0], vec![0.0, -3.0], vec![-3.0, 0.0]];
        let found = Calibration::fit(&logits, Some(&hints), &[0, 1, 0, 1], 2, 0.1);
        assert!(found.hint_strength > 0.5, "{found:?}");
    }

    #[test]
    fn without_rows_nothing_changes() {
        assert_eq!(
            Calibration::fit(&[], None, &[], 2, 0.1),
            Calibration { temperature: 1.0, shift: vec![0.0; 2], hint_strength: 0.0 }
        );
    }
}
