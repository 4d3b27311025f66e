//! A log with an archive beside it.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use ombud_archive::{Archive, ArchiveLimits, TOPICS};
use ombud_contract::{
    catalogue::Topic,
    codec::encode,
    records::{RawComplaint, RoutedComplaint, Strategy, Vulnerability, Why},
};
use ombud_local::{Local, LocalMember, LocalReader, Options};
use ombud_models::{FirstStrategy, StrategyFeed};
use ombud_store::{CaseStore, QueueEntry, day_of};
use ombud_stream::{Committer, ManualClock, Outgoing, Reader, Sink, Source, Start, TopicPartition};
use tempfile::TempDir;

pub(crate) const RECEIVED: i64 = 1_709_251_200_000;

pub(crate) fn log() -> (Local, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (Local::open(dir.path(), Options::catalogue("", 1)).unwrap(), dir)
}

pub(crate) fn append(local: &Local, topic: Topic, key: &str, value: Bytes) {
    append_under(local, topic, Some(Bytes::copy_from_slice(key.as_bytes())), Some(value));
}

pub(crate) fn append_under(local: &Local, topic: Topic, key: Option<Bytes>, value: Option<Bytes>) {
    let (mut sink, deliveries) = local.sink(1);
    let record =
        Outgoing { topic: topic.name("").into(), partition: Some(0), key, value, headers: Vec::new() };
    sink.send(record, ()).unwrap();
    deliveries.recv().unwrap().result.unwrap();
}

pub(crate) fn send<T: ombud_contract::codec::Record>(local: &Local, record: &T) {
    append(local, T::TOPIC, "c-1", encode(record).unwrap());
}

pub(crate) fn raw() -> RawComplaint {
    RawComplaint {
        regulator_sent_at: None,
        notice_at: None,
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

pub(crate) fn route(revision: i64, team: &str) -> RoutedComplaint {
    RoutedComplaint {
        legal_entity: None,
        regulator_sent_at: None,
        notice_at: None,
        clock_attributes: Default::default(),
        clocks: Vec::new(),
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
pub(crate) fn caught_up(reader: &mut LocalReader, group: &str) -> bool {
    let committed = |reader: &mut LocalReader, partition: &TopicPartition| {
        reader.committed(group, partition).unwrap().map_or(0, |position| position.offset)
    };
    TOPICS.iter().all(|topic| {
        let partition = TopicPartition::new(topic.name(""), 0);
        committed(reader, &partition) == reader.end(&partition).unwrap()
    })
}

/// Archives as `group` until everything in the log is committed.
pub(crate) fn archive(
    local: &Local,
    group: &str,
    cases: impl CaseStore,
) -> Result<(), ombud_archive::ArchiveError> {
    archive_as(member(local, group), local, group, cases)
}

pub(crate) fn member(local: &Local, group: &str) -> LocalMember {
    let topics = TOPICS.map(|topic| topic.name(""));
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    local.member(group, &topics, Start::Earliest).unwrap()
}

pub(crate) fn archive_as(
    member: impl Source + Committer,
    local: &Local,
    group: &str,
    cases: impl CaseStore,
) -> Result<(), ombud_archive::ArchiveError> {
    archive_by(Arc::new(ManualClock::at(RECEIVED)), member, local, group, cases)
}

pub(crate) fn archive_by(
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
        limits: ArchiveLimits {
            poll: Duration::from_millis(5),
            retry_after: Duration::from_millis(1),
            ..ArchiveLimits::default()
        },
    };
    let reader = std::cell::RefCell::new(local.reader().unwrap());
    worker.run(&|| caught_up(&mut reader.borrow_mut(), group), |_| Ok(0))
}

pub(crate) fn queue(local: &Local, team: &str) -> Vec<QueueEntry> {
    local.cases().unwrap().queue(team, day_of(RECEIVED)).unwrap()
}

/// The one that `ombud setup` publishes.
pub(crate) fn first_strategy() -> Strategy {
    let models = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    FirstStrategy::read(&models.join("strategy.toml"), &models, "setup", 0).unwrap().record
}
