//! AdamW with a rate for each tensor, and the moving average of the weights.

use tch::{TchError, Tensor};

use super::recipe::Tuning;
use crate::encoder::network::{Network, Part};

type Result<T> = std::result::Result<T, TchError>;

/// What is trained of a network, and what is remembered of each tensor.
pub(super) struct Optimiser {
    pub(super) slots: Vec<Slot>,
}

/// A trained tensor.
pub(super) struct Slot {
    pub(super) weight: Tensor,
    /// Moving average of `weight`.
    pub(super) average: Tensor,
    /// Decaying mean of the gradient, ...
    pub(super) mean: Tensor,
    /// ... and of its square.
    pub(super) square: Tensor,
    rate: f64,
    decay: f64,
}

/// Whether tensors of `part` are trained.
pub(super) fn is_trained(part: Part, frozen_layers: Option<usize>) -> bool {
    match (part, frozen_layers) {
        (Part::Head, _) | (_, None) => true,
        (Part::Embeddings, Some(_)) => false,
        (Part::Layer(layer), Some(frozen)) => layer >= frozen,
    }
}

impl Optimiser {
    /// Over the trained tensors of `network`, which change in place from now on.
    pub(super) fn new(network: &mut Network, tuning: &Tuning) -> Self {
        let layers = network.layers.len();
        let mut slots = Vec::new();
        network.each(&mut |part, tensor| {
            if !is_trained(part, tuning.frozen_layers) {
                return;
            }
            // A copy: a view of a file or of another tensor must not change with it.
            *tensor = tensor.copy();
            let below_top = match part {
                Part::Head => None,
                Part::Layer(layer) => Some(layers - 1 - layer),
                Part::Embeddings => Some(layers),
            };
            let lower = |below: usize| {
                tuning.rate * tuning.rate_a_layer.powi(i32::try_from(below).unwrap_or(i32::MAX))
            };
            slots.push(Slot {
                weight: tensor.shallow_clone(),
                average: tensor.copy(),
                mean: tensor.zeros_like(),
                square: tensor.zeros_like(),
                rate: below_top.map_or(tuning.head_rate, lower),
                decay: if tensor.dim() > 1 { tuning.weight_decay } else { 0.0 },
            });
        });
        Self { slots }
    }

    /// `network` with the averages in place of the trained weights.
    pub(super) fn averaged(&self, network: &Network, frozen_layers: Option<usize>) -> Network {
        self.with(network, frozen_layers, |slot| slot.average.shallow_clone())
    }

    /// `network` with leaves of a graph of its own in place of the trained weights, and those leaves. They share
    /// the weights' memory: a step is seen by all of them.
    pub(super) fn leaves(&self, network: &Network, frozen_layers: Option<usize>) -> (Network, Vec<Tensor>) {
        let mut leaves = Vec::new();
        let network = self.with(network, frozen_layers, |slot| {
            let leaf = slot.weight.detach().set_requires_grad(true);
            leaves.push(leaf.shallow_clone());
            leaf
        });
        (network, leaves)
    }

    fn with(
        &self,
        network: &Network,
        frozen_layers: Option<usize>,
        mut put: impl FnMut(&Slot) -> Tensor,
    ) -> Network {
        let mut network = network.share();
        let mut slots = self.slots.iter();
        network.each(&mut |part, tensor| {
            if is_trained(part, frozen_layers)
                && let Some(slot) = slots.next()
            {
                *tensor = put(slot);
            }
        });
        network
    }

    /// Step number `step`, from 0, with a gradient for each slot. `share` is of each slot's rate.
    pub(super) fn step(
        &mut self,
        mut gradients: Vec<Tensor>,
        tuning: &Tuning,
        step: usize,
        share: f64,
    ) -> Result<()> {
        let mut squared_length = 0.0;
        for gradient in &gradients {
            squared_length += gradient.f_norm()?.f_double_value(&[])?.powi(2);
        }
        let clip = tuning.clip / (squared_length.sqrt() + 1e-6);
        if clip < 1.0 {
            for gradient in &mut gradients {
                *gradient = gradient.f_mul_scalar_(clip)?;
            }
        }
        let keep = average_decay(tuning.average, step);
        let steps = i32::try_from(step + 1).unwrap_or(i32::MAX);
        for (slot, gradient) in self.slots.iter_mut().zip(gradients) {
            slot.step(&gradient, tuning, steps, share)?;
            let _ = slot.average.f_lerp_(&slot.weight, 1.0 - keep)?;
        }
        Ok(())
    }
}

