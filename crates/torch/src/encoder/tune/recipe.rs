//! The settings of a fine-tuning, with the values that served best.

use serde::{Deserialize, Serialize};

use super::error::TuneError;
use crate::encoder::network::Precision;

/// How an encoder is fine-tuned, whatever its tasks are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tuning {
    /// Passes over the examples.
    pub epochs: f64,
    /// Examples a step.
    pub batch: usize,
    /// Examples of like length share a batch: so many batches are drawn at once and sorted by length.
    pub batches_a_block: usize,
    /// Learning rate of the top layer.
    pub rate: f64,
    /// Times this for each layer further down.
    pub rate_a_layer: f64,
    /// Learning rate of the heads.
    pub head_rate: f64,
    /// Steps in which the rates rise from zero; after them they fall to zero, linearly.
    pub warm_up: usize,
    /// Lower layers that stay as they are, the embeddings with them; `None` trains the embeddings, too.
    pub frozen_layers: Option<usize>,
    /// Share of the numbers of a token that are dropped.
    pub dropout: f64,
    /// Share of the attention that is dropped.
    pub attention_dropout: f64,
    /// What the trained layers multiply in.
    pub precision: Precision,
    /// How heads make one vector of a text's tokens.
    pub pooling: Pool,
    /// Decay of the matrices a step, times the rate.
    pub weight_decay: f64,
    /// AdamW's decay of the mean gradient, and of the mean squared one.
    pub betas: (f64, f64),
    /// AdamW's epsilon.
    pub epsilon: f64,
    /// Gradients are scaled down to this length.
    pub clip: f64,
    /// Decay of the weights' moving average, which is what is judged and kept.
    pub average: f64,
    /// Share of a target that is spread over all labels.
    pub smoothing: f64,
    /// Judgements in an epoch.
    pub judgements_an_epoch: usize,
    /// The run ends early after so many judgements without a better one.
    pub patience: usize,
}

/// How a head makes one vector of a text's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pool {
    /// All tokens, by a learned query.
    Attention,
    /// The first token, through a layer of the head's own, as stock classifiers do.
    First,
}

/// What one head learns.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeadTuning {
    /// Names its tensors.
    pub task: String,
    /// How many labels.
    pub labels: usize,
    /// Yes or no: one number decides, and is saved as two logits, the first of them zero.
    pub flag: bool,
    /// Share in the loss.
    pub weight: f64,
    /// Sums of labels that are to be right, too.
    pub coarse: Option<Coarse>,
}

/// Groups of a head's labels.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Coarse {
    /// For each label its group.
    pub group: Vec<usize>,
    /// Share in the loss.
    pub weight: f64,
}

impl Precision {
    /// The faster one.
    pub fn of_this_machine() -> Self {
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx512bf16") {
            return Self::Bfloat16;
        }
        Self::Float
    }
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            epochs: 3.0,
            batch: 16,
            batches_a_block: 40,
            rate: 1.5e-4,
            rate_a_layer: 0.9,
            head_rate: 1e-3,
            warm_up: 100,
            frozen_layers: Some(2),
            dropout: 0.1,
            attention_dropout: 0.1,
            precision: Precision::of_this_machine(),
            pooling: Pool::Attention,
            weight_decay: 0.01,
            betas: (0.9, 0.98),
            epsilon: 1e-6,
            clip: 1.0,
            average: 0.998,
            smoothing: 0.05,
            judgements_an_epoch: 2,
            patience: 3,
        }
    }
}

impl Tuning {
    /// Steps that `examples` make.
    pub(super) fn steps(&self, examples: usize) -> usize {
        let an_epoch = examples.div_ceil(self.batch.max(1));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of steps")]
        let steps = (an_epoch as f64 * self.epochs).ceil() as usize;
        steps
    }

    /// Of the rates, after `step` steps of `steps`.
    pub(super) fn share_of_rate(&self, step: usize, steps: usize) -> f64 {
        let warm_up = self.warm_up.min(steps / 2);
        if step < warm_up {
            return (step + 1) as f64 / warm_up as f64;
        }
        steps.saturating_sub(step) as f64 / steps.saturating_sub(warm_up).max(1) as f64
    }

    pub(super) fn check(&self, layers: usize) -> Result<(), TuneError> {
        let refuse = |field, value: String, right: &str| {
            Err(TuneError::Recipe { field, value, right: right.to_owned() })
        };
        let share = |value: f64| (0.0..1.0).contains(&value);
        if self.epochs.is_nan() || self.epochs <= 0.0 || self.epochs > 1_000.0 {
            return refuse("epochs", self.epochs.to_string(), "it must be greater than 0 and at most 1000");
        }
        if self.batch == 0 {
            return refuse("batch", self.batch.to_string(), "it must be at least 1");
        }
        if self.judgements_an_epoch == 0 {
            return refuse("judgements_an_epoch", "0".to_owned(), "it must be at least 1");
        }
        if let Some(frozen) = self.frozen_layers.filter(|frozen| *frozen > layers) {
            let right = format!("the base has {layers} layers");
            return refuse("frozen_layers", frozen.to_string(), &right);
        }
        for (field, value) in [
            ("dropout", self.dropout),
            ("attention_dropout", self.attention_dropout),
            ("average", self.average),
            ("smoothing", self.smoothing),
        ] {
            if !share(value) {
                return refuse(field, value.to_string(), "it must be at least 0 and less than 1");
            }
        }
        for (field, value) in [("rate", self.rate), ("head_rate", self.head_rate)] {
            if !(value > 0.0 && value < 1.0) {
                return refuse(field, value.to_string(), "it must be greater than 0 and less than 1");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_rise_then_fall_to_zero() {
        let tuning = Tuning { warm_up: 10, ..Tuning::default() };
        let share = |step| tuning.share_of_rate(step, 110);
        assert!((share(0) - 0.1).abs() < 1e-12 && (share(9) - 1.0).abs() < 1e-12);
        assert!((share(10) - 1.0).abs() < 1e-12 && (share(60) - 0.5).abs() < 1e-12);
        assert!(share(109) > 0.0 && share(110) == 0.0);
    }

    #[test]
    fn a_wrong_value_is_refused_with_what_would_be_right() {
        let refusal = |tuning: Tuning| tuning.check(6).unwrap_err().to_string();
        let frozen = refusal(Tuning { frozen_layers: Some(7), ..Tuning::default() });
        assert_eq!(frozen, "follow the recipe: frozen_layers is 7; the base has 6 layers");
        assert!(refusal(Tuning { epochs: 0.0, ..Tuning::default() }).contains("epochs is 0"));
        assert!(refusal(Tuning { smoothing: 1.0, ..Tuning::default() }).contains("less than 1"));
        assert!(refusal(Tuning { rate: f64::NAN, ..Tuning::default() }).contains("rate is NaN"));
    }
}
