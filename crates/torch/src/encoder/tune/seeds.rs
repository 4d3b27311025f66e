//! One seed for each thing that is drawn, so that it depends on what it is for and not on what was drawn before.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tch::{TchError, Tensor};

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) enum Draw {
    Head(usize),
    Order { epoch: usize },
    Dropout { step: usize, replica: usize },
}

/// The seed of one thing, of a run with `seed`.
pub(super) fn seed(seed: u64, draw: Draw) -> [u8; 32] {
    let [kind, first, second] = match draw {
        Draw::Head(place) => [1, place as u64, 0],
        Draw::Order { epoch } => [2, epoch as u64, 0],
        Draw::Dropout { step, replica } => [3, step as u64, replica as u64],
    };
    let mut bytes = [0; 32];
    for (eight, number) in bytes.chunks_exact_mut(8).zip([seed, kind, first, second]) {
        eight.copy_from_slice(&number.to_le_bytes());
    }
    bytes
}

/// Numbers about zero, by Box and Muller.
pub(super) fn normal(size: &[i64], deviation: f64, seed: [u8; 32]) -> Result<Tensor, TchError> {
    let mut random = StdRng::from_seed(seed);
    let count: i64 = size.iter().product();
    let values: Vec<f32> = (0..count)
        .map(|_| {
            let length = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
            (deviation * length * (std::f64::consts::TAU * random.random::<f64>()).cos()) as f32
        })
        .collect();
    Tensor::f_from_slice(&values)?.f_view(size)
}
