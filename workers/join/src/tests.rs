//! Single rules of the shard, each by the shortest story that shows it.

use std::sync::Arc;

use ombud_contract::records::{Outcome, Prediction, Role, RoutedComplaint, Vulnerability, Why};

use crate::{
    Effect, Input, Kind, Limits, Log, Logged, Mark, Meta, Position, Recovery, Shard, Submission,
    event::{About, Origin},
    revision,
    sim::rules::{DEADLINE_MS, SimRules},
};

mod share;

const TASKS: [&str; 3] = ["issue", "product", "vulnerable"];
/// 2027-01-01, for stories in which times are compared; the others are told at 0.
const NEW_YEAR: i64 = 1_798_761_600_000;

/// A live shard, and what it has asked for.
struct Story {
    shard: Shard,
    rules: SimRules,
    now: i64,
    out: Vec<Effect>,
}

impl Story {
    fn from(found: Position, changelog: &[RoutedComplaint], raw_end: i64, limits: Limits) -> Self {
        let rules = SimRules::new(i64::MAX, i64::MAX);
        let mut recovery = Recovery::new(limits, 0, found, 0, &rules);
        for (offset, record) in changelog.iter().enumerate() {
            recovery.fold(offset as i64, 0, Logged::Route(Arc::new(record.clone())));
        }
        let shard = recovery.finish(0, raw_end, &rules);
        let mut story = Self { shard, rules, now: 0, out: Vec::new() };
        story.tell(Input::Tick);
        story.tell(Input::CommitAcked);
        story.out.clear();
        story
    }

    fn new() -> Self {
        Self::from(nowhere(), &[], 0, Limits::default())
    }

    fn tell(&mut self, input: Input) {
        self.shard.on(self.now, input, &self.rules, &mut self.out);
    }

    /// Later, with a fresh lease.
    fn at(&mut self, now: i64) {
        self.now = now;
        self.tell(Input::Tick);
        self.tell(Input::CommitAcked);
        self.tell(Input::Tick);
        self.out.clear();
    }

    fn submit(&mut self, offset: i64, id: &str, input: &str, kind: Kind) {
        let about = About {
            received_at: 0,
            channel: "web".into(),
            language: "en".into(),
            customer_ref: None,
            external_ref: None,
            known_product: None,
        };
        let body = Submission { complaint_id: id.into(), input: input.into(), kind, bulk: false, about };
        self.tell(Input::Raw { offset, appended_at: self.now, body });
    }

    /// The log takes a complaint at `appended_at`, whatever the time is here.
    fn complain_at(&mut self, appended_at: i64, offset: i64, id: &str, input: &str) {
        let body = Submission { kind: Kind::Complaint, ..Submission::unreadable(id, input, 0) };
        self.tell(Input::Raw { offset, appended_at, body });
    }

    fn complain(&mut self, offset: i64, id: &str, input: &str) {
        self.submit(offset, id, input, Kind::Complaint);
    }

    fn answer(&mut self, offset: i64, raw: (i64, &str, &str), task: &str) {
        let body = Some(Box::new(prediction(raw, task, offset)));
        self.tell(Input::Prediction { offset, body });
    }

    fn answer_all(&mut self, first: i64, raw: (i64, &str, &str)) {
        for (offset, task) in (first..).zip(TASKS) {
            self.answer(offset, raw, task);
        }
    }

    /// The routes that were asked for since the last look.
    fn routes(&mut self) -> Vec<Arc<RoutedComplaint>> {
        let routes = self.out.drain(..).filter_map(|effect| match effect {
            Effect::Route { record, .. } => record,
            _ => None,
        });
        routes.collect()
    }

    fn ack(&mut self, id: &str, offset: i64) {
        self.tell(Input::RouteAcked { complaint_id: id.into(), offset });
    }
}

fn nowhere() -> Position {
    Position { raw: 0, meta: Meta::default() }
}

