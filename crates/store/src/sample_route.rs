//! A route for tests of how routes are filed.

use ombud_contract::records::{RoutedComplaint, Vulnerability, Why};

/// To `team`, and otherwise always the same.
pub(crate) fn route(team: &str) -> RoutedComplaint {
    RoutedComplaint {
        legal_entity: None,
        regulator_sent_at: None,
        notice_at: None,
        clock_attributes: Default::default(),
        clocks: Vec::new(),
        route_id: "r".into(),
        complaint_id: "c-1".into(),
        revision: 1,
        why: Why::Complete,
        input_sha256: "i".into(),
        raw_partition: 0,
        raw_offset: 0,
        received_at: 1_709_251_199_999,
        routed_at: 1_709_251_200_500,
        team: team.into(),
        previous_team: None,
        priority: 1,
        vulnerability: Vulnerability::Possible,
        needs_human: false,
        human_reasons: Vec::new(),
        decisions: Vec::new(),
        missing_tasks: vec!["issue".into(), "vulnerable".into()],
        strategy_version: 1,
        writer_epoch: 1,
        channel: "web".into(),
        customer_ref: None,
        external_ref: None,
        language: "und".into(),
        known_product: None,
        resolve_by: None,
        final_response_by: None,
    }
}
