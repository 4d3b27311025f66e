//! Probabilities as logarithms, so that small ones keep their digits.

/// The logarithm of the sum of the numbers whose logarithms are `logs`; of none it is minus infinity.
pub(crate) fn log_of_sum(logs: impl Iterator<Item = f64> + Clone) -> f64 {
    let greatest = logs.clone().fold(f64::NEG_INFINITY, f64::max);
    if greatest == f64::NEG_INFINITY {
        return greatest;
    }
    logs.map(|log| (log - greatest).exp()).sum::<f64>().ln() + greatest
}

/// The logarithms of `softmax(logits)`.
pub fn log_softmax(logits: &[f64]) -> Vec<f64> {
    let all = log_of_sum(logits.iter().copied());
    logits.iter().map(|logit| logit - all).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_logits_keep_their_digits_and_none_sum_to_nothing() {
        assert_eq!(log_of_sum([1000.0, 1000.0].into_iter()), 1000.0 + 2_f64.ln());
        assert_eq!(log_of_sum(std::iter::empty()), f64::NEG_INFINITY);
        let sum: f64 = log_softmax(&[1.0, -800.0, 3.0]).iter().map(|log| log.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-12, "{sum}");
    }
}
