//! An encoder with random weights: as much work as a real one, for benches where no trained one is at hand.

use std::fs;
use std::io;
use std::path::Path;

use ombud_models::Manifest;
use serde_json::json;
use tch::{Kind, Tensor};

/// The size of a BERT.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Layers.
    pub layers: i64,
    /// Width of a token.
    pub hidden: i64,
    /// Attention heads in each layer; a divisor of `hidden`.
    pub heads: i64,
    /// Width of the feed-forward.
    pub intermediate: i64,
    /// Longest text, in tokens.
    pub positions: i64,
}

impl Shape {
    /// MiniLM-L6-H384, the base that Ombud's own encoders start from.
    pub const MINILM_L6: Self =
        Self { layers: 6, hidden: 384, heads: 12, intermediate: 1_536, positions: 512 };
}

/// Its words are few, so a text has about three times the tokens that a full vocabulary gives; what is computed
/// for a token does not depend on it.
const TOKENIZER: &str = include_str!("../../tests/goldens/bert/tokenizer.json");
const VOCABULARY: i64 = 220;

/// Writes an artefact into `dir`: a BERT of `shape` with weights drawn by `seed`, whose logits are the labels of
/// `manifest`'s first head.
///
/// # Errors
/// `dir` can't be written.
pub fn random_encoder(shape: Shape, seed: i64, manifest: &Manifest, dir: &Path) -> io::Result<()> {
    let labels = manifest.heads.first().map_or(&[][..], |head| head.labels.as_slice());
    let named: serde_json::Map<_, _> =
        labels.iter().enumerate().map(|(logit, label)| (logit.to_string(), json!(label))).collect();
    let config = json!({
        "model_type": "bert", "architectures": ["BertForSequenceClassification"], "hidden_act": "gelu",
        "vocab_size": VOCABULARY, "hidden_size": shape.hidden, "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads, "intermediate_size": shape.intermediate,
        "max_position_embeddings": shape.positions, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
        "pad_token_id": 0, "id2label": named,
    });

    fs::create_dir_all(dir)?;
    fs::write(dir.join("config.json"), serde_json::to_vec_pretty(&config)?)?;
    fs::write(dir.join("tokenizer.json"), TOKENIZER)?;
    fs::write(dir.join("ombud.json"), serde_json::to_vec_pretty(manifest)?)?;
    tch::manual_seed(seed);
    let weights = weights(shape, i64::try_from(labels.len()).unwrap_or(i64::MAX));
    Tensor::write_safetensors(&weights, dir.join("model.safetensors")).map_err(io::Error::other)
}

fn weights(shape: Shape, labels: i64) -> Vec<(String, Tensor)> {
    let Shape { layers, hidden, intermediate, positions, .. } = shape;
    let mut drawn = vec![
        matrix("bert.embeddings.word_embeddings", VOCABULARY, hidden),
        matrix("bert.embeddings.position_embeddings", positions, hidden),
        matrix("bert.embeddings.token_type_embeddings", 2, hidden),
    ];
    drawn.extend(norm("bert.embeddings.LayerNorm", hidden));
    for layer in 0..layers {
        let part = |field: &str| format!("bert.encoder.layer.{layer}.{field}");
        drawn.extend(linear(&part("attention.self.query"), hidden, hidden));
        drawn.extend(linear(&part("attention.self.key"), hidden, hidden));
        drawn.extend(linear(&part("attention.self.value"), hidden, hidden));
        drawn.extend(linear(&part("attention.output.dense"), hidden, hidden));
        drawn.extend(norm(&part("attention.output.LayerNorm"), hidden));
        drawn.extend(linear(&part("intermediate.dense"), hidden, intermediate));
        drawn.extend(linear(&part("output.dense"), intermediate, hidden));
        drawn.extend(norm(&part("output.LayerNorm"), hidden));
    }
    drawn.extend(linear("bert.pooler.dense", hidden, hidden));
    drawn.extend(linear("classifier", hidden, labels));
    drawn
}

fn matrix(name: &str, rows: i64, columns: i64) -> (String, Tensor) {
    (format!("{name}.weight"), Tensor::randn([rows, columns], tch::kind::FLOAT_CPU) * 0.05)
}

fn linear(name: &str, inputs: i64, outputs: i64) -> [(String, Tensor); 2] {
    [matrix(name, outputs, inputs), (format!("{name}.bias"), zeros(outputs))]
}

fn norm(name: &str, size: i64) -> [(String, Tensor); 2] {
    [(format!("{name}.weight"), zeros(size) + 1.0), (format!("{name}.bias"), zeros(size))]
}

fn zeros(size: i64) -> Tensor {
    Tensor::zeros([size], (Kind::Float, tch::Device::Cpu))
}
