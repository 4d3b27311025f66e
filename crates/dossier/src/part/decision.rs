//! Part 1: where the complaint went, when, and by which rule.

use ombud_contract::records::{Clock, RoutedComplaint, TimestampMs, Vulnerability, Why};
use serde::Serialize;

use super::RATIONALE;
use crate::case::Case;

#[derive(Serialize)]
pub(crate) struct DecisionPart {
    pub(crate) answers: [&'static str; 1],
    pub(crate) notes: Vec<String>,
    pub(crate) team: String,
    pub(crate) previous_team: Option<String>,
    pub(crate) revision: i64,
    pub(crate) route_id: String,
    pub(crate) why: Why,
    pub(crate) received_at: TimestampMs,
    pub(crate) routed_at: TimestampMs,
    pub(crate) priority: i32,
    pub(crate) vulnerability: Vulnerability,
    pub(crate) needs_human: bool,
    pub(crate) human_reasons: Vec<String>,
    pub(crate) missing_tasks: Vec<String>,
    pub(crate) strategy_version: i64,
    /// The rule of the routing table that decided, in a sentence; with an explanation only.
    pub(crate) rule: Option<String>,
    pub(crate) clocks: Vec<Clock>,
    /// The routes before this one, oldest first.
    pub(crate) earlier: Vec<EarlierRoute>,
}

#[derive(Serialize)]
pub(crate) struct EarlierRoute {
    pub(crate) revision: i64,
    pub(crate) routed_at: TimestampMs,
    pub(crate) team: String,
    pub(crate) why: Why,
}

impl DecisionPart {
    pub(crate) fn of(case: &Case<'_>) -> Self {
        let route = case.route().clone();
        let explanations = case.sources.explanations.as_deref().unwrap_or_default();
        let rule = explanations.iter().find_map(|explanation| explanation.routing.as_ref());
        let rule = rule.filter(|reason| reason.team == route.team).map(|reason| reason.rule.clone());
        let mut notes = Vec::new();
        if rule.is_none() {
            notes.push(
                "The rule that decided is not named, because no explanation was computed: the strategy's \
                        routing table is under Strategy."
                    .to_owned(),
            );
        }
        if !route.missing_tasks.is_empty() {
            notes.push("It was routed when the deadline passed, without an answer to every task.".to_owned());
        }
        let earlier = case.routes.iter().filter(|earlier| earlier.revision < route.revision);
        Self {
            answers: [RATIONALE],
            notes,
            earlier: earlier.map(EarlierRoute::of).collect(),
            rule,
            team: route.team,
            previous_team: route.previous_team,
            revision: route.revision,
            route_id: route.route_id,
            why: route.why,
            received_at: route.received_at,
            routed_at: route.routed_at,
            priority: route.priority,
            vulnerability: route.vulnerability,
            needs_human: route.needs_human,
            human_reasons: route.human_reasons,
            missing_tasks: route.missing_tasks,
            strategy_version: route.strategy_version,
            clocks: route.clocks,
        }
    }
}

impl EarlierRoute {
    fn of(route: &RoutedComplaint) -> Self {
        Self {
            revision: route.revision,
            routed_at: route.routed_at,
            team: route.team.clone(),
            why: route.why,
        }
    }
}
