//! How each architecture calls its tensors.

use super::config::Architecture;
use super::network::Activation;

/// Where an architecture keeps its parts; layers are numbered after `layers`.
pub(crate) struct Names {
    /// What all names of the body begin with; a bare body is saved without it.
    pub(crate) body: &'static str,
    pub(crate) embeddings: &'static str,
    pub(crate) layers: &'static str,
    pub(crate) query: &'static str,
    pub(crate) key: &'static str,
    pub(crate) value: &'static str,
    pub(crate) attention_out: &'static str,
    pub(crate) attention_norm: &'static str,
    pub(crate) up: &'static str,
    pub(crate) down: &'static str,
    pub(crate) out_norm: &'static str,
    pub(crate) pooler: &'static str,
    pub(crate) classifier: &'static str,
    /// What distances between tokens add, where the architecture has that.
    pub(crate) distances: Option<&'static str>,
    /// What stands between pooler and classifier.
    pub(crate) activation: Activation,
}

const BERT: Names = Names {
    body: "bert.",
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
    distances: None,
    activation: Activation::Tanh,
};

const ROBERTA: Names = Names {
    body: "roberta.",
    embeddings: "roberta.embeddings",
    layers: "roberta.encoder.layer",
    pooler: "classifier.dense",
    classifier: "classifier.out_proj",
    ..BERT
};

const DISTILBERT: Names = Names {
    body: "distilbert.",
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
    distances: None,
    activation: Activation::Relu,
};

const MPNET: Names = Names {
    body: "mpnet.",
    embeddings: "mpnet.embeddings",
    layers: "mpnet.encoder.layer",
    query: "attention.attn.q",
    key: "attention.attn.k",
    value: "attention.attn.v",
    attention_out: "attention.attn.o",
    attention_norm: "attention.LayerNorm",
    distances: Some("mpnet.encoder.relative_attention_bias"),
    ..ROBERTA
};

impl Names {
    pub(crate) fn of(architecture: Architecture) -> &'static Self {
        match architecture {
            Architecture::Bert => &BERT,
            Architecture::DistilBert => &DISTILBERT,
            Architecture::Mpnet => &MPNET,
            Architecture::Roberta | Architecture::XlmRoberta => &ROBERTA,
        }
    }

    /// Whether a tensor of any architecture is its table of distances.
    pub(crate) fn are_distances(tensor: &str) -> bool {
        MPNET.distances.is_some_and(|part| tensor.starts_with(part))
    }
}

/// What the tensors of a task's head begin with, in an artefact with heads of our own.
pub(crate) fn head(task: &str) -> String {
    format!("heads.{task}")
}
