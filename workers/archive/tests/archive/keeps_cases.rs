//! What travels on the topics is found again in its case, whatever fails on the way.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use ombud_archive::{Archive, GROUP, Limits, TOPICS};
use ombud_contract::{
    catalogue::Topic,
    codec::{Record as _, decode, encode},
    ids,
    records::{
        DeadLetter, DeadReason, Feedback, FeedbackKind, Prediction, RawComplaint, RoutedComplaint, Strategy,
        Vulnerability, Why,
    },
};
use ombud_local::{Local, LocalCases, LocalReader, Member, Options};
use ombud_models::{FirstStrategy, StrategyFeed};
use ombud_store::{CaseEvent, CaseStore, FeedbackDay, Kind, ModelDecision, QueueEntry, Row, day_of};
use ombud_stream::{
    Committer, Event, ManualClock, Outage, Outgoing, Position, Reader, Sink, Source, Start, TopicPartition,
};
use tempfile::TempDir;

const RECEIVED: i64 = 1_709_251_200_000;

fn log() -> (Local, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (Local::open(dir.path(), Options::catalogue("", 1)).unwrap(), dir)
}

fn append(local: &Local, topic: Topic, key: &str, value: Bytes) {
    append_under(local, topic, Some(Bytes::copy_from_slice(key.as_bytes())), Some(value));
}

fn append_under(local: &Local, topic: Topic, key: Option<Bytes>, value: Option<Bytes>) {
    let (mut sink, deliveries) = local.sink(1);
    let record =
        Outgoing { topic: topic.name("").into(), partition: Some(0), key, value, headers: Vec::new() };
    sink.send(record, ()).unwrap();
    deliveries.recv().unwrap().result.unwrap();
}

fn send<T: ombud_contract::codec::Record>(local: &Local, record: &T) {
    append(local, T::TOPIC, "c-1", encode(record).unwrap());
}

fn raw() -> RawComplaint {
    RawComplaint {
        complaint_id: "c-1".into(),
        narrative: "They charged my card twice.".into(),
        received_at: RECEIVED,
        submission: 1,
        withdrawn: false,
        bulk: false,
        channel: "web".into(),
        language: "en".into(),
        legal_entity: None,
        customer_ref: Some("customer-7".into()),
        external_ref: None,
        known_product: None,
        attributes: BTreeMap::new(),
    }
}

fn route(revision: i64, team: &str) -> RoutedComplaint {
    RoutedComplaint {
        route_id: format!("route-{revision}"),
        complaint_id: "c-1".into(),
        revision,
        why: Why::Complete,
        input_sha256: "i".into(),
        raw_partition: 0,
        raw_offset: 0,
        received_at: RECEIVED,
        routed_at: RECEIVED + 1,
        team: team.into(),
        previous_team: None,
        priority: 0,
        vulnerability: Vulnerability::Possible,
        needs_human: false,
        human_reasons: Vec::new(),
        decisions: Vec::new(),
        missing_tasks: Vec::new(),
        strategy_version: 1,
        writer_epoch: 1,
        channel: "web".into(),
        customer_ref: None,
        external_ref: None,
        language: "und".into(),
        known_product: None,
        resolve_by: None,
        final_response_by: None,
    }
}

/// Whether `group` has committed all that is in the log.
fn caught_up(reader: &mut LocalReader, group: &str) -> bool {
    let committed = |reader: &mut LocalReader, partition: &TopicPartition| {
        reader.committed(group, partition).unwrap().map_or(0, |position| position.offset)
    };
    TOPICS.iter().all(|topic| {
        let partition = TopicPartition::new(topic.name(""), 0);
        committed(reader, &partition) == reader.end(&partition).unwrap()
    })
}

/// Archives as `group` until everything in the log is committed.
fn archive(local: &Local, group: &str, cases: impl CaseStore) -> Result<(), ombud_archive::ArchiveError> {
    archive_as(member(local, group), local, group, cases)
}

fn member(local: &Local, group: &str) -> Member {
    let topics = TOPICS.map(|topic| topic.name(""));
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    local.member(group, &topics, Start::Earliest).unwrap()
}

