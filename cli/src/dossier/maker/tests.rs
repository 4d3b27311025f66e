//! Dossiers of a case that was submitted twice, before and after a change of the strategy.

use std::{fs, path::Path};

use ombud_contract::{
    catalogue::Topic,
    codec::Record as Contracted,
    ids,
    records::{
        AuditEntry, Decision, Feedback, ModelState, ModelVersion, Prediction, RawComplaint, RoutedComplaint,
        Strategy,
    },
};
use ombud_dossier::{KeyList, Verified, verify};
use ombud_local::{Local, Options};
use ombud_models::{ModelStore, registry_key};
use ombud_store::{CaseStore as _, file_feedback, file_prediction, file_raw, file_routed};
use ombud_stream::{ManualClock, Reader as _, Record, TopicPartition};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::{
    log::{
        backend::{Backend, READER},
        publish::{Publisher, outgoing},
    },
    registry::read_registry,
    strategies::first_start::{FirstStart, STRATEGY_KEY},
};

const HOUR: i64 = 3_600_000;
/// 2027-01-01.
const BEGIN: i64 = 1_798_761_600_000;
const NARRATIVE: &str = "They charged my card twice and nobody answers.";

const PREDICTION: &str =
    include_str!("../../../../schemas/complaints.predictions/examples/valid/labelled.json");
const ROUTE: &str = include_str!("../../../../schemas/complaints.routed/examples/valid/complete.json");
const VERDICT: &str =
    include_str!("../../../../schemas/complaints.feedback/examples/valid/only-what-must-be-there.json");

/// Explains nothing, for one reason.
struct Explains(Result<(), ExplainRefusal>);

impl ExplainDesk for Explains {
    fn jobs(&self, _: &[ombud_store::CaseEvent], _: Option<i64>) -> Result<Vec<ExplainJob>, ExplainRefusal> {
        Ok(Vec::new())
    }

    fn explain(&self, _: &[ExplainJob]) -> Result<Vec<Explanation>, ExplainRefusal> {
        self.0.clone().map(|()| Vec::new())
    }
}

/// A data folder with a case.
struct Bank {
    _dir: tempfile::TempDir,
    settings: Settings,
    clock: Arc<ManualClock>,
    backend: Backend,
    strategy: Strategy,
}

