//! Part 6: the strategy that decided, who answers for it, and the draw that chose the arm.

use std::collections::BTreeSet;

use ombud_contract::ids::basis_point;
use ombud_contract::records::{Decision, Role, Strategy, TaskStrategy, TimestampMs};
use serde::Serialize;

use super::RESPONSIBILITY;
use crate::case::Case;

#[derive(Serialize)]
pub(crate) struct StrategyPart {
    pub(crate) answers: [&'static str; 1],
    pub(crate) notes: Vec<String>,
    /// Those that the newest route and its answers name, oldest first.
    pub(crate) decided_by: Vec<StrategyLine>,
    /// One a task that was answered.
    pub(crate) draws: Vec<DrawLine>,
    /// The version that was in force at the time of the dossier.
    pub(crate) in_force: Option<i64>,
}

#[derive(Serialize)]
pub(crate) struct StrategyLine {
    pub(crate) version: i64,
    pub(crate) effective_from: TimestampMs,
    pub(crate) deadline_ms: i64,
    pub(crate) amend_window_ms: i64,
    pub(crate) audit_basis_points: i32,
    pub(crate) changed_by: String,
    pub(crate) changed_at: TimestampMs,
    pub(crate) reason: String,
    pub(crate) evaluation_id: Option<String>,
    pub(crate) approvals: i32,
    pub(crate) request_id: Option<String>,
    pub(crate) requested_by: Option<String>,
    pub(crate) approved_by: Vec<String>,
    /// The routing table, in TOML.
    pub(crate) routing: String,
}

/// A complaint's draw for one task. The point is SHA-256 over salt and complaint, each behind its length in eight bytes: its
/// first eight bytes as a number, modulo 10,000. The deciding arms lie one behind the other.
#[derive(Serialize)]
pub(crate) struct DrawLine {
    pub(crate) task: String,
    pub(crate) strategy_version: i64,
    pub(crate) salt: String,
    pub(crate) point: i32,
    /// The arm that takes the point.
    pub(crate) drawn: Option<String>,
    pub(crate) arms: Vec<ArmLine>,
    /// The arm as which the answer was given.
    pub(crate) answered_as: String,
    /// The drawn arm's model could not serve, and another stood in.
    pub(crate) is_stand_in: bool,
}

#[derive(Serialize)]
pub(crate) struct ArmLine {
    pub(crate) name: String,
    pub(crate) model_id: String,
    pub(crate) model_version: String,
    /// It takes points from here
    pub(crate) from: i32,
    /// to here, which is not included.
    pub(crate) to: i32,
}

impl StrategyPart {
    pub(crate) fn of(case: &Case<'_>) -> Self {
        let route = case.route();
        let mut versions: BTreeSet<i64> =
            route.decisions.iter().map(|decision| decision.strategy_version).collect();
        versions.insert(route.strategy_version);
        let mut notes = Vec::new();
        let mut decided_by = Vec::new();
        for version in versions {
            match case.strategies.version(version) {
                Some(strategy) => decided_by.push(StrategyLine::of(&strategy.record)),
                None => notes.push(format!("The log has no record of strategy {version}.")),
            }
        }
        let draws = route.decisions.iter().filter_map(|decision| {
            let strategy = case.strategies.version(decision.strategy_version)?;
            Some(DrawLine::of(&route.complaint_id, strategy.task(&decision.task)?, decision))
        });
        let draws: Vec<DrawLine> = draws.collect();
        for draw in draws.iter().filter(|draw| draw.is_stand_in) {
            notes.push(format!("For {} another model stood in for the drawn arm's.", draw.task));
        }
        let in_force = case.strategies.at(case.sources.as_of.unwrap_or(case.sources.exported_at));
        Self {
            answers: [RESPONSIBILITY],
            notes,
            decided_by,
            draws,
            in_force: in_force.map(|strategy| strategy.record.version),
        }
    }
}

impl StrategyLine {
    fn of(strategy: &Strategy) -> Self {
        let strategy = strategy.clone();
        Self {
            version: strategy.version,
            effective_from: strategy.effective_from,
            deadline_ms: strategy.deadline_ms,
            amend_window_ms: strategy.amend_window_ms,
            audit_basis_points: strategy.audit_basis_points,
            changed_by: strategy.changed_by,
            changed_at: strategy.changed_at,
            reason: strategy.reason,
            evaluation_id: strategy.evaluation_id,
            approvals: strategy.approvals,
            request_id: strategy.request_id,
            requested_by: strategy.requested_by,
            approved_by: strategy.approved_by,
            routing: strategy.routing,
        }
    }
}

impl DrawLine {
    fn of(complaint_id: &str, task: &TaskStrategy, decision: &Decision) -> Self {
        let point = basis_point(complaint_id, &task.salt);
        let arms = arms_of(task);
        let drawn = arms.iter().find(|arm| (arm.from..arm.to).contains(&point));
        let is_drawn = |arm: &ArmLine| {
            (&arm.name, &arm.model_id, &arm.model_version)
                == (&decision.arm, &decision.model_id, &decision.model_version)
        };
        Self {
            task: task.task.clone(),
            strategy_version: decision.strategy_version,
            salt: task.salt.clone(),
            point,
            is_stand_in: !drawn.is_some_and(is_drawn),
            drawn: drawn.map(|arm| arm.name.clone()),
            arms,
            answered_as: decision.arm.clone(),
        }
    }
}

/// The deciding arms of a task with what each takes.
pub(crate) fn arms_of(task: &TaskStrategy) -> Vec<ArmLine> {
    let mut to = 0_i32;
    let deciding = task.arms.iter().filter(|arm| arm.role == Role::Deciding);
    let lines = deciding.map(|arm| {
        let from = to;
        to = from.saturating_add(arm.basis_points);
        let (name, model_id) = (arm.name.clone(), arm.model_id.clone());
        ArmLine { name, model_id, model_version: arm.model_version.clone(), from, to }
    });
    lines.collect()
}
