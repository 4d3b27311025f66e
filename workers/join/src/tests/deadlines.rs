//! Deadlines: what they wait for, and from when they count.

use super::*;

#[test]
fn a_deadline_waits_for_predictions_that_are_in_the_log() {
    let mut story = Story::new();
    story.complain(0, "a", "A");
    story.now = DEADLINE_MS;
    let renew = |story: &mut Story| {
        story.on(Input::Tick);
        story.on(Input::CommitAcked);
        story.on(Input::Tick);
    };
    renew(&mut story);
    assert!(story.out.iter().any(|effect| matches!(effect, Effect::AskPredictionsEnd)));
    story.on(Input::PredictionsEnd { end: 2, as_of: story.now });
    story.answer(0, (0, "a", "A"), "issue");
    story.on(Input::Tick);
    assert!(story.routes().is_empty());
    story.answer(1, (0, "a", "A"), "product");
    story.on(Input::Tick);
    let routes = story.routes();
    assert_eq!((routes[0].why, routes[0].vulnerability), (Why::Deadline, Vulnerability::Possible));
    assert_eq!(routes[0].missing_tasks, ["vulnerable"]);
}

#[test]
fn a_complaint_that_is_read_long_after_its_deadline_gets_the_answers_that_lie_in_the_log() {
    let mut story = Story::new();
    story.now = DEADLINE_MS + 2 * JoinLimits::default().hard_cap_ms;
    story.on(Input::Tick);
    story.on(Input::CommitAcked);
    let mut body = Submission::unreadable("a", "A", 0);
    body.kind = SubmissionKind::Complaint;
    story.on(Input::Raw { offset: 0, appended_at: 0, body });
    story.on(Input::Tick);
    assert!(story.out.iter().any(|effect| matches!(effect, Effect::AskPredictionsEnd)));
    story.on(Input::PredictionsEnd { end: 3, as_of: story.now });
    story.on(Input::Tick);
    assert!(story.routes().is_empty(), "nobody has looked at the answers yet");
    story.answer_all(0, (0, "a", "A"));
    assert_eq!(story.routes()[0].why, Why::Complete);
}

#[test]
fn a_complaint_past_its_deadline_is_counted_until_it_is_routed() {
    let mut story = Story::new();
    story.complain(0, "a", "A");
    story.complain(1, "b", "B");
    story.answer_all(0, (1, "b", "B"));
    assert_eq!(story.shard.past_deadline(DEADLINE_MS - 1), 0);
    story.at(DEADLINE_MS);
    assert_eq!(story.shard.past_deadline(story.now), 1, "b was routed before");
    story.on(Input::PredictionsEnd { end: 3, as_of: story.now });
    story.on(Input::Tick);
    assert_eq!((story.routes()[0].why, story.shard.past_deadline(story.now)), (Why::Deadline, 0));
}

#[test]
fn a_backfill_waits_no_longer_because_of_a_restart() {
    let limits = JoinLimits::default();
    let marks = vec![Mark { offset: 1, read_at: 1_000 }];
    let found = Position { raw: 0, meta: Meta { epoch: 1, marks, ..Meta::default() } };
    let mut story = Story::from(found, &[], 1, limits.clone());
    story.now = limits.bulk_wait_ms;
    let mut body = Submission::unreadable("a", "A", 0);
    (body.kind, body.bulk) = (SubmissionKind::Complaint, true);
    story.on(Input::Raw { offset: 0, appended_at: 0, body });
    story.now = limits.bulk_wait_ms + 1_000;
    story.on(Input::Tick);
    story.on(Input::CommitAcked);
    story.on(Input::Tick);
    assert!(story.out.iter().any(|effect| matches!(effect, Effect::AskPredictionsEnd)));
}

#[test]
fn a_deadline_does_not_wait_for_markers_among_predictions() {
    let mut story = Story::new();
    story.complain(0, "a", "A");
    story.now = DEADLINE_MS;
    story.on(Input::Tick);
    story.on(Input::CommitAcked);
    story.on(Input::Tick);
    story.on(Input::PredictionsEnd { end: 2, as_of: story.now });
    story.answer(0, (0, "a", "A"), "issue");
    story.on(Input::Tick);
    assert!(story.routes().is_empty());
    story.on(Input::Gap { log: Log::Predictions, next: 2 });
    story.on(Input::Tick);
    assert_eq!(story.routes()[0].why, Why::Deadline);
}
