//! Makes a learned bag small: one set of columns for all heads, eight bits a weight.

use super::features::Idf;
use super::fit::Fitted;
use super::weights::Weights;

/// Greatest step of the table, either way.
const STEPS: f32 = 127.0;

/// Keeps the `keep` columns that matter most and rounds their weights; the heads' labels stand side by side, in the
/// order of `heads`.
///
/// A column matters by the sum, over the labels of all heads, of its weight squared as a share of the label's
/// greatest: a label with small weights counts as much as one with large ones.
pub fn shrink(idf: Idf, heads: &[Fitted], keep: usize) -> Weights {
    let columns = strongest(idf.table().len(), heads, keep);
    let labels: usize = heads.iter().map(|head| head.bias.len()).sum();
    let mut dense = vec![0.0_f32; columns.len() * labels];
    let mut first = 0;
    for head in heads {
        for (column, weights) in head.rows() {
            if let Ok(row) = columns.binary_search(&column) {
                let at = row * labels + first;
                dense[at..at + weights.len()].copy_from_slice(weights);
            }
        }
        first += head.bias.len();
    }
    let label_scales = greatest(labels, dense.chunks_exact(labels));
    let mut table = Vec::with_capacity(dense.len());
    let mut column_scales = Vec::with_capacity(columns.len());
    for row in dense.chunks_exact(labels) {
        // Shares of the label's greatest weight; none is zero in all labels, or it would not have been kept.
        let shares =
            || row.iter().zip(&label_scales).map(|(w, scale)| if *scale > 0.0 { w / scale } else { 0.0 });
        let scale = shares().fold(0.0, |most: f32, share| most.max(share.abs())) / STEPS;
        table.extend(shares().map(|share| (share / scale).round() as i8));
        column_scales.push(scale);
    }
    let bias = heads.iter().flat_map(|head| head.bias.iter().copied()).collect();
    Weights { idf, columns, table, column_scales, label_scales, bias, hint: None }
}

/// Ascending.
fn strongest(columns: usize, heads: &[Fitted], keep: usize) -> Vec<u32> {
    let mut strength = vec![0.0_f64; columns];
    for head in heads {
        let greatest = greatest(head.bias.len(), head.rows().map(|(_, weights)| weights));
        for (column, weights) in head.rows() {
            let shares = weights.iter().zip(&greatest).filter(|(_, greatest)| **greatest > 0.0);
            strength[column as usize] +=
                shares.map(|(w, greatest)| f64::from(w / greatest).powi(2)).sum::<f64>();
        }
    }
    let mut order: Vec<u32> = (0..columns as u32).filter(|column| strength[*column as usize] > 0.0).collect();
    // Stable, so that of equals the first column is kept.
    order.sort_by(|a, b| strength[*b as usize].total_cmp(&strength[*a as usize]));
    order.truncate(keep);
    order.sort_unstable();
    order
}

/// The greatest weight of each label, either way.
fn greatest<'a>(labels: usize, rows: impl Iterator<Item = &'a [f32]>) -> Vec<f32> {
    let mut greatest = vec![0.0_f32; labels];
    for row in rows {
        for (most, weight) in greatest.iter_mut().zip(row) {
            *most = most.max(weight.abs());
        }
    }
    greatest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bag::features::Hashing;

    fn idf() -> Idf {
        let hashing = Hashing { bits: 2, ..Hashing::default() };
        Idf::from_table(hashing, vec![1.0; hashing.columns()]).unwrap()
    }

    fn heads() -> Vec<Fitted> {
        vec![
            Fitted {
                columns: vec![0, 2, 3],
                weights: vec![10.0, -1.0, 0.1, 0.1, 5.0, 0.5],
                bias: vec![0.5, -0.5],
            },
            Fitted { columns: vec![2, 6], weights: vec![0.02, -0.01], bias: vec![0.25] },
        ]
    }

    #[test]
    fn the_columns_that_matter_to_any_head_are_kept() {
        // Column 2 is all that the second head has, small as its weight is.
        assert_eq!(shrink(idf(), &heads(), 2).columns, [0, 2]);
        assert_eq!(shrink(idf(), &heads(), 9).columns, [0, 2, 3, 6]);
    }

    #[test]
    fn a_rounded_weight_is_half_a_step_off_at_most() {
        let small = shrink(idf(), &heads(), 9);
        assert_eq!(small.labels(), 3);
        let exact = [10.0, -1.0, 0.0, 0.1, 0.1, 0.02, 5.0, 0.5, 0.0, 0.0, 0.0, -0.01];
        for (at, (weight, rounded)) in exact.iter().zip(small.dense()).enumerate() {
            let step = small.column_scales[at / 3] * small.label_scales[at % 3];
            assert!((rounded - weight).abs() <= step / 2.0 + 1e-6, "{at}");
        }
        assert_eq!(small.bias, [0.5, -0.5, 0.25]);
    }
}
