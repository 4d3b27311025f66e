//! Small rules for the simulation: three strategies, one after the other, and a simple routing.

use std::{collections::BTreeMap, sync::Arc};

use ombud_contract::records::{Clock, Outcome, Vulnerability};
use ombud_models::{Facts, Route};

use crate::rules::{Plan, Rules};

/// Deadline of every simulated strategy.
pub(crate) const DEADLINE_MS: i64 = 30_000;
/// How long complete cases are remembered.
pub(crate) const AMEND_MS: i64 = 24 * 3_600_000;

/// The attribute that clocks look at.
pub(crate) const BRANCH: &str = "branch";
const DAY_MS: i64 = 86_400_000;

/// The clocks of a complaint under the strategy `version`: another limit in each.
pub(crate) fn clocks(version: i64, received_at: i64, regulator_sent_at: Option<i64>) -> Vec<Clock> {
    let clock = |name: &str, starts: i64| Clock {
        name: name.into(),
        starts,
        due: starts.saturating_add(version * DAY_MS),
        rule: format!("{version} days"),
        calendar: None,
        beyond_calendar: false,
    };
    let sent = regulator_sent_at.map(|sent| clock("sent", sent));
    [Some(clock("received", received_at)), sent].into_iter().flatten().collect()
}

/// Those attributes that clocks look at.
pub(crate) fn clock_attributes(all: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    all.iter()
        .filter(|(name, _)| *name == BRANCH)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Each strategy: since when, and its required tasks.
#[derive(Debug)]
pub(crate) struct SimRules {
    strategies: Vec<(i64, Arc<[String]>)>,
}

impl SimRules {
    pub(crate) fn new(second: i64, third: i64) -> Self {
        let tasks = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            strategies: vec![
                (i64::MIN, tasks(&["issue", "product", "vulnerable"])),
                (second, tasks(&["product", "vulnerable"])),
                (third, tasks(&["issue", "product", "vulnerable"])),
            ],
        }
    }
}

impl Rules for SimRules {
    fn plan(&self, appended_at: i64) -> Plan {
        let at = self.strategies.iter().rposition(|(since, _)| *since <= appended_at).unwrap_or(0);
        Plan {
            strategy: at as i64 + 1,
            required: Arc::clone(&self.strategies[at].1),
            deadline_ms: DEADLINE_MS,
            amend_ms: AMEND_MS,
        }
    }

    fn route(&self, version: i64, facts: &Facts<'_>) -> Route {
        let label = |task: &str| {
            let found = facts.decisions.iter().find(|d| d.task == task && d.outcome == Outcome::Labelled);
            found.and_then(|d| d.label.as_deref())
        };
        let vulnerability = match label("vulnerable") {
            Some("yes") => Vulnerability::Vulnerable,
            Some("no") => Vulnerability::NotIndicated,
            _ => Vulnerability::Possible,
        };
        let product = facts.known_product.or_else(|| label("product"));
        let desk = vulnerability == Vulnerability::Vulnerable;
        let team = if desk { "desk" } else { product.unwrap_or("triage") };
        let review = facts.unreadable || !facts.missing_tasks.is_empty();
        Route {
            clocks: match facts.withdrawn {
                true => Vec::new(),
                false => clocks(version, facts.received_at, facts.regulator_sent_at),
            },
            clock_attributes: clock_attributes(facts.attributes),
            team: team.to_owned(),
            priority: i32::from(desk),
            vulnerability,
            needs_human: review,
            human_reasons: if facts.unreadable { vec!["unreadable".into()] } else { Vec::new() },
            resolve_by: None,
            final_response_by: None,
        }
    }

    fn longest_amend_ms(&self) -> i64 {
        AMEND_MS
    }

    // Readable in a trace, and cheaper than a hash.
    fn route_id(
        &self,
        id: &str,
        input: &str,
        predictions: &[&str],
        strategy: i64,
        missing: &[&str],
    ) -> String {
        let mut text = format!("{id}|{input}|v{strategy}|");
        for part in predictions {
            text.push_str(part);
            text.push(' ');
        }
        text.push('|');
        for part in missing {
            text.push_str(part);
            text.push(' ');
        }
        text
    }
}
