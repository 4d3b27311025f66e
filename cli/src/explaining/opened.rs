//! The models of those who explain: from where serving would have them, tried as serving tries them, the last few kept loaded.

use std::{collections::VecDeque, sync::Arc};

use ombud_contract::records::ModelVersion;
use ombud_explain::{OpenError, OpenModels, OpenedModel};
use ombud_launch::config::Settings;
use ombud_models::{
    Artefact, Hindrance, HostFault, LoadModel as _, ModelStore, ServingFailure, Sources, Stop,
};

use crate::trial::TrialLoader;

/// Models that stay loaded: who asks about one complaint asks about others that the same two answered. Each is some hundred
/// megabytes.
const KEPT: usize = 2;

/// Opens a version from this process's shelf, the shared folder, or the hub.
pub(crate) struct ShelfModels {
    sources: Sources,
    loader: TrialLoader,
    /// In folders that somebody named; looked at first.
    folders: Vec<Artefact>,
    /// What the registry has about versions: where a hub has them.
    known: Vec<ModelVersion>,
    /// The one that was asked last in front.
    loaded: VecDeque<OpenedModel>,
    stop: Stop,
}

impl ShelfModels {
    /// Those of the data folder that `settings` name. `stop` ends a fetch, or a trial.
    pub(crate) fn of(settings: &Settings, stop: Stop) -> Self {
        let shelf = ModelStore::new(settings.data.join("models"));
        let shared = &settings.shared_models;
        let shared = (!shared.as_os_str().is_empty()).then_some(shared.as_path());
        Self {
            sources: Sources::new(shelf.clone(), shared),
            loader: TrialLoader::new(shelf, stop.clone()),
            folders: Vec::new(),
            known: Vec::new(),
            loaded: VecDeque::with_capacity(KEPT),
            stop,
        }
    }

    /// Also these, which need not be on the shelf.
    pub(crate) fn with_folders(self, folders: Vec<Artefact>) -> Self {
        Self { folders, ..self }
    }

    /// From here on, what the registry has about versions is this.
    pub(crate) fn know(&mut self, known: Vec<ModelVersion>) {
        self.known = known;
    }

    fn artefact(&self, model_id: &str, version: &str) -> Result<Artefact, OpenError> {
        let is_it =
            |artefact: &&Artefact| artefact.manifest.model_id == model_id && artefact.version == version;
        if let Some(named) = self.folders.iter().find(is_it) {
            return Ok(named.clone());
        }
        let known = self.known.iter().find(|one| one.model_id == model_id && one.version == version);
        self.sources.obtain(model_id, version, known, &self.stop).map_err(|failure| unopened(&failure))
    }
}

impl OpenModels for ShelfModels {
    fn open(&mut self, model_id: &str, version: &str) -> Result<OpenedModel, OpenError> {
        let is_it = |opened: &OpenedModel| {
            opened.artefact.manifest.model_id == model_id && opened.artefact.version == version
        };
        if let Some(loaded) = self.loaded.iter().position(is_it).and_then(|place| self.loaded.remove(place)) {
            self.loaded.push_front(loaded.clone());
            return Ok(loaded);
        }
        let artefact = self.artefact(model_id, version)?;
        if self.loaded.len() >= KEPT {
            // Before the next one is loaded: there is room for so many, and no more.
            self.loaded.truncate(KEPT - 1);
            self.loader.tidy();
        }
        let model = self.loader.load(&artefact).map_err(|error| OpenError::Failed(error.to_string()))?;
        let opened = OpenedModel { artefact: Arc::new(artefact), model };
        self.loaded.push_front(opened.clone());
        Ok(opened)
    }
}

/// What was missed, with what would bring it back.
fn unopened(failure: &ServingFailure) -> OpenError {
    match failure {
        ServingFailure::Hindered(Hindrance { fault: HostFault::Absent, what }) => OpenError::Gone(format!(
            "{what}; it is gone unless `ombud models add` gets its folder again, or a backup of the data folder's `models` is \
             put back"
        )),
        other => OpenError::Failed(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    fn settings(data: &Path) -> Settings {
        Settings { data: data.to_owned(), ..Settings::default() }
    }

    fn bag() -> Artefact {
        Artefact::open(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../models/complaints-bag")).unwrap()
    }

    #[test]
    fn a_version_that_nobody_has_is_gone_with_what_would_bring_it_back() {
        let data = tempfile::tempdir().unwrap();
        let mut models = ShelfModels::of(&settings(data.path()), Stop::never());
        let gone = models.open("complaints", &"0".repeat(64)).err();
        assert!(matches!(&gone, Some(OpenError::Gone(why)) if why.contains("ombud models add")), "{gone:?}");
    }

    #[test]
    fn a_model_that_was_asked_stays_loaded() {
        let (data, bag) = (tempfile::tempdir().unwrap(), bag());
        let mut models =
            ShelfModels::of(&settings(data.path()), Stop::never()).with_folders(vec![bag.clone()]);
        let mut open = || models.open("complaints-bag", &bag.version).unwrap();
        let (first, second) = (open(), open());
        assert!(Arc::ptr_eq(&first.model, &second.model));
    }
}