fn prediction((raw_offset, id, input): (i64, &str, &str), task: &str, mark: i64) -> Prediction {
    Prediction {
        prediction_id: format!("{input}/{task}/{mark}"),
        complaint_id: id.into(),
        input_sha256: input.into(),
        raw_partition: 0,
        raw_offset,
        task: task.into(),
        model_id: String::new(),
        model_version: String::new(),
        strategy_version: 1,
        arm: String::new(),
        role: Role::Deciding,
        outcome: Outcome::Labelled,
        label: Some(if task == "vulnerable" { "no" } else { "cards" }.into()),
        level: String::new(),
        path: Vec::new(),
        confidence: 1.0,
        logits: Vec::new(),
        label_set: String::new(),
        threshold: 0.0,
        tokens: 0,
        truncated_tokens: 0,
        windows: 1,
        failure: None,
        predicted_at: 0,
        score: None,
        evidence: Vec::new(),
        evidence_table: String::new(),
        unseen_tokens: 0,
        unread: None,
        arithmetic: "FLOAT".into(),
    }
}

/// The `n`th revision of a complaint, as long as the clock stands still.
fn numbered(n: i64) -> i64 {
    (1..n).fold(revision::at(0, 0), |greatest, _| revision::first(0, greatest, 0))
}

/// A complete route of complaint `a`, the `n`th, as another joiner wrote it.
fn route(raw_offset: i64, n: i64, route_id: &str) -> RoutedComplaint {
    let mut story = Story::new();
    story.complain(0, "a", "A");
    story.answer_all(0, (0, "a", "A"));
    let record = story.routes().remove(0);
    RoutedComplaint {
        route_id: route_id.into(),
        raw_offset,
        revision: numbered(n),
        writer_epoch: 1,
        ..RoutedComplaint::clone(&record)
    }
}

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
fn the_lease_counts_from_when_a_commit_was_asked_for() {
    let mut story = Story::new();
    let lease = Limits::default().lease_ms;
    story.now = lease - 1;
    story.tell(Input::Tick);
    // Stands still until long after; the acknowledgement was on its way all the time.
    story.now = 2 * lease;
    story.tell(Input::CommitAcked);
    story.complain(0, "a", "A");
    story.answer_all(0, (0, "a", "A"));
    assert!(story.routes().is_empty());
    story.tell(Input::Tick);
    story.tell(Input::CommitAcked);
    story.tell(Input::Tick);
    assert_eq!(story.routes().len(), 1);
}

#[test]
fn a_deadline_waits_for_predictions_that_are_in_the_log() {
    let mut story = Story::new();
    story.complain(0, "a", "A");
    story.now = DEADLINE_MS;
    let renew = |story: &mut Story| {
        story.tell(Input::Tick);
        story.tell(Input::CommitAcked);
        story.tell(Input::Tick);
    };
    renew(&mut story);
    assert!(story.out.iter().any(|effect| matches!(effect, Effect::AskPredictionsEnd)));
    story.tell(Input::PredictionsEnd { end: 2, as_of: story.now });
    story.answer(0, (0, "a", "A"), "issue");
    story.tell(Input::Tick);
    assert!(story.routes().is_empty());
    story.answer(1, (0, "a", "A"), "product");
    story.tell(Input::Tick);
    let routes = story.routes();
    assert_eq!((routes[0].why, routes[0].vulnerability), (Why::Deadline, Vulnerability::Possible));
    assert_eq!(routes[0].missing_tasks, ["vulnerable"]);
}

