//! Learns a bag's weights: softmax regression with an L2 penalty, by L-BFGS from zero.

use std::ops::ControlFlow;

use tch::{Device, Kind, Tensor, no_grad};

use super::features::Row;
use super::sparse::{Sparse, SparseTensors};
use crate::lbfgs::{Point, dot, minimise};

/// One task to learn.
pub struct Fit<'a> {
    /// What is known of each narrative.
    pub rows: &'a [&'a Row],
    /// The label of each row, below `labels`.
    pub targets: &'a [usize],
    /// How many labels there are.
    pub labels: usize,
    /// Inverse strength of the penalty, as scikit-learn counts it: the loss is `c` times the cross entropy, summed
    /// over the rows, plus half the sum of the squared weights.
    pub c: f64,
    /// The walk ends after as many steps. Stopping early is part of the recipe: it holds the weights back too.
    pub iterations: usize,
}

/// What was learned, at the columns that occur in the rows; elsewhere a weight would stay at zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// Ascending.
    pub columns: Vec<u32>,
    /// A row of weights, one a label, for each of `columns`.
    pub weights: Vec<f32>,
    /// One a label.
    pub bias: Vec<f32>,
}

impl Fit<'_> {
    /// Learns from at least one row; `seen` is given every iteration's number and mean loss. The same rows give
    /// the same weights, bit for bit, however many threads compute; in double precision, because a walk that ends early
    /// ends elsewhere when another kind of processor rounds otherwise.
    pub fn run(&self, mut seen: impl FnMut(usize, f64)) -> Fitted {
        let columns = occurring(self.rows);
        let data = Sparse::rows(self.rows, &columns);
        let by_column = data.transposed(columns.len() + 1).tensors();
        let targets: Vec<i64> = self.targets.iter().map(|target| *target as i64).collect();
        let loss = Loss {
            data: data.tensors(),
            by_column,
            targets: Tensor::from_slice(&targets).unsqueeze(1),
            rows: self.rows.len() as f64,
            penalty: 1.0 / (self.c * self.rows.len() as f64),
            bias_row: columns.len() as i64,
        };
        // The bias is the weight of one more column, which every row has.
        let shape = [columns.len() as i64 + 1, self.labels as i64];
        let start = Tensor::zeros(shape, (Kind::Double, Device::Cpu));
        // The frequencies are known beforehand; finding them would take the first ten iterations.
        start.narrow(0, loss.bias_row, 1).copy_(&Tensor::from_slice(&self.log_frequencies()).unsqueeze(0));
        let walked = |iteration, point: &Point| {
            seen(iteration, point.value);
            ControlFlow::Continue(())
        };
        let end = no_grad(|| minimise(start, self.iterations, |table| loss.at(table), walked));
        let learned = end.at.flatten(0, 1).to_kind(Kind::Float);
        let mut weights = Vec::<f32>::try_from(learned).unwrap_or_default();
        let bias = weights.split_off(columns.len() * self.labels);
        Fitted { columns, weights, bias }
    }

    /// Of the labels; one that never occurs counts as half a row.
    fn log_frequencies(&self) -> Vec<f64> {
        let mut rows = vec![0.5_f64; self.labels];
        for target in self.targets {
            rows[*target] += 1.0;
        }
        rows.iter().map(|count| (count / self.rows.len() as f64).ln()).collect()
    }
}

/// Mean cross entropy, plus the penalty on everything but the bias.
struct Loss {
    data: SparseTensors,
    by_column: SparseTensors,
    targets: Tensor,
    rows: f64,
    penalty: f64,
    bias_row: i64,
}

impl Loss {
    fn at(&self, table: &Tensor) -> (f64, Tensor) {
        let log_p = self.data.times(table).log_softmax(1, Kind::Double);
        let hits = log_p.gather(1, &self.targets, false).flatten(0, 1);
        // Summed here, in order: libtorch's own sum depends on its threads.
        let entropy = -Vec::<f64>::try_from(hits).unwrap_or_default().iter().sum::<f64>() / self.rows;
        let minus_one = Tensor::full_like(&self.targets, -1).to_kind(Kind::Double);
        let miss = log_p.exp().scatter_add(1, &self.targets, &minus_one) / self.rows;
        let gradient = self.by_column.times(&miss);
        let weights = table.narrow(0, 0, self.bias_row);
        let mut of_weights = gradient.narrow(0, 0, self.bias_row);
        of_weights += &weights * self.penalty;
        (entropy + self.penalty / 2.0 * dot(&weights, &weights), gradient)
    }
}

impl Fitted {
    /// One a label.
    pub fn logits(&self, row: &Row) -> Vec<f32> {
        let mut logits = self.bias.clone();
        for (column, weight) in row {
            if let Ok(at) = self.columns.binary_search(column) {
                let learned = &self.weights[at * logits.len()..];
                logits.iter_mut().zip(learned).for_each(|(logit, learned)| *logit += weight * learned);
            }
        }
        logits
    }

    /// Each column with its row of weights.
    pub fn rows(&self) -> impl Iterator<Item = (u32, &[f32])> {
        self.columns.iter().copied().zip(self.weights.chunks_exact(self.bias.len()))
    }
}

fn occurring(rows: &[&Row]) -> Vec<u32> {
    let mut columns: Vec<u32> = rows.iter().flat_map(|row| row.iter().map(|(column, _)| *column)).collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Column 0 means label 0, column 1 label 1, column 2 nothing.
    fn rows() -> (Vec<Row>, Vec<usize>) {
        (0..40).map(|i| (vec![(10 + i % 2, 1.0), (12 + i % 3, 0.5)], (i % 2) as usize)).unzip()
    }

    fn fitted(threads: i32) -> Fitted {
        tch::set_num_threads(threads);
        let (rows, targets) = rows();
        let rows: Vec<&Row> = rows.iter().collect();
        let mut losses = Vec::new();
        let fitted = Fit { rows: &rows, targets: &targets, labels: 2, c: 5.0, iterations: 20 }
            .run(|_, loss| losses.push(loss));
        assert!(losses.is_sorted_by(|a, b| a > b));
        fitted
    }

    #[test]
    fn it_learns_what_tells_labels_apart() {
        let fitted = fitted(1);
        assert_eq!(fitted.columns, [10, 11, 12, 13, 14]);
        for (row, target) in std::iter::zip(rows().0, rows().1) {
            let logits = fitted.logits(&row);
            assert!(logits[target] > logits[1 - target] + 2.0, "{logits:?}");
        }
        // A column that it never saw says nothing.
        assert_eq!(fitted.logits(&vec![(99, 1.0)]), fitted.bias);
    }

    #[test]
    fn the_same_rows_give_the_same_weights_on_any_number_of_threads() {
        assert_eq!(fitted(1), fitted(2));
    }
}
