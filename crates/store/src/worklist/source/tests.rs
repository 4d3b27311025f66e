//! Whatever order records come in, the item is the same.

use ombud_contract::records::{Feedback, FeedbackKind, RoutedComplaint, Why};
use proptest::{collection::vec, prelude::*, sample::Index};

use super::*;
use crate::sample_route::route;

/// A day.
const DAY: i64 = 86_400_000;
/// A revision of the first submission of each kind of numbering.
const REVISIONS: [i64; 4] =
    [(9 << 10) | 1, (9 << 10) | 2, (1 << 48) + (5 << 11) + 64, (1 << 48) + (6 << 11) + 64];

/// A clock that the first final response meets.
fn read_clock(clock: &Clock, work: &Work) -> ItemClock {
    let answer = work.done().find(|(kind, _)| *kind == WorkKind::FinalResponse);
    ItemClock {
        name: clock.name.clone(),
        due: clock.due,
        met_at: answer.map(|(_, at)| at),
        rule: clock.rule.clone(),
        calendar: clock.calendar.clone(),
        beyond_calendar: clock.beyond_calendar,
    }
}

fn routed(revision: i64, partition: i32, team: &str, why: Why) -> WorklistChange {
    let clock = |name: &str, due| Clock {
        name: name.into(),
        starts: 0,
        due,
        rule: "8 weeks".into(),
        calendar: None,
        beyond_calendar: false,
    };
    WorklistChange::Route(Box::new(RoutedComplaint {
        revision,
        raw_partition: partition,
        routed_at: 1_700_000_000_000 + revision % 1_000,
        route_id: format!("{revision}-{team}"),
        needs_human: true,
        clocks: vec![clock("acknowledge", 3 * DAY), clock("final", 56 * DAY)],
        why,
        ..route(team)
    }))
}

fn verdict(kind: FeedbackKind, id: u8, revision: i64, decided_at: i64) -> WorklistChange {
    WorklistChange::Verdict(Box::new(Feedback {
        feedback_id: format!("f-{id}"),
        complaint_id: "c-1".into(),
        route_id: "r".into(),
        revision,
        kind,
        task: (kind == FeedbackKind::Relabelled).then(|| "product".into()),
        prediction_id: None,
        model_id: None,
        model_version: None,
        label_before: None,
        label_after: (kind == FeedbackKind::Relabelled).then(|| "Mortgage".into()),
        from_team: None,
        to_team: (kind == FeedbackKind::Reallocated).then(|| format!("team-{}", id % 3)),
        reason_code: String::new(),
        actor: "agent-1".into(),
        actor_role: String::new(),
        source: String::new(),
        audit_sample: false,
        decided_at,
        retracts: (kind == FeedbackKind::Retracted).then(|| format!("f-{}", id / 2)),
    }))
}

fn done(kind: WorkKind, id: u8, revision: i64, done_at: i64) -> WorklistChange {
    let work_id = format!("w-{id}");
    WorklistChange::Work(Box::new(WorkEvent {
        work_id,
        ..WorkEvent::new("c-1", kind, revision, done_at, "agent-1")
    }))
}

fn a_change() -> impl Strategy<Value = WorklistChange> {
    let revision = prop::sample::select(REVISIONS.to_vec());
    let route =
        (revision.clone(), 0..2_i32, 0..3_u8, any::<bool>()).prop_map(|(revision, partition, team, open)| {
            let why = if open { Why::Complete } else { Why::Withdrawn };
            routed(revision, partition, &format!("team-{team}"), why)
        });
    let kinds = vec![
        FeedbackKind::Confirmed,
        FeedbackKind::Reallocated,
        FeedbackKind::Relabelled,
        FeedbackKind::NotAComplaint,
        FeedbackKind::Retracted,
        FeedbackKind::Other,
    ];
    let feedback = (prop::sample::select(kinds), 0..12_u8, revision.clone(), 0..9_i64)
        .prop_map(|(kind, id, revision, at)| verdict(kind, id, revision, 1_700_000_000_000 + at));
    let kinds = vec![WorkKind::Claimed, WorkKind::Acknowledged, WorkKind::FinalResponse, WorkKind::Noted];
    let work = (prop::sample::select(kinds), 0..12_u8, revision, 0..9_i64)
        .prop_map(|(kind, id, revision, at)| done(kind, id, revision, 1_700_000_000_000 + at));
    prop_oneof![route, feedback, work]
}

fn of<'a>(changes: impl IntoIterator<Item = &'a WorklistChange>) -> ItemSource {
    let mut source = ItemSource::default();
    changes.into_iter().for_each(|change| source.take(change));
    source
}

