//! Models come from a hub into the cache that Python shares, over a server of the hub's layout on this machine.

mod attacks;
mod served;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ombud_contract::records::ModelVersion;
use ombud_models::{
    Artefact, Fault, FileName, HostFault, Hub, HubError, HubTimeouts, ModelStore, RepoId, Revision,
    ServingFailure, Sources, Stop, called, model_version_record,
};
use served::{COMMIT, Rules, Served, WEIGHTS, WHOLE, at, hub, serve, silent};

#[test]
fn a_model_is_fetched_once_and_then_found_without_the_hub() {
    let cache = tempfile::tempdir().unwrap();
    let served = serve(&WHOLE, Rules::default());
    let mut hub = hub(&served, cache.path());
    let folder = hub.fetch("bank/triage", None).unwrap();
    assert!(folder.ends_with(format!("models--bank--triage/snapshots/{COMMIT}")), "{}", folder.display());
    assert_eq!(called(&folder), format!("bank/triage@{COMMIT}"));
    assert_eq!(std::fs::read(folder.join("model.safetensors")).unwrap(), WEIGHTS);
    assert!(folder.join("README.md").is_file());
    assert!(!folder.join("pytorch_model.bin").exists(), "what runs code when it is read is not fetched");

    let asked = served.asked.lock().unwrap().len();
    assert_eq!(hub.fetch("bank/triage", None).unwrap(), folder);
    assert_eq!(served.asked.lock().unwrap().len(), asked + 1, "only what main is now is asked again");

    hub.endpoint = "http://127.0.0.1:1".to_owned();
    assert_eq!(
        hub.fetch("bank/triage", None).unwrap(),
        folder,
        "the cache does where the hub is out of reach"
    );
    hub.offline = true;
    assert_eq!(hub.fetch("bank/triage", Some(COMMIT)).unwrap(), folder);
    let other = hub.fetch("bank/triage", Some("v1")).unwrap_err().to_string();
    assert!(other.contains("HF_HUB_OFFLINE"), "{other}");
}

const INDEX: &[u8] =
    br#"{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}"#;

#[test]
fn weights_in_several_files_are_fetched_and_found_again_all_or_none() {
    let cache = tempfile::tempdir().unwrap();
    let in_pieces = [
        ("config.json", &b"{}"[..]),
        ("tokenizer.json", b"{}"),
        ("model.safetensors.index.json", INDEX),
        ("model-00001-of-00002.safetensors", WEIGHTS),
        ("model-00002-of-00002.safetensors", b"the others"),
        ("model-00003-of-00002.safetensors", b"of nobody"),
    ];
    let served = serve(&in_pieces, Rules::default());
    let mut hub = hub(&served, cache.path());
    let folder = hub.fetch("bank/triage", None).unwrap();
    assert_eq!(std::fs::read(folder.join(in_pieces[3].0)).unwrap(), WEIGHTS);
    assert!(!folder.join(in_pieces[5].0).exists(), "what the index does not name is not fetched");
    std::fs::write(folder.join(in_pieces[4].0), "other").unwrap();
    let damaged = hub.fetch("bank/triage", None).unwrap_err();
    assert!(matches!(damaged, HubError::Damaged { .. }), "{damaged}");
    assert_eq!(hub.fetch("bank/triage", None).unwrap(), folder, "it was forgotten, and is fetched again");

    hub.offline = true;
    assert_eq!(hub.fetch("bank/triage", Some(COMMIT)).unwrap(), folder);
    std::fs::remove_file(folder.join(in_pieces[4].0)).unwrap();
    let gone = hub.fetch("bank/triage", Some(COMMIT)).unwrap_err();
    assert!(matches!(gone, HubError::NotCached { .. }), "{gone}");

    let served = serve(&in_pieces[..4], Rules::default());
    let lacking = at(&served.endpoint, &cache.path().join("2"), HubTimeouts::default());
    let lacking = lacking.fetch("bank/triage", None).unwrap_err().to_string();
    assert!(lacking.contains("names model-00002-of-00002.safetensors, which is not there"), "{lacking}");
}

