//! A first start on the embedded log, whole, in parts and again.

use std::fs;

use ombud_models::{Artefact, Registry};
use ombud_stream::ManualClock;

use super::*;

/// A model that is never loaded, and MegaBank's strategy, which names it for every task.
fn models(dir: &Path) {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    let folder = dir.join("complaints");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(own.join("complaints-bag/ombud.json"), folder.join("ombud.json")).unwrap();
    fs::write(folder.join("model.safetensors"), "weights").unwrap();
    fs::copy(own.join("strategy.toml"), dir.join("strategy.toml")).unwrap();
}

struct Place {
    _dir: tempfile::TempDir,
    settings: Settings,
    backend: Backend,
    store: ModelStore,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let models_dir = dir.path().join("models");
        models(&models_dir);
        let settings = Settings { data: dir.path().join("data"), models: models_dir, ..Settings::default() };
        let backend = Backend::embedded(&settings).unwrap();
        let store = ModelStore::new(settings.data.join("models"));
        Self { _dir: dir, settings, backend, store }
    }

    fn publisher(&self) -> Publisher<Box<dyn Sink<()>>> {
        Publisher::new(self.backend.sink(8).unwrap())
    }

    fn start(&self) -> Result<bool> {
        let mut first = FirstStart {
            reader: self.backend.view().reader(READER)?,
            store: &self.store,
            models: &self.settings.models,
            prefix: "",
            clock: &ManualClock::at(7_000),
        };
        first.ensure(&mut self.publisher())
    }

    /// How many records lie in it.
    fn end(&self, topic: Topic) -> i64 {
        let partition = TopicPartition::new(topic.name(""), 0);
        self.backend.view().reader(READER).unwrap().end(&partition).unwrap()
    }

    fn registry(&self) -> Registry {
        read_registry(&mut self.backend.view().reader(READER).unwrap(), "").unwrap()
    }

    fn artefact(&self) -> Artefact {
        Artefact::open(&self.settings.models.join("complaints")).unwrap()
    }
}

#[test]
fn a_first_start_registers_each_model_once_and_publishes_version_1() {
    let place = Place::new();
    assert!(place.start().unwrap());
    assert_eq!(
        (place.end(Topic::Registry), place.end(Topic::Strategy)),
        (1, 1),
        "three tasks name one model"
    );
    let artefact = place.artefact();
    let registry = place.registry();
    let known = registry.get(&artefact.manifest.model_id, &artefact.version).unwrap();
    assert_eq!((known.created_by.as_str(), known.created_at), ("ombud setup", 7_000));
    let on_shelf = place.store.get(&artefact.manifest.model_id, &artefact.version).unwrap();
    assert_eq!(on_shelf.unwrap().version, artefact.version);
}

#[test]
fn a_later_start_changes_nothing_and_does_not_look_at_the_files() {
    let place = Place::new();
    assert!(place.start().unwrap());
    fs::remove_dir_all(&place.settings.models).unwrap();
    assert!(!place.start().unwrap());
    assert_eq!((place.end(Topic::Registry), place.end(Topic::Strategy)), (1, 1));
}

#[test]
fn a_start_that_was_killed_after_it_registered_goes_on_and_registers_nothing_again() {
    let place = Place::new();
    let record = model_version_record(&place.artefact(), "ombud setup", 6_000);
    let topic: Arc<str> = Topic::Registry.name("").into();
    let mut publisher = place.publisher();
    let key = registry_key(&record.model_id, &record.version);
    publisher.send(outgoing(&topic, &key, &record).unwrap()).unwrap();
    publisher.flush().unwrap();
    assert!(place.start().unwrap());
    assert_eq!((place.end(Topic::Registry), place.end(Topic::Strategy)), (1, 1));
}

#[test]
fn files_that_are_wrong_leave_the_log_as_it_was() {
    let place = Place::new();
    fs::remove_file(place.settings.models.join("complaints/model.safetensors")).unwrap();
    assert!(place.start().is_err());
    assert_eq!((place.end(Topic::Registry), place.end(Topic::Strategy)), (0, 0));
}

#[cfg(feature = "torch")]
#[test]
fn models_are_put_on_the_shelf_of_a_host_that_did_not_start_first() {
    let place = Place::new();
    let artefact = place.artefact();
    let elsewhere = ModelStore::new(place.settings.data.join("elsewhere"));
    shelve(&place.settings.models, &elsewhere).unwrap();
    assert!(elsewhere.get(&artefact.manifest.model_id, &artefact.version).unwrap().is_some());
}

#[test]
fn what_a_first_start_lacks_is_foreseen_and_nothing_is_written() {
    let place = Place::new();
    let data = place.settings.data.join("not-there-yet");
    let settings = Settings { data: data.clone(), ..place.settings.clone() };
    foresee(&settings).unwrap();
    fs::write(settings.models.join("strategy.toml"), "deadline = 5").unwrap();
    let refused = format!("{:#}", foresee(&settings).unwrap_err());
    assert!(refused.contains("OMBUD_MODELS") && refused.contains("strategy.toml"), "{refused}");
    assert!(!data.exists());
}
