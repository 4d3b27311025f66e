//! A bag's files: `config.json` says how text becomes columns, `model.safetensors` holds the numbers.

use std::borrow::Cow;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use half::f16;
use ombud_models::{Blame, Fault, HostFault};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use super::features::{Hashing, Idf};
use super::hint::Hint;

const CONFIG: &str = "config.json";
const TENSORS: &str = "model.safetensors";
const MODEL_TYPE: &str = "ombud-bag";

/// What a bag knows, the labels of all heads side by side. A label's logit is
/// ```text
/// bias(label) + sum over a text's columns of weight * table(column, label) * column_scale(column) * label_scale(label)
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// The weight of each hashed column, kept or not: a row's length is taken over all of them.
    pub idf: Idf,
    /// The hashed columns that have a row in `table`; ascending.
    pub columns: Vec<u32>,
    /// A row of labels for each of `columns`.
    pub table: Vec<i8>,
    /// What one step of the table is worth: by column, ...
    pub column_scales: Vec<f32>,
    /// ... times by label. With one of them alone, small weights would round to nothing beside a large one.
    pub label_scales: Vec<f32>,
    /// By label.
    pub bias: Vec<f32>,
    /// From one head to another, where that was learned.
    pub hint: Option<Hint>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    model_type: String,
    hashing: Hashing,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<HintConfig>,
}

/// See [`Hint`]; the table of it is a tensor.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HintConfig {
    from: usize,
    to: usize,
    strength: f32,
}

/// A bag's file that can't be read, written or trusted.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file system refused.
    #[error("read or write {}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The content is not what a bag's file holds.
    #[error("accept {}: {what}", path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and what would be right.
        what: String,
    },
    /// A number of the content is none.
    #[error("accept {}: tensor {tensor} holds a number that is not finite", path.display())]
    NotFinite {
        /// Which file.
        path: PathBuf,
        /// Which of its tensors.
        tensor: &'static str,
    },
}

impl WeightsError {
    /// Whose fault it is. A file that is missing is the artefact's: what it lists was verified to be there.
    pub(crate) fn blame(&self) -> Blame {
        match self {
            Self::File { source, .. } if source.kind() == ErrorKind::NotFound => {
                Blame::Version(Fault::Unloadable)
            }
            Self::File { source, .. } => Blame::Host(HostFault::of_io(source)),
            Self::Content { .. } => Blame::Version(Fault::Unloadable),
            Self::NotFinite { .. } => Blame::Version(Fault::NotFinite),
        }
    }
}

impl Weights {
    /// Labels of all heads.
    pub fn labels(&self) -> usize {
        self.bias.len()
    }

    /// The table in full precision: a row of labels for each column.
    pub fn dense(&self) -> Vec<f32> {
        let rows = self.table.chunks_exact(self.labels()).zip(&self.column_scales);
        let row = |(steps, column): (&'_ [i8], &'_ f32)| -> Vec<f32> {
            steps
                .iter()
                .zip(&self.label_scales)
                .map(|(step, label)| f32::from(*step) * column * label)
                .collect()
        };
        rows.flat_map(row).collect()
    }

    /// Writes both files into `dir`.
    ///
    /// # Errors
    /// The folder can't be written.
    pub fn save(&self, dir: &Path) -> Result<(), WeightsError> {
        let hint = self.hint.as_ref().map(|hint| HintConfig {
            from: hint.from,
            to: hint.to,
            strength: hint.strength,
        });
        let config = Config { model_type: MODEL_TYPE.to_owned(), hashing: self.idf.hashing(), hint };
        let path = dir.join(CONFIG);
        let text = serde_json::to_string_pretty(&config)
            .map_err(|e| WeightsError::Content { path: path.clone(), what: e.to_string() })?;
        std::fs::write(&path, text + "\n").map_err(|source| WeightsError::File { path, source })?;

        let path = dir.join(TENSORS);
        let content =
            |e: &dyn std::fmt::Display| WeightsError::Content { path: path.clone(), what: e.to_string() };
        let idf: Vec<u8> = self.idf.table().iter().flat_map(|w| f16::from_f32(*w).to_le_bytes()).collect();
        let columns: Vec<u8> = self.columns.iter().flat_map(|column| column.to_le_bytes()).collect();
        let table: Vec<u8> = self.table.iter().map(|step| step.to_le_bytes()[0]).collect();
        let floats = |values: &[f32]| -> Vec<u8> { values.iter().flat_map(|v| v.to_le_bytes()).collect() };
        let (column_scales, label_scales) = (floats(&self.column_scales), floats(&self.label_scales));
        let bias = floats(&self.bias);
        let (rows, labels) = (self.columns.len(), self.labels());
        let mut tensors = vec![
            ("idf", Dtype::F16, vec![self.idf.table().len()], &idf),
            ("columns", Dtype::U32, vec![rows], &columns),
            ("table", Dtype::I8, vec![rows, labels], &table),
            ("column_scales", Dtype::F32, vec![rows], &column_scales),
            ("label_scales", Dtype::F32, vec![labels], &label_scales),
            ("bias", Dtype::F32, vec![labels], &bias),
        ];
        let given = self.hint.as_ref().map(|hint| floats(&hint.given));
        if let Some(given) = &given {
            tensors.push(("hint", Dtype::F32, vec![given.len() / 4], given));
        }
        let mut views = Vec::new();
        for (name, kind, shape, bytes) in tensors {
            views.push((name, TensorView::new(kind, shape, bytes).map_err(|e| content(&e))?));
        }
        let bytes = safetensors::serialize(views, None).map_err(|e| content(&e))?;
        std::fs::write(&path, bytes).map_err(|source| WeightsError::File { path: path.clone(), source })
    }