#[test]
fn a_revision_is_asked_for_by_its_name() {
    let cache = tempfile::tempdir().unwrap();
    let served = serve(&WHOLE, Rules::default());
    hub(&served, cache.path()).fetch("bank/triage", Some("v1")).unwrap();
    hub(&served, cache.path()).fetch("bank/triage@v1", None).unwrap();
    let asked = served.asked.lock().unwrap().clone();
    let api: Vec<&String> = asked.iter().filter(|path| path.starts_with("/api/")).collect();
    assert_eq!(api, ["/api/models/bank/triage/revision/v1"; 2]);
    let none = hub(&served, cache.path()).fetch("bank/triage", Some("v2")).unwrap_err();
    assert!(matches!(none, HubError::NotFound { .. }), "{none}");
}

#[test]
fn a_private_model_wants_a_token_which_is_never_shown() {
    let cache = tempfile::tempdir().unwrap();
    let served = serve(&WHOLE, Rules { token: Some("hf_secret"), ..Rules::default() });
    let mut hub = hub(&served, cache.path());
    let refused = hub.fetch("bank/triage", None).unwrap_err().to_string();
    assert!(refused.contains("HF_TOKEN"), "{refused}");
    hub.token = Some(ombud_models::Token("hf_secret".to_owned()));
    assert!(hub.fetch("bank/triage", None).is_ok());
    assert!(!format!("{hub:?}").contains("hf_secret"));
}

#[test]
fn a_token_goes_to_no_other_host_over_plain_http_and_an_address_names_no_user() {
    let cache = tempfile::tempdir().unwrap();
    // 192.0.2.0/24 is nobody's: it is there for documents.
    let mut hub = at("http://192.0.2.1", cache.path(), HubTimeouts::default());
    hub.token = Some(ombud_models::Token("hf_secret".to_owned()));
    let exposed = hub.fetch("bank/triage", None).unwrap_err();
    assert!(matches!(exposed, HubError::Exposed { .. }), "{exposed}");
    let said = exposed.to_string();
    assert!(said.contains("use https") && said.contains("HF_TOKEN") && !said.contains("hf_secret"), "{said}");

    let served = serve(&WHOLE, Rules::default());
    let with_user = served.endpoint.replace("http://", "http://me:hf_secret@");
    let hub = at(&with_user, cache.path(), HubTimeouts::default());
    let said = format!("{} {hub:?}", hub.fetch("bank/triage", None).unwrap_err());
    assert!(said.contains("HF_ENDPOINT") && said.contains("http://***@127.0.0.1"), "{said}");
    assert!(!said.contains("hf_secret"), "{said}");
    assert!(served.asked.lock().unwrap().is_empty(), "nobody was asked");
}

#[test]
fn weights_that_are_not_what_was_published_are_refused_and_forgotten() {
    let cache = tempfile::tempdir().unwrap();
    let served = serve(&WHOLE, Rules { damages: true, ..Rules::default() });
    let mut hub = hub(&served, cache.path());
    for _ in 0..2 {
        let damaged = hub.fetch("bank/triage", None).unwrap_err();
        assert!(matches!(damaged, HubError::Damaged { .. }), "{damaged}");
    }
    hub.offline = true;
    assert!(hub.fetch("bank/triage", None).is_err());
}

#[test]
fn a_model_without_safetensors_is_refused_before_anything_is_fetched() {
    let cache = tempfile::tempdir().unwrap();
    let served = serve(&[WHOLE[0], WHOLE[1], WHOLE[3]], Rules::default());
    let refused = hub(&served, cache.path()).fetch("bank/triage", None).unwrap_err().to_string();
    assert!(
        refused.starts_with("use bank/triage at main: it has no model.safetensors but pytorch_model.bin"),
        "{refused}"
    );
    assert_eq!(served.asked.lock().unwrap().len(), 1);
}

