//! The worklist follows its topics: restarts, another log, wider topics, records that nobody can read, two replicas.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI32, Ordering},
    },
    thread,
    time::Duration,
};

use bytes::Bytes;
use ombud_console::{Follower, WorklistProgress, read_clock, watch_lag};
use ombud_contract::{
    catalogue::Topic,
    codec,
    records::{Feedback, FeedbackKind, RoutedComplaint, WorkEvent, WorkKind},
    work::Phase,
};
use ombud_launch::health::Readiness;
use ombud_local::{Local, LocalWorklist, Options};
use ombud_store::{ItemFilter, ItemOrder, WorkItem, Worklist};
use ombud_stream::{Outage, Outgoing, Sink as _, SystemClock, TopicPartition, Waiting};

use crate::given::{route, verdict};

const PARTITIONS: i32 = 3;
const LONG: Duration = Duration::from_secs(30);

fn log(dir: &Path) -> Local {
    Local::open(dir, Options::catalogue("", PARTITIONS)).unwrap()
}

/// Appends to a partition; where it lies.
fn append(
    log: &Local,
    topic: Topic,
    partition: i32,
    id: &str,
    value: Option<Bytes>,
) -> (TopicPartition, i64) {
    let (mut sink, deliveries) = log.sink::<()>(1);
    let key = Some(Bytes::copy_from_slice(id.as_bytes()));
    let record = match value {
        Some(value) => Outgoing::stamped(topic.name("").into(), Some(partition), key, value, "test", &[]),
        None => Outgoing {
            topic: topic.name("").into(),
            partition: Some(partition),
            key,
            value: None,
            headers: Vec::new(),
        },
    };
    sink.send(record, ()).unwrap();
    deliveries.recv_timeout(LONG).unwrap().result.unwrap()
}

fn routed(log: &Local, partition: i32, id: &str, team: &str) -> (TopicPartition, i64) {
    let route =
        RoutedComplaint { complaint_id: id.into(), team: team.into(), raw_partition: partition, ..route() };
    append(log, Topic::Routed, partition, id, Some(codec::encode(&route).unwrap()))
}

fn moved(log: &Local, partition: i32, id: &str, team: &str) -> (TopicPartition, i64) {
    let moved = Feedback {
        feedback_id: format!("f-{id}-{team}"),
        complaint_id: id.into(),
        to_team: Some(team.into()),
        ..verdict(FeedbackKind::Reallocated, 1_709_251_300_000)
    };
    append(log, Topic::Feedback, partition, id, Some(codec::encode(&moved).unwrap()))
}

fn claimed(log: &Local, partition: i32, id: &str) -> (TopicPartition, i64) {
    let event = WorkEvent::new(id, WorkKind::Claimed, route().revision, 1_709_251_300_000, "agent-17");
    let event = WorkEvent { lease_id: Some("l-1".into()), ..event }.named();
    append(log, Topic::Work, partition, id, Some(codec::encode(&event).unwrap()))
}

/// A console's worklist beside a log, for as long as `meanwhile` takes.
struct Console<'a> {
    log: &'a Local,
    view: Arc<LocalWorklist>,
    progress: WorklistProgress,
    readiness: Readiness,
    /// How many partitions topics have.
    partitions: AtomicI32,
}

impl<'a> Console<'a> {
    fn new(log: &'a Local, folder: &Path) -> Self {
        Self {
            log,
            view: Arc::new(LocalWorklist::open(folder, Arc::new(read_clock)).unwrap()),
            progress: WorklistProgress::default(),
            readiness: Readiness::default(),
            partitions: AtomicI32::new(PARTITIONS),
        }
    }

