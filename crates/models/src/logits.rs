//! What a model gives for a narrative, or why it could not.

use crate::rejection::Blame;

/// Uncalibrated outputs for one narrative: for each head of the artefact, in its order, one logit a label of ours, and one
/// more where [`crate::Head::outputs`] says so.
pub type Logits = Vec<Vec<f32>>;

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
