//! The tensors of a `model.safetensors`, in single precision whatever they are stored in.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use half::{bf16, f16};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::error::ExchangeError;

/// Of a matrix in bytes: the tensor with the step of each row.
const STEPS: &str = ".scale";

/// A tensor by its name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tensors(pub(super) BTreeMap<String, Tensor>);

/// Row by row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tensor {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f32>,
}

impl Tensors {
    /// Reads `file`; a matrix of bytes is widened by its steps. Whole numbers are no weights and left out.
    ///
    /// # Errors
    /// The file is broken, or a tensor is stored in a way that is not read here.
    pub(super) fn read(file: &Path) -> Result<Self, ExchangeError> {
        let bytes = fs::read(file).map_err(ExchangeError::file(file))?;
        let stored = SafeTensors::deserialize(&bytes).map_err(|error| ExchangeError::broken(file, error))?;
        let stored: BTreeMap<String, TensorView<'_>> = stored.tensors().into_iter().collect();
        let mut tensors = BTreeMap::new();
        for (name, view) in &stored {
            let steps = name.strip_suffix(STEPS).and_then(|matrix| stored.get(matrix));
            if steps.is_some_and(|matrix| matrix.dtype() == Dtype::I8) {
                continue;
            }
            let values = match view.dtype() {
                Dtype::F32 => words(view, f32::from_le_bytes),
                Dtype::F64 => words(view, |word| f64::from_le_bytes(word) as f32),
                Dtype::F16 => words(view, |word| f16::from_le_bytes(word).to_f32()),
                Dtype::BF16 => words(view, |word| bf16::from_le_bytes(word).to_f32()),
                Dtype::I8 => widened(name, view, stored.get(&format!("{name}{STEPS}")))
                    .map_err(|what| ExchangeError::broken(file, what))?,
                Dtype::I64 | Dtype::I32 | Dtype::BOOL => continue,
                other => {
                    let what = format!("{name} is stored as {other:?}: store it as F32, F16 or BF16");
                    return Err(ExchangeError::broken(file, what));
                }
            };
            tensors.insert(name.clone(), Tensor { shape: view.shape().to_vec(), values });
        }
        Ok(Self(tensors))
    }

    /// Writes `file` as `save_pretrained` would.
    ///
    /// # Errors
    /// It can't be written.
    pub(super) fn write(&self, file: &Path) -> Result<(), ExchangeError> {
        let broken = |error| ExchangeError::broken(file, error);
        let bytes: Vec<(&String, &[usize], Vec<u8>)> = self
            .0
            .iter()
            .map(|(name, tensor)| {
                (
                    name,
                    tensor.shape.as_slice(),
                    tensor.values.iter().flat_map(|value| value.to_le_bytes()).collect(),
                )
            })
            .collect();
        let views = bytes
            .iter()
            .map(|(name, shape, bytes)| Ok((*name, TensorView::new(Dtype::F32, shape.to_vec(), bytes)?)))
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
            .map_err(broken)?;
        let made_by = HashMap::from([("format".to_owned(), "pt".to_owned())]);
        // Not `serialize_to_file`, whose file nobody but its owner may read.
        let bytes = safetensors::serialize(views, Some(made_by)).map_err(broken)?;
        fs::write(file, bytes).map_err(ExchangeError::file(file))
    }
}

impl Tensor {
    /// Its rows in another order: the new first one was the one at `order[0]`.
    pub(super) fn in_order(&self, order: &[usize]) -> Self {
        let width = self.shape.iter().skip(1).product::<usize>();
        let rows = order.iter().flat_map(|row| self.values[row * width..(row + 1) * width].iter().copied());
        Self { shape: self.shape.clone(), values: rows.collect() }
    }
}

fn words<const BYTES: usize>(view: &TensorView<'_>, value: impl Fn([u8; BYTES]) -> f32) -> Vec<f32> {
    view.data().as_chunks::<BYTES>().0.iter().map(|word| value(*word)).collect()
}

/// Each row of bytes times its step.
fn widened(name: &str, view: &TensorView<'_>, steps: Option<&TensorView<'_>>) -> Result<Vec<f32>, String> {
    let &[rows, width] = view.shape() else {
        return Err(format!("{name} is stored in bytes, but no matrix"));
    };
    let steps = match steps {
        Some(steps) if steps.dtype() == Dtype::F32 && steps.shape() == [rows] => {
            words(steps, f32::from_le_bytes)
        }
        _ => {
            return Err(format!(
                "{name} is stored in bytes: it needs {name}{STEPS}, F32, one for each of {rows} rows"
            ));
        }
    };
    let bytes = view.data().iter().map(|byte| f32::from(byte.cast_signed()));
    Ok(bytes.enumerate().map(|(at, byte)| byte * steps[at / width.max(1)]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(tensors: &[(&str, Dtype, &[usize], &[u8])]) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("model.safetensors");
        let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
            (*name, TensorView::new(*dtype, shape.to_vec(), bytes).unwrap())
        });
        safetensors::serialize_to_file(views, None, &file).unwrap();
        (dir, file)
    }

    fn floats(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    #[test]
    fn bytes_are_widened_by_the_step_of_their_row() {
        let bytes = [1_i8, -2, 127, -127].map(|byte| byte.cast_unsigned());
        let steps = floats(&[0.5, 2.0]);
        let (_dir, file) = file(&[("w", Dtype::I8, &[2, 2], &bytes), ("w.scale", Dtype::F32, &[2], &steps)]);
        let tensors = Tensors::read(&file).unwrap().0;
        assert_eq!(tensors.len(), 1);
        assert_eq!(tensors["w"], Tensor { shape: vec![2, 2], values: vec![0.5, -1.0, 254.0, -254.0] });
    }

    #[test]
    fn bytes_without_steps_are_refused() {
        let (_dir, file) = file(&[("w", Dtype::I8, &[1, 2], &[1, 2])]);
        assert!(Tensors::read(&file).unwrap_err().to_string().contains("it needs w.scale"));
    }

    #[test]
    fn half_precision_is_widened_and_positions_are_no_weights() {
        let half: Vec<u8> =
            [1.5_f32, -2.0].iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()).collect();
        let wide: Vec<u8> = bf16::from_f32(3.0).to_le_bytes().to_vec();
        let (_dir, file) = file(&[
            ("a", Dtype::F16, &[2], &half),
            ("b", Dtype::BF16, &[1], &wide),
            ("positions", Dtype::I64, &[1], &7_i64.to_le_bytes()),
        ]);
        let tensors = Tensors::read(&file).unwrap();
        assert_eq!(tensors.0["a"].values, [1.5, -2.0]);
        assert_eq!(tensors.0["b"].values, [3.0]);
        assert_eq!(tensors.0.len(), 2);
        tensors.write(&file).unwrap();
        assert_eq!(Tensors::read(&file).unwrap(), tensors);
    }

    #[test]
    fn rows_change_places() {
        let tensor = Tensor { shape: vec![3, 2], values: vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0] };
        assert_eq!(tensor.in_order(&[2, 0, 1]).values, [4.0, 5.0, 0.0, 1.0, 2.0, 3.0]);
        let bias = Tensor { shape: vec![2], values: vec![7.0, 8.0] };
        assert_eq!(bias.in_order(&[1, 0]).values, [8.0, 7.0]);
    }
}
