//! The labels of the metrics of routes: closed sets, never an id.

use metrics::counter;
use ombud_contract::{
    records::{RoutedComplaint, Why},
    verdict::VULNERABLE,
};

/// The symbols of the catalogue, by which routes are found in the topic as well.
const WHYS: [&str; 7] =
    ["COMPLETE", "DEADLINE", "AMENDED", "RESUBMITTED", "RECONCILED", "UNREADABLE", "WITHDRAWN"];
const KINDS: [&str; 3] = [kind(false), kind(true), UNKNOWN];
/// Of a route whose submission was settled before, as of an amendment: only the raw record says what it is.
const UNKNOWN: &str = "unknown";
const MISSING: [&str; 3] = [NONE, VULNERABLE, OTHER];
const NONE: &str = "none";
/// Answers are missing, and that of [`VULNERABLE`] is not among them.
const OTHER: &str = "other";

/// Whether a complaint is routed while somebody waits for it, or is part of a backfill.
pub(crate) const fn kind(bulk: bool) -> &'static str {
    if bulk { "bulk" } else { "live" }
}

/// Those of one route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RouteLabels {
    why: &'static str,
    kind: &'static str,
    missing: &'static str,
}

impl RouteLabels {
    /// Those of `route`; `bulk` where its raw record is not settled yet.
    pub(crate) fn of(route: &RoutedComplaint, bulk: Option<bool>) -> Self {
        let why = match route.why {
            // This build never writes what it does not know.
            Why::Complete | Why::Other => "COMPLETE",
            Why::Deadline => "DEADLINE",
            Why::Amended => "AMENDED",
            Why::Resubmitted => "RESUBMITTED",
            Why::Reconciled => "RECONCILED",
            Why::Unreadable => "UNREADABLE",
            Why::Withdrawn => "WITHDRAWN",
        };
        let missing = match route.missing_tasks.as_slice() {
            [] => NONE,
            tasks if tasks.iter().any(|task| task == VULNERABLE) => VULNERABLE,
            _ => OTHER,
        };
        Self { why, kind: bulk.map_or(UNKNOWN, kind), missing }
    }

    /// The route is acknowledged.
    pub(crate) fn count(self) {
        self.add(1);
    }

    /// Makes every counter begin at 0: one that first appears with what it counts raises no alarm.
    pub(crate) fn count_from_zero() {
        for why in WHYS {
            for kind in KINDS {
                for missing in MISSING {
                    Self { why, kind, missing }.add(0);
                }
            }
        }
    }

    fn add(self, routes: u64) {
        counter!("ombud_routes_total", "kind" => self.kind, "missing" => self.missing, "why" => self.why)
            .increment(routes);
    }
}
