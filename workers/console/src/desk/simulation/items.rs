//! The complaints and clerks of the simulation.

use ombud_contract::{records::Vulnerability, work::Phase};
use ombud_store::WorkItem;

use crate::desk::Claimant;

pub(super) const TEAM: &str = "cards";

pub(super) fn claimant(number: usize) -> Claimant {
    Claimant { name: format!("clerk-{number}"), role: "clerk".into(), source: "console".into() }
}

pub(super) fn id_of(number: usize) -> String {
    format!("c-{number}")
}

pub(super) fn number_of(complaint_id: &str) -> usize {
    complaint_id.trim_start_matches("c-").parse().expect("ours")
}

pub(super) fn item(number: usize, state: Phase) -> WorkItem {
    WorkItem {
        complaint_id: id_of(number),
        team: TEAM.into(),
        state,
        due: None,
        clocks: Vec::new(),
        revision: 1,
        route_id: String::new(),
        priority: 0,
        vulnerability: Vulnerability::NotIndicated,
        vulnerability_judged: false,
        needs_human: false,
        human_reasons: Vec::new(),
        audit_sample: false,
        product: None,
        issue: None,
        legal_entity: None,
        customer_ref: None,
        external_ref: None,
        received_at: 0,
        changed_at: 0,
        claimed_by: None,
        out_of_order: 0,
    }
}
