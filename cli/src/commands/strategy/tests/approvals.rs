//! A change that two persons must want: refused by one, published by two, rolled back by one.

use ombud_contract::{codec, records::AuditEntry};
use ombud_models::with_approvals;
use ombud_store::RequestState;
use ombud_stream::TopicPartition;
use serde_json::json;

use super::*;
use crate::log::scan::scan;

const CANARY: &str = "canary product challenger 10%";

impl StrategyLog {
    fn newest(&self) -> Strategy {
        LogSnapshot::read(&self.settings).unwrap().newest().unwrap().record.clone()
    }

    /// The first strategy as a file that names its model by its version.
    fn file(&self) -> String {
        let version = Artefact::open(&self.settings.models.join("complaints")).unwrap().version;
        let text = fs::read_to_string(self.settings.models.join("strategy.toml")).unwrap();
        text.replace("model = \"complaints\"", &format!("model = \"complaints@{version}\""))
    }

    /// Asks for the canary as ann; gives the request's id.
    fn asked(&self) -> String {
        let request = self.json(&format!("request {CANARY} --by ann")).unwrap();
        assert_eq!((&request["state"], &request["approvals_needed"]), (&"open".into(), &1.into()));
        request["request_id"].as_str().unwrap().to_owned()
    }

    /// What the audit says, in the order of time: action, actor and the version.
    fn audited(&self, id: &str) -> Vec<(String, String, Option<String>)> {
        let topic = Topic::Audit.name("");
        let mut reader = self.backend.view().reader(READER).unwrap();
        let mut entries: Vec<AuditEntry> = Vec::new();
        for (partition, end) in self.backend.view().ends(&topic).unwrap() {
            let partition: TopicPartition = partition;
            scan(&mut reader, &partition, 0, end, |record| {
                entries.push(codec::decode(record.value.as_deref().unwrap()).unwrap());
                Ok(())
            })
            .unwrap();
        }
        entries.retain(|entry| entry.subject == id);
        assert!(entries.iter().all(|entry| entry.source == "command"), "{entries:?}");
        entries.into_iter().map(|entry| (entry.action, entry.actor, entry.record_id)).collect()
    }
}

#[test]
fn a_change_is_refused_by_one_published_by_two_and_rolled_back_by_one() {
    let log = StrategyLog::asking_for(1);
    let error = log.json(&format!("{CANARY} --by ann")).unwrap_err();
    assert!(
        error.contains("ombud strategy request") && error.contains("strategy 1 asks for 1 more"),
        "{error}"
    );
    let id = log.asked();
    let listed = log.json("requests").unwrap();
    assert_eq!((&listed["request_id"], &listed["approved_by"]), (&id.as_str().into(), &json!([])));
    assert_eq!(listed["differences"][0]["place"], json!(["product", "canary", "model"]));

    for name in ["ann", "Ann", " ANN "] {
        let error = command_by(&log, "approve", &id, name).unwrap_err();
        assert!(error.contains("another person must approve it"), "{name}: {error}");
    }
    assert_eq!(log.newest().version, 1);
    let published = command_by(&log, "approve", &id, "bob").unwrap();
    assert_eq!((&published["state"], &published["strategy_version"]), (&"published".into(), &2.into()));
    let newest = log.newest();
    assert_eq!(
        (newest.changed_by.as_str(), newest.request_id.as_deref(), newest.requested_by.as_deref()),
        ("ann", Some(id.as_str()), Some("ann"))
    );
    assert_eq!((newest.approved_by, newest.approvals), (vec!["bob".to_owned()], 1));
    let said = |action: &str, actor: &str, record: Option<&str>| {
        (action.to_owned(), actor.to_owned(), record.map(str::to_owned))
    };
    assert_eq!(
        log.audited(&id),
        [
            said("change-requested", "ann", None),
            said("change-approved", "bob", None),
            said("change-published", "bob", Some("2"))
        ]
    );
    assert_eq!(log.audited("2"), [said("strategy-published", "bob", Some("2"))]);
    // Once more, it is what it is.
    assert_eq!(command_by(&log, "approve", &id, "cid").unwrap()["strategy_version"], 2);
    assert_eq!(log.newest().version, 2);

    let back = log.json("roll-back --by bob").unwrap()["strategy"].clone();
    assert_eq!(
        (&back["version"], &back["approvals"], &back["approved_by"]),
        (&3.into(), &1.into(), &json!([]))
    );
    assert_eq!(log.audited("3"), [said("strategy-published", "bob", Some("3"))]);
    log.json("shadow issue challenger --by bob").unwrap();
    let lowered = log.settings.data.join("next.toml");
    fs::write(&lowered, log.file().replace("approvals = 1", "approvals = 0")).unwrap();
    let error = log.json(&format!("set {} --by bob", lowered.display())).unwrap_err();
    assert!(error.contains("1 more than the one who asks"), "{error}");
}

fn command_by(log: &StrategyLog, verb: &str, id: &str, name: &str) -> Result<Value, String> {
    use clap::Parser;
    let words = ["ombud", "strategy", verb, id, "--by", name, "--json"];
    let cli = crate::command_line::Cli::try_parse_from(words).map_err(|error| error.to_string())?;
    run(cli, &log.settings)
}

