//! How routes are numbered.

use super::*;

#[test]
fn a_complaint_in_two_partitions_has_its_greatest_revision_where_the_log_took_it_last() {
    let mut newest = 0;
    for (partition, at) in [(7, NEW_YEAR), (2, NEW_YEAR + 1), (7, NEW_YEAR + 2)] {
        let mut story = Story::of_partition(partition, nowhere(), &[], 0, JoinLimits::default());
        story.at(at);
        story.submit(0, "a", "A", SubmissionKind::Withdrawn);
        let revision = story.routes()[0].revision;
        assert!(revision > newest);
        newest = revision;
    }
}

#[test]
fn the_same_content_once_more_is_routed_as_it_was_by_the_time_it_was_sent_again() {
    let mut story = Story::new();
    story.at(NEW_YEAR);
    story.submit(0, "a", "A", SubmissionKind::Withdrawn);
    let first = story.routes().remove(0);
    story.ack("a", 0);
    story.submit(1, "a", "A", SubmissionKind::Withdrawn);
    assert!(story.routes().is_empty(), "the log took both at once");
    story.now += 5;
    story.submit(2, "a", "A", SubmissionKind::Withdrawn);
    let again = story.routes().remove(0);
    assert_eq!((&again.route_id, again.why), (&first.route_id, Why::Withdrawn));
    assert_eq!(again.revision, revision::at(NEW_YEAR + 5, 0));
    assert_eq!(story.shard.position(story.now).raw, 2, "the route is not acknowledged yet");
    story.ack("a", 1);
    assert_eq!(story.shard.position(story.now).raw, 3);
}

#[test]
fn a_clock_that_went_back_is_not_followed_and_a_restart_remembers_it() {
    let mut story = Story::new();
    story.at(NEW_YEAR);
    story.submit(0, "a", "A", SubmissionKind::Withdrawn);
    let first = story.routes().remove(0);
    story.ack("a", 0);
    let found = story.shard.position(story.now);
    assert_eq!(found.meta.clock, NEW_YEAR);
    let mut story = Story::from(found, &[], 1, JoinLimits::default());
    let body = Submission { kind: SubmissionKind::Withdrawn, ..Submission::unreadable("b", "B", 0) };
    story.on(Input::Raw { offset: 1, appended_at: NEW_YEAR - 3, body });
    assert_eq!(story.routes()[0].revision, first.revision);
}

#[test]
fn what_an_earlier_version_numbered_goes_on_as_it_did_and_the_next_submission_is_greater() {
    let mut partial = RoutedComplaint {
        revision: (3 << 10) | 1,
        missing_tasks: vec!["issue".into()],
        ..route(3, 1, "old")
    };
    partial.decisions.retain(|decision| decision.task != "issue");
    let found = Position { raw: 4, meta: Meta { epoch: 1, ..Meta::default() } };
    let mut story = Story::from(found, &[partial], 4, JoinLimits::default());
    story.answer(0, (3, "a", "A"), "issue");
    assert_eq!(story.routes()[0].revision, (3 << 10) | 2);
    story.ack("a", 1);
    story.submit(4, "a", "B", SubmissionKind::Withdrawn);
    assert_eq!(story.routes()[0].revision, revision::at(0, 0));
}

#[test]
fn a_round_that_has_used_up_its_revisions_settles_without_another() {
    let partial = RoutedComplaint { missing_tasks: vec!["issue".into()], ..route(0, 31, "last") };
    let mut partial = partial;
    partial.decisions.retain(|decision| decision.task != "issue");
    let found = Position { raw: 1, meta: Meta { epoch: 1, ..Meta::default() } };
    let mut story = Story::from(found, &[partial], 1, JoinLimits::default());
    story.answer(0, (0, "a", "A"), "issue");
    assert!(story.routes().is_empty());
    assert_eq!(story.status().counts.exhausted, 1);
    assert_eq!(story.shard.position(0).meta.predictions, 1);
}