#[test]
fn a_folder_is_taken_as_it_is_if_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    let hub = Hub { offline: true, ..at("", &folder.path().join("hub"), HubTimeouts::default()) };
    assert!(hub.fetch(place, None).unwrap_err().to_string().contains("it has no config.json"));
    for (name, content) in WHOLE {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    assert_eq!(hub.fetch(place, None).unwrap(), folder.path());
    assert!(!called(folder.path()).contains('/'), "a path stays here");
    assert!(hub.fetch(place, Some("v1")).unwrap_err().to_string().contains("a folder has none"));
    for nowhere in ["./gone", "a/b/c", "/gone", "../x", "a--b/c", ""] {
        let refused = hub.fetch(nowhere, None).unwrap_err();
        assert!(matches!(refused, HubError::NoFolder { .. }), "{nowhere}: {refused}");
    }
}

const OURS: [(&str, &[u8]); 2] = [
    (
        "ombud.json",
        br#"{"format": 1, "model_id": "triage", "family": "bag", "heads": [{"task": "vulnerable", "kind": "flag",
        "label_set": "vulnerable@1", "labels": ["NOT_INDICATED", "VULNERABLE"], "temperature": 1.0,
        "thresholds": {"possible": 0.2, "vulnerable": 0.4}}]}"#,
    ),
    ("model.safetensors", WEIGHTS),
];

/// An artefact of ours as the registry knows it: `bank/triage` of the hub, at one commit.
fn registered(folder: &Path, files: &[(&str, &[u8])]) -> ModelVersion {
    std::fs::create_dir(folder).unwrap();
    for (name, content) in files {
        std::fs::write(folder.join(name), content).unwrap();
    }
    let record = model_version_record(&Artefact::open(folder).unwrap(), "test", 1);
    ModelVersion { hub_id: Some("bank/triage".into()), hub_revision: Some(COMMIT.into()), ..record }
}

/// Writes another content where `file` of the only snapshot in `cache` is kept.
fn damage(cache: &Path, file: &str) {
    let kept = cache.join(format!("models--bank--triage/snapshots/{COMMIT}/{file}")).canonicalize().unwrap();
    std::fs::write(kept, b"eight byt").unwrap();
}

#[test]
fn a_damaged_copy_in_the_cache_is_fetched_again_and_blames_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let record = registered(&dir.path().join("made"), &OURS);
    let served = serve(&OURS, Rules::default());
    let cache = dir.path().join("hub");
    let sources =
        |shelf: &str, hub: Hub| Sources::new(ModelStore::new(dir.path().join(shelf)), None).with_hub(hub);
    let obtain =
        |sources: Sources| sources.obtain(&record.model_id, &record.version, Some(&record), &Stop::never());
    let whole = hub(&served, &cache);
    assert_eq!(obtain(sources("one", whole.clone())).unwrap().version, record.version);

    damage(&cache, "model.safetensors");
    let away = Hub { endpoint: "http://127.0.0.1:1".to_owned(), ..whole.clone() };
    let later = obtain(sources("two", away)).unwrap_err();
    assert!(matches!(later, ServingFailure::Hindered(_)), "the hub may have it whole: {later:?}");
    assert_eq!(obtain(sources("two", whole.clone())).unwrap().version, record.version);
    damage(&cache, "model.safetensors");
    assert_eq!(obtain(sources("three", whole)).unwrap().version, record.version, "at the first try");
}

