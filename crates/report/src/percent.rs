//! Shares as people write them.

/// `82.8 %`.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// From where to where a share may lie: `80.9-84.6 %`.
pub fn percent_range([low, high]: [f64; 2]) -> String {
    format!("{:.1}-{:.1} %", low * 100.0, high * 100.0)
}

/// A share with its interval, `82.8 % (80.9-84.6 %)`; a dash of nothing.
pub fn percent_with(share: Option<f64>, interval: Option<[f64; 2]>) -> String {
    match (share, interval) {
        (Some(share), Some(interval)) => format!("{} ({})", percent(share), percent_range(interval)),
        (Some(share), None) => percent(share),
        (None, _) => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_written_in_percent_with_its_interval_behind_it() {
        assert_eq!(percent(0.8283), "82.8 %");
        assert_eq!(percent_with(Some(0.828), Some([0.809, 0.846])), "82.8 % (80.9-84.6 %)");
        assert_eq!(percent_with(Some(1.0), None), "100.0 %");
        assert_eq!(percent_with(None, None), "-");
    }
}
