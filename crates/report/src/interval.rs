//! How far a share may be off: 95 % intervals.

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
}
