//! What the joiner promises, on the embedded log: complaints and answers in, routes and dead letters out.

#![allow(clippy::unwrap_used, reason = "a helper of a test may panic like the test itself")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use ombud_contract::{
    catalogue::Topic,
    codec, ids,
    records::{
        Arm, DeadLetter, DeadReason, Evidence, Outcome, Prediction, RawComplaint, Role, RoutedComplaint,
        Strategy, TaskStrategy, Vulnerability, Why,
    },
};
use ombud_join::{GROUP, Join, Limits, Pace, Topics};
use ombud_local::{Local, Options};
use ombud_models::StrategyFeed;
use ombud_stream::{
    Clock, Committer, Event, ManualClock, Outage, Outgoing, Position, Reader, Record, Sink, Source, Start,
    Stretch, TopicPartition, testing::StopOnDrop,
};

const BEGIN: i64 = 1_700_000_000_000;
const TASKS: [&str; 3] = ["issue", "product", "vulnerable"];
/// How long a joiner may take for what a test waits for.
const WAIT_TIMEOUT: Duration = Duration::from_secs(60);

struct World {
    _dir: tempfile::TempDir,
    local: Local,
    clock: Arc<ManualClock>,
    /// What joiners record.
    recorder: PrometheusRecorder,
}

fn strategy() -> Strategy {
    let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/strategy.toml"));
    let file: toml::Table = file.unwrap().parse().unwrap();
    let champion = Arm {
        name: "champion".into(),
        model_id: "bag".into(),
        model_version: "a".repeat(64),
        role: Role::Deciding,
        basis_points: 10_000,
    };
    let task = |task: &str| TaskStrategy {
        task: task.into(),
        required: true,
        salt: task.into(),
        review_below: 0.5,
        arms: vec![champion.clone()],
    };
    Strategy {
        version: 1,
        effective_from: 0,
        tasks: TASKS.map(task).into(),
        deadline_ms: 30_000,
        amend_window_ms: 86_400_000,
        audit_basis_points: 0,
        routing: toml::to_string(&file["routing"]).unwrap(),
        changed_by: "test".into(),
        reason: String::new(),
        evaluation_id: None,
        changed_at: 0,
    }
}

impl World {
    fn new() -> Self {
        let world = Self::without_strategy();
        world.publish();
        world
    }

    fn publish(&self) {
        self.append(Topic::Strategy, 0, Some("strategy"), codec::encode(&strategy()).unwrap());
    }

