//! How far any figure may be off: 95 % intervals by drawing again.

use ombud_report::Interval;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Draws rows with replacement, the same ones for the same seed.
#[derive(Clone, Copy, Debug)]
pub struct Resampling {
    /// Seeds the draws.
    pub seed: u64,
    /// How often all rows are drawn; the interval's own error falls with its root.
    pub draws: usize,
}

impl Default for Resampling {
    fn default() -> Self {
        Self { seed: 1, draws: 1_000 }
    }
}

impl Resampling {
    /// The percentile bootstrap of `figure`, which is given how often each of `rows` rows was drawn. `None` where
    /// there are no rows or the figure never exists.
    pub(crate) fn interval(self, rows: usize, figure: impl Fn(&[u32]) -> Option<f64>) -> Option<Interval> {
        if rows == 0 {
            return None;
        }
        let mut random = StdRng::seed_from_u64(self.seed);
        let mut drawn = vec![0; rows];
        let mut figures = Vec::with_capacity(self.draws);
        for _ in 0..self.draws {
            drawn.fill(0);
            for _ in 0..rows {
                drawn[random.random_range(0..rows)] += 1;
            }
            figures.extend(figure(&drawn));
        }
        figures.sort_by(f64::total_cmp);
        let last = figures.len().checked_sub(1)?;
        // As many lie above as below, where the place falls between two as well.
        let outside = place(0.025, last);
        Some([figures[outside], figures[last - outside]])
    }
}

pub(crate) fn percentile(ascending: &[f64], share: f64) -> Option<f64> {
    let last = ascending.len().checked_sub(1)?;
    ascending.get(place(share, last)).copied()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a slice")]
fn place(share: f64, last: usize) -> usize {
    (share * last as f64).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bootstrap_of_a_mean_repeats_and_is_as_wide_as_theory_says() {
        // 400 coins, half of them heads: the standard error of the mean is 0.025.
        let mean = |drawn: &[u32]| Some(f64::from(drawn[..200].iter().sum::<u32>()) / 400.0);
        let [low, high] = Resampling::default().interval(400, mean).unwrap();
        assert!((low - 0.451).abs() < 0.006 && (high - 0.549).abs() < 0.006, "{low} {high}");
        assert_eq!(Resampling::default().interval(400, mean), Some([low, high]));
    }

    #[test]
    fn what_is_turned_round_has_the_interval_turned_round() {
        let first = |drawn: &[u32]| Some(f64::from(drawn[0]));
        for draws in 1..100 {
            let resampling = Resampling { seed: 1, draws };
            let [low, high] = resampling.interval(50, first).unwrap();
            let turned = resampling.interval(50, |drawn| first(drawn).map(|times| 5.0 - times));
            assert_eq!(turned, Some([5.0 - high, 5.0 - low]), "{draws}");
        }
    }

    #[test]
    fn nothing_drawn_or_nothing_measured_has_no_interval() {
        assert_eq!(Resampling::default().interval(0, |_| Some(1.0)), None);
        assert_eq!(Resampling::default().interval(5, |_| None), None);
    }
}
