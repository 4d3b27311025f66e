//! A network as the tensors of `model.safetensors`: the body under its architecture's usual names, the heads under
//! ours.

use tch::{Kind, TchError, Tensor};

use super::config::Config;
use super::int8;
use super::names::{self, Names};
use super::network::{Layer, Linear, Network, Norm, Pooling};

type Tensors = Vec<(String, Tensor)>;

/// The tensors of `network`, whose heads answer `tasks`, in single precision.
pub(crate) fn tensors(network: &Network, config: &Config, tasks: &[String]) -> Result<Tensors, TchError> {
    let names = Names::of(config.architecture);
    let mut tensors = Vec::new();
    let embeddings = |field: &str| format!("{}.{field}", names.embeddings);
    tensors.push((embeddings("word_embeddings.weight"), network.words.shallow_clone()));
    // Rows before a text's first place are never read.
    let unread = Tensor::f_zeros([config.first_position, config.hidden], (Kind::Float, tch::Device::Cpu))?;
    let positions = Tensor::f_cat(&[&unread, &network.places], 0)?;
    tensors.push((embeddings("position_embeddings.weight"), positions));
    if config.token_types > 0 {
        // The first type's row, which all tokens have, stands in the positions.
        let types = Tensor::f_zeros([config.token_types, config.hidden], (Kind::Float, tch::Device::Cpu))?;
        tensors.push((embeddings("token_type_embeddings.weight"), types));
    }
    tensors.extend(norm(embeddings("LayerNorm"), &network.norm));
    if let (Some(part), Some(distances)) = (names.distances, &network.distances) {
        tensors.push((format!("{part}.weight"), distances.table.shallow_clone()));
    }
    for (number, one) in network.layers.iter().enumerate() {
        tensors.extend(layer(&format!("{}.{number}", names.layers), names, one, config.hidden)?);
    }
    for (task, head) in tasks.iter().zip(&network.heads) {
        let name = names::head(task);
        match &head.pooling {
            Pooling::First { dense, .. } => tensors.extend(linear(format!("{name}.dense"), dense)),
            Pooling::Attention { query } => tensors.push((format!("{name}.query"), query.shallow_clone())),
        }
        tensors.extend(linear(name, &head.answer));
    }
    // Parts of a fused matrix are views: a file has each on its own.
    tensors.into_iter().map(|(name, tensor)| Ok((name, tensor.f_contiguous()?))).collect()
}

/// The same with the body's matrices in a byte a weight. A table of distances is small, and what it holds is added to scores
/// as it is: it stays whole.
pub(crate) fn in_bytes(tensors: Tensors) -> Result<Tensors, TchError> {
    let mut smaller = Vec::new();
    for (name, tensor) in tensors {
        if tensor.dim() == 2 && !name.starts_with("heads.") && !Names::are_distances(&name) {
            let (bytes, steps) = int8::round(&tensor)?;
            smaller.push((format!("{name}.scale"), steps));
            smaller.push((name, bytes));
        } else {
            smaller.push((name, tensor));
        }
    }
    Ok(smaller)
}

fn layer(part: &str, names: &Names, layer: &Layer, hidden: i64) -> Result<Tensors, TchError> {
    let mut tensors = Vec::new();
    for (third, field) in [names.query, names.key, names.value].into_iter().enumerate() {
        let rows = layer.query_key_value.rows(third as i64 * hidden, hidden)?;
        tensors.extend(linear(format!("{part}.{field}"), &rows));
    }
    tensors.extend(linear(format!("{part}.{}", names.attention_out), &layer.attention_out));
    tensors.extend(norm(format!("{part}.{}", names.attention_norm), &layer.attention_norm));
    tensors.extend(linear(format!("{part}.{}", names.up), &layer.up));
    tensors.extend(linear(format!("{part}.{}", names.down), &layer.down));
    tensors.extend(norm(format!("{part}.{}", names.out_norm), &layer.out_norm));
    Ok(tensors)
}

fn linear(name: String, linear: &Linear) -> Tensors {
    vec![
        (format!("{name}.weight"), linear.weight.shallow_clone()),
        (format!("{name}.bias"), linear.bias.shallow_clone()),
    ]
}

fn norm(name: String, norm: &Norm) -> Tensors {
    vec![
        (format!("{name}.weight"), norm.weight.shallow_clone()),
        (format!("{name}.bias"), norm.bias.shallow_clone()),
    ]
}