    fn without_strategy() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(BEGIN));
        let options = Options { clock: Arc::<ManualClock>::clone(&clock), ..Options::default() };
        let local = Local::open(dir.path(), options).unwrap();
        Self { _dir: dir, local, clock, recorder: PrometheusBuilder::new().build_recorder() }
    }

    fn append(&self, topic: Topic, partition: i32, key: Option<&str>, value: Bytes) -> i64 {
        let (mut sink, deliveries) = self.local.sink(1);
        let key = key.map(|key| Bytes::copy_from_slice(key.as_bytes()));
        let record = Outgoing::stamped(topic.name("").into(), Some(partition), key, value, "test", &[]);
        sink.send(record, ()).unwrap();
        deliveries.recv().unwrap().result.unwrap().1
    }

    /// A record that a disk has changed: it says of itself what it was.
    fn append_changed(&self, topic: Topic, key: &str, was: Bytes, is: Bytes) {
        let (mut sink, deliveries) = self.local.sink(1);
        let key = Some(Bytes::copy_from_slice(key.as_bytes()));
        let record = Outgoing::stamped(topic.name("").into(), Some(1), key, was, "test", &[]);
        sink.send(Outgoing { value: Some(is), ..record }, ()).unwrap();
        deliveries.recv().unwrap().result.unwrap();
    }

    fn complain(&self, id: &str) -> (RawComplaint, i64) {
        self.send(RawComplaint::new(id, "the bank took a fee that it had promised not to take", BEGIN))
    }

    fn send(&self, complaint: RawComplaint) -> (RawComplaint, i64) {
        let id = complaint.complaint_id.as_str();
        let offset = self.append(Topic::Raw, 1, Some(id), codec::encode(&complaint).unwrap());
        (complaint, offset)
    }

    fn answer(&self, raw: &(RawComplaint, i64), task: &str, label: &str) {
        self.answer_by(raw, task, label, Vec::new());
    }

    fn answer_by(
        &self,
        (complaint, raw_offset): &(RawComplaint, i64),
        task: &str,
        label: &str,
        evidence: Vec<Evidence>,
    ) {
        let input = ids::input_sha256(complaint);
        let version = "a".repeat(64);
        let id = &complaint.complaint_id;
        let prediction = Prediction {
            prediction_id: ids::prediction_id(id, &input, task, &version, Role::Deciding),
            complaint_id: id.clone(),
            input_sha256: input,
            raw_partition: 1,
            raw_offset: *raw_offset,
            task: task.into(),
            model_id: "bag".into(),
            model_version: version,
            strategy_version: 1,
            arm: "champion".into(),
            role: Role::Deciding,
            outcome: Outcome::Labelled,
            label: Some(label.into()),
            level: task.into(),
            path: vec![label.into()],
            confidence: 0.9,
            logits: vec![1.0],
            label_set: format!("{task}@1"),
            threshold: 0.5,
            tokens: 10,
            truncated_tokens: 0,
            windows: 1,
            failure: None,
            predicted_at: BEGIN,
            score: None,
            evidence,
            evidence_table: String::new(),
            unseen_tokens: 0,
            unread: None,
            arithmetic: "FLOAT".into(),
        };
        self.append(Topic::Predictions, 1, Some(id), codec::encode(&prediction).unwrap());
    }

    fn answer_all(&self, raw: &(RawComplaint, i64)) {
        self.answer(raw, "issue", "Fees or interest");
        self.answer(raw, "product", "Credit card");
        self.answer(raw, "vulnerable", "NOT_INDICATED");
    }

    /// Runs a joiner until `enough`, then stops it in order.
    fn join_until(&self, enough: impl Fn() -> bool) {
        let member = self.local.member(GROUP, &[&Topic::Raw.name("")], Start::Earliest).unwrap();
        self.join_as(member, self.local.reader().unwrap(), enough);
    }

    fn join_as(&self, member: impl Source + Committer, reader: impl Reader, enough: impl Fn() -> bool) {
        self.join_by(member, reader, Box::new(self.local.reader().unwrap()), enough);
    }

    fn join_by(
        &self,
        member: impl Source + Committer,
        reader: impl Reader,
        strategy: Box<dyn Reader>,
        enough: impl Fn() -> bool,
    ) {
        let (sink, deliveries) = self.local.sink(64);
        let topic = |topic: Topic| -> Arc<str> { topic.name("").into() };
        let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&self.clock);
        let join = Join {
            member,
            reader,
            sink,
            deliveries,
            topics: Topics {
                raw: topic(Topic::Raw),
                predictions: topic(Topic::Predictions),
                routed: topic(Topic::Routed),
                dead_letters: topic(Topic::DeadLetters),
            },
            strategy: StrategyFeed::new(strategy, &Topic::Strategy.name(""), Arc::clone(&clock)),
            clock,
            limits: Limits::default(),
            pace: Pace::default(),
        };
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let running = scope.spawn(|| {
                metrics::with_local_recorder(&self.recorder, || {
                    join.run(&|| stop.load(Ordering::Relaxed), |_| Ok(0))
                })
            });
            let (stopping, until) = (StopOnDrop(&stop), Instant::now() + WAIT_TIMEOUT);
            while !enough() && !running.is_finished() {
                assert!(Instant::now() < until, "what is waited for does not come within {WAIT_TIMEOUT:?}");
                // Time has to pass for ticks; a minute of it in a second of waiting.
                self.clock.advance(60);
            }
            drop(stopping);
            running.join().unwrap().unwrap();
        });
    }

    fn read(&self, topic: Topic) -> Vec<Record> {
        let mut reader = self.local.reader().unwrap();
        let mut all = Vec::new();
        for partition in 0..4 {
            let at = TopicPartition::new(topic.name(""), partition);
            let mut next = 0;
            loop {
                let stretch = reader.fetch(&at, next, Duration::from_millis(1)).unwrap();
                if stretch.next == next {
                    break;
                }
                next = stretch.next;
                all.extend(stretch);
            }
        }
        all
    }

    fn routes(&self) -> Vec<RoutedComplaint> {
        let records = self.read(Topic::Routed);
        records.iter().map(|record| codec::decode(record.value.as_ref().unwrap()).unwrap()).collect()
    }
}

