//! Dropout whose masks depend on a seed and on nothing else: not on the thread, and not on what other threads draw.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tch::{TchError, Tensor};

/// Draws masks for one pass of one replica.
pub(crate) struct Dropout {
    tokens: Rate,
    attention: Rate,
    random: StdRng,
    bytes: Vec<u8>,
    mask: Vec<f32>,
}

/// A share in steps of 1/256, so that a byte decides on each number.
#[derive(Clone, Copy)]
struct Rate(u8);

impl Rate {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
    fn of(share: f64) -> Self {
        Self((share * 256.0).round().clamp(0.0, 255.0) as u8)
    }

    /// What is kept is scaled by it, so that sums stay the same in the mean.
    fn scale(self) -> f32 {
        256.0 / (256.0 - f32::from(self.0))
    }
}

impl Dropout {
    /// Drops these shares of the numbers that tokens consist of, and of the attention that they pay.
    pub(crate) fn new(tokens: f64, attention: f64, seed: [u8; 32]) -> Self {
        Self {
            tokens: Rate::of(tokens),
            attention: Rate::of(attention),
            random: StdRng::from_seed(seed),
            bytes: Vec::new(),
            mask: Vec::new(),
        }
    }

    pub(crate) fn drops_attention(&self) -> bool {
        self.attention.0 > 0
    }

    pub(crate) fn on_tokens(&mut self, x: Tensor) -> Result<Tensor, TchError> {
        self.drop(x, self.tokens)
    }

    pub(crate) fn on_attention(&mut self, x: Tensor) -> Result<Tensor, TchError> {
        self.drop(x, self.attention)
    }

    fn drop(&mut self, x: Tensor, rate: Rate) -> Result<Tensor, TchError> {
        if rate.0 == 0 {
            return Ok(x);
        }
        self.bytes.resize(x.numel(), 0);
        self.random.fill_bytes(&mut self.bytes);
        let kept = rate.scale();
        self.mask.clear();
        self.mask.extend(self.bytes.iter().map(|byte| if *byte < rate.0 { 0.0 } else { kept }));
        x.f_mul(&Tensor::f_from_slice(&self.mask)?.f_view(x.size().as_slice())?)
    }
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;

    fn masks(seed: u8) -> Vec<f32> {
        let mut dropout = Dropout::new(0.1, 0.25, [seed; 32]);
        let ones = Tensor::ones([100, 1_000], (Kind::Float, Device::Cpu));
        dropout.on_tokens(ones).unwrap().flatten(0, 1).try_into().unwrap()
    }

    #[test]
    fn about_the_share_is_dropped_and_the_mean_stays() {
        let mask = masks(1);
        let dropped = mask.iter().filter(|value| **value == 0.0).count() as f64 / mask.len() as f64;
        let mean = mask.iter().map(|value| f64::from(*value)).sum::<f64>() / mask.len() as f64;
        assert!((dropped - 0.1).abs() < 0.01, "{dropped}");
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
    }

    #[test]
    fn a_seed_always_gives_the_same_masks() {
        assert_eq!(masks(1), masks(1));
        assert_ne!(masks(1), masks(2));
    }
}
