//! What a model is to the rest of Ombud: it prepares a narrative, then scores a batch of prepared ones.

use std::sync::Arc;

use crate::artefact::Artefact;
use crate::logits::{ClassifyError, Logits};
use crate::pack::BatchBudget;
use crate::prepared::Prepared;
use crate::rejection::Blame;
use crate::trace::Trace;

/// A loaded model: shared by the tokenizer threads, and the source of replicas for the model threads.
pub trait Model: Send + Sync {
    /// Turns a narrative into this model's input. Never fails: an empty or strange text gives a short input.
    fn prepare(&self, narrative: &str) -> Prepared;

    /// A replica for one more model thread; weights are shared with the others.
    fn replica(&self) -> Box<dyn Classifier>;

    /// What a batch for it holds at most, in the unit of [`Prepared::cost`]: more is computed no faster. Whoever packs its
    /// batches keeps to this and to a bound of its own; a replica takes larger batches all the same.
    fn budget(&self) -> BatchBudget {
        BatchBudget::UNBOUNDED
    }

    /// `narrative` followed through this model, for who asks why it answers as it does; `None` where this model can't be followed.
    /// Takes as long as answering a few times over, and its memory as long as it is kept.
    ///
    /// # Errors
    /// libtorch said no.
    fn trace(&self, narrative: &str) -> Result<Option<Box<dyn Trace>>, ClassifyError> {
        let _ = narrative;
        Ok(None)
    }
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
    /// What is wrong, and how to fix it.
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