#[test]
fn a_complaint_is_routed_as_soon_as_every_task_has_answered() {
    let world = World::new();
    let raw = world.complain("a");
    world.answer_all(&raw);
    world.join_until(|| !world.routes().is_empty());
    let routes = world.routes();
    assert_eq!(routes.len(), 1);
    assert_eq!((routes[0].why, routes[0].writer_epoch), (Why::Complete, 1));
    let tasks: Vec<&str> = routes[0].decisions.iter().map(|d| d.task.as_str()).collect();
    assert_eq!(tasks, TASKS);
    assert_eq!(world.read(Topic::Routed)[0].source.partition, 1);
    assert_eq!(routes[0].vulnerability, Vulnerability::NotIndicated);
}

#[test]
fn a_route_says_that_there_was_explicit_evidence_and_not_of_what() {
    let world = World::new();
    let raw = world.complain("a");
    world.answer(&raw, "issue", "Fees or interest");
    world.answer(&raw, "product", "Credit card");
    let evidence = Evidence { category: "mental_health".into(), explicit: true, start: 0, end: 8 };
    world.answer_by(&raw, "vulnerable", "VULNERABLE", vec![evidence]);
    world.join_until(|| !world.routes().is_empty());
    let routes = world.routes();
    let evident: Vec<bool> = routes[0].decisions.iter().map(|decision| decision.explicit_evidence).collect();
    assert_eq!((evident, routes[0].vulnerability), (vec![false, false, true], Vulnerability::Vulnerable));
    let value = world.read(Topic::Routed)[0].value.clone().unwrap();
    assert!(!value.windows(6).any(|bytes| bytes == b"mental"));
}

#[test]
fn a_late_answer_amends_what_the_deadline_routed() {
    let world = World::new();
    let raw = world.complain("a");
    world.answer(&raw, "product", "Credit card");
    world.join_until(|| !world.routes().is_empty());
    let routes = world.routes();
    assert_eq!((routes[0].why, routes[0].vulnerability), (Why::Deadline, Vulnerability::Possible));
    assert_eq!(routes[0].missing_tasks, ["issue", "vulnerable"]);

    world.answer(&raw, "issue", "Fees or interest");
    world.answer(&raw, "vulnerable", "NOT_INDICATED");
    world.join_until(|| world.routes().len() == 3);
    let last = &world.routes()[2];
    assert_eq!((last.why, last.writer_epoch), (Why::Amended, 2));
    assert!(routes[0].revision < last.revision);
    assert!(last.missing_tasks.is_empty());
}

