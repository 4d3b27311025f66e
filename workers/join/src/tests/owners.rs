//! The lease, the takeover, and what other owners wrote.

use super::*;

#[test]
fn the_lease_counts_from_when_a_commit_was_asked_for() {
    let mut story = Story::new();
    let lease = JoinLimits::default().lease_ms;
    story.now = lease - 1;
    story.on(Input::Tick);
    // Stands still until long after; the acknowledgement was on its way all the time.
    story.now = 2 * lease;
    story.on(Input::CommitAcked);
    story.complain(0, "a", "A");
    story.answer_all(0, (0, "a", "A"));
    assert!(story.routes().is_empty());
    story.on(Input::Tick);
    story.on(Input::CommitAcked);
    story.on(Input::Tick);
    assert_eq!(story.routes().len(), 1);
}

#[test]
fn two_routes_of_one_revision_are_corrected_by_a_greater_one() {
    let changelog = [route(0, 1, "one"), route(0, 1, "other")];
    let mut story = Story::from(nowhere(), &changelog, 1, JoinLimits::default());
    story.on(Input::Tick);
    let routes = story.routes();
    assert_eq!((routes[0].why, routes[0].revision), (Why::Reconciled, numbered(2)));
    assert_eq!((routes[0].route_id.as_str(), routes[0].writer_epoch), ("other", 2));
}

#[test]
fn a_lesser_route_that_lies_last_is_corrected() {
    let changelog = [route(0, 2, "newer"), route(0, 1, "older")];
    let mut story = Story::from(nowhere(), &changelog, 1, JoinLimits::default());
    story.on(Input::Tick);
    let routes = story.routes();
    assert_eq!((routes[0].route_id.as_str(), routes[0].revision), ("newer", numbered(3)));
}

#[test]
fn a_route_of_an_earlier_owner_for_a_record_not_yet_read_is_taken_over() {
    let mut story = Story::from(nowhere(), &[], 1, JoinLimits::default());
    let theirs = RoutedComplaint { writer_epoch: 0, ..route(0, 1, "theirs") };
    story.on(Input::Routed { offset: 0, appended_at: 0, body: ChangelogRecord::Route(Arc::new(theirs)) });
    story.complain(0, "a", "A");
    story.answer_all(0, (0, "a", "A"));
    assert!(story.routes().is_empty());
    assert_eq!(story.shard.position(0).raw, 1);
}

#[test]
fn a_late_route_of_a_forgotten_complaint_is_amended_by_nobody() {
    let settled = Position { raw: 1, meta: Meta::default() };
    let mut story = Story::from(settled, &[], 1, JoinLimits::default());
    let missing_tasks = TASKS.map(str::to_owned).to_vec();
    let partial = RoutedComplaint { decisions: Vec::new(), missing_tasks, ..route(0, 1, "theirs") };
    let theirs = RoutedComplaint { writer_epoch: 0, ..partial };
    story.on(Input::Routed { offset: 0, appended_at: 0, body: ChangelogRecord::Route(Arc::new(theirs)) });
    story.answer_all(0, (0, "a", "A"));
    assert!(story.routes().is_empty());
    assert_eq!((story.status().counts.late_forgotten, story.shard.position(0).meta.predictions), (1, 3));
}

#[test]
fn a_newer_owner_s_record_ends_the_lease() {
    let mut story = Story::new();
    let theirs = RoutedComplaint { writer_epoch: 9, ..route(0, 1, "theirs") };
    story.on(Input::Routed { offset: 0, appended_at: 0, body: ChangelogRecord::Route(Arc::new(theirs)) });
    story.complain(0, "b", "B");
    story.answer_all(0, (0, "b", "B"));
    assert!(story.routes().is_empty());
}

#[test]
fn a_tombstone_is_written_again_after_a_route_that_was_under_way() {
    let mut story = Story::new();
    story.complain(0, "a", "A");
    story.answer_all(0, (0, "a", "A"));
    story.on(Input::Routed { offset: 0, appended_at: 0, body: ChangelogRecord::Tombstone("a".into()) });
    story.out.clear();
    story.ack("a", 1);
    assert!(matches!(&story.out[..], [Effect::Route { record: None, .. }]));
    story.complain(1, "a", "B");
    assert_eq!(story.shard.position(0).raw, 2, "what is erased needs no route");
}

#[test]
fn a_changelog_is_followed_from_where_its_reading_ended() {
    let rules = SimRules::new(i64::MAX, i64::MAX);
    let mut recovery = Recovery::new(JoinLimits::default(), 0, nowhere(), 0, &rules);
    recovery.fold(0, 0, ChangelogRecord::Foreign);
    recovery.reached(4);
    assert_eq!(recovery.finish(0, 0, &rules).status(0).routed_next, 4);
}
