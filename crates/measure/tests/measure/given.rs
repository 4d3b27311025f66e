//! A routed complaint, and verdicts on it.

#![allow(dead_code, reason = "each test takes what it needs")]

use ombud_contract::records::{
    Decision, Feedback, FeedbackKind, Outcome, RoutedComplaint, Vulnerability, Why,
};

/// A decision of `bag@v`.
pub(crate) fn decision(task: &str, label: &str, outcome: Outcome) -> Decision {
    Decision {
        task: task.into(),
        prediction_id: format!("p-{task}"),
        outcome,
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

/// Revision 1 of complaint c-1, with team cards.
pub(crate) fn route() -> RoutedComplaint {
    RoutedComplaint {
        legal_entity: None,
        regulator_sent_at: None,
        notice_at: None,
        clock_attributes: Default::default(),
        clocks: Vec::new(),
        route_id: "r-1".into(),
        complaint_id: "c-1".into(),
        revision: 1,
        why: Why::Complete,
        input_sha256: "i".into(),
        raw_partition: 0,
        raw_offset: 0,
        received_at: 1_709_251_200_000,
        routed_at: 1_709_251_200_500,
        team: "cards".into(),
        previous_team: None,
        priority: 30,
        vulnerability: Vulnerability::Possible,
        needs_human: false,
        human_reasons: Vec::new(),
        decisions: vec![
            decision("issue", "Fraud or scam", Outcome::Labelled),
            decision("product", "Mortgage", Outcome::Labelled),
            decision("vulnerable", "POSSIBLE", Outcome::Labelled),
        ],
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
    }
}

/// Of revision 1, as a team's own system writes it.
pub(crate) fn verdict(kind: FeedbackKind, at: i64) -> Feedback {
    Feedback {
        feedback_id: format!("f-{at}"),
        complaint_id: "c-1".into(),
        route_id: "r-1".into(),
        revision: 1,
        kind,
        task: None,
        prediction_id: None,
        model_id: None,
        model_version: None,
        label_before: None,
        label_after: None,
        from_team: None,
        to_team: (kind == FeedbackKind::Reallocated).then(|| "loans".into()),
        reason_code: String::new(),
        actor: "agent-17".into(),
        actor_role: String::new(),
        source: String::new(),
        audit_sample: false,
        decided_at: at,
        retracts: None,
    }
}