fn archive_as(
    member: impl Source + Committer,
    local: &Local,
    group: &str,
    cases: impl CaseStore,
) -> Result<(), ombud_archive::ArchiveError> {
    archive_by(Arc::new(ManualClock::at(RECEIVED)), member, local, group, cases)
}

fn archive_by(
    clock: Arc<ManualClock>,
    member: impl Source + Committer,
    local: &Local,
    group: &str,
    cases: impl CaseStore,
) -> Result<(), ombud_archive::ArchiveError> {
    let (sink, deliveries) = local.sink(8);
    let worker = Archive {
        member,
        sink,
        deliveries,
        dead_letters: Topic::DeadLetters.name("").into(),
        prefix: String::new(),
        strategy: StrategyFeed::new(
            Box::new(local.reader().unwrap()),
            &Topic::Strategy.name(""),
            Arc::new(ManualClock::at(RECEIVED)),
        ),
        cases,
        clock,
        limits: Limits {
            poll: Duration::from_millis(5),
            retry_after: Duration::from_millis(1),
            ..Limits::default()
        },
    };
    let reader = std::cell::RefCell::new(local.reader().unwrap());
    worker.run(&|| caught_up(&mut reader.borrow_mut(), group), |_| Ok(0))
}

fn queue(local: &Local, team: &str) -> Vec<QueueEntry> {
    local.cases().unwrap().queue(team, day_of(RECEIVED)).unwrap()
}

#[test]
fn a_complaint_is_found_in_its_case_and_in_its_newest_teams_queue() {
    let (local, _dir) = log();
    send(&local, &raw());
    send(&local, &route(1, "cards"));
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    assert_eq!(queue(&local, "cards").len(), 1);

    send(&local, &route(2, "loans"));
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    assert!(queue(&local, "cards").is_empty(), "the row was stored in an earlier batch");
    assert_eq!(queue(&local, "loans")[0].revision, 2);

    send(&local, &route(3, "triage"));
    send(&local, &RoutedComplaint { received_at: RECEIVED + 5, ..route(4, "triage") });
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    assert!(queue(&local, "loans").is_empty());
    let [entry] = &queue(&local, "triage")[..] else {
        panic!("one row, also where received_at was corrected")
    };
    assert_eq!((entry.revision, entry.received_at), (4, RECEIVED + 5));

    let events = local.cases().unwrap().case("c-1").unwrap();
    let kinds: Vec<(Kind, i64)> = events.iter().map(|event| (event.kind, event.seq)).collect();
    assert_eq!(kinds[..2], [(Kind::Raw, 1), (Kind::Routed, 4)]);
    assert_eq!(decode::<RawComplaint>(&events[0].body).unwrap(), raw());
}

#[test]
fn what_a_narrative_says_outright_is_kept_in_the_case() {
    let (local, _dir) = log();
    let example = include_str!("../../../../schemas/complaints.predictions/examples/valid/evident.json");
    let prediction: Prediction = serde_json::from_str(example).unwrap();
    send(&local, &prediction);
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    let events = local.cases().unwrap().case(&prediction.complaint_id).unwrap();
    assert_eq!(decode::<Prediction>(&events[0].body).unwrap(), prediction);
    assert!(prediction.evidence[0].explicit && prediction.score.is_some());
}

#[test]
fn a_replay_writes_the_same_cells() {
    let (local, _dir) = log();
    send(&local, &raw());
    for (revision, team) in [(1, "cards"), (2, "loans"), (3, "cards")] {
        send(&local, &route(revision, team));
    }
    let state =
        || (local.cases().unwrap().case("c-1").unwrap(), queue(&local, "cards"), queue(&local, "loans"));
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    let before = state();
    assert_eq!((before.0.len(), before.1.len(), before.2.len()), (4, 1, 0));
    archive(&local, "the same from the start", local.cases().unwrap()).unwrap();
    assert_eq!(state(), before);
}

#[test]
fn a_complaint_of_two_partitions_is_one_case_in_the_queue_of_its_greatest_revision() {
    let (local, _dir) = log();
    send(&local, &RoutedComplaint { raw_partition: 2, ..route(20, "loans") });
    send(&local, &RoutedComplaint { raw_partition: 7, ..route(10, "cards") });
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    assert_eq!((queue(&local, "loans").len(), queue(&local, "cards").len()), (1, 0));
    assert_eq!(local.cases().unwrap().case("c-1").unwrap().len(), 2);
    send(&local, &RoutedComplaint { raw_partition: 7, why: Why::Withdrawn, ..route(30, "triage") });
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    assert!(queue(&local, "loans").is_empty() && queue(&local, "triage").is_empty());
}

