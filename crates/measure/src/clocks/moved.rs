//! Clocks that run, and that the strategy in force would set otherwise. A change moves none of them, so somebody decides.

use ombud_contract::records::{Clock, RoutedComplaint, Why};
use ombud_models::{ActiveStrategy, Facts, route};
use serde::Serialize;

/// A clock that runs, and is not as the strategy in force would set it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct MovedClock {
    /// The complaint.
    pub complaint_id: String,
    /// The rule's name.
    pub rule: String,
    /// The strategy that set it.
    pub strategy_version: i64,
    /// When it is due; `None` where it does not run.
    pub due: Option<i64>,
    /// When it would be due; `None` where it would not run.
    pub would_be_due: Option<i64>,
}

/// The clocks that the strategy in force would set.
#[derive(Clone, Copy, Debug)]
pub struct ClocksInForce<'a>(pub &'a ActiveStrategy);

impl ClocksInForce<'_> {
    /// What it would set otherwise of `newest`, the newest route of a complaint, whose clocks of these names still run. A rule
    /// that looks at an attribute which no clock looked at before can't be judged: a route keeps no others.
    pub(super) fn moved(self, newest: &RoutedComplaint, running: &[&Clock]) -> Vec<MovedClock> {
        // An unreadable submission keeps the clocks of the one before it, whose decisions this route has no longer.
        if newest.strategy_version == self.0.record.version || newest.why == Why::Unreadable {
            return Vec::new();
        }
        let facts = Facts {
            complaint_id: &newest.complaint_id,
            language: &newest.language,
            known_product: newest.known_product.as_deref(),
            received_at: newest.received_at,
            regulator_sent_at: newest.regulator_sent_at,
            notice_at: newest.notice_at,
            legal_entity: newest.legal_entity.as_deref(),
            attributes: &newest.clock_attributes,
            decisions: &newest.decisions,
            missing_tasks: &newest.missing_tasks,
            unreadable: false,
            withdrawn: newest.why == Why::Withdrawn,
        };
        let would_be = route(&facts, self.0).clocks;
        let moved = |name: &str, due, would_be_due| MovedClock {
            complaint_id: newest.complaint_id.clone(),
            rule: name.to_owned(),
            strategy_version: newest.strategy_version,
            due,
            would_be_due,
        };
        let other = running.iter().filter_map(|clock| {
            let now = would_be.iter().find(|other| other.name == clock.name);
            let is_same = now.is_some_and(|now| (now.due, &now.rule) == (clock.due, &clock.rule));
            (!is_same).then(|| moved(&clock.name, Some(clock.due), now.map(|now| now.due)))
        });
        // One that was met is over, and does not run again because a rule has changed.
        let is_new = |clock: &&Clock| newest.clocks.iter().all(|known| known.name != clock.name);
        let new = would_be.iter().filter(is_new).map(|clock| moved(&clock.name, None, Some(clock.due)));
        other.chain(new).collect()
    }
}
