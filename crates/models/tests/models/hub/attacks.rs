//! Who names paths outside the cache, a person, a hub or a record, writes none and deletes none there; what honest people,
//! hubs and records name is fetched.

use std::path::PathBuf;

use super::*;

/// What leads out of the folder that it is joined to; the second is of the victim itself.
fn outward(victim: &Path) -> [&'static str; 4] {
    ["../../victim/x", String::leak(victim.join("x").display().to_string()), "a/../../../../victim/x", ".."]
}

/// Somebody else's folder, with what an artefact has; the cache and the shelf are made beside it.
struct Scene {
    dir: tempfile::TempDir,
}

impl Scene {
    fn set() -> Self {
        let scene = Self { dir: tempfile::tempdir().unwrap() };
        let victim = scene.victim();
        std::fs::create_dir(&victim).unwrap();
        for name in ["ombud.json", "model.safetensors", "config.json", "tokenizer.json", "x"] {
            std::fs::write(victim.join(name), format!("{name} of somebody else")).unwrap();
        }
        scene
    }

    fn victim(&self) -> PathBuf {
        self.dir.path().join("victim")
    }

    fn hub(&self, served: &Served) -> Hub {
        at(&served.endpoint, &self.dir.path().join("hub"), HubTimeouts::default())
    }

    fn sources(&self, hub: Hub) -> Sources {
        Sources::new(ModelStore::new(self.dir.path().join("shelf")), None).with_hub(hub)
    }

