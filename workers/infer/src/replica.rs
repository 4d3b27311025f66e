//! One model thread: its own replica of each model, and batches that fail one by one rather than together.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use ombud_models::{Blame, Classifier, ClassifyError, HostFault, Logits, Prepared};

use crate::{ask::Ask, serving::Served};

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
    /// Logits for each of `asks`, in order, all of one model version. `None` where that text can't be scored or read.
    pub(crate) fn classify(&mut self, model: &Arc<Served>, asks: &[Ask]) -> Vec<Option<Logits>> {
        // Also of a version that was dropped and loaded again: its weights would lie in memory twice.
        self.by_version.retain(|_, replica| replica.served.strong_count() > 0);
        let replica = self
            .by_version
            .entry(model.artefact.version.clone())
            .or_insert_with(|| Replica { served: Arc::downgrade(model), classifier: model.model.replica() });
        let texts: Vec<&Prepared> = asks.iter().filter_map(Ask::text).collect();
        let classifier = replica.classifier.as_mut();
        let mut answers = match scored(classifier, &texts) {
            Ok(logits) => logits.into_iter().map(Some).collect::<Vec<_>>(),
            // One text must not take its neighbours along.
            Err(error) => {
                tracing::warn!(%error, "batch failed: its texts are tried one by one");
                texts.iter().map(|text| scored(classifier, &[text]).ok()?.pop()).collect::<Vec<_>>()
            }
        }
        .into_iter();
        asks.iter().map(|ask| ask.text().and_then(|_| answers.next()?)).collect()
    }
}

fn scored(replica: &mut dyn Classifier, texts: &[&Prepared]) -> Result<Vec<Logits>, ClassifyError> {
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    let logits = replica.classify(texts)?;
    if logits.len() == texts.len() {
        return Ok(logits);
    }
    let what = format!("it answered {} texts", logits.len());
    let blame = Blame::Host(HostFault::Compute);
    Err(ClassifyError { model: "replica", rows: texts.len(), what, blame })
}
