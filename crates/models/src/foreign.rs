//! The labels of a model that was trained on others than ours: what each of its logits stands for, and how their
//! probabilities become those of our labels.

use serde::{Deserialize, Serialize};

use crate::manifest::{Head, Kind};

/// What one logit of such a model stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignLabel {
    /// As the model's own `config.json` calls it.
    pub theirs: String,
    /// The label of ours; `None` where it stands for none: its probability then counts for no label.
    pub ours: Option<String>,
}

/// The log-probability of a label that none of theirs stands for, and the least that any label gets: a logit is finite.
const NEVER: f64 = -100.0;

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
    /// each stands for. What is no number stays none.
    pub fn sum(&self, theirs: &[f32]) -> Vec<f32> {
        let scaled: Vec<f64> = theirs.iter().map(|logit| f64::from(*logit) / self.temperature).collect();
        let all = log_of_sum(scaled.iter().copied());
        let ours = (0..self.outputs).map(|ours| {
            let standing = scaled.iter().zip(&self.places).filter(|(_, place)| **place == ours);
            let share = log_of_sum(standing.map(|(logit, _)| *logit)) - all;
            // Not `max`, which takes what is no number for nothing.
            let share = if share < NEVER { NEVER } else { share };
            (share * self.temperature) as f32
        });
        ours.collect()
    }
}

/// The logarithm of the sum of what `logs` are logarithms of.
fn log_of_sum(logs: impl Iterator<Item = f64> + Clone) -> f64 {
    let greatest = logs.clone().fold(f64::NEG_INFINITY, f64::max);
    if greatest == f64::NEG_INFINITY {
        return greatest;
    }
    logs.map(|log| (log - greatest).exp()).sum::<f64>().ln() + greatest
}

impl Head {
    /// How many logits it has: one a label, and behind them one more where some labels of its model stand for none of ours.
    pub fn outputs(&self) -> usize {
        self.labels.len() + usize::from(self.knows_none())
    }

    /// Whether some labels of its model stand for none of ours.
    pub fn knows_none(&self) -> bool {
        self.foreign.iter().any(|label| label.ours.is_none())
    }

    /// What the network's own logits are called, in their order.
    pub fn network_labels(&self) -> Vec<&str> {
        if self.foreign.is_empty() {
            return self.labels.iter().map(String::as_str).collect();
        }
        self.foreign.iter().map(|label| label.theirs.as_str()).collect()
    }

    /// Labels that no label of its model stands for: it never answers them.
    pub fn never_answered(&self) -> impl Iterator<Item = &str> {
        let stands = |ours: &&String| self.foreign.iter().any(|label| label.ours.as_ref() == Some(*ours));
        let none = self.labels.iter().filter(move |ours| !self.foreign.is_empty() && !stands(ours));
        none.map(String::as_str)
    }

    /// What is wrong with its foreign labels, and a string that stands near it.
    pub(crate) fn foreign_fault(&self) -> Option<(String, String)> {
        let at = |near: &str, what: String| Some((near.to_owned(), format!("foreign: {what}")));
        let mut ours = self.foreign.iter().filter_map(|label| label.ours.as_ref());
        if let Some(label) = ours.find(|ours| !self.labels.contains(ours)) {
            return at(label, format!("`{label}` is not in taxonomy {}", self.label_set));
        }
        let answered = self.labels.len() - self.never_answered().count();
        if answered < 2 {
            return at(
                "foreign",
                "they stand for fewer than two labels: there is nothing to choose".to_owned(),
            );
        }
        if self.kind == Kind::Flag && self.knows_none() {
            return at("foreign", "of a flag each stands for one of its two labels".to_owned());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::answer::probabilities;

    fn head(foreign: &[(&str, Option<&str>)], temperature: f64) -> Head {
        let label = |(theirs, ours): &(&str, Option<&str>)| ForeignLabel {
            theirs: (*theirs).to_owned(),
            ours: ours.map(str::to_owned),
        };
        Head {
            task: "colour".to_owned(),
            kind: Kind::Choice,
            label_set: "colour@1".to_owned(),
            labels: ["red", "green", "blue"].map(str::to_owned).to_vec(),
            temperature,
            thresholds: BTreeMap::new(),
            evidence: None,
            evidence_odds: BTreeMap::new(),
            foreign: foreign.iter().map(label).collect(),
        }
    }

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
    fn a_model_of_our_labels_has_nothing_to_sum() {
        let head = head(&[], 1.0);
        assert!(Summing::of(&head).is_none());
        assert_eq!((head.outputs(), head.never_answered().count()), (3, 0));
        assert_eq!(head.network_labels(), ["red", "green", "blue"]);
    }

    #[test]
    fn what_stands_for_no_label_or_leaves_no_choice_is_refused() {
        let fault = |head: Head| head.foreign_fault().map(|(_, what)| what).unwrap_or_default();
        assert!(fault(head(&[("rose", Some("rot"))], 1.0)).contains("`rot` is not in taxonomy"));
        assert!(fault(head(&[("rose", Some("red")), ("?", None)], 1.0)).contains("fewer than two"));
        let flag = Head {
            kind: Kind::Flag,
            ..head(&[("rose", Some("red")), ("sky", Some("blue")), ("?", None)], 1.0)
        };
        assert!(fault(flag).contains("of a flag"));
    }
}
