//! Two sides that take turns: by how much the one differs from the other, and how sure that is.

/// The two-sided 95 % quantiles of Student's t, by degrees of freedom from 1.
const T95: [f64; 20] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086,
];

/// The change from the first of each pair to the second, in percent.
pub(crate) struct Change {
    pub(crate) median: f64,
    /// Where the mean lies with 95 % confidence, by Student's t over the logarithms of the ratios.
    pub(crate) interval: (f64, f64),
}

impl Change {
    /// Of at least two pairs.
    pub(crate) fn of(pairs: &[(f64, f64)]) -> Self {
        let mut logs: Vec<f64> = pairs.iter().map(|(before, after)| (after / before).ln()).collect();
        logs.sort_by(f64::total_cmp);
        let count = logs.len() as f64;
        let mean = logs.iter().sum::<f64>() / count;
        let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let t = T95.get(logs.len().saturating_sub(2)).or(T95.last()).copied().unwrap_or(f64::NAN);
        let half = t * (variance / count).sqrt();
        let median = (logs[logs.len() / 2] + logs[(logs.len() - 1) / 2]) / 2.0;
        let percent = |log: f64| 100.0 * log.exp_m1();
        Self { median: percent(median), interval: (percent(mean - half), percent(mean + half)) }
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (from, to) = self.interval;
        write!(f, "{:+.1} % [{from:+.1}, {to:+.1}]", self.median)
    }
}