#[test]
fn a_withdrawn_complaint_lies_in_no_queue() {
    let (local, _dir) = log();
    send(&local, &route(1, "cards"));
    send(&local, &RoutedComplaint { why: Why::Withdrawn, ..route(2, "cards") });
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    assert!(queue(&local, "cards").is_empty());
}

#[test]
fn what_nobody_can_read_is_parked_with_its_bytes_and_its_neighbours_are_kept() {
    let (local, _dir) = log();
    append(&local, Topic::Raw, "c-1", Bytes::from_static(b"join parks this"));
    append(&local, Topic::Routed, "c-1", Bytes::from_static(b"\0\0\0\0\0not a route"));
    send(&local, &route(1, "cards"));
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    assert_eq!(queue(&local, "cards").len(), 1);

    let dead = TopicPartition::new(DeadLetter::TOPIC.name(""), 0);
    let letters = local.reader().unwrap().fetch(&dead, 0, Duration::ZERO).unwrap().records;
    let [letter] = &letters[..] else { panic!("raw records are parked by join alone: {letters:?}") };
    let letter: DeadLetter = decode(letter.value.as_deref().unwrap()).unwrap();
    assert_eq!((letter.reason, letter.worker.as_str()), (DeadReason::UnknownSchema, "archive"));
    assert_eq!((letter.source_topic.as_str(), letter.source_offset), ("complaints.routed", 0));
    assert_eq!(letter.value.as_deref(), Some(&b"\0\0\0\0\0not a route"[..]));
}

#[test]
fn what_is_not_what_was_written_is_parked_as_corrupt_and_its_neighbours_are_kept() {
    let (local, _dir) = log();
    let (mut sink, deliveries) = local.sink(1);
    let mut append_changed = |topic: Topic, was: Bytes, is: Bytes| {
        let key = Some(Bytes::from_static(b"c-1"));
        let record = Outgoing::stamped(topic.name("").into(), Some(0), key, was, "join", &[]);
        sink.send(Outgoing { value: Some(is), ..record }, ()).unwrap();
        deliveries.recv().unwrap().result.unwrap();
    };
    let routed = |team| encode(&route(1, team)).unwrap();
    append_changed(Topic::Routed, routed("cards"), routed("carts"));
    let narrative = |text: &str| encode(&RawComplaint { narrative: text.into(), ..raw() }).unwrap();
    append_changed(Topic::Raw, narrative("They charged my card."), narrative("They charged my cart."));
    send(&local, &route(2, "cards"));
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    assert_eq!((queue(&local, "cards").len(), queue(&local, "carts").len()), (1, 0));
    assert_eq!(local.cases().unwrap().case("c-1").unwrap().len(), 1, "the narrative is join's to park");
    let dead = TopicPartition::new(DeadLetter::TOPIC.name(""), 0);
    let letters = local.reader().unwrap().fetch(&dead, 0, Duration::ZERO).unwrap().records;
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    let letter: DeadLetter = decode(letter.value.as_deref().unwrap()).unwrap();
    assert_eq!((letter.reason, letter.worker.as_str()), (DeadReason::Corrupt, "archive"));
    assert_eq!(letter.value.as_deref(), Some(&routed("carts")[..]));
}

