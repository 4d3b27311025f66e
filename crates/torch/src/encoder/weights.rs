//! The tensors of `model.safetensors`, by the names that each architecture gives them.

use std::collections::HashMap;
use std::path::Path;

use tch::{Kind, Tensor};

use super::config::{Architecture, Config};
use super::network::{Activation, Layer, Linear, Network, Norm};
use super::unfit::Unfit;

/// Where an architecture keeps its parts; layers are numbered after `layers`.
struct Names {
    embeddings: &'static str,
    layers: &'static str,
    query: &'static str,
    key: &'static str,
    value: &'static str,
    attention_out: &'static str,
    attention_norm: &'static str,
    up: &'static str,
    down: &'static str,
    out_norm: &'static str,
    pooler: &'static str,
    classifier: &'static str,
}

const BERT: Names = Names {
    embeddings: "bert.embeddings",
    layers: "bert.encoder.layer",
    query: "attention.self.query",
    key: "attention.self.key",
    value: "attention.self.value",
    attention_out: "attention.output.dense",
    attention_norm: "attention.output.LayerNorm",
    up: "intermediate.dense",
    down: "output.dense",
    out_norm: "output.LayerNorm",
    pooler: "bert.pooler.dense",
    classifier: "classifier",
};

const ROBERTA: Names = Names {
    embeddings: "roberta.embeddings",
    layers: "roberta.encoder.layer",
    pooler: "classifier.dense",
    classifier: "classifier.out_proj",
    ..BERT
};

const DISTILBERT: Names = Names {
    embeddings: "distilbert.embeddings",
    layers: "distilbert.transformer.layer",
    query: "attention.q_lin",
    key: "attention.k_lin",
    value: "attention.v_lin",
    attention_out: "attention.out_lin",
    attention_norm: "sa_layer_norm",
    up: "ffn.lin1",
    down: "ffn.lin2",
    out_norm: "output_layer_norm",
    pooler: "pre_classifier",
    classifier: "classifier",
};

/// Builds the network of `file`.
///
/// # Errors
/// The file is missing or broken, lacks a tensor, or one has another shape than `config` says.
pub(crate) fn read(file: &Path, config: &Config) -> Result<Network, Unfit> {
    let tensors = Tensor::read_safetensors(file).map_err(|e| Unfit::file("model.safetensors", e))?;
    let mut weights = Weights { tensors: tensors.into_iter().collect(), norm_eps: config.norm_eps };
    let (names, activation) = match config.architecture {
        Architecture::Bert => (&BERT, Activation::Tanh),
        Architecture::Roberta => (&ROBERTA, Activation::Tanh),
        Architecture::DistilBert => (&DISTILBERT, Activation::Relu),
    };
    let logits = i64::try_from(config.labels.len()).unwrap_or(i64::MAX);
    Ok(Network {
        words: weights.take(
            names.embeddings,
            "word_embeddings.weight",
            &[config.vocabulary, config.hidden],
        )?,
        places: weights.places(names, config)?,
        norm: weights.norm(names.embeddings, "LayerNorm", config.hidden)?,
        layers: (0..config.layers)
            .map(|layer| weights.layer(names, layer, config))
            .collect::<Result<_, _>>()?,
        heads: config.heads,
        pooler: weights.linear("", names.pooler, config.hidden, config.hidden)?,
        activation,
        classifier: weights.linear("", names.classifier, config.hidden, logits)?,
    })
}

struct Weights {
    tensors: HashMap<String, Tensor>,
    norm_eps: f64,
}

impl Weights {
    /// Removes a tensor and widens it to single precision.
    fn take(&mut self, part: &str, field: &str, shape: &[i64]) -> Result<Tensor, Unfit> {
        let name = if part.is_empty() { field.to_owned() } else { format!("{part}.{field}") };
        let Some(tensor) = self.tensors.remove(&name) else { return Err(Unfit::Missing(name)) };
        if tensor.size() != shape {
            return Err(Unfit::WrongShape { name, found: tensor.size(), expected: shape.to_vec() });
        }
        Ok(tensor.f_to_kind(Kind::Float)?)
    }

    /// What a place adds to a word: its position's row, and the row of the first token type, which all have.
    fn places(&mut self, names: &Names, config: &Config) -> Result<Tensor, Unfit> {
        let positions =
            self.take(names.embeddings, "position_embeddings.weight", &[config.positions, config.hidden])?;
        let places =
            positions.f_narrow(0, config.first_position, config.positions - config.first_position)?;
        if config.token_types == 0 {
            return Ok(places);
        }
        let types = self.take(
            names.embeddings,
            "token_type_embeddings.weight",
            &[config.token_types, config.hidden],
        )?;
        Ok(places.f_add(&types.f_get(0)?)?)
    }

    fn layer(&mut self, names: &Names, number: i64, config: &Config) -> Result<Layer, Unfit> {
        let part = format!("{}.{number}", names.layers);
        let hidden = config.hidden;
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
            attention_norm: self.norm(&part, names.attention_norm, hidden)?,
            up: self.linear(&part, names.up, hidden, config.intermediate)?,
            down: self.linear(&part, names.down, config.intermediate, hidden)?,
            out_norm: self.norm(&part, names.out_norm, hidden)?,
        })
    }

    fn linear(&mut self, part: &str, field: &str, inputs: i64, outputs: i64) -> Result<Linear, Unfit> {
        Ok(Linear {
            weight: self.take(part, &format!("{field}.weight"), &[outputs, inputs])?,
            bias: self.take(part, &format!("{field}.bias"), &[outputs])?,
        })
    }

    fn norm(&mut self, part: &str, field: &str, size: i64) -> Result<Norm, Unfit> {
        Ok(Norm {
            weight: self.take(part, &format!("{field}.weight"), &[size])?,
            bias: self.take(part, &format!("{field}.bias"), &[size])?,
            eps: self.norm_eps,
        })
    }
}
