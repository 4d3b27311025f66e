//! From the tensors of `model.safetensors` to a network: a stock classifier, a body with heads of our own, or a
//! bare body to start training from.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ombud_models::{Blame, WeightFiles};
use tch::{Kind, TchError, Tensor};

use super::config::Config;
use super::distances::{BUCKETS, Distances};
use super::error::EncoderError;
use super::names::{self, Names};
use super::network::{Head, Layer, Linear, Network, Norm, Pooling, Precision};
use crate::blame;

/// What errors call the weights, and the file that they are in unless there are several.
const FILE: &str = "model.safetensors";

/// What `torch.compile` and PyTorch's parallel wrappers call the model that they wrap. Python, too, finds no weights behind
/// such names, and answers with random ones.
const WRAPPERS: [&str; 2] = ["_orig_mod", "module"];

/// Tensors that are not yet in their place.
pub(crate) struct Weights<'a> {
    tensors: HashMap<String, Tensor>,
    config: &'a Config,
    names: &'static Names,
}

impl<'a> Weights<'a> {
    /// # Errors
    /// The file is missing or broken.
    pub(crate) fn open(file: &Path, config: &'a Config) -> Result<Self, EncoderError> {
        Ok(Self::of(read(file)?, config))
    }

    /// Those that Python wrote into `dir`, in one file or in several.
    ///
    /// # Errors
    /// A file is missing or broken.
    pub(crate) fn open_in(dir: &Path, config: &'a Config) -> Result<Self, EncoderError> {
        let mut tensors = Vec::new();
        for file in files_in(dir)? {
            tensors.extend(read(&file)?);
        }
        Ok(Self::of(tensors, config))
    }

    pub(crate) fn of(tensors: Vec<(String, Tensor)>, config: &'a Config) -> Self {
        Self { tensors: tensors.into_iter().collect(), config, names: Names::of(config.architecture) }
    }

    /// Whether the heads are our own, not a stock classifier's.
    pub(crate) fn has_heads(&self) -> bool {
        self.tensors.keys().any(|name| name.starts_with("heads."))
    }

    /// A stock sequence classifier.
    ///
    /// # Errors
    /// A tensor is missing, or one has another shape than `config.json` says.
    pub(crate) fn classifier(mut self, labels: usize) -> Result<Network, EncoderError> {
        let head = Head {
            pooling: self.first(self.names.pooler)?,
            answer: self.linear("", self.names.classifier, self.config.hidden, count(labels))?,
        };
        self.network(vec![head])
    }

    /// A body with one head for each (task, number of labels).
    ///
    /// # Errors
    /// A tensor is missing, or one has another shape than `config.json` and `ombud.json` say.
    pub(crate) fn with_heads<'t>(
        mut self,
        tasks: impl Iterator<Item = (&'t str, usize)>,
    ) -> Result<Network, EncoderError> {
        let hidden = self.config.hidden;
        let mut heads = Vec::new();
        for (task, labels) in tasks {
            let head = names::head(task);
            let pooling = if self.tensors.contains_key(&format!("{head}.query")) {
                Pooling::Attention { query: self.take(&head, "query", &[hidden])? }
            } else {
                self.first(&format!("{head}.dense"))?
            };
            let answer = Linear {
                weight: self.take(&head, "weight", &[count(labels), hidden])?,
                bias: self.take(&head, "bias", &[count(labels)])?,
            };
            heads.push(Head { pooling, answer });
        }
        self.network(heads)
    }

    /// A body alone; whatever heads the file has are left.
    ///
    /// # Errors
    /// A tensor is missing, or one has another shape than `config.json` says.
    pub(crate) fn body(self) -> Result<Network, EncoderError> {
        self.network(Vec::new())
    }