#[test]
fn whoever_dies_between_publishing_and_marking_publishes_no_second_version() {
    let log = StrategyLog::asking_for(1);
    let id = log.asked();
    log.requests.down_at_the_end(true);
    let error = command_by(&log, "approve", &id, "bob").unwrap_err();
    assert!(error.contains("mark the request"), "{error}");
    assert_eq!((log.newest().version, log.requests.state(&id)), (2, RequestState::Open));
    let listed = log.json("requests").unwrap();
    assert_eq!((&listed["state"], &listed["strategy_version"]), (&"published".into(), &2.into()));
    let error = command_by(&log, "refuse", &id, "cid").unwrap_err();
    assert!(error.contains("published already"), "{error}");
    log.requests.down_at_the_end(false);
    let again = command_by(&log, "approve", &id, "bob").unwrap();
    assert_eq!((&again["state"], &again["strategy_version"]), (&"published".into(), &2.into()));
    assert_eq!((log.newest().version, log.requests.state(&id)), (2, RequestState::Published));
}

#[test]
fn a_request_whose_strategy_is_no_longer_the_newest_is_stale_and_can_only_be_closed() {
    let log = StrategyLog::asking_for(1);
    let id = log.asked();
    log.json("shadow issue challenger --by cid").unwrap();
    let listed = log.json("requests").unwrap();
    assert_eq!(listed["state"], "stale", "{listed}");
    let error = command_by(&log, "approve", &id, "bob").unwrap_err();
    assert!(error.contains("cid has published strategy 2 since") && error.contains("diff 1 2"), "{error}");
    let closed = command_by(&log, "refuse", &id, "bob").unwrap();
    assert_eq!((&closed["state"], log.requests.state(&id)), (&"closed".into(), RequestState::Closed));
    let error = command_by(&log, "approve", &id, "bob").unwrap_err();
    assert!(error.contains("it is closed already"), "{error}");
    let error = command_by(&log, "approve", "0123456789ab", "bob").unwrap_err();
    assert!(error.contains("ombud strategy requests"), "{error}");
}

#[test]
fn two_approvals_are_two_persons() {
    let log = StrategyLog::asking_for(2);
    let request = log.json(&format!("request {CANARY} --by ann --reason try")).unwrap();
    let id = request["request_id"].as_str().unwrap();
    assert_eq!(request["approvals_needed"], 2);
    for name in ["bob", "Bob", "bob"] {
        let waiting = command_by(&log, "approve", id, name).unwrap();
        assert_eq!((&waiting["state"], &waiting["approved_by"]), (&"open".into(), &json!(["bob"])), "{name}");
    }
    let published = command_by(&log, "approve", id, "abe").unwrap();
    assert_eq!(published["approved_by"], json!(["bob", "abe"]));
    let newest = log.newest();
    assert_eq!(
        (newest.reason.as_str(), newest.approved_by.as_slice()),
        ("try", &["abe".to_owned(), "bob".to_owned()][..])
    );
}

#[test]
fn what_a_record_says_over_http_about_its_approvals_counts_for_nothing() {
    let log = StrategyLog::asking_for(1);
    let newest = log.newest();
    let changed = Strategy {
        version: 2,
        effective_from: clock().now_ms() + 60_000,
        deadline_ms: 45_000,
        changed_by: "ann".to_owned(),
        ..newest
    };
    let forged = with_approvals(changed.clone(), "r-1", "ann", &["bob".to_owned()]);
    let refused = publish(&forged, &log.settings, &clock()).unwrap_err().to_string();
    assert!(refused.contains("it has 0"), "{refused}");
    // Whoever may write to the topic writes what they want, and still no worker takes what lacks approvals.
    let topic: Arc<str> = Topic::Strategy.name("").into();
    let mut publisher = Publisher::new(log.backend.sink(1).unwrap());
    publisher.send(outgoing(&topic, "strategy", &changed).unwrap()).unwrap();
    publisher.flush().unwrap();
    assert_eq!(log.newest().version, 1);
}

#[test]
fn a_first_strategy_that_asks_for_nobody_publishes_what_was_asked_for_with_the_first_approval() {
    let log = StrategyLog::start();
    let id = log.asked();
    command_by(&log, "approve", &id, "bob").unwrap();
    assert_eq!(log.newest().approved_by, ["bob"]);
    log.json("canary product challenger 20% --by ann").unwrap();
    assert_eq!(log.newest().approved_by, [""; 0], "the next one stands for itself");
}

#[test]
fn a_file_that_needs_a_second_person_is_well_formed_and_says_so() {
    use clap::Parser;
    let log = StrategyLog::asking_for(1);
    let file = log.settings.data.join("next.toml");
    fs::write(&file, log.file().replace("deadline = \"30 s\"", "deadline = \"45 s\"")).unwrap();
    let line = format!("ombud strategy check {}", file.display());
    let cli = crate::command_line::Cli::try_parse_from(line.split(' ')).unwrap();
    let crate::command_line::Command::Strategy(said) = cli.command else { panic!("{line}") };
    let mut out = Vec::new();
    let done = strategy(said, &log.settings, &clock(), &Terminal::default(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(done, Done::Well, "{text}");
    assert!(text.contains("1 more must approve it: ask with `ombud strategy request set"), "{text}");
}
