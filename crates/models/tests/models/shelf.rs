//! The shelf gives back what was put there, whole, or says what is wrong with it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ombud_models::{Artefact, ArtefactError, Family, Manifest, ModelStore, model_version_record};

use crate::given;

#[test]
fn a_version_serves_on_after_the_models_folder_has_changed() {
    let (models, data) = (given::models_folder(), tempfile::tempdir().unwrap());
    let from = models.path().join("complaints");
    let artefact = Artefact::open(&from).unwrap();
    let store = ModelStore::new(data.path().join("models"));
    let home = store.add(&artefact).unwrap();
    fs::write(from.join("model.safetensors"), "retrained").unwrap();

    let kept = store.get("complaints", &artefact.version).unwrap().unwrap();
    assert_eq!((&kept.dir, &kept.version, &kept.files), (&home, &artefact.version, &artefact.files));
    assert_eq!(fs::read(home.join("README.md")).unwrap(), b"# A bag");
}

#[test]
fn what_a_version_says_of_itself_is_read_from_the_shelf_and_from_nowhere_else() {
    let (models, data) = (given::models_folder(), tempfile::tempdir().unwrap());
    let artefact = Artefact::open(&models.path().join("complaints")).unwrap();
    let store = ModelStore::new(data.path().join("models"));
    assert_eq!(store.description("complaints", &artefact.version), None);
    store.add(&artefact).unwrap();
    let known = store.description("complaints", &artefact.version).unwrap();
    assert_eq!((known.card.as_deref(), known.manifest), (Some("# A bag"), Some(given::manifest())));
    for model_id in ["../models/complaints", "..", "", "complaints/", "/etc"] {
        assert_eq!(store.description(model_id, &artefact.version), None, "{model_id}");
    }
    assert_eq!(store.description("complaints", ".."), None);
}

#[test]
fn whoever_may_read_the_shelf_may_read_what_is_added() {
    let models = given::models_folder();
    let artefact = Artefact::open(&models.path().join("complaints")).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for (shelf, file) in [(0o755, 0o644), (0o750, 0o640)] {
        let dir = tempfile::tempdir().unwrap();
        set(dir.path(), shelf);
        // As the command makes it, which writes for itself alone.
        fs::create_dir(dir.path().join("complaints")).unwrap();
        set(&dir.path().join("complaints"), 0o700);
        let home = ModelStore::new(dir.path()).add(&artefact).unwrap();
        assert_eq!(mode(&dir.path().join("complaints")), shelf);
        let readers = |path: &Path| mode(path) & shelf & 0o077;
        assert_eq!(readers(&home), shelf & 0o077);
        assert_eq!(readers(&home.join("tables/idf.bin")), file & 0o077);
    }
}

#[test]
fn what_was_never_added_is_absent() {
    let store = ModelStore::new(tempfile::tempdir().unwrap().path());
    assert!(store.get("complaints", &"0".repeat(64)).unwrap().is_none());
}

#[test]
fn a_tampered_version_is_refused_and_the_files_are_named() {
    let (models, data) = (given::models_folder(), tempfile::tempdir().unwrap());
    let artefact = Artefact::open(&models.path().join("complaints")).unwrap();
    let store = ModelStore::new(data.path());
    let home = store.add(&artefact).unwrap();
    fs::write(home.join("model.safetensors"), "other weights").unwrap();
    fs::remove_file(home.join("tables/idf.bin")).unwrap();
    fs::write(home.join("extra.bin"), "").unwrap();
    let error = store.get("complaints", &artefact.version).unwrap_err();
    let ArtefactError::Differs { what, .. } = error else { panic!("{error}") };
    assert_eq!(what, "model.safetensors was changed, tables/idf.bin is missing, extra.bin was added");

    // Adding it again repairs it.
    store.add(&artefact).unwrap();
    assert!(store.get("complaints", &artefact.version).unwrap().is_some());
}