#[test]
fn a_raw_record_is_kept_under_its_own_id_and_what_has_none_under_its_place() {
    let (local, _dir) = log();
    let of = |id: &str| encode(&RawComplaint { complaint_id: id.into(), ..raw() }).unwrap();
    let records: [(Option<&'static [u8]>, Option<Bytes>); 5] = [
        (None, Some(of("null"))),
        (Some(b"\0\0\0\0\x05\x08avro"), Some(of("avro"))),
        (Some(b"another"), Some(of("mine"))),
        (None, Some(Bytes::from_static(b"junk"))),
        (None, None),
    ];
    for (key, value) in records {
        append_under(&local, Topic::Raw, key.map(Bytes::from_static), value);
    }
    // As the joiner routes what lies at offset 3.
    let place = ids::unnamed_id(0, 3);
    let why = Why::Unreadable;
    send(&local, &RoutedComplaint { complaint_id: place.clone(), why, ..route(1, "triage-desk") });

    let of_case = |id: &str| local.cases().unwrap().case(id).unwrap();
    for group in [GROUP, "the same from the start"] {
        archive(&local, group, local.cases().unwrap()).unwrap();
        assert_eq!(["null", "avro", "mine", "another"].map(|id| of_case(id).len()), [1, 1, 0, 0]);
        let events = of_case(&place);
        let [raw, routed] = &events[..] else { panic!("what it is, and where it went: {events:?}") };
        assert_eq!((raw.kind, routed.kind), (Kind::Raw, Kind::Routed));
        assert_eq!(raw.origin, "complaints.raw/0/3");
        assert_eq!(raw.id, ids::dead_letter_id("complaints.raw", 0, 3));
        assert!(raw.body.is_empty(), "the bytes are in the dead letter");
        assert_eq!(of_case(&ids::unnamed_id(0, 4)).len(), 1, "a tombstone without a key is seen, too");
        assert_eq!(queue(&local, "triage-desk").len(), 1);
    }
}

fn verdict(id: &str) -> Feedback {
    Feedback {
        feedback_id: id.into(),
        complaint_id: "c-1".into(),
        route_id: "route-1".into(),
        revision: 1,
        kind: FeedbackKind::Reallocated,
        task: None,
        prediction_id: None,
        model_id: None,
        model_version: None,
        label_before: None,
        label_after: None,
        from_team: Some("cards".into()),
        to_team: Some("loans".into()),
        reason_code: "WRONG_PRODUCT".into(),
        actor: "agent-17".into(),
        actor_role: String::new(),
        source: "card-queue".into(),
        audit_sample: false,
        decided_at: RECEIVED + 7,
        retracts: None,
    }
}

#[test]
fn a_verdict_is_kept_in_its_case_and_one_that_breaks_a_rule_is_parked() {
    let (local, _dir) = log();
    let same_team = Feedback { to_team: Some("cards".into()), ..verdict("f-2") };
    let told = Feedback { reason_code: "She said it was the wrong card.".into(), ..verdict("f-3") };
    for feedback in [&verdict("f-1"), &same_team, &told, &verdict("f-1")] {
        send(&local, feedback);
    }
    append(&local, Topic::Feedback, "c-2", encode(&verdict("f-4")).unwrap());
    archive(&local, GROUP, local.cases().unwrap()).unwrap();

    let events = local.cases().unwrap().case("c-1").unwrap();
    let [event] = &events[..] else { panic!("the same verdict twice is one: {events:?}") };
    assert_eq!(event.kind, Kind::Feedback);
    assert_eq!(decode::<Feedback>(&event.body).unwrap(), verdict("f-1"));
    let mut of_day = Vec::new();
    local.cases().unwrap().feedback(day_of(RECEIVED), &mut |one| of_day.push(one.feedback_id)).unwrap();
    assert_eq!(of_day, ["f-1"]);

    let dead = TopicPartition::new(DeadLetter::TOPIC.name(""), 0);
    let letters = local.reader().unwrap().fetch(&dead, 0, Duration::ZERO).unwrap().records;
    let letters: Vec<DeadLetter> =
        letters.iter().map(|letter| decode(letter.value.as_deref().unwrap()).unwrap()).collect();
    assert_eq!(letters.len(), 3);
    assert!(letters.iter().all(|letter| letter.reason == DeadReason::Invalid));
    assert!(letters[0].detail.starts_with("to_team: "), "{}", letters[0].detail);
    assert!(letters[1].detail.starts_with("reason_code: ") && !letters[1].detail.contains("She"));
    assert_eq!(letters[2].detail, "the key is not the complaint id");
}

#[test]
fn a_verdict_to_a_team_that_nobody_knows_or_of_a_time_to_come_is_parked_with_the_reason() {
    let (local, _dir) = log();
    let in_force = first_strategy();
    let routing = in_force.routing.replace("card-services", "old-desk");
    // By the time of the verdicts it is not in force.
    let routed_by = Strategy { version: 2, effective_from: 4_000_000_000_000, routing, ..in_force.clone() };
    for strategy in [&in_force, &routed_by] {
        append(&local, Topic::Strategy, "strategy", encode(strategy).unwrap());
    }
    send(&local, &RoutedComplaint { strategy_version: 2, ..route(1, "cards") });
    archive(&local, GROUP, local.cases().unwrap()).unwrap();

    let to = |id: &str, team: &str| Feedback { to_team: Some(team.into()), ..verdict(id) };
    let hopeful = Feedback { decided_at: RECEIVED + 300_001, ..to("f-3", "home-lending") };
    // Of the strategy that routed, and of no route.
    let elsewhere = Feedback { revision: 7, ..to("f-4", "old-desk") };
    for feedback in
        [&to("f-1", "old-desk"), &to("f-2", "lones"), &hopeful, &elsewhere, &to("f-5", "home-lending")]
    {
        send(&local, feedback);
    }
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    let mut kept = Vec::new();
    local.cases().unwrap().feedback(day_of(RECEIVED), &mut |one| kept.push(one.feedback_id)).unwrap();
    assert_eq!(kept, ["f-1", "f-5"]);
    let dead = TopicPartition::new(DeadLetter::TOPIC.name(""), 0);
    let letters = local.reader().unwrap().fetch(&dead, 0, Duration::ZERO).unwrap().records;
    let details: Vec<String> = letters
        .iter()
        .map(|letter| decode::<DeadLetter>(letter.value.as_deref().unwrap()).unwrap().detail)
        .collect();
    assert_eq!(details.len(), 3, "{details:?}");
    assert!(details[0].starts_with("to_team: name a team") && !details[0].contains("lones"), "{details:?}");
    assert!(details[1].starts_with("decided_at: ") && details[2] == details[0], "{details:?}");
}

/// A store that doesn't answer the first `failures` writes, each after 5 s, as often as `writes` says.
struct Shaky {
    inner: LocalCases,
    failures: usize,
    writes: Arc<AtomicUsize>,
    clock: Arc<ManualClock>,
}

impl CaseStore for Shaky {
    fn write(&mut self, rows: &[Row]) -> Result<(), Outage> {
        if self.writes.fetch_add(1, Ordering::SeqCst) < self.failures {
            self.clock.advance(5_000);
            return Err(Outage::passing("write rows", "no answer"));
        }
        self.inner.write(rows)
    }

    fn case(&mut self, complaint_id: &str) -> Result<Vec<CaseEvent>, Outage> {
        self.inner.case(complaint_id)
    }

    fn queue(&mut self, team: &str, day: jiff::civil::Date) -> Result<Vec<QueueEntry>, Outage> {
        self.inner.queue(team, day)
    }

    fn feedback(&mut self, day: jiff::civil::Date, each: &mut dyn FnMut(FeedbackDay)) -> Result<(), Outage> {
        self.inner.feedback(day, each)
    }

    fn decisions(
        &mut self,
        model_id: &str,
        model_version: &str,
        day: jiff::civil::Date,
        each: &mut dyn FnMut(ModelDecision),
    ) -> Result<(), Outage> {
        self.inner.decisions(model_id, model_version, day, each)
    }
}

#[test]
fn a_store_that_comes_back_costs_nothing_and_one_that_does_not_is_not_committed_past() {
    let (local, _dir) = log();
    send(&local, &raw());
    let clock = Arc::new(ManualClock::at(RECEIVED));
    let run = |failures| {
        let (inner, clock) = (local.cases().unwrap(), Arc::clone(&clock));
        let shaky = Shaky { inner, failures, writes: Arc::default(), clock: Arc::clone(&clock) };
        archive_by(clock, member(&local, GROUP), &local, GROUP, shaky)
    };

    assert!(run(usize::MAX).is_err());
    let at = TopicPartition::new(Topic::Raw.name(""), 0);
    assert_eq!(local.reader().unwrap().committed(GROUP, &at).unwrap(), None);
    assert!(local.cases().unwrap().case("c-1").unwrap().is_empty());

    run(3).unwrap();
    assert_eq!(local.cases().unwrap().case("c-1").unwrap().len(), 1);
}

/// A member whose every second poll fails, and whose first `failures` commits.
struct Tottering {
    inner: Member,
    polls: usize,
    failures: usize,
}

impl Source for Tottering {
    fn poll(&mut self, wait: Duration) -> Result<Option<Event>, Outage> {
        self.polls += 1;
        if self.polls.is_multiple_of(2) {
            return Err(Outage::passing("read", "no answer"));
        }
        self.inner.poll(wait)
    }

    fn start(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), Outage> {
        self.inner.start(partition, offset)
    }

    fn pause(&mut self, partition: &TopicPartition, paused: bool) {
        self.inner.pause(partition, paused);
    }
}

impl Committer for Tottering {
    fn committed(&mut self, partition: &TopicPartition) -> Result<Option<Position>, Outage> {
        self.inner.committed(partition)
    }

    fn commit(&mut self, positions: &[Position]) -> Result<(), Outage> {
        if self.failures > 0 {
            self.failures -= 1;
            return Err(Outage::passing("commit", "no answer"));
        }
        self.inner.commit(positions)
    }
}

#[test]
fn a_log_that_comes_back_is_read_on_and_what_was_kept_is_committed_then() {
    let (local, _dir) = log();
    send(&local, &raw());
    send(&local, &route(1, "cards"));
    let writes = Arc::<AtomicUsize>::default();
    let (inner, clock) = (local.cases().unwrap(), Arc::default());
    let counted = Shaky { inner, failures: 0, writes: Arc::clone(&writes), clock };
    // Nothing else comes: what could not be committed with its batch is committed by itself.
    let tottering = Tottering { inner: member(&local, GROUP), polls: 0, failures: 2 };
    archive_as(tottering, &local, GROUP, counted).unwrap();
    assert!(writes.load(Ordering::SeqCst) <= 2, "nothing was read twice");
    assert_eq!(queue(&local, "cards").len(), 1);
}

/// The one that `ombud setup` publishes.
fn first_strategy() -> Strategy {
    let models = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    FirstStrategy::read(&models.join("strategy.toml"), &models, "setup", 0).unwrap().record
}

/// Keeps the strategies that it is given, by version, as a store does: the last one of a version stays.
#[derive(Clone, Default)]
struct Ledger(Arc<Mutex<BTreeMap<i64, String>>>);

impl CaseStore for Ledger {
    fn write(&mut self, rows: &[Row]) -> Result<(), Outage> {
        let strategies = rows.iter().filter_map(|row| match row {
            Row::Strategy(strategy) => Some((strategy.version, strategy.changed_by.clone())),
            _ => None,
        });
        self.0.lock().unwrap().extend(strategies);
        Ok(())
    }

    fn case(&mut self, _: &str) -> Result<Vec<CaseEvent>, Outage> {
        Ok(Vec::new())
    }

    fn queue(&mut self, _: &str, _: jiff::civil::Date) -> Result<Vec<QueueEntry>, Outage> {
        Ok(Vec::new())
    }

    fn feedback(&mut self, _: jiff::civil::Date, _: &mut dyn FnMut(FeedbackDay)) -> Result<(), Outage> {
        Ok(())
    }

    fn decisions(
        &mut self,
        _: &str,
        _: &str,
        _: jiff::civil::Date,
        _: &mut dyn FnMut(ModelDecision),
    ) -> Result<(), Outage> {
        Ok(())
    }
}

#[test]
fn the_store_keeps_the_strategies_that_workers_take_and_none_that_lost_a_race() {
    let (local, _dir) = log();
    let first = first_strategy();
    let (begun, later) = (0, 4_000_000_000_000);
    let records =
        [(1, "setup", begun), (2, "late", begun), (2, "ann", later), (2, "bob", later), (3, "bob", later)];
    for (version, by, effective_from) in records {
        let changed_by = by.to_owned();
        let next = Strategy { version, changed_by, effective_from, ..first.clone() };
        append(&local, Topic::Strategy, "strategy", encode(&next).unwrap());
    }
    let ledger = Ledger::default();
    archive(&local, GROUP, ledger.clone()).unwrap();
    let kept: Vec<(i64, String)> = ledger.0.lock().unwrap().clone().into_iter().collect();
    assert_eq!(kept, [(1, "setup".to_owned()), (2, "ann".to_owned()), (3, "bob".to_owned())]);
}