    fn while_running<T>(&self, meanwhile: impl FnOnce() -> T) -> (T, Result<(), Outage>) {
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let follower = scope.spawn(|| {
                let mut waiting = Waiting::at_once(&self.readiness, "console");
                let follower = Follower {
                    view: Arc::clone(&self.view) as Arc<dyn Worklist>,
                    reader: Box::new(self.log.reader().unwrap()),
                    count: &mut |_| Ok(self.partitions.load(Ordering::SeqCst)),
                    team_exists: &mut |team| Ok(team != "nobody"),
                    prefix: "",
                    clock: &SystemClock,
                    progress: self.progress.clone(),
                    answered_days: 30,
                };
                follower.run(&|| stop.load(Ordering::SeqCst), &mut waiting)
            });
            let seen = meanwhile();
            stop.store(true, Ordering::SeqCst);
            (seen, follower.join().unwrap())
        })
    }

    /// Runs until the view has what lies at `places`.
    fn read(&self, places: &[(TopicPartition, i64)]) {
        let (has_all, ended) = self.while_running(|| wait(&self.progress, places));
        ended.unwrap();
        assert!(has_all, "{places:?} are not read");
    }

    fn items(&self) -> Vec<WorkItem> {
        let all = ItemFilter { states: Phase::ALL.to_vec(), ..ItemFilter::default() };
        self.view.page(&all, ItemOrder::Due, None, 100).unwrap().items
    }

    fn teams(&self) -> Vec<(String, String)> {
        self.items().into_iter().map(|item| (item.complaint_id, item.team)).collect()
    }
}

fn wait(progress: &WorklistProgress, places: &[(TopicPartition, i64)]) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(progress.wait_until(places, LONG))
}

fn pair(id: &str, team: &str) -> (String, String) {
    (id.to_owned(), team.to_owned())
}

#[test]
fn what_is_appended_to_any_partition_of_its_topics_is_in_the_list() {
    let dir = tempfile::tempdir().unwrap();
    let log = log(dir.path());
    let console = Console::new(&log, dir.path());
    // Some before it starts, and the rest while it runs.
    let before = [routed(&log, 0, "c-1", "cards"), claimed(&log, 2, "c-2")];
    let (_, ended) = console.while_running(|| {
        assert!(wait(&console.progress, &before));
        let place = routed(&log, 2, "c-2", "loans");
        assert!(wait(&console.progress, &[place]), "one's own write is seen");
        assert_eq!(console.view.item("c-2").unwrap().unwrap().team, "loans");
        let place = moved(&log, 0, "c-1", "loans");
        assert!(wait(&console.progress, &[place]));
        assert_eq!(console.view.item("c-1").unwrap().unwrap().team, "loans");
        let place = append(&log, Topic::Routed, 0, "c-1", None);
        assert!(wait(&console.progress, &[place]));
        assert_eq!(console.view.item("c-1").unwrap(), None, "it was erased");
    });
    ended.unwrap();
}

#[test]
fn it_is_ready_once_it_has_read_to_the_end_and_knows_how_far_it_is_behind() {
    let dir = tempfile::tempdir().unwrap();
    let log = log(dir.path());
    let console = Console::new(&log, dir.path());
    let place = routed(&log, 0, "c-1", "cards");
    let measured = || {
        let mut reader = log.reader().unwrap();
        watch_lag(&console.progress, &mut reader, &SystemClock, &|_| true);
        console.progress.lag(ombud_stream::Clock::now_ms(&SystemClock))
    };
    assert!(!measured().is_complete);
    console.read(std::slice::from_ref(&place));
    assert!(console.readiness.waiting().is_empty());
    let lag = measured();
    assert_eq!((lag.is_complete, lag.records), (true, 0));
    assert!(lag.seconds.unwrap() < 30.0);
    routed(&log, 1, "c-2", "cards");
    assert_eq!(measured().records, 1, "nobody reads it now");
}

#[test]
fn after_a_restart_it_goes_on_where_it_stood() {
    let (dir, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = log(dir.path());
    let place = routed(&log, 0, "c-1", "cards");
    Console::new(&log, folder.path()).read(&[place]);
    let console = Console::new(&log, folder.path());
    let stood = console.view.positions().unwrap();
    assert_eq!(stood.iter().map(|position| position.next).sum::<i64>(), 1);
    let place = routed(&log, 0, "c-2", "cards");
    console.read(&[place]);
    assert_eq!(console.teams(), [pair("c-1", "cards"), pair("c-2", "cards")]);
}

#[test]
fn a_view_of_another_log_is_made_again_whether_that_is_shorter_or_longer() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second, third) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let old = log(first.path());
    let places = ["c-1", "c-2"].map(|id| routed(&old, 0, id, "cards"));
    Console::new(&old, folder.path()).read(&places);

    let shorter = log(second.path());
    let place = routed(&shorter, 0, "d-1", "cards");
    let console = Console::new(&shorter, folder.path());
    console.read(&[place]);
    assert_eq!(console.teams(), [pair("d-1", "cards")]);
    drop(console);

    let longer = log(third.path());
    let places = ["e-1", "e-2", "e-3"].map(|id| routed(&longer, 0, id, "cards"));
    let console = Console::new(&longer, folder.path());
    console.read(&places);
    assert_eq!(console.teams(), [pair("e-1", "cards"), pair("e-2", "cards"), pair("e-3", "cards")]);
}

