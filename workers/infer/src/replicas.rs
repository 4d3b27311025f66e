//! The replicas of one model thread, and batches that fail one by one rather than together.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use ombud_models::{Classifier, Logits, Prepared, score_each};

use crate::{request::ModelRequest, served::Served};

/// The replicas of one thread, by model version.
#[derive(Default)]
pub(crate) struct Replicas {
    by_version: HashMap<String, Replica>,
}

struct Replica {
    /// Of what: gone when nobody offers the model any more and the last of its batches is through.
    served: Weak<Served>,
    classifier: Box<dyn Classifier>,
}

impl Replicas {
    /// Logits for each of `batch`, in order, all of one model version. `None` where that text can't be scored or read, or
    /// there is no model.
    pub(crate) fn score(&mut self, batch: &[ModelRequest]) -> Vec<Option<Logits>> {
        let Some(model) = batch.iter().find_map(|request| Some(&request.input.as_ref()?.model)) else {
            return vec![None; batch.len()];
        };
        let texts: Vec<&Prepared> = batch.iter().filter_map(ModelRequest::text).collect();
        let scored = score_each(self.of(model), &texts, |error| {
            tracing::warn!(%error, "batch failed: its texts are tried one by one");
        });
        let mut logits = scored.into_iter();
        batch.iter().map(|request| request.text().and_then(|_| logits.next()?)).collect()
    }

    /// This thread's replica of `model`.
    fn of(&mut self, model: &Arc<Served>) -> &mut dyn Classifier {
        // Also of a version that was dropped and loaded again: its weights would lie in memory twice.
        self.by_version.retain(|_, replica| replica.served.strong_count() > 0);
        let replica = self
            .by_version
            .entry(model.artefact.version.clone())
            .or_insert_with(|| Replica { served: Arc::downgrade(model), classifier: model.model.replica() });
        replica.classifier.as_mut()
    }
}
