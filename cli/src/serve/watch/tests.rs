//! What is reported to readiness and to the committed offsets by what passes through.

use std::collections::VecDeque;

use super::*;

/// Answers as it is scripted; commits fail where `is_away`.
#[derive(Default)]
struct Scripted {
    events: VecDeque<Event>,
    is_away: bool,
}

impl Source for Scripted {
    fn poll(&mut self, _: Duration) -> Result<Option<Event>, Outage> {
        Ok(self.events.pop_front())
    }

    fn start(&mut self, _: &TopicPartition, _: i64) -> Result<(), Outage> {
        if self.is_away { Err(Outage::passing("start", "away")) } else { Ok(()) }
    }

    fn pause(&mut self, _: &TopicPartition, _: bool) {}
}

impl Committer for Scripted {
    fn committed(&mut self, _: &TopicPartition) -> Result<Option<Position>, Outage> {
        Ok(None)
    }

    fn commit(&mut self, _: &[Position]) -> Result<(), Outage> {
        if self.is_away { Err(Outage::passing("commit", "away")) } else { Ok(()) }
    }
}

fn partition(number: i32) -> TopicPartition {
    TopicPartition::new("complaints.raw", number)
}

fn at(number: i32, offset: i64) -> Position {
    Position { partition: partition(number), offset, metadata: String::new() }
}

fn watched(member: Scripted, readiness: &Readiness, progress: &CommittedOffsets) -> WatchedMember {
    WatchedMember::new(Box::new(member), "join".into(), readiness.clone(), progress.clone())
}

fn offsets(progress: &CommittedOffsets) -> Vec<(i32, i64)> {
    progress.now().into_iter().map(|(partition, next)| (partition.partition, next)).collect()
}

#[test]
fn a_worker_is_ready_when_it_reads_a_partition_and_not_when_it_is_assigned_one() {
    let (readiness, progress) = (Readiness::default(), CommittedOffsets::default());
    let events = [Event::Assigned { partitions: vec![partition(0)], generation: 1 }];
    let mut member =
        watched(Scripted { events: events.into(), ..Scripted::default() }, &readiness, &progress);
    let waits = || readiness.waiting().contains_key("join");
    assert!(waits());
    member.poll(Duration::ZERO).unwrap();
    assert!(waits());
    member.start(&partition(0), 5).unwrap();
    assert!(!waits());
}

#[test]
fn a_worker_whose_partitions_all_wait_for_wider_topics_is_ready_for_no_other_would_do_better() {
    let (readiness, progress) = (Readiness::default(), CommittedOffsets::default());
    let mut member = watched(Scripted::default(), &readiness, &progress);
    readiness.remark("join", "partitions 5 wait");
    member.poll(Duration::ZERO).unwrap();
    assert!(readiness.waiting().is_empty());
    readiness.forget_remark("join");
    member.poll(Duration::ZERO).unwrap();
    assert!(readiness.waiting().contains_key("join"));
}

#[test]
fn a_partition_that_does_not_start_makes_nobody_ready() {
    let (readiness, progress) = (Readiness::default(), CommittedOffsets::default());
    let mut member = watched(Scripted { is_away: true, ..Scripted::default() }, &readiness, &progress);
    assert!(member.start(&partition(0), 5).is_err());
    assert!(readiness.waiting().contains_key("join"));
    assert_eq!(offsets(&progress), []);
}

#[test]
fn progress_begins_where_a_partition_is_started_and_goes_on_with_commits() {
    let (readiness, progress) = (Readiness::default(), CommittedOffsets::default());
    let mut member = watched(Scripted::default(), &readiness, &progress);
    member.start(&partition(0), 5).unwrap();
    member.start(&partition(1), 7).unwrap();
    assert_eq!(offsets(&progress), [(0, 5), (1, 7)]);
    member.commit(&[at(1, 9)]).unwrap();
    assert_eq!(offsets(&progress), [(0, 5), (1, 9)]);
    // It seeks back to what is not finished, which lies above what is committed.
    member.start(&partition(1), 12).unwrap();
    assert_eq!(offsets(&progress), [(0, 5), (1, 9)]);
}

