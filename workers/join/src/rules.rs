//! What the joiner asks of the strategy: which tasks to wait for and how long, and where a complaint goes.

use std::sync::Arc;

use ombud_contract::ids;
use ombud_models::{ActiveStrategy, Facts, Route, Strategies};

/// What the strategy of one complaint asks for.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The strategy's version.
    pub strategy: i64,
    /// The tasks to wait for, sorted.
    pub required: Arc<[String]>,
    /// How long to wait for them, from the append time of the raw record.
    pub deadline_ms: i64,
    /// How long a complete case is remembered to recognise duplicates.
    pub amend_ms: i64,
}

/// The strategies as the state machine sees them; pure, so that a replay repeats every decision.
pub trait Rules {
    /// The plan for a complaint whose raw record was appended at `appended_at`; nothing else decides it.
    fn plan(&self, appended_at: i64) -> Plan;

    /// Where a complaint goes under the strategy `version` that planned it.
    fn route(&self, version: i64, facts: &Facts<'_>) -> Route;

    /// The longest time that any strategy wants complete cases remembered.
    fn longest_amend_ms(&self) -> i64;

    /// The id of a route by what it rests on.
    fn route_id(
        &self,
        complaint_id: &str,
        input: &str,
        prediction_ids: &[&str],
        strategy: i64,
        missing: &[&str],
    ) -> String {
        ids::route_id(complaint_id, input, prediction_ids, strategy, missing)
    }
}

/// The strategies of the log. Never empty, so that every complaint has one.
#[derive(Clone, Debug)]
pub struct StrategyRules {
    strategies: Strategies,
    oldest: Arc<ActiveStrategy>,
}

impl StrategyRules {
    /// `None` while no strategy has been published: nothing can be decided yet.
    pub fn new(strategies: Strategies) -> Option<Self> {
        let oldest = Arc::clone(strategies.iter().next()?);
        Some(Self { strategies, oldest })
    }

    /// The strategy of what is appended at `now`.
    pub(crate) fn in_force(&self, now: i64) -> &ActiveStrategy {
        // What was appended before the first strategy began would otherwise wait for ever.
        self.strategies.at(now).unwrap_or(&self.oldest)
    }
}

impl Rules for StrategyRules {
    fn plan(&self, appended_at: i64) -> Plan {
        let strategy = self.in_force(appended_at);
        let mut required: Vec<String> = strategy.required_tasks().map(str::to_owned).collect();
        required.sort();
        Plan {
            strategy: strategy.record.version,
            required: required.into(),
            deadline_ms: strategy.record.deadline_ms,
            amend_ms: strategy.record.amend_window_ms,
        }
    }

    fn route(&self, version: i64, facts: &Facts<'_>) -> Route {
        // A version that was folded from the log was published before; strategies are never deleted.
        let strategy = self.strategies.iter().find(|s| s.record.version == version).unwrap_or(&self.oldest);
        ombud_models::route(facts, strategy)
    }

    fn longest_amend_ms(&self) -> i64 {
        self.strategies.iter().map(|s| s.record.amend_window_ms).max().unwrap_or(0)
    }
}