#[test]
fn a_view_that_turns_out_damaged_is_made_again() {
    let (dir, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = log(dir.path());
    let place = routed(&log, 0, "c-1", "cards");
    let path = {
        let console = Console::new(&log, folder.path());
        console.read(std::slice::from_ref(&place));
        console.view.path()
    };
    // As a disk would do it: somewhere in the middle, and no file that cannot be opened.
    let mut bytes = fs::read(&path).unwrap();
    let (team, other) = (br#""team":"cards""#, br#""team":"loans""#);
    let at = bytes.windows(team.len()).position(|window| window == team).unwrap();
    bytes[at..at + team.len()].copy_from_slice(other);
    fs::write(&path, bytes).unwrap();
    let console = Console::new(&log, folder.path());
    assert!(!console.view.item("c-1").unwrap_err().fatal);
    console.read(&[place]);
    assert_eq!(console.teams(), [pair("c-1", "cards")]);
}

#[test]
fn partitions_that_a_topic_gains_are_read_too() {
    let dir = tempfile::tempdir().unwrap();
    let log = log(dir.path());
    let console = Console::new(&log, dir.path());
    console.partitions.store(1, Ordering::SeqCst);
    let places = [routed(&log, 0, "c-1", "cards"), routed(&log, 2, "c-2", "cards")];
    console.read(&places[..1]);
    assert_eq!(console.teams(), [pair("c-1", "cards")]);
    console.partitions.store(PARTITIONS, Ordering::SeqCst);
    console.read(&places);
    assert_eq!(console.teams(), [pair("c-1", "cards"), pair("c-2", "cards")]);
    drop(console);
    // A topic that has fewer than before is another one.
    let console = Console::new(&log, dir.path());
    console.partitions.store(1, Ordering::SeqCst);
    console.read(&places[..1]);
    assert_eq!(console.teams(), [pair("c-1", "cards")]);
}

#[test]
fn what_nobody_can_read_and_a_team_that_does_not_exist_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let log = log(dir.path());
    let console = Console::new(&log, dir.path());
    routed(&log, 0, "c-1", "cards");
    for topic in [Topic::Routed, Topic::Feedback, Topic::Work] {
        append(&log, topic, 0, "c-1", Some(Bytes::from_static(b"poison")));
    }
    let places = [moved(&log, 0, "c-1", "nobody"), claimed(&log, 0, "c-1"), routed(&log, 0, "c-2", "loans")];
    console.read(&places);
    assert_eq!(console.teams(), [pair("c-1", "cards"), pair("c-2", "loans")]);
}

#[test]
fn two_replicas_are_equal_however_often_one_was_restarted() {
    let (dir, one, other) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = log(dir.path());
    let mut places = Vec::new();
    for round in 0..6 {
        for number in 0..4 {
            let id = format!("c-{number}");
            places.push(match round {
                0 => claimed(&log, 2, &id),
                1 | 3 => routed(&log, number % 2, &id, if round == 1 { "cards" } else { "loans" }),
                2 => moved(&log, 1, &id, "mortgages"),
                4 if number == 3 => append(&log, Topic::Routed, 1, &id, None),
                _ => moved(&log, 2, &id, "cards"),
            });
        }
        Console::new(&log, one.path()).read(&places);
    }
    let (running, rebuilt) = (Console::new(&log, one.path()), Console::new(&log, other.path()));
    rebuilt.read(&places);
    assert_eq!(running.items(), rebuilt.items());
    assert_eq!(running.view.counts().unwrap(), rebuilt.view.counts().unwrap());
    assert!(running.items().len() >= 3);
}
