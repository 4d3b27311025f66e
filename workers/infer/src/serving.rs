//! The models that are loaded, by version: loaded once, probed before they serve, kept while they are named.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use ombud_contract::{records::Arm, taxonomy::Taxonomy};
use ombud_models::{Artefact, Head, LoadModel, Model, ModelStore};
use tracing::{info, warn};

/// A loaded, probed model.
pub struct Served {
    /// What it was made of.
    pub artefact: Artefact,
    /// The label tree of each head.
    pub(crate) taxonomies: Vec<&'static Taxonomy>,
    /// What answers.
    pub model: Arc<dyn Model>,
}

impl Served {
    /// The place of `task` among the artefact's heads.
    pub(crate) fn head(&self, task: &str) -> Option<(usize, &Head)> {
        self.artefact.manifest.head(task)
    }
}

/// A model that can't serve, and why.
#[derive(Clone, Debug, thiserror::Error)]
#[error("serve model {model_id}@{version}: {why}")]
pub struct Unserved {
    /// The model's name.
    pub model_id: String,
    /// Its version.
    pub version: String,
    /// What is wrong, and how to mend it.
    pub why: String,
}

/// Texts that every model must answer with finite numbers before it serves: ordinary, empty, and strange.
const PROBES: [&str; 3] =
    ["I was charged twice and nobody calls me back.", "", "\u{fe0f}\u{200d}XXXX {$1.00}"];

/// What was loaded so far.
pub struct Serving {
    store: ModelStore,
    loader: Arc<dyn LoadModel>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    by_version: HashMap<String, Result<Arc<Served>, Unserved>>,
    /// The last model that could be loaded for a task: it answers while a newer one can't.
    last: HashMap<String, Arc<Served>>,
}

impl Serving {
    /// Serves models out of `store`.
    pub fn new(store: ModelStore, loader: Arc<dyn LoadModel>) -> Self {
        Self { store, loader, known: Mutex::default() }
    }

    /// The model that answers `task` for `arm`: its own version, or the last one that could be loaded.
    ///
    /// # Errors
    /// No version of the task was ever loadable here.
    pub fn for_arm(&self, task: &str, arm: &Arm) -> Result<Arc<Served>, Unserved> {
        // Held while loading: nobody could answer without the model anyway.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = match known.by_version.get(&arm.model_version) {
            Some(loaded) => loaded.clone(),
            None => {
                let loaded = self.load(arm);
                if let Err(unserved) = &loaded {
                    warn!(model = %arm.model_id, version = %arm.model_version, why = %unserved.why, "model refused");
                }
                known.by_version.insert(arm.model_version.clone(), loaded.clone());
                loaded
            }
        };
        match loaded {
            Ok(served) if served.head(task).is_some() => {
                known.last.insert(task.to_owned(), Arc::clone(&served));
                Ok(served)
            }
            Ok(served) => known.last.get(task).cloned().ok_or_else(|| Unserved {
                model_id: arm.model_id.clone(),
                version: served.artefact.version.clone(),
                why: format!("it has no head for task {task}: name a model that answers it in the strategy"),
            }),
            Err(unserved) => known.last.get(task).cloned().ok_or(unserved),
        }
    }

    fn load(&self, arm: &Arm) -> Result<Arc<Served>, Unserved> {
        let unserved = |why: String| Unserved {
            model_id: arm.model_id.clone(),
            version: arm.model_version.clone(),
            why,
        };
        let stored = self.store.get(&arm.model_id, &arm.model_version);
        let artefact = stored.map_err(|error| unserved(chain(&error)))?;
        let missing = || unserved("it isn't in the model store: register its folder again".to_owned());
        let artefact = artefact.ok_or_else(missing)?;
        let taxonomies = artefact.manifest.heads.iter().map(|head| {
            let unknown = || unserved(format!("label set {} is none of this build's", head.label_set));
            Taxonomy::by_label_set(&head.label_set).ok_or_else(unknown)
        });
        let taxonomies = taxonomies.collect::<Result<_, _>>()?;
        let model = self.loader.load(&artefact).map_err(|error| unserved(chain(&error)))?;
        probe(&artefact, model.as_ref()).map_err(unserved)?;
        info!(model = %arm.model_id, version = %arm.model_version, "model loaded");
        Ok(Arc::new(Served { artefact, taxonomies, model }))
    }
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}

/// Whether the model answers the probes with one finite logit for each label of each head.
fn probe(artefact: &Artefact, model: &dyn Model) -> Result<(), String> {
    let prepared = PROBES.map(|text| model.prepare(text));
    let batch: Vec<_> = prepared.iter().collect();
    let answers = model.replica().classify(&batch).map_err(|error| error.to_string())?;
    if answers.len() != batch.len() {
        return Err(format!("{} probes gave {} answers", batch.len(), answers.len()));
    }
    let wanted: Vec<usize> = artefact.manifest.heads.iter().map(|head| head.labels.len()).collect();
    for logits in &answers {
        let got: Vec<usize> = logits.iter().map(Vec::len).collect();
        if got != wanted {
            return Err(format!("its heads give {got:?} logits, its labels number {wanted:?}"));
        }
        if logits.iter().flatten().any(|logit| !logit.is_finite()) {
            return Err("a probe gave logits that are not finite: its weights are broken".to_owned());
        }
    }
    Ok(())
}