    /// The victim's files are as they were, and nothing lies beside the folders that are ours.
    fn is_unharmed(&self) {
        let names = |folder: &Path| {
            let entries = std::fs::read_dir(folder).unwrap();
            let mut names: Vec<String> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        let victims = names(&self.victim());
        assert_eq!(victims, ["config.json", "model.safetensors", "ombud.json", "tokenizer.json", "x"]);
        for name in victims {
            let content = std::fs::read_to_string(self.victim().join(&name)).unwrap();
            assert_eq!(content, format!("{name} of somebody else"));
        }
        let ours = ["hub", "made", "shelf", "victim"];
        let strange: Vec<String> = names(self.dir.path());
        assert!(strange.iter().all(|name| ours.contains(&name.as_str())), "{strange:?}");
        let cache = self.dir.path().join("hub");
        if cache.exists() {
            assert!(names(&cache).iter().all(|name| name == "models--bank--triage"), "{:?}", names(&cache));
        }
    }
}

#[test]
fn a_revision_that_is_a_path_is_refused_before_the_hub_is_asked() {
    let scene = Scene::set();
    let served = serve(&WHOLE, Rules::default());
    for offline in [false, true] {
        let hub = Hub { offline, ..scene.hub(&served) };
        for revision in outward(&scene.victim()) {
            let refused = hub.fetch("bank/triage", Some(revision)).unwrap_err();
            assert!(matches!(refused, HubError::Name(_)), "{revision}: {refused}");
            assert!(hub.fetch(&format!("bank/triage@{revision}"), None).is_err());
        }
    }
    assert!(served.asked.lock().unwrap().is_empty());
    scene.is_unharmed();
    assert!(scene.hub(&served).fetch("bank/triage", Some("v1")).is_ok());
}

#[test]
fn a_tag_of_a_hub_that_is_a_path_names_a_content_within_the_cache() {
    let scene = Scene::set();
    for etag in outward(&scene.victim()) {
        let served = serve(&WHOLE, Rules { etag: Some(etag), ..Rules::default() });
        let id = RepoId::parse("bank/triage").unwrap();
        let (main, name) = (Revision::parse(COMMIT).unwrap(), FileName::parse("config.json").unwrap());
        let into = tempfile::tempdir().unwrap();
        scene.hub(&served).fetch_files(&id, &main, &[name], into.path(), &Stop::never()).unwrap();
        assert_eq!(std::fs::read(into.path().join("config.json")).unwrap(), b"{}");
        scene.is_unharmed();
        std::fs::remove_dir_all(scene.dir.path().join("hub")).unwrap();
    }
}

#[test]
fn a_commit_of_a_hub_that_is_a_path_or_another_than_was_asked_for_is_refused() {
    let scene = Scene::set();
    let id = RepoId::parse("bank/triage").unwrap();
    let (asked, name) = (Revision::parse(COMMIT).unwrap(), FileName::parse("config.json").unwrap());
    let another: &'static str = "f".repeat(40).leak();
    for commit in outward(&scene.victim()).into_iter().chain([another]) {
        let served = serve(&WHOLE, Rules { commit: Some(commit), ..Rules::default() });
        let (hub, into) = (scene.hub(&served), tempfile::tempdir().unwrap());
        let fetched = hub.fetch_files(&id, &asked, std::slice::from_ref(&name), into.path(), &Stop::never());
        let refused = fetched.unwrap_err();
        assert!(matches!(refused, HubError::Unreachable { .. }), "{commit}: {refused}");
        assert!(hub.fetch("bank/triage", None).is_err(), "the list of files says so as well");
        scene.is_unharmed();
    }
    let honest = serve(&WHOLE, Rules::default());
    assert!(scene.hub(&honest).fetch("bank/triage", None).is_ok());
}

#[test]
fn a_hub_that_lists_a_file_elsewhere_is_refused() {
    let scene = Scene::set();
    let served = serve(&[WHOLE[0], WHOLE[1], WHOLE[2], ("../../victim/x", b"theirs")], Rules::default());
    let refused = scene.hub(&served).fetch("bank/triage", None).unwrap_err();
    assert!(matches!(refused, HubError::Unreachable { .. }), "{refused}");
    scene.is_unharmed();
}

#[test]
fn a_record_that_names_a_place_outside_the_cache_rejects_its_version_and_another_one_is_fetched() {
    let scene = Scene::set();
    let record = registered(&scene.dir.path().join("made"), &OURS);
    let served = serve(&OURS, Rules::default());
    let file = |name: &str| {
        let mut files = record.files.clone();
        files[0].name = name.to_owned();
        ModelVersion { files, ..record.clone() }
    };
    let mut hostile = Vec::new();
    for name in outward(&scene.victim()) {
        hostile.push(ModelVersion { hub_revision: Some(name.to_owned()), ..record.clone() });
        hostile.push(ModelVersion { hub_id: Some(name.to_owned()), ..record.clone() });
        hostile.push(file(name));
    }
    let sources = scene.sources(scene.hub(&served));
    let obtain =
        |known: &ModelVersion| sources.obtain(&known.model_id, &known.version, Some(known), &Stop::never());
    for known in &hostile {
        let refused = obtain(known).unwrap_err();
        let ServingFailure::Rejected(rejection) = &refused else { panic!("{refused:?}") };
        assert_eq!(rejection.fault, Fault::Record, "{rejection}");
        assert!(rejection.what.starts_with("models.registry says to take"), "{rejection}");
        scene.is_unharmed();
    }
    assert!(served.asked.lock().unwrap().is_empty());
    assert_eq!(obtain(&record).unwrap().version, record.version);
}

#[test]
fn a_version_that_is_a_path_is_rejected_and_makes_no_folder() {
    let scene = Scene::set();
    let record = registered(&scene.dir.path().join("made"), &OURS);
    let served = serve(&OURS, Rules::default());
    let sources = scene.sources(scene.hub(&served));
    for version in outward(&scene.victim()) {
        let known = ModelVersion { version: version.to_owned(), ..record.clone() };
        let refused = sources.obtain(&known.model_id, version, Some(&known), &Stop::never()).unwrap_err();
        assert!(
            matches!(&refused, ServingFailure::Rejected(rejection) if rejection.fault == Fault::Record),
            "{refused:?}"
        );
        scene.is_unharmed();
    }
}

#[test]
fn a_file_that_is_longer_than_the_hub_says_ends_where_it_should_have_ended() {
    let scene = Scene::set();
    let served = serve(&WHOLE, Rules { overflows: true, ..Rules::default() });
    let refused = scene.hub(&served).fetch("bank/triage", None).unwrap_err();
    assert!(matches!(refused, HubError::Unreachable { .. }), "{refused}");
    scene.is_unharmed();
    let honest = serve(&WHOLE, Rules::default());
    assert!(scene.hub(&honest).fetch("bank/triage", None).is_ok());
}