proptest! {
    #[test]
    fn every_order_and_any_repetition_ends_alike(
        changes in vec(a_change(), 1..24), order in vec(any::<Index>(), 24), again in vec(any::<Index>(), 0..8),
    ) {
        let mut others = changes.clone();
        for (at, index) in order.iter().enumerate().take(others.len()) {
            let with = index.index(others.len());
            others.swap(at, with);
        }
        others.extend(again.iter().map(|index| index.get(&changes).clone()));
        let (one, other) = (of(&changes), of(&others));
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(one.item("c-1", &read_clock), other.item("c-1", &read_clock));
    }

    #[test]
    fn what_two_partitions_say_may_come_in_any_order_erasures_too(
        steps in vec((0..2_usize, prop::option::of(prop::sample::select(REVISIONS.to_vec()))), 1..12),
        merge in vec(any::<bool>(), 12),
    ) {
        let of_partition = |wanted: usize| {
            let steps = steps.iter().filter(move |(partition, _)| *partition == wanted);
            steps.map(move |(_, revision)| match revision {
                Some(revision) => routed(*revision, wanted as i32, "cards", Why::Complete),
                None => WorklistChange::Erased { complaint_id: "c-1".into(), partition: wanted as i32 },
            }).collect::<Vec<_>>()
        };
        let (first, second) = (of_partition(0), of_partition(1));
        let expected = of(first.iter().chain(&second));
        let (mut first, mut second, mut merged) = (first.iter(), second.iter(), Vec::new());
        for from_first in merge {
            merged.extend(if from_first { first.next() } else { second.next() });
        }
        merged.extend(first);
        merged.extend(second);
        prop_assert_eq!(of(merged.into_iter()), expected);
    }
}

fn item(changes: &[WorklistChange]) -> WorkItem {
    of(changes).item("c-1", &read_clock).unwrap()
}

#[test]
fn a_complaint_without_a_route_is_no_item_until_it_has_one() {
    let claimed = done(WorkKind::Claimed, 1, REVISIONS[2], 1);
    assert_eq!(of([&claimed]).item("c-1", &read_clock), None);
    assert!(
        of([&claimed, &routed(REVISIONS[2], 0, "cards", Why::Complete)]).item("c-1", &read_clock).is_some()
    );
}

#[test]
fn an_item_lies_where_a_person_put_it_until_a_newer_submission_is_routed() {
    let first = routed(REVISIONS[2], 0, "cards", Why::Complete);
    let moved = verdict(FeedbackKind::Reallocated, 1, REVISIONS[2], 1_800_000_000_000);
    let there = item(&[first.clone(), moved.clone()]);
    assert_eq!(
        (there.team.as_str(), there.needs_human, there.changed_at),
        ("team-1", false, 1_800_000_000_000)
    );
    let again = item(&[first, moved, routed(REVISIONS[3], 0, "loans", Why::Resubmitted)]);
    assert_eq!((again.team.as_str(), again.needs_human), ("loans", true));
}

#[test]
fn the_earliest_clock_that_runs_says_when_it_is_due_and_a_withdrawn_one_has_none() {
    let open = item(&[routed(REVISIONS[2], 0, "cards", Why::Complete)]);
    assert_eq!((open.state, open.due, open.clocks.len()), (Phase::Open, Some(3 * DAY), 2));
    let withdrawn = item(&[routed(REVISIONS[2], 0, "cards", Why::Withdrawn)]);
    assert_eq!((withdrawn.state, withdrawn.due), (Phase::Withdrawn, None));
}

#[test]
fn an_answer_closes_the_item_and_meets_its_clock_and_one_to_an_older_submission_does_not() {
    let routed = |revision| routed(revision, 0, "cards", Why::Complete);
    let answered = done(WorkKind::FinalResponse, 1, REVISIONS[2], 1_700_000_000_000);
    let closed = item(&[routed(REVISIONS[2]), answered.clone()]);
    assert_eq!((closed.state, closed.due), (Phase::Answered, None));
    let again = item(&[routed(REVISIONS[3]), answered]);
    assert_eq!((again.state, again.due), (Phase::Open, Some(3 * DAY)));
}

#[test]
fn a_route_of_before_there_were_rules_keeps_its_two_moments() {
    let old = RoutedComplaint { resolve_by: Some(5), final_response_by: Some(7), ..route("cards") };
    let found = item(&[WorklistChange::Route(Box::new(old))]);
    assert_eq!(found.due, Some(5));
    assert_eq!(found.clocks.iter().map(|clock| clock.due).collect::<Vec<_>>(), [5, 7]);
}

#[test]
fn what_is_no_complaint_is_closed_and_open_again_when_that_is_taken_back() {
    let mut changes = vec![
        routed(REVISIONS[2], 0, "cards", Why::Complete),
        verdict(FeedbackKind::NotAComplaint, 3, REVISIONS[2], 1_700_000_000_001),
    ];
    assert_eq!(item(&changes).state, Phase::Answered);
    changes.push(verdict(FeedbackKind::Retracted, 6, REVISIONS[2], 1_700_000_000_002));
    assert_eq!((item(&changes).state, item(&changes).needs_human), (Phase::Open, true));
}

#[test]
fn nothing_is_left_of_an_erased_complaint() {
    let erased = WorklistChange::Erased { complaint_id: "c-1".into(), partition: 0 };
    let done = done(WorkKind::Claimed, 1, REVISIONS[2], 1);
    assert!(of([&routed(REVISIONS[2], 0, "cards", Why::Complete), &done, &erased]).is_empty());
}