#[test]
fn routes_are_counted_by_why_kind_and_what_is_missing_and_timed_by_kind() {
    let world = World::new();
    world.answer_all(&world.complain("a"));
    let last_year = RawComplaint::new("b", "a complaint of last year", BEGIN);
    world.answer_all(&world.send(RawComplaint { bulk: true, ..last_year }));
    let flag_missing = world.complain("c");
    world.answer(&flag_missing, "product", "Credit card");
    let others_missing = world.complain("d");
    world.answer(&others_missing, "vulnerable", "NOT_INDICATED");
    world.join_until(|| world.routes().len() == 4);
    // Of what comes to a settled submission nobody knows any more whether it was live.
    world.answer(&flag_missing, "vulnerable", "NOT_INDICATED");
    world.join_until(|| world.routes().len() == 5);

    let text = world.recorder.handle().render();
    let counted: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("ombud_routes_total{") && !line.ends_with(" 0"))
        .collect();
    for (labels, count) in [
        (r#"kind="live",missing="none",why="COMPLETE""#, 1),
        (r#"kind="bulk",missing="none",why="COMPLETE""#, 1),
        (r#"kind="live",missing="vulnerable",why="DEADLINE""#, 1),
        (r#"kind="live",missing="other",why="DEADLINE""#, 1),
        (r#"kind="unknown",missing="other",why="AMENDED""#, 1),
    ] {
        let line = format!("ombud_routes_total{{{labels}}} {count}");
        assert!(counted.contains(&line.as_str()), "{line}: {counted:?}");
    }
    assert_eq!(counted.len(), 5, "{counted:?}");
    let begun_at_0 = r#"ombud_routes_total{kind="bulk",missing="vulnerable",why="DEADLINE"} 0"#;
    for line in [
        begun_at_0,
        r#"ombud_route_seconds_count{kind="live"} 3"#,
        r#"ombud_route_seconds_count{kind="bulk"} 1"#,
        "ombud_join_overdue 0",
    ] {
        assert!(text.lines().any(|known| known == line), "{line}: {text}");
    }
}

#[test]
fn what_was_taken_last_has_the_greatest_revision_whichever_partition_it_lies_in() {
    let world = World::new();
    // 2027: before 2026 all revisions have one time.
    world.clock.advance(1_798_761_600_000 - BEGIN);
    let take_back = |partition: i32, id: &str| {
        let complaint = RawComplaint { withdrawn: true, ..RawComplaint::new(id, "they took a fee", BEGIN) };
        world.append(Topic::Raw, partition, Some(id), codec::encode(&complaint).unwrap());
        world.clock.advance(10);
    };
    for (partition, id) in [(1, "b"), (1, "c"), (1, "a"), (3, "a"), (1, "a")] {
        take_back(partition, id);
        let before = world.routes().len();
        world.join_until(|| world.routes().len() > before);
        let routes = world.routes();
        let newest =
            routes.iter().filter(|route| route.complaint_id == id).max_by_key(|route| route.revision);
        assert_eq!(newest.unwrap().raw_partition, partition);
    }
    assert!(world.read(Topic::DeadLetters).is_empty());
}

#[test]
fn what_cannot_be_read_is_parked_with_its_bytes_and_its_key_is_routed_to_a_human() {
    let world = World::new();
    let junk = Bytes::from_static(b"\0\0\0\0\x07junk");
    world.append(Topic::Raw, 1, Some("a"), junk.clone());
    world.append(Topic::Raw, 1, None, junk.clone());
    let raw = world.complain("b");
    world.answer_all(&raw);
    world.join_until(|| world.routes().len() == 3 && world.read(Topic::DeadLetters).len() == 2);
    let mut routes = world.routes();
    routes.sort_by(|a, b| a.complaint_id.cmp(&b.complaint_id));
    let ids: Vec<&str> = routes.iter().map(|route| route.complaint_id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "unreadable-1-1"]);
    assert_eq!((routes[2].team.as_str(), routes[2].needs_human), ("triage-desk", true));
    assert_eq!((routes[0].why, routes[0].needs_human), (Why::Unreadable, true));
    assert_eq!(routes[0].vulnerability, Vulnerability::Possible);
    assert_eq!((routes[1].why, routes[2].why), (Why::Complete, Why::Unreadable));
    for record in world.read(Topic::DeadLetters) {
        let letter: DeadLetter = codec::decode(record.value.as_ref().unwrap()).unwrap();
        assert_eq!(letter.value.as_deref(), Some(&*junk));
        assert_eq!((letter.worker.as_str(), letter.source_topic.as_str()), ("join", "complaints.raw"));
        assert!(matches!(letter.reason, DeadReason::Undecodable | DeadReason::UnknownSchema));
    }
}

#[test]
fn what_is_not_what_was_written_is_parked_as_corrupt_and_its_complaint_goes_to_a_human() {
    let world = World::new();
    let complaint = |text: &str| codec::encode(&RawComplaint::new("a", text, BEGIN)).unwrap();
    // Each can be read, and each is another than it says.
    let changed = [complaint("the bank took a fef"), complaint("the bank took a feg")];
    for is in &changed {
        world.append_changed(Topic::Raw, "a", complaint("the bank took a fee"), is.clone());
    }
    let raw = world.complain("b");
    world.answer_all(&raw);
    let of = |id: &str| -> Vec<RoutedComplaint> {
        world.routes().into_iter().filter(|route| route.complaint_id == id).collect()
    };
    // The route of the last is of the last: they are two contents.
    let newest = || of("a").iter().map(|route| route.raw_offset).max();
    world.join_until(|| {
        newest() == Some(1) && !of("b").is_empty() && world.read(Topic::DeadLetters).len() == 2
    });
    assert!(of("a").iter().all(|route| route.why == Why::Unreadable && route.needs_human));
    assert_eq!(of("b")[0].why, Why::Complete);
    for (record, is) in world.read(Topic::DeadLetters).iter().zip(&changed) {
        let letter: DeadLetter = codec::decode(record.value.as_ref().unwrap()).unwrap();
        assert_eq!((letter.reason, letter.worker.as_str()), (DeadReason::Corrupt, "join"));
        assert_eq!(letter.value.as_deref(), Some(&is[..]));
    }
}

#[test]
fn a_complaint_is_routed_under_no_key_or_a_framed_one_and_parked_under_another_complaints() {
    let world = World::new();
    let keys = [
        ("null", None),
        ("json", Some("\"json\"")),
        ("avro", Some("\0\0\0\0\x05\x08avro")),
        ("mine", Some("another")),
    ];
    for (id, key) in keys {
        let complaint = RawComplaint::new(id, "the bank took a fee that it had promised not to take", BEGIN);
        let offset = world.append(Topic::Raw, 1, key, codec::encode(&complaint).unwrap());
        world.answer_all(&(complaint, offset));
    }
    world.join_until(|| world.routes().len() == 4 && world.read(Topic::DeadLetters).len() == 1);
    let mut routes = world.routes();
    routes.sort_by(|a, b| a.complaint_id.cmp(&b.complaint_id));
    let found: Vec<(&str, Why)> = routes.iter().map(|route| (&*route.complaint_id, route.why)).collect();
    let complete = |id| (id, Why::Complete);
    let expected = [("another", Why::Unreadable), complete("avro"), complete("json"), complete("null")];
    assert_eq!(found, expected);
    let letters = world.read(Topic::DeadLetters);
    let letter: DeadLetter = codec::decode(letters[0].value.as_ref().unwrap()).unwrap();
    assert_eq!(letter.reason, DeadReason::Invalid);
    assert_eq!(letter.detail, "the key is not the complaint id");
}

#[test]
fn a_joiner_that_comes_back_routes_nothing_again_and_forgets_nothing() {
    let world = World::new();
    let raws: Vec<_> = (0..40).map(|n| world.complain(&format!("c{n}"))).collect();
    raws[..20].iter().for_each(|raw| world.answer_all(raw));
    raws[20..].iter().for_each(|raw| world.answer(raw, "product", "Credit card"));
    world.join_until(|| world.routes().len() >= 10);
    raws[20..].iter().for_each(|raw| world.answer(raw, "issue", "Fees or interest"));
    raws[20..].iter().for_each(|raw| world.answer(raw, "vulnerable", "NOT_INDICATED"));
    let complete = || world.routes().iter().filter(|route| route.missing_tasks.is_empty()).count();
    world.join_until(|| complete() == 40);
    let routes = world.routes();
    let mut routed: Vec<&str> = routes.iter().map(|route| route.route_id.as_str()).collect();
    let all = routed.len();
    routed.sort_unstable();
    routed.dedup();
    assert_eq!(routed.len(), all, "a route was written twice");
}

/// A changelog that goes on and does not come.
struct Stuck<R> {
    reader: R,
    asked: Arc<AtomicBool>,
}

impl<R: Reader> Reader for Stuck<R> {
    fn fetch(&mut self, partition: &TopicPartition, from: i64, wait: Duration) -> Result<Stretch, Outage> {
        if *partition.topic != *Topic::Routed.name("") {
            return self.reader.fetch(partition, from, wait);
        }
        self.asked.store(true, Ordering::Relaxed);
        thread::park_timeout(wait);
        Ok(Stretch { records: Vec::new(), next: from })
    }

    fn end(&mut self, partition: &TopicPartition) -> Result<i64, Outage> {
        self.reader.end(partition)
    }

    fn offset_at(&mut self, partition: &TopicPartition, time_ms: i64) -> Result<i64, Outage> {
        self.reader.offset_at(partition, time_ms)
    }
}

#[test]
fn a_joiner_that_takes_a_shard_on_hears_the_stop() {
    let world = World::new();
    let raw = world.complain("a");
    world.answer_all(&raw);
    world.join_until(|| !world.routes().is_empty());
    let asked = Arc::new(AtomicBool::new(false));
    let reader = Stuck { reader: world.local.reader().unwrap(), asked: Arc::clone(&asked) };
    let member = world.local.member(GROUP, &[&Topic::Raw.name("")], Start::Earliest).unwrap();
    // It would end with an outage, had it waited for the changelog until it gives up.
    world.join_as(member, reader, || asked.load(Ordering::Relaxed));
    assert_eq!(world.routes().len(), 1);
}

/// Every third call of a seam fails, but for those by which a shard is taken on.
struct Shaky<T> {
    inner: T,
    calls: usize,
}

impl<T> Shaky<T> {
    fn call(&mut self) -> Result<&mut T, Outage> {
        self.calls += 1;
        if self.calls.is_multiple_of(3) {
            Err(Outage::passing("ask", "no answer"))
        } else {
            Ok(&mut self.inner)
        }
    }
}

impl<M: Source> Source for Shaky<M> {
    fn poll(&mut self, wait: Duration) -> Result<Option<Event>, Outage> {
        self.call()?.poll(wait)
    }

    fn start(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), Outage> {
        self.inner.start(partition, offset)
    }

    fn pause(&mut self, partition: &TopicPartition, paused: bool) {
        self.inner.pause(partition, paused);
    }
}

impl<M: Committer> Committer for Shaky<M> {
    fn committed(&mut self, partition: &TopicPartition) -> Result<Option<Position>, Outage> {
        self.inner.committed(partition)
    }

    fn commit(&mut self, positions: &[Position]) -> Result<(), Outage> {
        self.call()?.commit(positions)
    }
}

impl<R: Reader> Reader for Shaky<R> {
    fn fetch(&mut self, partition: &TopicPartition, from: i64, wait: Duration) -> Result<Stretch, Outage> {
        // The changelog that a shard is made of is waited for.
        if wait.is_zero() {
            self.call()?.fetch(partition, from, wait)
        } else {
            self.inner.fetch(partition, from, wait)
        }
    }

    fn end(&mut self, partition: &TopicPartition) -> Result<i64, Outage> {
        let read_by_the_way = *partition.topic == *Topic::Predictions.name("");
        if read_by_the_way { self.call()?.end(partition) } else { self.inner.end(partition) }
    }

    fn offset_at(&mut self, partition: &TopicPartition, time_ms: i64) -> Result<i64, Outage> {
        self.inner.offset_at(partition, time_ms)
    }
}

#[test]
fn outages_that_pass_cost_a_joiner_nothing_but_time() {
    let world = World::new();
    let raws: Vec<_> = (0..20).map(|n| world.complain(&format!("c{n}"))).collect();
    raws[..10].iter().for_each(|raw| world.answer_all(raw));
    let member = world.local.member(GROUP, &[&Topic::Raw.name("")], Start::Earliest).unwrap();
    let reader = world.local.reader().unwrap();
    let (member, reader) = (Shaky { inner: member, calls: 0 }, Shaky { inner: reader, calls: 0 });
    world.join_as(member, reader, || world.routes().len() >= 20);
    let routes = world.routes();
    assert_eq!(routes.len(), 20);
    assert_eq!(routes.iter().filter(|route| route.why == Why::Complete).count(), 10);
    assert!(routes.iter().all(|route| route.writer_epoch == 1), "it was one joiner all the time");
}

/// A log that answers nobody while it is late.
struct Late<R> {
    inner: R,
    is_late: Arc<AtomicBool>,
    has_waited: Arc<AtomicBool>,
}

impl<R: Reader> Reader for Late<R> {
    fn fetch(&mut self, partition: &TopicPartition, from: i64, wait: Duration) -> Result<Stretch, Outage> {
        self.inner.fetch(partition, from, wait)
    }

    fn end(&mut self, partition: &TopicPartition) -> Result<i64, Outage> {
        let until = Instant::now() + WAIT_TIMEOUT;
        while self.is_late.load(Ordering::Relaxed) && Instant::now() < until {
            self.has_waited.store(true, Ordering::Relaxed);
            thread::park_timeout(Duration::from_millis(5));
        }
        self.inner.end(partition)
    }

    fn offset_at(&mut self, partition: &TopicPartition, time_ms: i64) -> Result<i64, Outage> {
        self.inner.offset_at(partition, time_ms)
    }
}

#[test]
fn a_strategy_topic_that_answers_late_holds_no_deadline_back() {
    let world = World::new();
    world.answer_all(&world.complain("a"));
    world.answer(&world.complain("b"), "product", "Credit card");
    let member = world.local.member(GROUP, &[&Topic::Raw.name("")], Start::Earliest).unwrap();
    let (is_late, has_waited) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let strategy = Late {
        inner: world.local.reader().unwrap(),
        is_late: Arc::clone(&is_late),
        has_waited: Arc::clone(&has_waited),
    };
    world.join_by(member, world.local.reader().unwrap(), Box::new(strategy), || {
        let routes = world.routes().len();
        // Both are read together, and the second waits for its deadline.
        is_late.store(routes == 1, Ordering::Relaxed);
        routes == 2
    });
    assert!(has_waited.load(Ordering::Relaxed), "nobody asked for the strategy meanwhile");
    assert_eq!(world.routes().iter().filter(|route| route.why == Why::Deadline).count(), 1);
}

/// A log in which a transaction has ended: behind what lies in each partition of `topic` now, one more offset is
/// nobody's to read.
struct Marked<R> {
    inner: R,
    topic: String,
    /// Where each partition's marker lies.
    markers: [i64; 4],
}

impl<R: Reader> Marked<R> {
    fn new(mut inner: R, topic: Topic) -> Self {
        let markers =
            [0, 1, 2, 3].map(|number| inner.end(&TopicPartition::new(topic.name(""), number)).unwrap());
        Self { inner, topic: topic.name(""), markers }
    }

    fn marker(&self, partition: &TopicPartition) -> i64 {
        let here = *partition.topic == *self.topic;
        if here { self.markers[usize::try_from(partition.partition).unwrap()] } else { i64::MAX }
    }
}

impl<R: Reader> Reader for Marked<R> {
    fn fetch(&mut self, partition: &TopicPartition, from: i64, wait: Duration) -> Result<Stretch, Outage> {
        let marker = self.marker(partition);
        if from > marker {
            return Ok(Stretch { records: Vec::new(), next: from });
        }
        let stretch = self.inner.fetch(partition, from, wait)?;
        let next = if stretch.next == marker { marker + 1 } else { stretch.next };
        Ok(Stretch { next, ..stretch })
    }

    fn end(&mut self, partition: &TopicPartition) -> Result<i64, Outage> {
        let end = self.inner.end(partition)?;
        Ok(if end == self.marker(partition) { end + 1 } else { end })
    }

    fn offset_at(&mut self, partition: &TopicPartition, time_ms: i64) -> Result<i64, Outage> {
        self.inner.offset_at(partition, time_ms)
    }
}

#[test]
fn a_changelog_that_ends_with_a_marker_is_read_to_its_end() {
    let world = World::new();
    let first = world.complain("a");
    world.answer_all(&first);
    world.join_until(|| !world.routes().is_empty());
    let second = world.complain("a2");
    world.answer_all(&second);
    let member = world.local.member(GROUP, &[&Topic::Raw.name("")], Start::Earliest).unwrap();
    let reader = Marked::new(world.local.reader().unwrap(), Topic::Routed);
    world.join_as(member, reader, || world.routes().len() >= 2);
    let routes = world.routes();
    assert_eq!(routes.len(), 2, "and the first one is not routed again");
    assert!(routes.iter().all(|route| route.why == Why::Complete));
}

#[test]
fn nothing_is_decided_before_there_is_a_strategy() {
    let world = World::without_strategy();
    let raw = world.complain("a");
    world.answer_all(&raw);
    let looks = std::cell::Cell::new(0);
    world.join_until(|| {
        looks.set(looks.get() + 1);
        if looks.get() == 200 {
            assert!(world.routes().is_empty());
            world.publish();
        }
        !world.routes().is_empty()
    });
    assert_eq!(world.routes()[0].why, Why::Complete);
}

#[test]
fn a_route_and_a_dead_letter_carry_the_trace_of_their_complaint() {
    let world = World::new();
    let parent = ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    let header = (parent.0.to_owned(), Some(Bytes::from_static(parent.1.as_bytes())));
    let (mut sink, deliveries) = world.local.sink(1);
    for junk in ["a", "b"] {
        let (key, value) = (Some(Bytes::from_static(junk.as_bytes())), Bytes::from_static(b"junk"));
        let follows = std::slice::from_ref(&header);
        sink.send(Outgoing::stamped(Topic::Raw.name("").into(), Some(1), key, value, "test", follows), ())
            .unwrap();
        deliveries.recv().unwrap().result.unwrap();
    }
    world.join_until(|| world.routes().len() == 2 && world.read(Topic::DeadLetters).len() == 2);
    for record in world.read(Topic::Routed).into_iter().chain(world.read(Topic::DeadLetters)) {
        assert!(record.headers.contains(&header), "{record:?}");
    }
}
