//! What a model is to the rest of Ombud: it prepares a narrative, then scores a batch of prepared ones.

use std::sync::Arc;

use crate::artefact::Artefact;
use crate::rejection::Blame;

/// A narrative made ready for a model: plain numbers, no text.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// What the model reads.
    pub input: Input,
    /// Tokens (encoder, and a blend with one) or distinct n-grams (bag) of the whole narrative.
    pub tokens: u32,
    /// How many of them the model will not see.
    pub truncated_tokens: u32,
    /// How many of them it has never learned: words outside its vocabulary, n-grams without weights. Of a blend the share
    /// of the member that knows the least of them, in tokens.
    pub unseen_tokens: u32,
    /// How many windows it reads; 1 unless the text is read in pieces.
    pub windows: u32,
}

impl Prepared {
    /// Which share of the tokens the model has never learned, 0 to 1; of no tokens at all it has learned none.
    pub fn unseen_share(&self) -> f64 {
        if self.tokens == 0 { 1.0 } else { f64::from(self.unseen_tokens) / f64::from(self.tokens) }
    }

    /// What one text adds to a batch's token budget. An n-gram costs one row of a table to add up, a token a
    /// pass through every layer: so many n-grams go for one token.
    pub fn cost(&self) -> usize {
        const NGRAMS_A_TOKEN: usize = 64;
        match &self.input {
            Input::Tokens(ids) => ids.len(),
            Input::Columns { columns, .. } => columns.len().div_ceil(NGRAMS_A_TOKEN),
            Input::Members(members) => members.iter().map(Self::cost).sum(),
        }
    }
}

/// A model's input, by family.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Token ids of an encoder, special tokens included.
    Tokens(Vec<u32>),
    /// Columns of a bag's embedding table and their weights, ascending by column.
    Columns {
        /// Rows of the embedding table.
        columns: Vec<u32>,
        /// The weight of each.
        weights: Vec<f32>,
    },
    /// What each member of a blend reads, in the blend's order.
    Members(Vec<Prepared>),
}

/// Uncalibrated outputs for one narrative: for each head of the artefact, in its order, one logit a label of ours, and one
/// more where [`crate::Head::outputs`] says so.
pub type Logits = Vec<Vec<f32>>;

/// A loaded model: shared by the tokenizer threads, and the source of replicas for the model threads.
pub trait Model: Send + Sync {
    /// Turns a narrative into this model's input. Never fails: an empty or strange text gives a short input.
    fn prepare(&self, narrative: &str) -> Prepared;

    /// A replica for one more model thread; weights are shared with the others.
    fn replica(&self) -> Box<dyn Classifier>;
}

/// Makes a model of an artefact's files; `ombud_torch::Libtorch` is the one that serves.
pub trait LoadModel: Send + Sync {
    /// Reads and checks the weights; takes seconds.
    ///
    /// # Errors
    /// A file is missing or broken, or its shapes don't fit the manifest: the artefact is to blame, and nobody can serve
    /// it. Or this host is, which could not read a file or was short of memory, and trying again may help.
    fn load(&self, artefact: &Artefact) -> Result<Arc<dyn Model>, LoadError>;

    /// Gives the memory of models that are gone back to the system, where the allocator does not by itself. Called by
    /// who loads, some time after models came or went; may take milliseconds.
    fn tidy(&self) {}
}

/// An artefact that could not be loaded.
#[derive(Debug, thiserror::Error)]
#[error("load model {model_id} from {dir}: {what}")]
pub struct LoadError {
    /// The model's name.
    pub model_id: String,
    /// The artefact's folder.
    pub dir: String,
    /// What is wrong, and how to mend it.
    pub what: String,
    /// Whose fault it is. The version's only where its own bytes show it; in doubt this host's.
    pub blame: Blame,
}

/// One replica of a model, owned by one thread.
pub trait Classifier: Send {
    /// Logits for each of `batch`, in order. The same input gives the same logits whatever else is in the batch
    /// (to 1e-5 for encoders, exactly for bags). Blocks while it computes.
    ///
    /// # Errors
    /// The model can't score this batch: wrong input family, or libtorch said no.
    fn classify(&mut self, batch: &[&Prepared]) -> Result<Vec<Logits>, ClassifyError>;
}

/// A batch that a model could not score.
#[derive(Debug, thiserror::Error)]
#[error("classify a batch of {rows} with {model}: {what}")]
pub struct ClassifyError {
    /// The model, by family.
    pub model: &'static str,
    /// How many texts it was given.
    pub rows: usize,
    /// What went wrong, without content.
    pub what: String,
    /// Whose fault it is. The version's only where its own bytes show it; in doubt this host's.
    pub blame: Blame,
}