impl Slot {
    fn step(&mut self, gradient: &Tensor, tuning: &Tuning, steps: i32, share: f64) -> Result<()> {
        let (beta, beta_square) = tuning.betas;
        let rate = self.rate * share;
        let _ = self.mean.f_lerp_(gradient, 1.0 - beta)?;
        let _ = self.square.f_lerp_(&gradient.f_square()?, 1.0 - beta_square)?;
        if rate == 0.0 {
            return Ok(());
        }
        // weight -= rate * (mean / (1 - beta^t)) / (sqrt(square / (1 - beta_square^t)) + epsilon), with the
        // numbers that don't depend on the place moved under the fraction bar.
        let scale = -(1.0 - beta.powi(steps)) / rate;
        let root = scale / (1.0 - beta_square.powi(steps)).sqrt();
        let mut under = self.square.f_sqrt()?;
        let _ = under.f_mul_scalar_(root)?.f_add_scalar_(scale * tuning.epsilon)?;
        if self.decay > 0.0 {
            let _ = self.weight.f_mul_scalar_(1.0 - rate * self.decay)?;
        }
        let _ = self.weight.f_addcdiv_(&self.mean, &under)?;
        Ok(())
    }
}

/// How much of the average is kept: little at first, so that it does not depend on the first weights.
fn average_decay(decay: f64, step: usize) -> f64 {
    decay.min((step + 1) as f64 / (step + 10) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(weight: &[f32]) -> Slot {
        let weight = Tensor::from_slice(weight);
        Slot {
            average: weight.copy(),
            mean: weight.zeros_like(),
            square: weight.zeros_like(),
            weight,
            rate: 0.1,
            decay: 0.01,
        }
    }

    #[test]
    fn a_step_is_what_adamw_says() {
        let tuning = Tuning { betas: (0.9, 0.98), epsilon: 1e-6, ..Tuning::default() };
        let mut slot = slot(&[1.0, -2.0]);
        let (mut weight, mut mean, mut square) = ([1.0_f64, -2.0], [0.0; 2], [0.0; 2]);
        for (t, gradient) in [[0.5_f64, -1.0], [0.25, 3.0], [-1.0, 0.0]].iter().enumerate() {
            let steps = t as i32 + 1;
            slot.step(&Tensor::from_slice(&gradient.map(|g| g as f32)), &tuning, steps, 0.5).unwrap();
            for i in 0..2 {
                mean[i] = 0.9 * mean[i] + 0.1 * gradient[i];
                square[i] = 0.98 * square[i] + 0.02 * gradient[i] * gradient[i];
                let (m, s) =
                    (mean[i] / (1.0 - 0.9_f64.powi(steps)), square[i] / (1.0 - 0.98_f64.powi(steps)));
                weight[i] -= 0.05 * (0.01 * weight[i]) + 0.05 * m / (s.sqrt() + 1e-6);
            }
        }
        let found = Vec::<f32>::try_from(&slot.weight).unwrap();
        assert!((f64::from(found[0]) - weight[0]).abs() < 1e-5, "{found:?} {weight:?}");
        assert!((f64::from(found[1]) - weight[1]).abs() < 1e-5, "{found:?} {weight:?}");
    }

    #[test]
    fn a_gradient_too_long_is_cut_to_length() {
        let tuning = Tuning { betas: (0.0, 0.0), clip: 1.0, ..Tuning::default() };
        let mut optimiser = Optimiser { slots: vec![slot(&[0.0, 0.0])] };
        optimiser.step(vec![Tensor::from_slice(&[3.0_f32, 4.0])], &tuning, 0, 1.0).unwrap();
        let mean = Vec::<f32>::try_from(&optimiser.slots[0].mean).unwrap();
        assert!((mean[0] - 0.6).abs() < 1e-4 && (mean[1] - 0.8).abs() < 1e-4, "{mean:?}");
    }

    #[test]
    fn what_is_frozen_is_frozen_from_below() {
        let frozen = |part, layers| !is_trained(part, layers);
        assert!(frozen(Part::Embeddings, Some(0)) && !frozen(Part::Embeddings, None));
        assert!(frozen(Part::Layer(1), Some(2)) && !frozen(Part::Layer(2), Some(2)));
        assert!(!frozen(Part::Head, Some(6)));
    }
}