    /// The layer that stands on the first token, where the file has one.
    ///
    /// # Errors
    /// It has another shape than `config.json` says.
    pub(crate) fn pooler(mut self) -> Result<Option<Linear>, EncoderError> {
        let hidden = self.config.hidden;
        match self.linear("", self.names.pooler, hidden, hidden) {
            Ok(pooler) => Ok(Some(pooler)),
            Err(EncoderError::Missing(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn network(mut self, heads: Vec<Head>) -> Result<Network, EncoderError> {
        let (config, embeddings) = (self.config, self.names.embeddings);
        let distances = match self.names.distances {
            Some(part) => Some(Distances { table: self.take(part, "weight", &[BUCKETS, config.heads])? }),
            None => None,
        };
        Ok(Network {
            words: self.take(embeddings, "word_embeddings.weight", &[config.vocabulary, config.hidden])?,
            places: self.places()?,
            norm: self.norm(embeddings, "LayerNorm")?,
            distances,
            layers: (0..config.layers).map(|layer| self.layer(layer)).collect::<Result<_, _>>()?,
            attention_heads: config.heads,
            heads,
            precision: Precision::Float,
        })
    }

    fn first(&mut self, dense: &str) -> Result<Pooling, EncoderError> {
        let hidden = self.config.hidden;
        let dense = self.linear("", dense, hidden, hidden)?;
        Ok(Pooling::First { dense, activation: self.names.activation })
    }

    /// Removes a tensor and widens it to single precision.
    fn take(&mut self, part: &str, field: &str, shape: &[i64]) -> Result<Tensor, EncoderError> {
        let name = if part.is_empty() { field.to_owned() } else { format!("{part}.{field}") };
        let Some(tensor) = self.remove(&name) else { return Err(EncoderError::Missing(name)) };
        if tensor.size() != shape {
            return Err(EncoderError::WrongShape { name, found: tensor.size(), expected: shape.to_vec() });
        }
        if tensor.kind() != Kind::Int8 {
            return Ok(tensor.f_to_kind(Kind::Float)?);
        }
        let scale = format!("{name}.scale");
        let rows = &shape[..1];
        match self.remove(&scale) {
            Some(scales) if scales.size() == rows => {
                super::int8::widen(&tensor, &scales).map_err(EncoderError::Torch)
            }
            Some(scales) => {
                Err(EncoderError::WrongShape { name: scale, found: scales.size(), expected: rows.to_vec() })
            }
            None => Err(EncoderError::Missing(scale)),
        }
    }

    /// A bare body is saved without the architecture's name, an old one with the norms' first names.
    fn remove(&mut self, name: &str) -> Option<Tensor> {
        let bare = name.strip_prefix(self.names.body).unwrap_or(name);
        let old = |name: &str| name.replace("Norm.weight", "Norm.gamma").replace("Norm.bias", "Norm.beta");
        [name.to_owned(), bare.to_owned(), old(name), old(bare)]
            .iter()
            .find_map(|name| self.tensors.remove(name))
    }

    /// What a place adds to a word: its position's row, and the row of the first token type, which all have.
    fn places(&mut self) -> Result<Tensor, EncoderError> {
        let (config, embeddings) = (self.config, self.names.embeddings);
        let positions =
            self.take(embeddings, "position_embeddings.weight", &[config.positions, config.hidden])?;
        let places =
            positions.f_narrow(0, config.first_position, config.positions - config.first_position)?;
        if config.token_types == 0 {
            return Ok(places);
        }
        let types =
            self.take(embeddings, "token_type_embeddings.weight", &[config.token_types, config.hidden])?;
        Ok(places.f_add(&types.f_get(0)?)?)
    }

    fn layer(&mut self, number: i64) -> Result<Layer, EncoderError> {
        let names = self.names;
        let part = format!("{}.{number}", names.layers);
        let (hidden, intermediate) = (self.config.hidden, self.config.intermediate);
        let query = self.linear(&part, names.query, hidden, hidden)?;
        let key = self.linear(&part, names.key, hidden, hidden)?;
        let value = self.linear(&part, names.value, hidden, hidden)?;
        Ok(Layer {
            // One multiplication instead of three.
            query_key_value: Linear {
                weight: Tensor::f_cat(&[query.weight, key.weight, value.weight], 0)?,
                bias: Tensor::f_cat(&[query.bias, key.bias, value.bias], 0)?,
            },
            attention_out: self.linear(&part, names.attention_out, hidden, hidden)?,
            attention_norm: self.norm(&part, names.attention_norm)?,
            up: self.linear(&part, names.up, hidden, intermediate)?,
            down: self.linear(&part, names.down, intermediate, hidden)?,
            out_norm: self.norm(&part, names.out_norm)?,
        })
    }

    fn linear(&mut self, part: &str, field: &str, inputs: i64, outputs: i64) -> Result<Linear, EncoderError> {
        Ok(Linear {
            weight: self.take(part, &format!("{field}.weight"), &[outputs, inputs])?,
            bias: self.take(part, &format!("{field}.bias"), &[outputs])?,
        })
    }

    fn norm(&mut self, part: &str, field: &str) -> Result<Norm, EncoderError> {
        let size = [self.config.hidden];
        Ok(Norm {
            weight: self.take(part, &format!("{field}.weight"), &size)?,
            bias: self.take(part, &format!("{field}.bias"), &size)?,
            eps: self.config.norm_eps,
        })
    }
}

/// The files of weights in `dir`.
pub(crate) fn files_in(dir: &Path) -> Result<Vec<PathBuf>, EncoderError> {
    Ok(match WeightFiles::in_folder(dir)? {
        None => vec![dir.join(FILE)],
        Some(weights) => weights.files().iter().map(|name| dir.join(name.as_str())).collect(),
    })
}

fn read(file: &Path) -> Result<Vec<(String, Tensor)>, EncoderError> {
    let tensors = Tensor::read_safetensors(file).map_err(|error| match error {
        TchError::Io(error) => EncoderError::io(FILE, error),
        error => match blame::of(&error) {
            Blame::Version(_) => EncoderError::file(FILE, error),
            Blame::Host(_) => EncoderError::Torch(error),
        },
    })?;
    let wraps = |wrapper: &&str| tensors.iter().any(|(name, _)| name.starts_with(&format!("{wrapper}.")));
    match WRAPPERS.into_iter().find(wraps) {
        Some(wrapper) => Err(EncoderError::Wrapped(wrapper)),
        None => Ok(tensors),
    }
}

fn count(labels: usize) -> i64 {
    i64::try_from(labels).unwrap_or(i64::MAX)
}
