//! What the tests of the worklist are made of.

use std::sync::Arc;

use ombud_contract::{
    records::{
        Clock, Decision, Feedback, FeedbackKind, Outcome, RoutedComplaint, Vulnerability, Why, WorkEvent,
        WorkKind,
    },
    work::Work,
};
use ombud_store::{ItemClock, ReadClock, WorklistChange};

pub(crate) const NOON: i64 = 1_800_000_000_000;
/// The first revision of a submission.
pub(crate) const REVISION: i64 = (1 << 48) + (9 << 11) + 64;

/// A clock that the first final response meets.
pub(crate) fn clocks() -> Arc<ReadClock> {
    Arc::new(|clock: &Clock, work: &Work| ItemClock {
        name: clock.name.clone(),
        due: clock.due,
        met_at: work.done().find(|(kind, _)| *kind == WorkKind::FinalResponse).map(|(_, at)| at),
        rule: clock.rule.clone(),
        calendar: None,
        beyond_calendar: false,
    })
}

pub(crate) fn route(id: &str, team: &str) -> RoutedComplaint {
    RoutedComplaint {
        route_id: format!("r-{id}"),
        complaint_id: id.into(),
        revision: REVISION,
        why: Why::Complete,
        input_sha256: "i".into(),
        raw_partition: 0,
        raw_offset: 0,
        received_at: NOON,
        routed_at: NOON + 500,
        team: team.into(),
        previous_team: None,
        priority: 1,
        vulnerability: Vulnerability::Possible,
        needs_human: true,
        human_reasons: Vec::new(),
        decisions: Vec::new(),
        missing_tasks: Vec::new(),
        strategy_version: 1,
        writer_epoch: 1,
        channel: "web".into(),
        customer_ref: None,
        external_ref: None,
        language: "en".into(),
        known_product: None,
        resolve_by: None,
        final_response_by: None,
        legal_entity: None,
        regulator_sent_at: None,
        notice_at: None,
        clock_attributes: Default::default(),
        clocks: Vec::new(),
    }
}

pub(crate) fn decided(task: &str, label: &str) -> Decision {
    Decision {
        task: task.into(),
        prediction_id: "p".into(),
        outcome: Outcome::Labelled,
        label: Some(label.into()),
        level: task.into(),
        path: vec![label.into()],
        confidence: 0.9,
        model_id: "bag".into(),
        model_version: "v".into(),
        strategy_version: 1,
        arm: "champion".into(),
        truncated_tokens: 0,
        explicit_evidence: false,
        unread: None,
    }
}

pub(crate) fn due(due: i64) -> Vec<Clock> {
    let clock = Clock {
        name: "final".into(),
        starts: NOON,
        due,
        rule: "8 weeks".into(),
        calendar: None,
        beyond_calendar: false,
    };
    vec![clock]
}

pub(crate) fn routed(route: RoutedComplaint) -> WorklistChange {
    WorklistChange::Route(Box::new(route))
}

pub(crate) fn done(id: &str, kind: WorkKind, at: i64) -> WorklistChange {
    let event = WorkEvent::new(id, kind, REVISION, at, "agent-17");
    WorklistChange::Work(Box::new(WorkEvent { work_id: format!("w-{id}-{kind:?}-{at}"), ..event }))
}

pub(crate) fn verdict(id: &str, kind: FeedbackKind, to_team: Option<&str>, at: i64) -> WorklistChange {
    WorklistChange::Verdict(Box::new(Feedback {
        feedback_id: format!("f-{id}-{kind:?}-{at}"),
        complaint_id: id.into(),
        route_id: format!("r-{id}"),
        revision: REVISION,
        kind,
        task: None,
        prediction_id: None,
        model_id: None,
        model_version: None,
        label_before: None,
        label_after: None,
        from_team: None,
        to_team: to_team.map(str::to_owned),
        reason_code: String::new(),
        actor: "agent-17".into(),
        actor_role: String::new(),
        source: String::new(),
        audit_sample: false,
        decided_at: at,
        retracts: None,
    }))
}

pub(crate) fn withdrawn(id: &str, team: &str) -> WorklistChange {
    routed(RoutedComplaint { why: Why::Withdrawn, ..route(id, team) })
}