#[test]
fn a_commit_that_fails_is_no_progress() {
    let (readiness, progress) = (Readiness::default(), CommittedOffsets::default());
    let mut member = watched(Scripted { is_away: true, ..Scripted::default() }, &readiness, &progress);
    progress.lock().insert(partition(0), 5);
    assert!(member.commit(&[at(0, 9)]).is_err());
    assert_eq!(offsets(&progress), [(0, 5)]);
}

#[test]
fn a_partition_that_goes_is_not_watched_any_more_though_it_is_committed_once_more() {
    let (readiness, progress) = (Readiness::default(), CommittedOffsets::default());
    let events = [Event::Revoked { partitions: vec![partition(1)], lost: false }];
    let mut member =
        watched(Scripted { events: events.into(), ..Scripted::default() }, &readiness, &progress);
    member.start(&partition(0), 5).unwrap();
    member.start(&partition(1), 7).unwrap();
    member.poll(Duration::ZERO).unwrap();
    member.commit(&[at(0, 6), at(1, 9)]).unwrap();
    assert_eq!(offsets(&progress), [(0, 6)]);
}

#[test]
fn a_worker_that_is_started_again_owns_nothing_of_what_it_owned() {
    let (readiness, progress) = (Readiness::default(), CommittedOffsets::default());
    let mut member = watched(Scripted::default(), &readiness, &progress);
    member.start(&partition(0), 5).unwrap();
    let again = watched(Scripted::default(), &readiness, &progress);
    assert_eq!(offsets(&progress), []);
    assert!(readiness.waiting().contains_key("join"), "and is not ready");
    drop(again);
}

/// A member that answers polls as it is scripted.
struct ScriptedMember(VecDeque<Result<Option<Event>, Outage>>);

impl Source for ScriptedMember {
    fn poll(&mut self, _: Duration) -> Result<Option<Event>, Outage> {
        self.0.pop_front().unwrap_or(Ok(None))
    }

    fn start(&mut self, _: &TopicPartition, _: i64) -> Result<(), Outage> {
        Ok(())
    }

    fn pause(&mut self, _: &TopicPartition, _: bool) {}
}

impl Committer for ScriptedMember {
    fn committed(&mut self, _: &TopicPartition) -> Result<Option<Position>, Outage> {
        Ok(None)
    }

    fn commit(&mut self, _: &[Position]) -> Result<(), Outage> {
        Ok(())
    }
}

#[test]
fn a_worker_is_not_ready_while_the_log_is_away_and_ready_again_when_it_is_back() {
    let away = || Err(Outage::passing("reach the brokers as ombud.join", "away"));
    let member = ScriptedMember([away(), Ok(None), away(), Ok(None)].into());
    let readiness = Readiness::default();
    let mut watched = WatchedMember::new(
        Box::new(member),
        "join".to_owned(),
        readiness.clone(),
        CommittedOffsets::default(),
    );
    let waits = |watched: &mut WatchedMember| {
        let _ = watched.poll(Duration::ZERO);
        readiness.waiting().get("join").cloned()
    };
    let both = format!("{UNASSIGNED}; reach the brokers as ombud.join");
    assert_eq!(waits(&mut watched).as_deref(), Some(&*both));
    assert_eq!(waits(&mut watched).as_deref(), Some(UNASSIGNED));
    watched.start(&TopicPartition::new("raw", 0), 0).unwrap();
    assert_eq!(readiness.waiting().get("join"), None);
    assert_eq!(waits(&mut watched).as_deref(), Some("reach the brokers as ombud.join"));
    assert_eq!(waits(&mut watched), None);
}

#[test]
fn a_worker_that_has_given_everything_up_waits_for_partitions_again() {
    let (readiness, progress) = (Readiness::default(), CommittedOffsets::default());
    let events = [
        Event::Assigned { partitions: vec![partition(0), partition(1)], generation: 1 },
        Event::Revoked { partitions: vec![partition(1)], lost: false },
        Event::Revoked { partitions: vec![partition(0)], lost: true },
    ];
    let mut member =
        watched(Scripted { events: events.into(), ..Scripted::default() }, &readiness, &progress);
    let waits = || readiness.waiting().contains_key("join");
    member.poll(Duration::ZERO).unwrap();
    member.start(&partition(0), 5).unwrap();
    assert_eq!(member.coming.len(), 1, "one is still to be taken on");
    member.poll(Duration::ZERO).unwrap();
    assert!(member.coming.is_empty() && !waits());
    member.poll(Duration::ZERO).unwrap();
    assert!(waits());
}
