//! What one member says about one task, in the blend's order of labels.

use ombud_models::{Head, Logits, Manifest, Outputs, log_softmax};

use super::error::FusionError;

/// A member's head.
#[derive(Clone, Debug, PartialEq)]
pub struct Voice {
    /// Place of the member in the blend.
    member: usize,
    /// Place of the head in the member's logits.
    head: usize,
    temperature: f64,
    /// For each label of the blend its place among the member's.
    order: Vec<usize>,
}

impl Voice {
    /// What the member at place `member`, called `name`, says about the task of `head`; `None` where it says nothing.
    ///
    /// # Errors
    /// It answers the task by another label set, or as another kind.
    pub fn find(
        member: usize,
        name: &str,
        manifest: &Manifest,
        head: &Head,
    ) -> Result<Option<Self>, FusionError> {
        let Some((place, own)) = manifest.head(&head.task) else { return Ok(None) };
        // Their product with other members' would take what it never answers for impossible.
        if own.knows_none() || own.never_answered().next().is_some() {
            return Err(FusionError::OtherLabels { member: name.to_owned(), task: head.task.clone() });
        }
        let kind_of = |head: &Head| format!("a {:?} of {}", head.kind, head.label_set).to_lowercase();
        let order = head.labels.iter().map(|label| own.labels.iter().position(|known| known == label));
        // A manifest's labels are all of its label set, so within one they differ in order at most.
        let order: Option<Vec<usize>> = order.collect();
        match order.filter(|_| kind_of(own) == kind_of(head)) {
            Some(order) => Ok(Some(Self { member, head: place, temperature: own.temperature, order })),
            None => Err(FusionError::OtherAnswers {
                member: name.to_owned(),
                task: head.task.clone(),
                found: kind_of(own),
                expected: kind_of(head),
            }),
        }
    }

    /// The place of the member among those who answer.
    pub fn member(&self) -> usize {
        self.member
    }

    /// Calibrated log-probabilities of one text, `answers` being the logits of each member.
    pub fn log_probabilities(&self, answers: &[&Logits]) -> Vec<f64> {
        let logits = &answers[self.member][self.head];
        self.log_softmax(|place| f64::from(logits[place]))
    }

    /// As [`Self::log_probabilities`], in double precision throughout.
    pub(super) fn log_probabilities_in_double(&self, answers: &[Outputs]) -> Vec<f64> {
        let logits = &answers[self.member][self.head];
        self.log_softmax(|place| logits[place])
    }

    /// Adds to `slopes`, shaped as the logits of its member, how fast something grows with each of these, when `said` says how
    /// fast it grows with each log-probability.
    pub(super) fn add_slopes(&self, answers: &[Outputs], said: &[f64], slopes: &mut Outputs) {
        let drawn: f64 = said.iter().sum();
        let log_probabilities = self.log_probabilities_in_double(answers);
        for ((place, slope), log_p) in self.order.iter().zip(said).zip(log_probabilities) {
            slopes[self.head][*place] += (slope - drawn * log_p.exp()) / self.temperature;
        }
    }

    fn log_softmax(&self, logit: impl Fn(usize) -> f64) -> Vec<f64> {
        let scaled: Vec<f64> = self.order.iter().map(|place| logit(*place) / self.temperature).collect();
        log_softmax(&scaled)
    }
}
