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
    fn scale(self) -> f64 {
        256.0 / (256.0 - f64::from(self.0))
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
        }
    }

    pub(crate) fn on_tokens(&mut self, x: Tensor) -> Result<Tensor, TchError> {
        if self.tokens.0 == 0 {
            return Ok(x);
        }
        let mask = self.mask(&x, self.tokens)?;
        x.f_mul(&mask)?.f_mul_scalar_(self.tokens.scale())
    }

    /// What is left of `attention`, `[.., asking, read]`, times `value`, `[.., read, width]`.
    pub(crate) fn attended(&mut self, attention: Tensor, value: &Tensor) -> Result<Tensor, TchError> {
        if self.attention.0 == 0 {
            return attention.f_matmul(value);
        }
        let mask = self.mask(&attention, self.attention)?;
        // Scaled behind the product, where there are fewer numbers.
        attention.f_mul(&mask)?.f_matmul(value)?.f_mul_scalar_(self.attention.scale())
    }

    /// Zeros and ones, in the shape and kind of `like`.
    fn mask(&mut self, like: &Tensor, rate: Rate) -> Result<Tensor, TchError> {
        self.bytes.resize(like.numel(), 0);
        self.random.fill_bytes(&mut self.bytes);
        self.bytes.iter_mut().for_each(|byte| *byte = u8::from(*byte >= rate.0));
        let mask = Tensor::f_from_slice(&self.bytes)?.f_to_kind(like.kind())?;
        mask.f_view(like.size().as_slice())
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
    fn in_half_precision_ones_are_ones() {
        let mut dropout = Dropout::new(0.0, 0.5, [1; 32]);
        let ones = Tensor::ones([64, 64], (Kind::BFloat16, Device::Cpu));
        let attended = dropout.attended(ones.shallow_clone(), &ones).unwrap();
        assert_eq!(attended.kind(), Kind::BFloat16);
        let mean = f64::try_from(attended.mean(Kind::Float)).unwrap();
        assert!((mean - 64.0).abs() < 2.0, "{mean}");
    }

    #[test]
    fn a_seed_always_gives_the_same_masks() {
        assert_eq!(masks(1), masks(1));
        assert_ne!(masks(1), masks(2));
    }
}
