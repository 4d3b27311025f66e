//! How far a figure may be off: 95 % intervals, of shares by Wilson and of any figure by drawing again.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// The bounds of a 95 % interval.
pub type Interval = [f64; 2];

/// Of the normal distribution, at 97.5 %.
const Z: f64 = 1.959_963_984_540_054;

/// Wilson's score interval of a proportion; `None` without trials.
///
/// Wilson, "Probable inference, the law of succession, and statistical inference" (1927). Unlike the normal
/// approximation it stays within 0 and 1 and holds for few trials.
pub fn wilson(hits: usize, trials: usize) -> Option<Interval> {
    if trials == 0 {
        return None;
    }
    let n = trials as f64;
    let share = hits as f64 / n;
    let spread = 1.0 + Z * Z / n;
    let middle = (share + Z * Z / (2.0 * n)) / spread;
    let reach = Z / spread * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    Some([(middle - reach).max(0.0), (middle + reach).min(1.0)])
}

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
    fn wilson_stays_within_zero_and_one_and_is_none_without_trials() {
        assert_eq!(wilson(0, 0), None);
        let [low, high] = wilson(0, 10).unwrap();
        assert!(low == 0.0 && (high - 0.2775).abs() < 1e-4, "{high}");
        let [low, high] = wilson(10, 10).unwrap();
        assert!((low - 0.7225).abs() < 1e-4 && high <= 1.0, "{low}");
    }

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
