//! What the worklist keeps of a route.

use std::cmp::Ordering;

use ombud_contract::{
    records::{Clock, RoutedComplaint, Vulnerability, Why},
    task::{ISSUE, PRODUCT},
    work::NewestRoute,
};
use serde::{Deserialize, Serialize};

/// What a work item needs of a route; never a narrative.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteSummary {
    pub(super) revision: i64,
    pub(super) routed_at: i64,
    pub(super) route_id: String,
    pub(super) input_sha256: String,
    pub(super) partition: i32,
    pub(super) withdrawn: bool,
    pub(super) received_at: i64,
    pub(super) team: String,
    pub(super) priority: i32,
    pub(super) vulnerability: Vulnerability,
    pub(super) needs_human: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) human_reasons: Vec<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) audit_sample: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) product: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) issue: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) legal_entity: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) customer_ref: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) external_ref: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) clocks: Vec<Clock>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) resolve_by: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) final_response_by: Option<i64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl RouteSummary {
    /// What is kept of `route`.
    pub fn of(route: &RoutedComplaint) -> Self {
        let label = |task: &str| route.decisions.iter().find(|d| d.task == task)?.label.clone();
        Self {
            revision: route.revision,
            routed_at: route.routed_at,
            route_id: route.route_id.clone(),
            input_sha256: route.input_sha256.clone(),
            partition: route.raw_partition,
            withdrawn: route.why == Why::Withdrawn,
            received_at: route.received_at,
            team: route.team.clone(),
            priority: route.priority,
            vulnerability: route.vulnerability,
            needs_human: route.needs_human,
            human_reasons: route.human_reasons.clone(),
            audit_sample: route.is_audited(),
            product: route.known_product.clone().or_else(|| label(PRODUCT)),
            issue: label(ISSUE),
            legal_entity: route.legal_entity.clone(),
            customer_ref: route.customer_ref.clone().filter(|text| !text.is_empty()),
            external_ref: route.external_ref.clone().filter(|text| !text.is_empty()),
            clocks: route.clocks.clone(),
            // What a route of before there were rules says instead.
            resolve_by: route.resolve_by.filter(|_| route.clocks.is_empty()),
            final_response_by: route.final_response_by.filter(|_| route.clocks.is_empty()),
        }
    }

    /// Whether it is the newer of the two. Two joiners that overlap may write two routes of one revision: then time and name
    /// decide, and at last what they say, so that every order of arrival ends alike, until the correction comes.
    pub(super) fn is_newer_than(&self, other: &Self) -> bool {
        let order = |it: &'_ Self| (it.revision, it.routed_at, it.partition);
        match (order(self), &self.route_id).cmp(&(order(other), &other.route_id)) {
            Ordering::Equal => self != other && format!("{self:?}") > format!("{other:?}"),
            ordering => ordering == Ordering::Greater,
        }
    }

    /// As work depends on it.
    pub(super) fn newest(&self) -> NewestRoute {
        NewestRoute::new(self.revision, &self.input_sha256, self.withdrawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample_route::route;

    #[test]
    fn of_two_routes_with_one_revision_every_order_keeps_the_same() {
        let one = RouteSummary::of(&route("cards"));
        let other = RouteSummary { route_id: "s".into(), ..one.clone() };
        assert!(other.is_newer_than(&one) && !one.is_newer_than(&other) && !one.is_newer_than(&one));
    }

    #[test]
    fn what_the_sender_knows_of_the_product_is_shown_before_what_a_model_says() {
        let known = RoutedComplaint { known_product: Some("Mortgage".into()), ..route("cards") };
        assert_eq!(RouteSummary::of(&known).product.as_deref(), Some("Mortgage"));
        assert_eq!(RouteSummary::of(&route("cards")).product, None);
    }
}
