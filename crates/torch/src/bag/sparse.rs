//! Rows of features as libtorch multiplies them: an embedding bag, forwards over rows, backwards over columns.

use tch::{Kind, Tensor};

use super::features::Row;

/// Compressed rows, the last entry of each being the bias column with weight 1.
pub(super) struct Sparse {
    offsets: Vec<i64>,
    columns: Vec<i64>,
    weights: Vec<f32>,
}

impl Sparse {
    /// `rows` over `columns` (ascending, every column of the rows among them), and the bias column after them.
    pub(super) fn rows(rows: &[&Row], columns: &[u32]) -> Self {
        let mut place = vec![0_i64; columns.last().map_or(0, |last| *last as usize + 1)];
        for (at, column) in columns.iter().enumerate() {
            place[*column as usize] = at as i64;
        }
        let mut sparse = Self { offsets: vec![0], columns: Vec::new(), weights: Vec::new() };
        for row in rows {
            sparse.columns.extend(row.iter().map(|(column, _)| place[*column as usize]));
            sparse.weights.extend(row.iter().map(|(_, weight)| *weight));
            sparse.columns.push(columns.len() as i64);
            sparse.weights.push(1.0);
            sparse.offsets.push(sparse.columns.len() as i64);
        }
        sparse
    }

    /// The same numbers by column, `columns` of them.
    pub(super) fn transposed(&self, columns: usize) -> Self {
        let mut offsets = vec![0_i64; columns + 1];
        for column in &self.columns {
            offsets[*column as usize + 1] += 1;
        }
        for at in 1..offsets.len() {
            offsets[at] += offsets[at - 1];
        }
        let mut next = offsets.clone();
        let mut rows = vec![0_i64; self.columns.len()];
        let mut weights = vec![0.0_f32; self.columns.len()];
        for (row, bounds) in self.offsets.windows(2).enumerate() {
            for at in bounds[0] as usize..bounds[1] as usize {
                let slot = &mut next[self.columns[at] as usize];
                rows[*slot as usize] = row as i64;
                weights[*slot as usize] = self.weights[at];
                *slot += 1;
            }
        }
        Self { offsets, columns: rows, weights }
    }

    /// Hands the numbers to libtorch, in double precision.
    pub(super) fn tensors(self) -> SparseTensors {
        SparseTensors {
            offsets: Tensor::from_slice(&self.offsets),
            columns: Tensor::from_slice(&self.columns),
            weights: Tensor::from_slice(&self.weights).to_kind(Kind::Double),
        }
    }
}

/// See [`Sparse`].
pub(super) struct SparseTensors {
    offsets: Tensor,
    columns: Tensor,
    weights: Tensor,
}

impl SparseTensors {
    /// `out[i] = sum over the entries of row i of weight * table[column]`. A row is summed by one thread in the
    /// order of its entries, so the result doesn't depend on the threads.
    pub(super) fn times(&self, table: &Tensor) -> Tensor {
        const SUM: i64 = 0;
        let weights = Some(&self.weights);
        Tensor::embedding_bag(table, &self.columns, &self.offsets, false, SUM, false, weights, true).0
    }
}
