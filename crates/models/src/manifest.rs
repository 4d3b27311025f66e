//! `ombud.json`: what an artefact says of itself, beside the weights.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How a model is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Hashed n-grams into an embedding bag.
    Bag,
    /// BERT, DistilBERT or RoBERTa sequence classifier.
    Encoder,
}

/// How a head's logits become an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One of the labels, at the finest taxonomy level that the confidence carries.
    Choice,
    /// Yes or no: two labels, the negative first. Thresholds `possible` and `vulnerable` cut its score.
    Flag,
}

/// One task that the artefact answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// `product`, `issue`, `vulnerable`, ...
    pub task: String,
    /// How its logits become an answer.
    pub kind: Kind,
    /// The numbered label set, such as `issue@1`: a taxonomy of `schemas/taxonomy/`.
    pub label_set: String,
    /// Leaf labels, in logit order.
    pub labels: Vec<String>,
    /// Logits are divided by it before the softmax.
    pub temperature: f64,
    /// For [`Kind::Choice`]: level -> least confidence to answer at that level. For [`Kind::Flag`]:
    /// `possible` and `vulnerable` -> least score.
    #[serde(default)]
    pub thresholds: BTreeMap<String, f64>,
}

/// The content of `ombud.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Layout of this file; 1.
    pub format: u32,
    /// The model's name, as the registry and the strategy call it.
    pub model_id: String,
    /// How it is built.
    pub family: Family,
    /// In logit order of [`crate::Logits`].
    pub heads: Vec<Head>,
    /// Longest input in tokens; encoders only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// Named figures from its evaluation, such as `validation.product.accuracy`.
    #[serde(default)]
    pub metrics: BTreeMap<String, f64>,
    /// SHA-256 of `training.json`, where the artefact was trained here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training_manifest_sha256: Option<String>,
    /// The version it was trained on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_version: Option<String>,
}
