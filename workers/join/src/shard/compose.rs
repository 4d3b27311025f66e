//! The routed record of a case: what it rests on, where it sends the complaint, and what carries over.

use std::sync::Arc;

use ombud_contract::records::{RoutedComplaint, Vulnerability, Why};
use ombud_models::{Facts, Route};

use crate::{
    event::{ComplaintDetails, SubmissionKind},
    rules::Rules,
    shard::case::{Case, DurableRoute},
};

/// Who writes, and when.
#[derive(Clone, Copy)]
pub(super) struct Writer {
    pub(super) partition: i32,
    pub(super) epoch: i64,
    pub(super) now: i64,
    /// Of what is written.
    pub(super) revision: i64,
}

impl Writer {
    /// The next record of `case`.
    pub(super) fn compose(
        &self,
        complaint_id: &str,
        case: &Case,
        why: Why,
        rules: &dyn Rules,
    ) -> RoutedComplaint {
        match (case.newest(), why) {
            (Some(mine), Why::Reconciled) => self.repeat(mine, why),
            // The same content once more: it stands, and was submitted later.
            (Some(mine), Why::Resubmitted) if case.routed.is_some() => self.repeat(mine, why),
            _ => self.route(complaint_id, case, why, rules),
        }
    }

    /// What I said last, once more, so that it is the newest and the last.
    fn repeat(&self, mine: &DurableRoute, why: Why) -> RoutedComplaint {
        let why = match mine.record.why {
            // Who reads it goes by this: what was taken back stays so.
            stays @ (Why::Withdrawn | Why::Unreadable) => stays,
            _ => why,
        };
        RoutedComplaint {
            revision: self.revision,
            why,
            routed_at: self.now,
            previous_team: None,
            writer_epoch: self.epoch,
            ..RoutedComplaint::clone(&mine.record)
        }
    }

    fn route(&self, complaint_id: &str, case: &Case, why: Why, rules: &dyn Rules) -> RoutedComplaint {
        let kind = match why {
            Why::Unreadable => SubmissionKind::Unreadable,
            Why::Withdrawn => SubmissionKind::Withdrawn,
            _ => SubmissionKind::Complaint,
        };
        let missing_tasks = if kind == SubmissionKind::Complaint { case.missing() } else { Vec::new() };
        let facts = Facts {
            complaint_id,
            language: &case.about.language,
            known_product: case.about.known_product.as_deref(),
            received_at: case.about.received_at,
            regulator_sent_at: case.about.regulator_sent_at,
            notice_at: case.about.notice_at,
            legal_entity: case.about.legal_entity.as_deref(),
            attributes: &case.about.attributes,
            decisions: &case.decisions,
            missing_tasks: &missing_tasks,
            unreadable: kind == SubmissionKind::Unreadable,
            withdrawn: kind == SubmissionKind::Withdrawn,
        };
        let mut route = rules.route(case.plan.strategy, &facts);
        let mut about = case.about.clone();
        let before = case.newest().map(|newest| &newest.record);
        if let Some(before) = before.filter(|_| kind != SubmissionKind::Complaint) {
            keep_its_queue(&mut route, before, kind);
            if kind == SubmissionKind::Unreadable {
                // Nothing could be read of the new submission, so what is known of the complaint stays.
                about = ComplaintDetails::of(before);
            }
        }
        let predictions: Vec<&str> = case.decisions.iter().map(|d| d.prediction_id.as_str()).collect();
        let missing: Vec<&str> = missing_tasks.iter().map(String::as_str).collect();
        RoutedComplaint {
            route_id: rules.route_id(complaint_id, &case.input, &predictions, case.plan.strategy, &missing),
            complaint_id: complaint_id.to_owned(),
            revision: self.revision,
            why,
            input_sha256: String::from(&*case.input),
            raw_partition: self.partition,
            raw_offset: case.raw_offset,
            received_at: about.received_at,
            routed_at: self.now,
            previous_team: before.map(|b| b.team.clone()).filter(|team| *team != route.team),
            team: route.team,
            priority: route.priority,
            vulnerability: route.vulnerability,
            needs_human: route.needs_human,
            human_reasons: route.human_reasons,
            decisions: case.decisions.clone(),
            missing_tasks,
            strategy_version: case.plan.strategy,
            writer_epoch: self.epoch,
            channel: about.channel,
            customer_ref: about.customer_ref,
            external_ref: about.external_ref,
            language: about.language,
            known_product: about.known_product,
            resolve_by: route.resolve_by,
            final_response_by: route.final_response_by,
            legal_entity: about.legal_entity,
            regulator_sent_at: about.regulator_sent_at,
            notice_at: about.notice_at,
            clock_attributes: route.clock_attributes,
            clocks: route.clocks,
        }
    }
}

/// A submission that nobody could read, or that takes the complaint back, is for the queue that has the complaint.
fn keep_its_queue(route: &mut Route, before: &Arc<RoutedComplaint>, kind: SubmissionKind) {
    route.team.clone_from(&before.team);
    route.vulnerability = before.vulnerability.max(Vulnerability::Possible);
    if kind == SubmissionKind::Unreadable {
        route.priority = route.priority.max(before.priority);
        route.human_reasons.extend(before.human_reasons.iter().cloned());
        route.human_reasons.sort();
        route.human_reasons.dedup();
        route.resolve_by = before.resolve_by;
        route.final_response_by = before.final_response_by;
        route.clocks.clone_from(&before.clocks);
        route.clock_attributes.clone_from(&before.clock_attributes);
    }
}