impl Bank {
    /// With its first strategy, at [`BEGIN`].
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
        let models = dir.path().join("models");
        let folder = models.join("complaints");
        fs::create_dir_all(&folder).unwrap();
        fs::copy(own.join("complaints-bag/ombud.json"), folder.join("ombud.json")).unwrap();
        fs::write(folder.join("model.safetensors"), "weights").unwrap();
        fs::write(folder.join("README.md"), "# The card").unwrap();
        fs::copy(own.join("strategy.toml"), models.join("strategy.toml")).unwrap();
        let settings = Settings { data: dir.path().join("data"), models, ..Settings::default() };
        let clock = Arc::new(ManualClock::at(BEGIN));
        let options = Options { clock: Arc::clone(&clock) as Arc<dyn Clock>, ..Options::catalogue("", 1) };
        let backend = Backend::Embedded(Local::open(&settings.data, options).unwrap());
        let mut first = FirstStart {
            reader: backend.view().reader(READER).unwrap(),
            store: &ModelStore::new(settings.data.join("models")),
            models: &settings.models,
            prefix: "",
            clock: &*clock,
        };
        first.ensure(&mut Publisher::new(backend.sink(8).unwrap())).unwrap();
        let strategy = crate::strategies::read_feed(&backend.view(), &settings).unwrap();
        let strategy = strategy.strategies().newest().unwrap().record.clone();
        Self { _dir: dir, settings, clock, backend, strategy }
    }

    fn at(&self, hours: i64) -> i64 {
        self.clock.advance(BEGIN + hours * HOUR - self.clock.now_ms());
        self.clock.now_ms()
    }

    /// Appends `record`, and gives it as the log has it.
    fn append<T: Contracted>(&self, topic: Topic, key: &str, record: &T) -> Record {
        let partition = TopicPartition::new(topic.name(""), 0);
        let mut reader = self.backend.view().reader(READER).unwrap();
        let offset = reader.end(&partition).unwrap();
        let mut publisher = Publisher::new(self.backend.sink(1).unwrap());
        publisher.send(outgoing(&partition.topic, key, record).unwrap()).unwrap();
        publisher.flush().unwrap();
        let stretch = reader.fetch(&partition, offset, std::time::Duration::from_secs(5)).unwrap();
        stretch.records.into_iter().next().unwrap()
    }

    /// A submission, its answers by the newest strategy, and its route.
    fn submit(&self, submission: i32, hours: i64, revision: i64) -> RoutedComplaint {
        let now = self.at(hours);
        let raw =
            RawComplaint { submission, ..RawComplaint::new("c-1", format!("{NARRATIVE} {submission}"), now) };
        let original = self.append(Topic::Raw, "c-1", &raw);
        let mut rows = file_raw(&raw, &original);
        let mut decisions = Vec::new();
        for task in &self.strategy.tasks {
            let arm = &task.arms[0];
            let prediction = Prediction {
                prediction_id: hex::encode(Sha256::digest(format!("{} {submission}", task.task))),
                complaint_id: "c-1".into(),
                input_sha256: ids::input_sha256(&raw),
                raw_partition: 0,
                raw_offset: original.offset,
                task: task.task.clone(),
                model_id: arm.model_id.clone(),
                model_version: arm.model_version.clone(),
                strategy_version: self.strategy.version,
                arm: arm.name.clone(),
                predicted_at: now,
                ..serde_json::from_str(PREDICTION).unwrap()
            };
            let original = self.append(Topic::Predictions, "c-1", &prediction);
            rows.extend(file_prediction(&prediction, &original));
            decisions.push(Decision::from(&prediction));
        }
        decisions.sort_by(|a, b| a.task.cmp(&b.task));
        let route = RoutedComplaint {
            route_id: hex::encode(Sha256::digest(format!("route {submission}"))),
            complaint_id: "c-1".into(),
            revision,
            input_sha256: ids::input_sha256(&raw),
            raw_partition: 0,
            raw_offset: original.offset,
            received_at: now,
            routed_at: now,
            decisions,
            strategy_version: self.strategy.version,
            ..serde_json::from_str(ROUTE).unwrap()
        };
        let original = self.append(Topic::Routed, "c-1", &route);
        rows.extend(file_routed(&route, &original, &[]));
        self.cases(&rows);
        route
    }

    fn cases(&self, rows: &[ombud_store::Row]) {
        let Backend::Embedded(local) = &self.backend else { panic!("it is embedded") };
        local.cases().unwrap().write(rows).unwrap();
    }

    /// Another strategy, appended `hours` after the beginning and in force an hour later.
    fn change(&mut self, hours: i64) {
        let now = self.at(hours);
        self.strategy = Strategy {
            version: self.strategy.version + 1,
            effective_from: now + HOUR,
            reason: "the second".into(),
            ..self.strategy.clone()
        };
        self.append(Topic::Strategy, STRATEGY_KEY, &self.strategy);
    }

    fn maker(&self, explain: Option<Result<(), ExplainRefusal>>) -> DossierMaker {
        let explain = explain.map(|answer| -> Arc<dyn ExplainDesk> { Arc::new(Explains(answer)) });
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        DossierMaker::of(self.backend.view(), &self.settings, explain, clock).unwrap().unwrap()
    }

    fn made(&self, as_of: Option<i64>) -> Result<Verified, DossierRefusal> {
        let file = self.maker(Some(Ok(()))).make(&ask(as_of))?.file;
        Ok(self.verified(&file))
    }

    fn verified(&self, file: &[u8]) -> Verified {
        let keys = fs::read_to_string(self.settings.data.join("dossier-keys.toml")).unwrap();
        verify(file, &KeyList::parse(&keys).unwrap()).unwrap()
    }
}

fn ask(as_of: Option<i64>) -> DossierAsk {
    DossierAsk {
        complaint_id: "c-1".into(),
        as_of,
        reason_code: None,
        with_evidence: true,
        asked_by: "ann".into(),
        roles: Vec::new(),
        source: "command".into(),
    }
}

fn decided_by(verified: &Verified) -> Vec<i64> {
    let strategies = verified.statement["predicate"]["strategy"]["decided_by"].as_array().unwrap();
    strategies.iter().filter_map(|one| one["version"].as_i64()).collect()
}

#[test]
fn a_dossier_is_of_what_had_been_appended_by_its_time_on_both_sides_of_a_change() {
    let mut bank = Bank::new();
    bank.submit(1, 1, 1);
    bank.change(2);
    bank.submit(2, 4, 2);
    let verdict = Feedback {
        complaint_id: "c-1".into(),
        // Given before the change, and known to us five hours later.
        decided_at: BEGIN + HOUR + HOUR / 2,
        actor: "late-clerk".into(),
        ..serde_json::from_str(VERDICT).unwrap()
    };
    bank.at(6);
    let original = bank.append(Topic::Feedback, "c-1", &verdict);
    bank.cases(&file_feedback(&verdict, &original));
    bank.at(7);
    let then = bank.made(Some(BEGIN + 2 * HOUR)).unwrap();
    assert_eq!(
        (decided_by(&then), &then.statement["predicate"]["strategy"]["in_force"]),
        (vec![1], &1.into())
    );
    assert!(!then.statement.to_string().contains("late-clerk"), "nobody knew of the verdict");
    let between = bank.made(Some(BEGIN + 5 * HOUR)).unwrap();
    assert_eq!(
        (decided_by(&between), &between.statement["predicate"]["strategy"]["in_force"]),
        (vec![2], &2.into())
    );
    assert!(!between.statement.to_string().contains("late-clerk"));
    let now = bank.made(None).unwrap();
    assert!(now.statement.to_string().contains("late-clerk"));
    assert!(now.records > between.records && between.records > then.records);
    let draws = bank.strategy.tasks.len();
    assert_eq!([then.draws, between.draws, now.draws], [draws; 3]);
    assert!(
        ![&then, &now].iter().any(|one| one.statement.to_string().contains(NARRATIVE)),
        "no reason was given"
    );
    assert_eq!(bank.made(Some(BEGIN + HOUR / 2)).err(), Some(DossierRefusal::NothingDecided));
}

