//! How the probabilities of a model that was trained on other labels become probabilities of ours.

use crate::head::{ForeignLabel, Head};
use crate::log_probability::log_of_sum;

/// The log-probability of a label that none of theirs stands for, and the least that any label gets: a logit is finite.
const LEAST_LOG_PROBABILITY: f64 = -100.0;

/// From the logits of such a model to logits of our labels.
#[derive(Clone, Debug)]
pub struct Summing {
    /// For each of theirs its place among ours.
    places: Vec<usize>,
    outputs: usize,
    temperature: f64,
}

impl Summing {
    /// What `head` asks for; `None` where its model's labels are ours.
    pub fn of(head: &Head) -> Option<Self> {
        let none = head.labels.len();
        let place = |label: &ForeignLabel| {
            let ours = label.ours.as_ref()?;
            head.labels.iter().position(|known| known == ours)
        };
        let places: Vec<usize> = head.foreign.iter().map(|label| place(label).unwrap_or(none)).collect();
        let (outputs, temperature) = (head.outputs(), head.temperature);
        (!places.is_empty()).then_some(Self { places, outputs, temperature })
    }

    /// Logits of ours, as [`Head::outputs`] has them: their `softmax(_ / temperature)` is that of `theirs`, summed by what
    /// each stands for. What is not a number stays so.
    pub fn sum(&self, theirs: &[f32]) -> Vec<f32> {
        let theirs: Vec<f64> = theirs.iter().copied().map(f64::from).collect();
        self.sum_in_double(&theirs).into_iter().map(|logit| logit as f32).collect()
    }

    /// As [`Self::sum`], in double precision throughout.
    pub fn sum_in_double(&self, theirs: &[f64]) -> Vec<f64> {
        let scaled = self.scaled(theirs);
        let all = log_of_sum(scaled.iter().copied());
        let ours = (0..self.outputs).map(|ours| {
            let share = self.log_of_share(&scaled, ours) - all;
            // Not `max`, which ignores what is not a number.
            let share = if share < LEAST_LOG_PROBABILITY { LEAST_LOG_PROBABILITY } else { share };
            share * self.temperature
        });
        ours.collect()
    }

    /// How fast something grows with each of `theirs`, when `ours` says how fast it grows with each logit of ours.
    pub fn slopes(&self, theirs: &[f64], ours: &[f64]) -> Vec<f64> {
        let scaled = self.scaled(theirs);
        let all = log_of_sum(scaled.iter().copied());
        let shares: Vec<f64> = (0..self.outputs).map(|ours| self.log_of_share(&scaled, ours)).collect();
        // A label that gets the least probability keeps it, whatever becomes of theirs.
        let moves =
            |place: usize| shares.get(place).is_some_and(|share| *share - all >= LEAST_LOG_PROBABILITY);
        let moving = ours.iter().enumerate().filter(|(place, _)| moves(*place));
        let drawn: f64 = moving.map(|(_, slope)| slope).sum();
        let slope = |(logit, place): (&f64, &usize)| {
            let own = if moves(*place) { ours[*place] * (logit - shares[*place]).exp() } else { 0.0 };
            own - drawn * (logit - all).exp()
        };
        scaled.iter().zip(&self.places).map(slope).collect()
    }

    fn scaled(&self, theirs: &[f64]) -> Vec<f64> {
        theirs.iter().map(|logit| logit / self.temperature).collect()
    }

    /// The logarithm of the sum of those that stand for the label at place `ours`.
    fn log_of_share(&self, scaled: &[f64], ours: usize) -> f64 {
        let standing = scaled.iter().zip(&self.places).filter(|(_, place)| **place == ours);
        log_of_sum(standing.map(|(logit, _)| *logit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::probabilities;
    use crate::head::tests::head;

    #[test]
    fn probabilities_of_labels_that_stand_for_one_of_ours_are_summed_at_any_temperature() {
        let logits = [0.5_f32, -1.0, 2.0, 0.25];
        for temperature in [0.5, 1.0, 3.0] {
            let head = head(
                &[("rose", Some("red")), ("sky", Some("blue")), ("ruby", Some("red")), ("?", None)],
                temperature,
            );
            let theirs = probabilities(&logits, temperature);
            let ours = probabilities(&Summing::of(&head).unwrap().sum(&logits), temperature);
            for (found, expected) in ours.iter().zip([theirs[0] + theirs[2], 0.0, theirs[1], theirs[3]]) {
                assert!((found - expected).abs() < 1e-6, "{temperature}: {ours:?}");
            }
            assert_eq!((head.outputs(), ours.len()), (4, 4));
            assert_eq!(head.never_answered().collect::<Vec<_>>(), ["green"]);
        }
    }

    #[test]
    fn far_logits_stay_finite_and_what_is_no_number_stays_none() {
        let head = head(&[("rose", Some("red")), ("leaf", Some("green")), ("sky", Some("blue"))], 1.0);
        let summing = Summing::of(&head).unwrap();
        let far = summing.sum(&[1e30, -1e30, 0.0]);
        assert_eq!(far, [0.0, -100.0, -100.0]);
        for broken in [f32::NAN, f32::INFINITY] {
            assert!(summing.sum(&[1.0, broken, 0.0]).iter().any(|logit| !logit.is_finite()));
        }
    }

    #[test]
    fn slopes_are_those_of_small_steps() {
        let labels = [("rose", Some("red")), ("sky", Some("blue")), ("ruby", Some("red")), ("?", None)];
        let (theirs, ours) = ([0.5, -1.0, 2.0, 0.25], [1.5, 4.0, -0.5, 0.75]);
        for temperature in [0.5, 1.0, 3.0] {
            let summing = Summing::of(&head(&labels, temperature)).unwrap();
            let value = |theirs: &[f64]| -> f64 {
                summing.sum_in_double(theirs).iter().zip(ours).map(|(logit, weight)| logit * weight).sum()
            };
            let slopes = summing.slopes(&theirs, &ours);
            for (at, slope) in slopes.iter().enumerate() {
                let stepped = |step: f64| {
                    let mut theirs = theirs;
                    theirs[at] += step;
                    value(&theirs)
                };
                let expected = (stepped(1e-5) - stepped(-1e-5)) / 2e-5;
                assert!((slope - expected).abs() < 1e-6, "{temperature}: {slopes:?}, {at}: {expected}");
            }
        }
    }

    #[test]
    fn a_model_of_our_labels_has_nothing_to_sum() {
        let head = head(&[], 1.0);
        assert!(Summing::of(&head).is_none());
        assert_eq!((head.outputs(), head.never_answered().count()), (3, 0));
        assert_eq!(head.network_labels(), ["red", "green", "blue"]);
    }
}