    /// Reads both files of `dir`.
    ///
    /// # Errors
    /// One is missing or broken, or the numbers don't fit each other: the message says which.
    pub fn load(dir: &Path) -> Result<Self, WeightsError> {
        let path = dir.join(CONFIG);
        let config: Config = serde_json::from_slice(&read(&path)?)
            .map_err(|e| WeightsError::Content { path: path.clone(), what: e.to_string() })?;
        if config.model_type != MODEL_TYPE || !(1..=24).contains(&config.hashing.bits) {
            let what = format!("needs model_type `{MODEL_TYPE}` and bits from 1 to 24");
            return Err(WeightsError::Content { path, what });
        }
        let path = dir.join(TENSORS);
        decode(&read(&path)?, config).map_err(|wrong| match wrong {
            Wrong::Content(what) => WeightsError::Content { path, what: what.into() },
            Wrong::NotFinite(tensor) => WeightsError::NotFinite { path, tensor },
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, WeightsError> {
    std::fs::read(path).map_err(|source| WeightsError::File { path: path.to_owned(), source })
}

/// What is wrong with the tensors.
enum Wrong {
    Content(Cow<'static, str>),
    /// A number of this tensor is none.
    NotFinite(&'static str),
}

impl<T: Into<Cow<'static, str>>> From<T> for Wrong {
    fn from(what: T) -> Self {
        Self::Content(what.into())
    }
}

fn decode(bytes: &[u8], config: Config) -> Result<Weights, Wrong> {
    let hashing = config.hashing;
    let file = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
    let of = |name: &'static str, kind: Dtype, rank: usize| -> Result<TensorView<'_>, Wrong> {
        let tensor = file.tensor(name).map_err(|e| e.to_string())?;
        if tensor.dtype() != kind || tensor.shape().len() != rank {
            let (found, shape) = (tensor.dtype(), tensor.shape());
            return Err(
                format!("tensor {name} must be {kind:?} of rank {rank}, not {found:?} {shape:?}").into()
            );
        }
        Ok(tensor)
    };
    let floats = |name| -> Result<Vec<f32>, Wrong> {
        let values: Vec<f32> = four_bytes(of(name, Dtype::F32, 1)?.data()).map(f32::from_le_bytes).collect();
        if values.iter().any(|value| !value.is_finite()) {
            return Err(Wrong::NotFinite(name));
        }
        Ok(values)
    };
    let idf = of("idf", Dtype::F16, 1)?;
    let idf =
        idf.data().chunks_exact(2).map(|pair| f16::from_le_bytes([pair[0], pair[1]]).to_f32()).collect();
    let idf = Idf::from_table(hashing, idf).ok_or_else(|| {
        format!("tensor idf must hold {} weights, finite and not below 0", hashing.columns())
    })?;
    let columns: Vec<u32> =
        four_bytes(of("columns", Dtype::U32, 1)?.data()).map(u32::from_le_bytes).collect();
    if !columns.is_sorted_by(|a, b| a < b) || columns.last().is_some_and(|c| *c as usize >= hashing.columns())
    {
        return Err(format!("tensor columns must ascend and stay below {}", hashing.columns()).into());
    }
    let (column_scales, label_scales, bias) =
        (floats("column_scales")?, floats("label_scales")?, floats("bias")?);
    let table = of("table", Dtype::I8, 2)?;
    let shape = [columns.len(), bias.len()];
    if table.shape() != shape || [column_scales.len(), label_scales.len()] != shape {
        return Err(format!(
            "{} columns and {} biases don't go with a table of {:?}, {} column_scales and {} label_scales",
            shape[0],
            shape[1],
            table.shape(),
            column_scales.len(),
            label_scales.len()
        )
        .into());
    }
    let table = table.data().iter().map(|byte| i8::from_le_bytes([*byte])).collect();
    let hint = match config.hint {
        Some(HintConfig { from, to, strength }) if strength.is_finite() => {
            Some(Hint { from, to, strength, given: floats("hint")? })
        }
        Some(_) => return Err("the strength of the hint is not finite".into()),
        None => None,
    };
    Ok(Weights { idf, columns, table, column_scales, label_scales, bias, hint })
}

fn four_bytes(data: &[u8]) -> impl Iterator<Item = [u8; 4]> {
    data.chunks_exact(4).map(|four| [four[0], four[1], four[2], four[3]])
}