#[test]
fn what_the_hub_itself_has_otherwise_is_rejected_and_what_the_shelf_has_otherwise_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let record = registered(&dir.path().join("made"), &OURS);
    let other = serve(&[OURS[0], ("model.safetensors", b"other weights")], Rules::default());
    let (shelf, shared) = (ModelStore::new(dir.path().join("shelf")), dir.path().join("shared"));
    let sources = Sources::new(shelf.clone(), Some(&shared)).with_hub(hub(&other, &dir.path().join("hub")));
    let obtain = || sources.obtain(&record.model_id, &record.version, Some(&record), &Stop::never());
    let rejected = obtain().unwrap_err();
    assert!(
        matches!(&rejected, ServingFailure::Rejected(why) if why.fault == Fault::ContentDiffers),
        "{rejected:?}"
    );

    let artefact = Artefact::open(&dir.path().join("made")).unwrap();
    let home = ModelStore::new(&shared).add(&artefact).unwrap();
    assert_eq!(obtain().unwrap().version, record.version);
    std::fs::write(dir.path().join("shelf/triage").join(&record.version).join("model.safetensors"), b"x")
        .unwrap();
    assert_eq!(obtain().unwrap().version, record.version, "from the shared folder once more");
    std::fs::write(home.join("model.safetensors"), b"x").unwrap();
    assert_eq!(obtain().unwrap().version, record.version, "the shelf has it");
}

#[test]
fn a_hub_that_never_answers_is_given_up_in_time_and_named_with_the_file_and_the_wait() {
    let dir = tempfile::tempdir().unwrap();
    let record = registered(&dir.path().join("made"), &OURS);
    let (endpoint, _) = silent();
    let silence = Duration::from_millis(50);
    let hub = at(&endpoint, &dir.path().join("hub"), HubTimeouts { silence, ..HubTimeouts::default() });
    let refused = hub.fetch("bank/triage", None).unwrap_err();
    let HubError::TimedOut { file, waited, .. } = &refused else { panic!("{refused}") };
    assert!(file == "the list of files" && *waited >= silence, "{refused}");

    let sources = Sources::new(ModelStore::new(dir.path().join("shelf")), None).with_hub(hub);
    let obtained = sources.obtain(&record.model_id, &record.version, Some(&record), &Stop::never());
    let Err(ServingFailure::Hindered(hindrance)) = &obtained else { panic!("{obtained:?}") };
    assert_eq!(hindrance.fault, HostFault::Network);
    for said in [endpoint.as_str(), "model.safetensors", "given up after"] {
        assert!(hindrance.what.contains(said), "{said}: {hindrance}");
    }
}

#[test]
fn the_whole_of_a_fetch_is_bounded_however_patient_each_part_of_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let (endpoint, _) = silent();
    let timeouts = HubTimeouts { whole: Duration::from_millis(50), ..HubTimeouts::default() };
    let refused = at(&endpoint, dir.path(), timeouts).fetch("bank/triage", None).unwrap_err();
    assert!(matches!(refused, HubError::TimedOut { .. }), "{refused}");
}

#[test]
fn a_fetch_that_waits_ends_when_the_process_stops() {
    let dir = tempfile::tempdir().unwrap();
    let (endpoint, is_asked) = silent();
    let hour = Duration::from_secs(3_600);
    let hub =
        at(&endpoint, &dir.path().join("hub"), HubTimeouts { connect: hour, silence: hour, whole: hour });
    let stop = Stop::when(move || is_asked.load(Ordering::SeqCst));
    let (id, revision) = (RepoId::parse("bank/triage").unwrap(), Revision::parse(COMMIT).unwrap());
    let name = FileName::parse("ombud.json").unwrap();
    let stopped = hub.fetch_files(&id, &revision, &[name], dir.path(), &stop).unwrap_err();
    assert!(matches!(&stopped, HubError::Stopped { file, .. } if file == "ombud.json"), "{stopped}");
}

#[test]
fn a_download_that_breaks_resumes_where_it_stopped() {
    let cache = tempfile::tempdir().unwrap();
    let served = serve(&WHOLE, Rules { breaks: true, ..Rules::default() });
    let folder = hub(&served, cache.path()).fetch("bank/triage", None).unwrap();
    assert_eq!(std::fs::read(folder.join("model.safetensors")).unwrap(), WEIGHTS);
    assert_eq!(std::fs::read(folder.join("README.md")).unwrap(), b"# Triage");
}
