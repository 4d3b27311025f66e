//! Single rules of the shard, each by the shortest story that shows it.

use std::sync::Arc;

use ombud_contract::records::{Outcome, Prediction, Role, RoutedComplaint, Vulnerability, Why};

use crate::{
    ChangelogRecord, ComplaintDetails, Effect, Input, JoinLimits, Log, Mark, Meta, Origin, Position,
    Recovery, Shard, ShardStatus, Submission, SubmissionKind, revision,
    sim::rules::{DEADLINE_MS, SimRules},
};

mod clocks;
mod deadlines;
mod lost_records;
mod owners;
mod revisions;
mod rounds;
mod share;

const TASKS: [&str; 3] = ["issue", "product", "vulnerable"];
/// 2027-01-01, for stories in which times are compared; the others happen at 0.
const NEW_YEAR: i64 = 1_798_761_600_000;

/// A live shard, and what it has asked for.
struct Story {
    shard: Shard,
    rules: SimRules,
    now: i64,
    out: Vec<Effect>,
}

impl Story {
    fn from(found: Position, changelog: &[RoutedComplaint], raw_end: i64, limits: JoinLimits) -> Self {
        Self::of_partition(0, found, changelog, raw_end, limits)
    }

    fn of_partition(
        partition: i32,
        found: Position,
        changelog: &[RoutedComplaint],
        raw_end: i64,
        limits: JoinLimits,
    ) -> Self {
        let rules = SimRules::new(i64::MAX, i64::MAX);
        let mut recovery = Recovery::new(limits, partition, found, 0, &rules);
        for (offset, record) in changelog.iter().enumerate() {
            recovery.fold(offset as i64, 0, ChangelogRecord::Route(Arc::new(record.clone())));
        }
        let shard = recovery.finish(0, raw_end, &rules);
        let mut story = Self { shard, rules, now: 0, out: Vec::new() };
        story.on(Input::Tick);
        story.on(Input::CommitAcked);
        story.out.clear();
        story
    }

    fn new() -> Self {
        Self::from(nowhere(), &[], 0, JoinLimits::default())
    }

    fn on(&mut self, input: Input) {
        self.shard.on(self.now, input, &self.rules, &mut self.out);
    }

    fn status(&self) -> ShardStatus {
        self.shard.status(self.now)
    }

    /// Later, with a fresh lease.
    fn at(&mut self, now: i64) {
        self.now = now;
        self.on(Input::Tick);
        self.on(Input::CommitAcked);
        self.on(Input::Tick);
        self.out.clear();
    }

    fn submit(&mut self, offset: i64, id: &str, input: &str, kind: SubmissionKind) {
        let about = ComplaintDetails {
            legal_entity: None,
            regulator_sent_at: None,
            notice_at: None,
            attributes: Default::default(),
            received_at: 0,
            channel: "web".into(),
            language: "en".into(),
            customer_ref: None,
            external_ref: None,
            known_product: None,
        };
        let body = Submission { complaint_id: id.into(), input: input.into(), kind, bulk: false, about };
        self.on(Input::Raw { offset, appended_at: self.now, body });
    }

    /// The log takes a complaint at `appended_at`, whatever the time is here.
    fn complain_at(&mut self, appended_at: i64, offset: i64, id: &str, input: &str) {
        let body = Submission { kind: SubmissionKind::Complaint, ..Submission::unreadable(id, input, 0) };
        self.on(Input::Raw { offset, appended_at, body });
    }

    fn complain(&mut self, offset: i64, id: &str, input: &str) {
        self.submit(offset, id, input, SubmissionKind::Complaint);
    }

    fn answer(&mut self, offset: i64, raw: (i64, &str, &str), task: &str) {
        let body = Some(Box::new(prediction(raw, task, offset)));
        self.on(Input::Prediction { offset, body });
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
        self.on(Input::RouteAcked { complaint_id: id.into(), offset });
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