#[test]
fn an_artefact_that_changed_since_it_was_opened_leaves_nothing_behind() {
    let (models, data) = (given::models_folder(), tempfile::tempdir().unwrap());
    let from = models.path().join("complaints");
    let artefact = Artefact::open(&from).unwrap();
    fs::write(from.join("model.safetensors"), "changed").unwrap();
    let store = ModelStore::new(data.path());
    assert!(store.add(&artefact).is_err());
    assert!(store.get("complaints", &artefact.version).unwrap().is_none());
    assert_eq!(fs::read_dir(data.path().join("complaints")).unwrap().count(), 0);
}

#[test]
fn what_a_dead_process_left_half_copied_is_in_nobodys_way() {
    let (models, data) = (given::models_folder(), tempfile::tempdir().unwrap());
    let artefact = Artefact::open(&models.path().join("complaints")).unwrap();
    let half = data.path().join("complaints").join(format!(".arriving-{}", artefact.version));
    fs::create_dir_all(&half).unwrap();
    fs::write(half.join("model.safetensors"), "half").unwrap();
    let store = ModelStore::new(data.path());
    assert!(store.get("complaints", &artefact.version).unwrap().is_none());
    store.add(&artefact).unwrap();
    assert!(store.get("complaints", &artefact.version).unwrap().is_some());
    assert!(!half.exists());
}

#[test]
fn names_from_a_record_never_lead_out_of_the_shelf() {
    let store = ModelStore::new(tempfile::tempdir().unwrap().path());
    let version = "0".repeat(64);
    for (model_id, version) in
        [("..", version.as_str()), ("a/b", &version), ("", &version), ("bag", "../.."), ("bag", "")]
    {
        let refused = store.get(model_id, version);
        assert!(matches!(refused, Err(ArtefactError::Name { .. })), "{model_id}@{version}");
    }
}

#[test]
fn a_blend_is_kept_with_all_of_its_members() {
    let (models, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let from = models.path().join("blend");
    given::write_artefact(&from.join("bag"));
    let manifest = Manifest { family: Family::Blend, model_id: "blend".to_owned(), ..given::manifest() };
    fs::write(from.join("ombud.json"), serde_json::to_string(&manifest).unwrap()).unwrap();
    let error = Artefact::open(&from).unwrap_err().to_string();
    assert!(error.ends_with("it has no blend.json"), "{error}");

    fs::write(from.join("blend.json"), "{}").unwrap();
    let artefact = Artefact::open(&from).unwrap();
    let home = ModelStore::new(data.path()).add(&artefact).unwrap();
    let member = |dir: &Path| Artefact::open(&dir.join("bag")).unwrap();
    assert_eq!(member(&home).version, member(&from).version);
    assert_eq!(fs::read(home.join("bag/README.md")).unwrap(), b"# A bag");
    assert_eq!(model_version_record(&artefact, "test", 0).family, "blend");

    fs::write(home.join("bag/tables/idf.bin"), [1_u8, 2, 4]).unwrap();
    let error = ModelStore::new(data.path()).get("blend", &artefact.version).unwrap_err().to_string();
    assert!(error.ends_with("bag/tables/idf.bin was changed"), "{error}");
}

#[test]
fn what_nobody_needs_leaves_the_shelf_and_the_rest_stays() {
    let models = given::models_folder();
    let artefact = Artefact::open(&models.path().join("complaints")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let shelf = ModelStore::new(dir.path().join("models"));
    let none: Vec<(String, String)> = Vec::new();
    assert_eq!(shelf.collect(|_, _| true).unwrap(), none, "there is no shelf yet");
    shelf.add(&artefact).unwrap();
    assert_eq!(shelf.collect(|_, version| version != artefact.version).unwrap(), none);
    assert!(shelf.get("complaints", &artefact.version).unwrap().is_some());
    let gone = shelf.collect(|model_id, _| model_id == "complaints").unwrap();
    assert_eq!(gone, [("complaints".to_owned(), artefact.version.clone())]);
    assert!(shelf.get("complaints", &artefact.version).unwrap().is_none());
}
