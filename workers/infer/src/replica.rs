//! One model thread: its own replica of each model, and batches that fail one by one rather than together.

use std::collections::HashMap;

use ombud_models::{Classifier, ClassifyError, Logits, Prepared};

use crate::{ask::Ask, serving::Served};

/// The replicas of one thread, by model version.
#[derive(Default)]
pub(crate) struct Replicas {
    by_version: HashMap<String, Box<dyn Classifier>>,
}

/// More versions than these at once is a history, not a rollout: the thread starts over with what is asked now.
const MOST_VERSIONS: usize = 8;

impl Replicas {
    /// Logits for each of `asks`, in order, all of one model version. `None` where that text can't be scored.
    pub(crate) fn classify(&mut self, model: &Served, asks: &[Ask]) -> Vec<Option<Logits>> {
        let version = &model.artefact.version;
        if self.by_version.len() >= MOST_VERSIONS && !self.by_version.contains_key(version) {
            self.by_version.clear();
        }
        let replica = self.by_version.entry(version.clone()).or_insert_with(|| model.model.replica());
        let texts: Vec<&Prepared> =
            asks.iter().filter_map(|ask| Some(&ask.asked.as_ref()?.prepared)).collect();
        match scored(replica.as_mut(), &texts) {
            Ok(logits) => logits.into_iter().map(Some).collect(),
            // One text must not take its neighbours along.
            Err(error) => {
                tracing::warn!(%error, "batch failed: its texts are tried one by one");
                texts.iter().map(|text| scored(replica.as_mut(), &[text]).ok()?.pop()).collect()
            }
        }
    }
}

fn scored(replica: &mut dyn Classifier, texts: &[&Prepared]) -> Result<Vec<Logits>, ClassifyError> {
    let logits = replica.classify(texts)?;
    if logits.len() == texts.len() {
        return Ok(logits);
    }
    let what = format!("it answered {} texts", logits.len());
    Err(ClassifyError { model: "replica", rows: texts.len(), what })
}
