//! What belongs to a round of a complaint, and when what it holds settles.

use super::*;

#[test]
fn nothing_settles_before_the_route_is_acknowledged() {
    let mut story = Story::new();
    story.complain(0, "a", "A");
    story.answer_all(0, (0, "a", "A"));
    assert_eq!(story.routes().len(), 1);
    let before = story.shard.position(0);
    assert_eq!((before.raw, before.meta.predictions), (0, 0));
    story.ack("a", 0);
    let after = story.shard.position(0);
    assert_eq!((after.raw, after.meta.predictions), (1, 3));
}

#[test]
fn answers_to_another_copy_of_the_submission_do_not_decide_the_round() {
    let mut story = Story::new();
    story.complain(0, "a", "A");
    story.complain(1, "a", "A");
    story.answer_all(0, (1, "a", "A"));
    assert!(story.routes().is_empty());
    story.answer_all(3, (0, "a", "A"));
    assert_eq!(story.routes()[0].decisions[0].prediction_id, "A/issue/3");
}

#[test]
fn new_content_waits_for_the_acknowledgement_of_the_old_and_what_repeats_the_old_waits_behind_it() {
    let mut story = Story::new();
    story.complain(0, "a", "A");
    story.answer_all(0, (0, "a", "A"));
    story.complain(1, "a", "B");
    story.complain(2, "a", "A");
    story.answer_all(3, (1, "a", "B"));
    story.answer_all(6, (2, "a", "A"));
    assert_eq!(story.routes().len(), 1);
    story.ack("a", 0);
    let routes = story.routes();
    assert_eq!(routes.len(), 1);
    let above_the_one_before = revision::first(0, revision::last(0, 0, 0), 0);
    assert_eq!((routes[0].why, routes[0].revision), (Why::Resubmitted, above_the_one_before));
    story.ack("a", 1);
    assert_eq!(story.shard.position(0).raw, 3);
}

#[test]
fn an_unreadable_submission_keeps_the_queue_and_gains_a_reason() {
    let mut story = Story::new();
    story.complain(0, "a", "A");
    story.submit(1, "a", "?", SubmissionKind::Unreadable);
    story.answer_all(0, (0, "a", "A"));
    let team = story.routes()[0].team.clone();
    story.ack("a", 0);
    let routes = story.routes();
    assert_eq!((routes[0].why, &routes[0].team), (Why::Unreadable, &team));
    assert_eq!(
        (routes[0].human_reasons.as_slice(), routes[0].needs_human),
        (&["unreadable".into()][..], true)
    );
    assert_eq!(routes[0].vulnerability, Vulnerability::Possible);
    story.ack("a", 1);
    assert_eq!(story.shard.position(0).raw, 1, "its dead letter is not durable yet");
    story.on(Input::LetterAcked(Origin::Raw(1)));
    assert_eq!(story.shard.position(0).raw, 2);
}

#[test]
fn predictions_without_room_are_read_again_when_raw_has_come_to_them() {
    let limits = JoinLimits { early_cap: 1, ..JoinLimits::default() };
    let mut story = Story::from(nowhere(), &[], 0, limits);
    story.answer(0, (0, "a", "A"), "issue");
    story.answer(1, (0, "a", "A"), "product");
    story.complain(0, "a", "A");
    assert!(story.out.iter().any(|effect| matches!(effect, Effect::SeekPredictions(1))));
    assert_eq!(story.shard.position(0).meta.predictions, 0);
    story.answer(1, (0, "a", "A"), "product");
    story.answer(2, (0, "a", "A"), "vulnerable");
    assert_eq!(story.routes().len(), 1);
}

#[test]
fn a_partial_route_is_folded_again_until_it_is_amended() {
    let mut story = Story::new();
    story.complain(0, "a", "A");
    story.now = DEADLINE_MS + JoinLimits::default().hard_cap_ms;
    story.on(Input::Tick);
    story.on(Input::CommitAcked);
    story.on(Input::Tick);
    assert_eq!(story.routes().len(), 1);
    story.ack("a", 5);
    let theirs = ChangelogRecord::Foreign;
    story.on(Input::Routed { offset: 8, appended_at: 0, body: theirs });
    assert_eq!(story.shard.position(story.now).meta.routed, 5);
    for (offset, task) in (0..).zip(TASKS) {
        story.answer(offset, (0, "a", "A"), task);
        story.ack("a", 9 + offset);
    }
    assert_eq!(story.shard.position(story.now).meta.routed, 9);
}

#[test]
fn routes_that_wait_for_a_lease_count_against_the_cap() {
    let mut story = Story::from(nowhere(), &[], 0, JoinLimits { open_cap: 2, ..JoinLimits::default() });
    story.now = JoinLimits::default().lease_ms;
    for (offset, id) in (0..).zip(["a", "b"]) {
        story.complain(offset, id, id);
        story.answer_all(3 * offset, (offset, id, id));
    }
    assert_eq!((story.status().open, story.status().unsettled), (0, 2));
    assert!(story.out.iter().any(|effect| matches!(effect, Effect::PauseRaw(true))));
}

#[test]
fn what_nobody_is_given_is_passed_and_holds_no_commit_back() {
    let mut story = Story::from(nowhere(), &[], 3, JoinLimits::default());
    story.complain(0, "a", "A");
    story.answer_all(0, (0, "a", "A"));
    story.answer(3, (1, "never", "N"), "issue");
    story.on(Input::Gap { log: Log::Raw, next: 3 });
    story.on(Input::Gap { log: Log::Predictions, next: 6 });
    let before = story.shard.position(0);
    assert_eq!((before.raw, before.meta.predictions), (0, 0), "the route is not acknowledged yet");
    story.ack("a", 0);
    let after = story.shard.position(0);
    assert_eq!((after.raw, after.meta.predictions), (3, 6));
    assert_eq!(story.status().early, 0);
}
