//! How far work is, whatever was done and in whatever order it comes: the fold against a naive model of its rules.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::slice::from_ref;

use ombud_contract::{
    records::{AnswerOutcome, RoutedComplaint, Why, WorkEvent, WorkKind},
    work::{Effect, NewestRoute, Phase, Work, submission_from},
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::work_model::naive;

const ROUTE: &str = include_str!("../../../../schemas/complaints.routed/examples/valid/complete.json");

/// The revision of route `n` of submission `number`, as they have been numbered since the log's time counts.
fn revision(number: i64, n: i64) -> i64 {
    (1 << 48) + (number << 11 | n << 6 | 3)
}

fn content(number: i64) -> String {
    format!("{number:064x}")
}

fn newest(number: i64, withdrawn: bool) -> NewestRoute {
    let route: RoutedComplaint = serde_json::from_str(ROUTE).unwrap();
    NewestRoute::of(&RoutedComplaint {
        revision: revision(number, 2),
        input_sha256: content(number),
        why: if withdrawn { Why::Withdrawn } else { Why::Complete },
        ..route
    })
}

fn event(id: &str, kind: WorkKind, at: i64) -> WorkEvent {
    WorkEvent { work_id: id.into(), ..WorkEvent::new("c-1", kind, revision(1, 1), at, "clerk-1") }
}

fn undoing(id: &str, of: &str, at: i64) -> WorkEvent {
    WorkEvent { undoes: Some(of.into()), ..event(id, WorkKind::Undone, at) }
}

fn effects(work: &Work) -> Vec<(&str, Effect)> {
    work.events.iter().map(|(event, effect)| (event.work_id.as_str(), *effect)).collect()
}

prop_compose! {
    /// Few ids, times, people, leases and submissions, so that they meet.
    fn any_event()(
        (kind, id, at) in (select(WorkKind::ALL.to_vec()), 0..12_u8, 0..8_i64),
        (number, n, with_content) in (1..4_i64, 1..3_i64, prop::bool::weighted(0.3)),
        (actor, is_lead, lease) in (0..2_u8, prop::bool::weighted(0.3), option::of(0..2_u8)),
        undoes in 0..12_u8,
    ) -> WorkEvent {
        WorkEvent {
            work_id: format!("w-{id}"),
            input_sha256: with_content.then(|| content(number)),
            actor_role: if is_lead { "lead" } else { "clerk" }.into(),
            lease_id: lease.map(|lease| format!("l-{lease}")),
            undoes: (kind == WorkKind::Undone).then(|| format!("w-{undoes}")),
            outcome: kind.answers().then_some(AnswerOutcome::Upheld),
            ..WorkEvent::new("c-1", kind, revision(number, n), at, format!("clerk-{actor}"))
        }
    }
}

fn any_newest() -> impl Strategy<Value = Option<NewestRoute>> {
    option::weighted(
        0.8,
        (1..4_i64, prop::bool::weighted(0.2)).prop_map(|(number, gone)| newest(number, gone)),
    )
}

fn without_claims(events: Vec<WorkEvent>) -> Vec<WorkEvent> {
    let is_claim = |event: &WorkEvent| matches!(event.kind, WorkKind::Claimed | WorkKind::Released);
    events.into_iter().filter(|event| !is_claim(event)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_order_and_every_repetition_ends_alike(
        events in vec(any_event(), 0..12), newest in any_newest(),
        order in any::<prop::sample::Index>(), again in vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let work = Work::fold(&events, newest);
        let mut others = events.clone();
        others.extend(again.iter().filter(|_| !events.is_empty()).map(|at| events[at.index(events.len())].clone()));
        if !others.is_empty() {
            let middle = order.index(others.len());
            others.rotate_left(middle);
            others[middle..].reverse();
        }
        prop_assert_eq!(Work::fold(&others, newest), work);
    }

    #[test]
    fn every_event_is_kept_once_and_those_out_of_order_are_counted(
        events in vec(any_event(), 0..12), newest in any_newest(),
    ) {
        let work = Work::fold(&events, newest);
        let mut ids: Vec<&str> = work.events.iter().map(|(event, _)| event.work_id.as_str()).collect();
        prop_assert!(work.events.is_sorted_by_key(|(event, _)| (event.done_at, event.work_id.clone())));
        ids.sort_unstable();
        let mut expected: Vec<&str> = events.iter().map(|event| event.work_id.as_str()).collect();
        expected.sort_unstable();
        expected.dedup();
        prop_assert_eq!(ids, expected);
        let out = work.events.iter().filter(|(_, effect)| *effect == Effect::OutOfOrder).count();
        prop_assert_eq!(work.out_of_order(), out);
    }

    #[test]
    fn no_sequence_ends_in_a_phase_that_the_newest_revision_does_not_allow(
        events in vec(any_event(), 0..12), newest in any_newest(),
    ) {
        let work = Work::fold(&events, newest);
        prop_assert_eq!(work.phase == Phase::Withdrawn, newest.is_some_and(|newest| newest.withdrawn));
        if work.phase == Phase::Answered {
            let from = newest.map_or(0, |newest| newest.submission_from);
            let answers = |(event, effect): &(WorkEvent, Effect)| {
                event.kind.closes() && *effect == Effect::Counts && event.revision >= from
            };
            prop_assert!(work.events.iter().any(answers), "{:?}", effects(&work));
        }
        if matches!(work.phase, Phase::Answered | Phase::Withdrawn) {
            prop_assert_eq!(&work.claimed_by, &None);
        }
    }

    #[test]
    fn what_counts_is_a_path_that_a_naive_model_goes_too(
        events in vec(any_event(), 0..14).prop_map(without_claims), newest in any_newest(),
    ) {
        let work = Work::fold(&events, newest);
        let (expected, phase) = naive(&work, newest);
        let found: Vec<Effect> = work.events.iter().map(|(_, effect)| *effect).collect();
        prop_assert_eq!(found, expected, "{:?}", work.events);
        prop_assert_eq!(work.phase, phase);
    }

    #[test]
    fn what_is_undone_has_never_been(
        events in vec(any_event(), 1..12), newest in any_newest(), which in any::<prop::sample::Index>(),
    ) {
        let events: Vec<WorkEvent> = events.into_iter().filter(|event| event.kind != WorkKind::Undone).collect();
        let work = Work::fold(&events, newest);
        prop_assume!(!work.events.is_empty());
        let (named, effect) = &work.events[which.index(work.events.len())];
        let undone = WorkEvent { actor_role: "lead".into(), ..undoing("z", &named.work_id, 100) };
        let after = Work::fold(&[&events[..], &[undone]].concat(), newest);
        let may = matches!(effect, Effect::Counts | Effect::Overtaken)
            && !matches!(named.kind, WorkKind::Claimed | WorkKind::Released);
        let rest: Vec<WorkEvent> = work.events.iter().map(|(event, _)| event.clone())
            .filter(|event| !may || event.work_id != named.work_id).collect();
        let without = Work::fold(&rest, newest);
        prop_assert_eq!(after.phase, without.phase);
        prop_assert_eq!(&after.claimed_by, &without.claimed_by);
        let told = |work: &Work| -> Vec<(String, Effect)> {
            let kept = work.events.iter().filter(|(event, effect)| event.work_id != "z" && *effect != Effect::Undone);
            kept.map(|(event, effect)| (event.work_id.clone(), *effect)).collect()
        };
        prop_assert_eq!(told(&after), told(&without));
        let last = after.events.last().unwrap();
        prop_assert_eq!(last.1, if may { Effect::Counts } else { Effect::OutOfOrder });
    }

    #[test]
    fn a_claim_stands_until_it_is_released_taken_over_or_answered(
        events in vec(any_event(), 0..12),
    ) {
        let claims: Vec<WorkEvent> =
            events.into_iter().filter(|event| matches!(event.kind, WorkKind::Claimed | WorkKind::Released)).collect();
        let work = Work::fold(&claims, None);
        let mut holder: Option<&WorkEvent> = None;
        for (event, effect) in &work.events {
            let is_its = |held: &&WorkEvent| match (&held.lease_id, &event.lease_id) {
                (None, None) => held.actor == event.actor,
                (a, b) => a == b,
            };
            let may = event.kind == WorkKind::Claimed || holder.as_ref().is_some_and(is_its);
            prop_assert_eq!(*effect, if may { Effect::Counts } else { Effect::OutOfOrder });
            if may {
                holder = (event.kind == WorkKind::Claimed).then_some(event);
            }
        }
        let expected = holder.map(|held| (held.actor.clone(), held.lease_id.clone().unwrap_or_default()));
        prop_assert_eq!(work.claimed_by, expected);
    }

    #[test]
    fn every_route_of_a_submission_has_its_beginning(number in 0..1_i64 << 30, n in 1..32_i64, offset in 0..1_i64 << 37) {
        prop_assert_eq!(submission_from(revision(number, n)), submission_from(revision(number, 1)));
        prop_assert!(submission_from(revision(number + 1, 1)) > revision(number, 31));
        prop_assert_eq!(submission_from(offset << 10 | n), offset << 10);
    }
}

#[test]
fn a_complaint_goes_from_open_to_answered_and_back() {
    let newest = Some(newest(1, false));
    let mut done = Vec::new();
    for (kind, phase) in [
        (WorkKind::Claimed, Phase::Open),
        (WorkKind::Acknowledged, Phase::Acknowledged),
        (WorkKind::HoldingResponse, Phase::Waiting),
        (WorkKind::Noted, Phase::Waiting),
        (WorkKind::FinalResponse, Phase::Answered),
        (WorkKind::Reopened, Phase::Open),
        (WorkKind::SummaryResolution, Phase::Answered),
        (WorkKind::Reopened, Phase::Open),
        (WorkKind::Forwarded, Phase::Answered),
    ] {
        let at = i64::try_from(done.len()).unwrap();
        done.push(event(&format!("w-{at}"), kind, at));
        let work = Work::fold(&done, newest);
        assert_eq!((work.phase, work.out_of_order()), (phase, 0), "after {kind:?}");
    }
    let work = Work::fold(&done, newest);
    assert_eq!(work.done().count(), done.len());
    assert_eq!(work.done().last(), Some((WorkKind::Forwarded, 8)));
    assert_eq!(work.claimed_by, None, "its answer ended the claim");
}

#[test]
fn what_may_not_follow_is_kept_and_changes_nothing() {
    let done = [
        event("a", WorkKind::FinalResponse, 1),
        event("b", WorkKind::FinalResponse, 2),
        event("c", WorkKind::Acknowledged, 3),
        event("d", WorkKind::Claimed, 4),
    ];
    let work = Work::fold(&done, None);
    assert_eq!((work.phase, work.out_of_order(), work.done().count()), (Phase::Answered, 3, 1));
    let again = [event("a", WorkKind::Acknowledged, 1), event("b", WorkKind::Acknowledged, 2)];
    assert_eq!(Work::fold(&again, None).out_of_order(), 1, "once an opening");
    assert_eq!(Work::fold(&[event("a", WorkKind::Reopened, 1)], None).out_of_order(), 1);
}

#[test]
fn an_answer_to_an_older_submission_does_not_close_a_newer_one() {
    let done = [event("a", WorkKind::Acknowledged, 1), event("b", WorkKind::FinalResponse, 2)];
    assert_eq!(Work::fold(&done, Some(newest(1, false))).phase, Phase::Answered);
    let work = Work::fold(&done, Some(newest(2, false)));
    assert_eq!(work.phase, Phase::Open);
    assert_eq!(effects(&work), [("a", Effect::Counts), ("b", Effect::Overtaken)]);
    assert!(work.done().all(|(kind, _)| kind != WorkKind::FinalResponse), "no clock is met by it");
    // Work goes on, and a late answer to the old one ends none of it.
    let of_two = |event: WorkEvent| WorkEvent { revision: revision(2, 1), ..event };
    let goes_on =
        [&done[..], &[of_two(event("c", WorkKind::Acknowledged, 3)), event("d", WorkKind::FinalResponse, 4)]]
            .concat();
    let work = Work::fold(&goes_on, Some(newest(2, false)));
    assert_eq!((work.phase, work.out_of_order()), (Phase::Acknowledged, 0));
    let answered = [&goes_on[..], &[of_two(event("e", WorkKind::FinalResponse, 5))]].concat();
    assert_eq!(Work::fold(&answered, Some(newest(2, false))).phase, Phase::Answered);
    let work = Work::fold(&answered, Some(newest(3, false)));
    assert_eq!((work.phase, work.out_of_order()), (Phase::Open, 0), "what was in order stays so");
}

#[test]
fn an_answer_holds_for_what_is_sent_again_unchanged() {
    let answer = WorkEvent { input_sha256: Some(content(1)), ..event("a", WorkKind::FinalResponse, 1) };
    let sent_again = NewestRoute { content: newest(1, false).content, ..newest(9, false) };
    assert_eq!(Work::fold(from_ref(&answer), Some(sent_again)).phase, Phase::Answered);
    let nameless = WorkEvent { input_sha256: None, ..answer.clone() };
    assert_eq!(Work::fold(&[nameless], Some(sent_again)).phase, Phase::Open, "nobody knows what it answered");
    assert_eq!(Work::fold(&[answer], Some(newest(9, false))).phase, Phase::Open);
}

#[test]
fn what_was_taken_back_is_withdrawn_whatever_is_done() {
    let gone = Some(newest(1, true));
    let done = [
        event("a", WorkKind::Claimed, 1),
        event("b", WorkKind::FinalResponse, 2),
        event("c", WorkKind::Noted, 3),
    ];
    let work = Work::fold(&done, gone);
    assert_eq!((work.phase, work.out_of_order(), &work.claimed_by), (Phase::Withdrawn, 2, &None));
    let before = done.map(|event| WorkEvent { revision: revision(0, 1), ..event });
    let work = Work::fold(&before, gone);
    assert_eq!((work.phase, work.out_of_order()), (Phase::Withdrawn, 0), "it was not taken back then");
}

#[test]
fn one_undoes_ones_own_and_a_lead_anybodys() {
    let answer = event("a", WorkKind::FinalResponse, 1);
    let by = |actor: &str, role: &str| WorkEvent {
        actor: actor.into(),
        actor_role: role.into(),
        ..undoing("u", "a", 2)
    };
    for (undone, phase) in [
        (by("clerk-1", "clerk"), Phase::Open),
        (by("clerk-2", "lead"), Phase::Open),
        (by("clerk-2", "clerk"), Phase::Answered),
        // It was done before what it names.
        (WorkEvent { done_at: 0, ..by("clerk-1", "clerk") }, Phase::Answered),
    ] {
        assert_eq!(Work::fold(&[answer.clone(), undone], None).phase, phase);
    }
    let twice = [answer.clone(), undoing("u", "a", 2), undoing("v", "a", 3), undoing("w", "u", 4)];
    assert_eq!(
        effects(&Work::fold(&twice, None)),
        [("a", Effect::Undone), ("u", Effect::Counts), ("v", Effect::OutOfOrder), ("w", Effect::OutOfOrder)]
    );
    let second = event("b", WorkKind::FinalResponse, 2);
    let work = Work::fold(&[answer, second, undoing("u", "a", 3)], None);
    assert_eq!(work.phase, Phase::Answered, "without the first, the second counts");
    assert_eq!(work.out_of_order(), 0);
}

#[test]
fn of_two_events_with_one_id_the_earliest_counts() {
    let first = WorkEvent { actor: "clerk-2".into(), ..event("a", WorkKind::Claimed, 1) };
    let later = event("a", WorkKind::Claimed, 5);
    let work = Work::fold(&[later, first.clone()], None);
    assert_eq!(work.events, [(first, Effect::Counts)]);
}
