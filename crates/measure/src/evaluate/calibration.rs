//! Whether confidences are honest: of rows of similar confidence, the share that is right should be that confidence.

use ombud_report::Bin;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::interval::{Resampling, percentile};

const BINS: usize = 15;

/// What falls into a bin.
#[derive(Clone, Copy, Default)]
struct Sum {
    confidences: f64,
    rights: f64,
    weight: f64,
    rows: usize,
}

/// Expected calibration error of weighted rows: 15 equally wide bins of the confidence, each bin's
/// |share right - mean confidence| weighted by its rows. Of a choice, the confidence is the answer's; of a yes-or-no
/// task the score, and right is yes. `None` without weight.
pub(crate) fn calibration_error(rows: impl Iterator<Item = (f64, bool, f64)>) -> Option<f64> {
    let sums = sums(rows);
    let weight: f64 = sums.iter().map(|sum| sum.weight).sum();
    // A bin's mean difference times its rows is the difference of its sums.
    let off: f64 = sums.iter().map(|sum| (sum.confidences - sum.rights).abs()).sum();
    (weight > 0.0).then(|| off / weight)
}

/// The bins of [`calibration_error`] that hold rows.
pub(crate) fn reliability(rows: impl Iterator<Item = (f64, bool)>) -> Vec<Bin> {
    let bin = |sum: Sum| Bin {
        confidence: sum.confidences / sum.weight,
        accuracy: sum.rights / sum.weight,
        rows: sum.rows,
    };
    let sums = sums(rows.map(|(confidence, right)| (confidence, right, 1.0)));
    sums.into_iter().filter(|sum| sum.rows > 0).map(bin).collect()
}

/// The error that confidences which are true show in 19 of 20 samples of so many rows: few rows in a bin are never
/// right exactly as often as they say. An error below it is no evidence of a fault.
pub(crate) fn error_by_chance(confidences: &[f64], resampling: Resampling) -> Option<f64> {
    let mut random = StdRng::seed_from_u64(resampling.seed);
    let mut errors: Vec<f64> = (0..resampling.draws)
        .filter_map(|_| {
            calibration_error(confidences.iter().map(|&said| (said, random.random::<f64>() < said, 1.0)))
        })
        .collect();
    errors.sort_by(f64::total_cmp);
    percentile(&errors, 0.95)
}

fn sums(rows: impl Iterator<Item = (f64, bool, f64)>) -> [Sum; BINS] {
    let mut sums = [Sum::default(); BINS];
    for (confidence, right, weight) in rows {
        // A bin holds its upper bound; the first holds 0 too.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to BINS")]
        let bin = ((confidence * BINS as f64).ceil() as usize).clamp(1, BINS) - 1;
        let sum = &mut sums[bin];
        sum.confidences += confidence * weight;
        sum.rights += if right { weight } else { 0.0 };
        sum.weight += weight;
        sum.rows += 1;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probability_on_a_bins_edge_belongs_below_it() {
        // Both in the bin that ends at 0.2 (3 / 15): |0.2 + 0.15 - 1| / 2.
        let error = calibration_error([(0.2, true, 1.0), (0.15, false, 1.0)].into_iter()).unwrap();
        assert!((error - 0.325).abs() < 1e-12, "{error}");
        assert_eq!(calibration_error([(0.0, false, 1.0), (1.0, true, 1.0)].into_iter()), Some(0.0));
        assert_eq!(calibration_error(std::iter::empty()), None);
    }

    #[test]
    fn a_row_of_twice_the_weight_counts_as_two() {
        let twice = calibration_error([(0.9, true, 2.0), (0.6, false, 1.0)].into_iter());
        let two = calibration_error([(0.9, true, 1.0), (0.9, true, 1.0), (0.6, false, 1.0)].into_iter());
        assert_eq!(twice, two);
    }

    #[test]
    fn bins_that_hold_nothing_are_left_out() {
        let bins = reliability([(0.95, true), (0.97, false), (0.1, false)].into_iter());
        let shown: Vec<(usize, f64)> = bins.iter().map(|bin| (bin.rows, bin.accuracy)).collect();
        assert_eq!(shown, [(1, 0.0), (2, 0.5)]);
    }

    #[test]
    fn the_error_by_chance_falls_with_the_rows() {
        let of = |rows| error_by_chance(&vec![0.7; rows], Resampling { seed: 1, draws: 200 }).unwrap();
        // One bin: 1.96 standard errors of a share of .7.
        assert!((of(400) - 1.96 * (0.21_f64 / 400.0).sqrt()).abs() < 0.006, "{}", of(400));
        assert!(of(4_000) < of(400));
        assert_eq!(error_by_chance(&[], Resampling::default()), None);
    }
}