#[test]
fn a_narrative_goes_with_it_for_a_reason_that_is_a_code_and_for_no_other() {
    let bank = Bank::new();
    bank.submit(1, 1, 1);
    let maker = bank.maker(None);
    let with = |reason: &str| maker.make(&DossierAsk { reason_code: Some(reason.to_owned()), ..ask(None) });
    let file = with("ombudsman-request").unwrap().file;
    assert!(bank.verified(&file).statement.to_string().contains(NARRATIVE));
    for wrong in ["", "because he asked"] {
        assert!(matches!(with(wrong), Err(DossierRefusal::Refused { code, .. }) if code == "reason-no-code"));
    }
    let later = maker.make(&ask(Some(BEGIN + 9 * HOUR)));
    assert!(matches!(later, Err(DossierRefusal::Refused { code, .. }) if code == "as-of-later"));
}

#[test]
fn a_model_that_is_retired_and_gone_is_named_as_gone_and_the_dossier_is_made_all_the_same() {
    let bank = Bank::new();
    bank.submit(1, 1, 1);
    bank.at(2);
    let registry = read_registry(&mut bank.backend.view().reader(READER).unwrap(), "").unwrap();
    let known: ModelVersion = registry.versions().next().unwrap().clone();
    let card = |verified: &Verified| verified.statement["predicate"]["model"]["models"][0]["card"].clone();
    assert_eq!(card(&bank.made(None).unwrap()), "# The card");
    let retired = ModelVersion { state: ModelState::Retired, changed_by: "bob".into(), ..known.clone() };
    bank.append(Topic::Registry, &registry_key(&known.model_id, &known.version), &retired);
    fs::remove_dir_all(bank.settings.data.join("models")).unwrap();
    bank.at(3);
    let gone = ExplainRefusal::ModelGone("The version is nowhere any more.".into());
    let file = bank.maker(Some(Err(gone))).make(&ask(None)).unwrap().file;
    let verified = bank.verified(&file);
    let model = &verified.statement["predicate"]["model"];
    assert_eq!(
        (card(&verified), &model["models"][0]["registered"]["state"]),
        (Value::Null, &"RETIRED".into())
    );
    assert!(model["notes"].to_string().contains("gone from the shelves"), "{}", model["notes"]);
    let words = verified.statement["predicate"]["words"].to_string();
    assert!(words.contains("nowhere any more"), "{words}");
    // As of before it was retired.
    let before = bank.made(Some(BEGIN + HOUR)).unwrap();
    assert_eq!(before.statement["predicate"]["model"]["models"][0]["registered"]["state"], "REGISTERED");
}

#[test]
fn what_can_be_explained_in_a_moment_makes_no_dossier_now() {
    let bank = Bank::new();
    bank.submit(1, 1, 1);
    for (why, refusal) in [
        (ExplainRefusal::Busy, DossierRefusal::Busy),
        (ExplainRefusal::Outage("no answer".into()), DossierRefusal::Outage("no answer".into())),
    ] {
        assert_eq!(bank.maker(Some(Err(why))).make(&ask(None)).err(), Some(refusal));
    }
    let nobody = bank.maker(Some(Err(ExplainRefusal::NotAvailable))).make(&ask(None)).unwrap().file;
    assert!(bank.verified(&nobody).statement.to_string().contains("explain.address"));
}

#[test]
fn who_looked_at_the_complaint_stands_in_it_and_who_looked_at_another_does_not() {
    let bank = Bank::new();
    bank.submit(1, 1, 1);
    let now = bank.at(2);
    for (id, actor) in [("c-1", "looked-here"), ("c-2", "looked-elsewhere")] {
        let entry = AuditEntry {
            audit_id: hex::encode(Sha256::digest(id)),
            at: now,
            actor: actor.into(),
            roles: Vec::new(),
            source: "session".into(),
            action: "narrative-opened".into(),
            subject: id.into(),
            complaint_id: Some(id.into()),
            record_id: None,
            reason_code: String::new(),
        };
        bank.append(Topic::Audit, id, &entry);
    }
    let all = bank.made(None).unwrap().statement.to_string();
    assert!(all.contains("looked-here") && !all.contains("looked-elsewhere"));
    assert!(!bank.made(Some(BEGIN + HOUR)).unwrap().statement.to_string().contains("looked-here"));
}

#[test]
fn more_than_two_at_once_are_asked_again() {
    let taken = AtomicUsize::new(0);
    let seats = [Seat::take(&taken), Seat::take(&taken)];
    assert!(seats.iter().all(Option::is_some) && Seat::take(&taken).is_none());
    drop(seats);
    assert!(Seat::take(&taken).is_some());
}