#[test]
fn a_complaint_that_is_read_long_after_its_deadline_gets_the_answers_that_lie_in_the_log() {
    let mut story = Story::new();
    story.now = DEADLINE_MS + 2 * Limits::default().hard_cap_ms;
    story.tell(Input::Tick);
    story.tell(Input::CommitAcked);
    let mut body = Submission::unreadable("a", "A", 0);
    body.kind = Kind::Complaint;
    story.tell(Input::Raw { offset: 0, appended_at: 0, body });
    story.tell(Input::Tick);
    assert!(story.out.iter().any(|effect| matches!(effect, Effect::AskPredictionsEnd)));
    story.tell(Input::PredictionsEnd { end: 3, as_of: story.now });
    story.tell(Input::Tick);
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
    story.tell(Input::PredictionsEnd { end: 3, as_of: story.now });
    story.tell(Input::Tick);
    assert_eq!((story.routes()[0].why, story.shard.past_deadline(story.now)), (Why::Deadline, 0));
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
fn a_complaint_in_two_partitions_has_its_greatest_revision_where_the_log_took_it_last() {
    let mut newest = 0;
    for (partition, at) in [(7, NEW_YEAR), (2, NEW_YEAR + 1), (7, NEW_YEAR + 2)] {
        let mut story = Story::from(nowhere(), &[], 0, Limits::default());
        story.shard.partition = partition;
        story.at(at);
        story.submit(0, "a", "A", Kind::Withdrawn);
        let revision = story.routes()[0].revision;
        assert!(revision > newest);
        newest = revision;
    }
}

#[test]
fn the_same_content_once_more_is_routed_as_it_was_by_the_time_it_was_sent_again() {
    let mut story = Story::new();
    story.at(NEW_YEAR);
    story.submit(0, "a", "A", Kind::Withdrawn);
    let first = story.routes().remove(0);
    story.ack("a", 0);
    story.submit(1, "a", "A", Kind::Withdrawn);
    assert!(story.routes().is_empty(), "the log took both at once");
    story.now += 5;
    story.submit(2, "a", "A", Kind::Withdrawn);
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
    story.submit(0, "a", "A", Kind::Withdrawn);
    let first = story.routes().remove(0);
    story.ack("a", 0);
    let found = story.shard.position(story.now);
    assert_eq!(found.meta.clock, NEW_YEAR);
    let mut story = Story::from(found, &[], 1, Limits::default());
    let body = Submission { kind: Kind::Withdrawn, ..Submission::unreadable("b", "B", 0) };
    story.tell(Input::Raw { offset: 1, appended_at: NEW_YEAR - 3, body });
    assert_eq!(story.routes()[0].revision, first.revision);
}

/// A shard whose changelog says that complaint `a` was routed for raw record 7 at the new year, where raw ends at `end`: a
/// mirror was cut, and the next raw records get the offsets of those that are lost. Gives that route, too.
fn cut_at(end: i64) -> (Story, RoutedComplaint) {
    let lost = RoutedComplaint { revision: revision::at(NEW_YEAR, 0), ..route(7, 1, "lost") };
    let found = Position { raw: end, meta: Meta { epoch: 1, clock: NEW_YEAR, ..Meta::default() } };
    (Story::from(found, std::slice::from_ref(&lost), end, Limits::default()), lost)
}

#[test]
fn an_edit_is_routed_though_a_raw_record_that_was_lost_had_the_greater_offset() {
    let (mut story, lost) = cut_at(4);
    let body = Submission { kind: Kind::Withdrawn, ..Submission::unreadable("a", "B", 0) };
    story.tell(Input::Raw { offset: 4, appended_at: NEW_YEAR + 60_000, body });
    let edit = story.routes().remove(0);
    assert_eq!((edit.raw_offset, edit.why), (4, Why::Withdrawn));
    assert!(edit.revision > lost.revision);
    story.ack("a", 1);
    assert_eq!(story.shard.position(0).raw, 5);
}

#[test]
fn what_was_lost_and_is_sent_again_is_routed_as_it_was() {
    let (mut story, lost) = cut_at(4);
    let body = Submission { kind: Kind::Complaint, ..Submission::unreadable("a", "A", 0) };
    story.tell(Input::Raw { offset: 4, appended_at: NEW_YEAR + 60_000, body });
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
    let body = Submission { kind: Kind::Withdrawn, ..Submission::unreadable("a", "B", 0) };
    story.tell(Input::Raw { offset: 4, appended_at: NEW_YEAR + 60_000, body });
    let edit = story.routes().remove(0);
    story.ack("a", 1);
    let late = RoutedComplaint { revision: lost.revision + 64, route_id: "late".into(), ..lost };
    story.tell(Input::Routed { offset: 2, appended_at: NEW_YEAR + 60_001, body: Logged::Route(Arc::new(late)) });
    let again = story.routes().remove(0);
    assert_eq!((again.route_id.as_str(), again.why), (edit.route_id.as_str(), Why::Withdrawn));
}

#[test]
fn an_older_submission_stays_overtaken_by_one_that_was_lost() {
    let (mut story, _) = cut_at(4);
    let body = Submission { kind: Kind::Withdrawn, ..Submission::unreadable("a", "B", 0) };
    story.tell(Input::Raw { offset: 4, appended_at: NEW_YEAR - 1, body });
    assert!(story.routes().is_empty());
    assert_eq!(story.shard.position(0).raw, 5);
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
    let mut story = Story::from(found, &[partial], 4, Limits::default());
    story.answer(0, (3, "a", "A"), "issue");
    assert_eq!(story.routes()[0].revision, (3 << 10) | 2);
    story.ack("a", 1);
    story.submit(4, "a", "B", Kind::Withdrawn);
    assert_eq!(story.routes()[0].revision, revision::at(0, 0));
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
    story.submit(1, "a", "?", Kind::Unreadable);
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
    story.tell(Input::LetterAcked(Origin::Raw(1)));
    assert_eq!(story.shard.position(0).raw, 2);
}

#[test]
fn predictions_without_room_are_read_again_when_raw_has_come_to_them() {
    let limits = Limits { early_cap: 1, ..Limits::default() };
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
fn two_routes_of_one_revision_are_corrected_by_a_greater_one() {
    let changelog = [route(0, 1, "one"), route(0, 1, "other")];
    let mut story = Story::from(nowhere(), &changelog, 1, Limits::default());
    story.tell(Input::Tick);
    let routes = story.routes();
    assert_eq!((routes[0].why, routes[0].revision), (Why::Reconciled, numbered(2)));
    assert_eq!((routes[0].route_id.as_str(), routes[0].writer_epoch), ("other", 2));
}

#[test]
fn a_lesser_route_that_lies_last_is_corrected() {
    let changelog = [route(0, 2, "newer"), route(0, 1, "older")];
    let mut story = Story::from(nowhere(), &changelog, 1, Limits::default());
    story.tell(Input::Tick);
    let routes = story.routes();
    assert_eq!((routes[0].route_id.as_str(), routes[0].revision), ("newer", numbered(3)));
}

#[test]
fn a_route_of_an_earlier_owner_for_a_record_not_yet_read_is_taken_over() {
    let mut story = Story::from(nowhere(), &[], 1, Limits::default());
    let theirs = RoutedComplaint { writer_epoch: 0, ..route(0, 1, "theirs") };
    story.tell(Input::Routed { offset: 0, appended_at: 0, body: Logged::Route(Arc::new(theirs)) });
    story.complain(0, "a", "A");
    story.answer_all(0, (0, "a", "A"));
    assert!(story.routes().is_empty());
    assert_eq!(story.shard.position(0).raw, 1);
}

#[test]
fn a_late_route_of_a_forgotten_complaint_is_amended_by_nobody() {
    let settled = Position { raw: 1, meta: Meta::default() };
    let mut story = Story::from(settled, &[], 1, Limits::default());
    let missing_tasks = TASKS.map(str::to_owned).to_vec();
    let partial = RoutedComplaint { decisions: Vec::new(), missing_tasks, ..route(0, 1, "theirs") };
    let theirs = RoutedComplaint { writer_epoch: 0, ..partial };
    story.tell(Input::Routed { offset: 0, appended_at: 0, body: Logged::Route(Arc::new(theirs)) });
    story.answer_all(0, (0, "a", "A"));
    assert!(story.routes().is_empty());
    assert_eq!((story.shard.counts().late_forgotten, story.shard.position(0).meta.predictions), (1, 3));
}

#[test]
fn a_newer_owner_s_record_ends_the_lease() {
    let mut story = Story::new();
    let theirs = RoutedComplaint { writer_epoch: 9, ..route(0, 1, "theirs") };
    story.tell(Input::Routed { offset: 0, appended_at: 0, body: Logged::Route(Arc::new(theirs)) });
    story.complain(0, "b", "B");
    story.answer_all(0, (0, "b", "B"));
    assert!(story.routes().is_empty());
}

#[test]
fn a_tombstone_is_written_again_after_a_route_that_was_under_way() {
    let mut story = Story::new();
    story.complain(0, "a", "A");
    story.answer_all(0, (0, "a", "A"));
    story.tell(Input::Routed { offset: 0, appended_at: 0, body: Logged::Tombstone("a".into()) });
    story.out.clear();
    story.ack("a", 1);
    assert!(matches!(&story.out[..], [Effect::Route { record: None, .. }]));
    story.complain(1, "a", "B");
    assert_eq!(story.shard.position(0).raw, 2, "what is erased needs no route");
}

#[test]
fn a_round_that_has_used_up_its_revisions_settles_without_another() {
    let partial = RoutedComplaint { missing_tasks: vec!["issue".into()], ..route(0, 31, "last") };
    let mut partial = partial;
    partial.decisions.retain(|decision| decision.task != "issue");
    let found = Position { raw: 1, meta: Meta { epoch: 1, ..Meta::default() } };
    let mut story = Story::from(found, &[partial], 1, Limits::default());
    story.answer(0, (0, "a", "A"), "issue");
    assert!(story.routes().is_empty());
    assert_eq!(story.shard.counts().exhausted, 1);
    assert_eq!(story.shard.position(0).meta.predictions, 1);
}

#[test]
fn a_partial_route_is_folded_again_until_it_is_amended() {
    let mut story = Story::new();
    story.complain(0, "a", "A");
    story.now = DEADLINE_MS + Limits::default().hard_cap_ms;
    story.tell(Input::Tick);
    story.tell(Input::CommitAcked);
    story.tell(Input::Tick);
    assert_eq!(story.routes().len(), 1);
    story.ack("a", 5);
    let theirs = Logged::Foreign;
    story.tell(Input::Routed { offset: 8, appended_at: 0, body: theirs });
    assert_eq!(story.shard.position(story.now).meta.routed, 5);
    for (offset, task) in (0..).zip(TASKS) {
        story.answer(offset, (0, "a", "A"), task);
        story.ack("a", 9 + offset);
    }
    assert_eq!(story.shard.position(story.now).meta.routed, 9);
}

#[test]
fn a_backfill_waits_no_longer_because_of_a_restart() {
    let limits = Limits::default();
    let marks = vec![Mark { offset: 1, read_at: 1_000 }];
    let found = Position { raw: 0, meta: Meta { epoch: 1, marks, ..Meta::default() } };
    let mut story = Story::from(found, &[], 1, limits.clone());
    story.now = limits.bulk_wait_ms;
    let mut body = Submission::unreadable("a", "A", 0);
    (body.kind, body.bulk) = (Kind::Complaint, true);
    story.tell(Input::Raw { offset: 0, appended_at: 0, body });
    story.now = limits.bulk_wait_ms + 1_000;
    story.tell(Input::Tick);
    story.tell(Input::CommitAcked);
    story.tell(Input::Tick);
    assert!(story.out.iter().any(|effect| matches!(effect, Effect::AskPredictionsEnd)));
}

#[test]
fn routes_that_wait_for_a_lease_count_against_the_cap() {
    let mut story = Story::from(nowhere(), &[], 0, Limits { open_cap: 2, ..Limits::default() });
    story.now = Limits::default().lease_ms;
    for (offset, id) in (0..).zip(["a", "b"]) {
        story.complain(offset, id, id);
        story.answer_all(3 * offset, (offset, id, id));
    }
    assert_eq!((story.shard.open(), story.shard.unsettled()), (0, 2));
    assert!(story.out.iter().any(|effect| matches!(effect, Effect::PauseRaw(true))));
}

#[test]
fn what_nobody_is_given_is_passed_and_holds_no_commit_back() {
    let mut story = Story::from(nowhere(), &[], 3, Limits::default());
    story.complain(0, "a", "A");
    story.answer_all(0, (0, "a", "A"));
    story.answer(3, (1, "never", "N"), "issue");
    story.tell(Input::Reached { log: Log::Raw, next: 3 });
    story.tell(Input::Reached { log: Log::Predictions, next: 6 });
    let before = story.shard.position(0);
    assert_eq!((before.raw, before.meta.predictions), (0, 0), "the route is not acknowledged yet");
    story.ack("a", 0);
    let after = story.shard.position(0);
    assert_eq!((after.raw, after.meta.predictions), (3, 6));
    assert_eq!(story.shard.early(), 0);
}

#[test]
fn a_deadline_does_not_wait_for_markers_among_predictions() {
    let mut story = Story::new();
    story.complain(0, "a", "A");
    story.now = DEADLINE_MS;
    story.tell(Input::Tick);
    story.tell(Input::CommitAcked);
    story.tell(Input::Tick);
    story.tell(Input::PredictionsEnd { end: 2, as_of: story.now });
    story.answer(0, (0, "a", "A"), "issue");
    story.tell(Input::Tick);
    assert!(story.routes().is_empty());
    story.tell(Input::Reached { log: Log::Predictions, next: 2 });
    story.tell(Input::Tick);
    assert_eq!(story.routes()[0].why, Why::Deadline);
}

#[test]
fn a_changelog_is_followed_from_where_its_reading_ended() {
    let rules = SimRules::new(i64::MAX, i64::MAX);
    let mut recovery = Recovery::new(Limits::default(), 0, nowhere(), 0, &rules);
    recovery.fold(0, 0, Logged::Foreign);
    recovery.reached(4);
    assert_eq!(recovery.finish(0, 0, &rules).routed_next(), 4);
}
