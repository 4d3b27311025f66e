//! A raw log that lost its end: offsets are used again, and the time says what is later.

use super::*;

/// A shard whose changelog says that complaint `a` was routed for raw record 7 at the new year, where raw ends at `end`: a
/// mirror was cut, and the next raw records get the offsets of those that are lost. Gives that route, too.
fn cut_at(end: i64) -> (Story, RoutedComplaint) {
    let lost = RoutedComplaint { revision: revision::at(NEW_YEAR, 0), ..route(7, 1, "lost") };
    let found = Position { raw: end, meta: Meta { epoch: 1, clock: NEW_YEAR, ..Meta::default() } };
    (Story::from(found, std::slice::from_ref(&lost), end, JoinLimits::default()), lost)
}

#[test]
fn an_edit_is_routed_though_a_raw_record_that_was_lost_had_the_greater_offset() {
    let (mut story, lost) = cut_at(4);
    let body = Submission { kind: SubmissionKind::Withdrawn, ..Submission::unreadable("a", "B", 0) };
    story.on(Input::Raw { offset: 4, appended_at: NEW_YEAR + 60_000, body });
    let edit = story.routes().remove(0);
    assert_eq!((edit.raw_offset, edit.why), (4, Why::Withdrawn));
    assert!(edit.revision > lost.revision);
    story.ack("a", 1);
    assert_eq!(story.shard.position(0).raw, 5);
}

#[test]
fn what_was_lost_and_is_sent_again_is_routed_as_it_was() {
    let (mut story, lost) = cut_at(4);
    let body = Submission { kind: SubmissionKind::Complaint, ..Submission::unreadable("a", "A", 0) };
    story.on(Input::Raw { offset: 4, appended_at: NEW_YEAR + 60_000, body });
    let again = story.routes().remove(0);
    assert_eq!((again.route_id.as_str(), again.why), ("lost", Why::Resubmitted));
    assert!(again.revision > lost.revision);
}

#[test]
fn an_edit_with_the_very_offset_of_what_was_lost_is_a_round_of_its_own() {
    let (mut story, lost) = cut_at(7);
    let later = NEW_YEAR + 60_000;
    story.complain_at(later, 7, "a", "B");
    // Of the lost record, whose answers are not lost, and then of the edit.
    story.answer_all(0, (7, "a", "A"));
    story.answer_all(3, (7, "a", "B"));
    let edit = story.routes().remove(0);
    assert_eq!((&*edit.input_sha256, edit.why, edit.missing_tasks.len()), ("B", Why::Resubmitted, 0));
    assert!(edit.decisions.iter().all(|decision| decision.prediction_id.starts_with('B')), "{edit:?}");
    assert!(edit.revision > lost.revision);
    story.ack("a", 1);
    assert_eq!(story.shard.position(later).raw, 8);
}

#[test]
fn what_was_lost_and_gets_its_offset_back_is_routed_as_it_was() {
    let (mut story, lost) = cut_at(7);
    story.complain_at(NEW_YEAR + 60_000, 7, "a", "A");
    let again = story.routes().remove(0);
    assert_eq!((again.route_id.as_str(), again.why), ("lost", Why::Resubmitted));
    assert!(again.revision > lost.revision);
}

#[test]
fn a_route_of_what_was_lost_that_comes_late_takes_no_edit_back() {
    let (mut story, lost) = cut_at(4);
    let body = Submission { kind: SubmissionKind::Withdrawn, ..Submission::unreadable("a", "B", 0) };
    story.on(Input::Raw { offset: 4, appended_at: NEW_YEAR + 60_000, body });
    let edit = story.routes().remove(0);
    story.ack("a", 1);
    let late = RoutedComplaint { revision: lost.revision + 64, route_id: "late".into(), ..lost };
    story.on(Input::Routed {
        offset: 2,
        appended_at: NEW_YEAR + 60_001,
        body: ChangelogRecord::Route(Arc::new(late)),
    });
    let again = story.routes().remove(0);
    assert_eq!((again.route_id.as_str(), again.why), (edit.route_id.as_str(), Why::Withdrawn));
}

#[test]
fn an_older_submission_stays_overtaken_by_one_that_was_lost() {
    let (mut story, _) = cut_at(4);
    let body = Submission { kind: SubmissionKind::Withdrawn, ..Submission::unreadable("a", "B", 0) };
    story.on(Input::Raw { offset: 4, appended_at: NEW_YEAR - 1, body });
    assert!(story.routes().is_empty());
    assert_eq!(story.shard.position(0).raw, 5);
}
