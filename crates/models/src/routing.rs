//! The routing table: teams, who gets which product and issue, priorities and statutory clocks, checked before use.
//!
//! It is TOML: a `[routing]` section of the strategy file, and a text of its own in the strategy record. What a
//! checked table promises: every product has a team, and every team that it names exists. Of several queues that
//! take a complaint the first in the table gets it.

mod clock_document;
mod clocks;
mod document;

use std::collections::BTreeMap;

pub(crate) use clocks::{ClockFacts, RunningClocks};
pub use clocks::{ClockRules, ComplaintClass, FilledField, NamedClockRule};
pub(crate) use document::RoutingDocument;
use ombud_contract::records::Decision;
pub use ombud_contract::task::{ISSUE, PRODUCT};
use serde::{Deserialize, Serialize};

use crate::place::line_at;

/// A checked routing table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutingTable {
    /// Language subtags that the models read.
    pub(crate) languages: Vec<String>,
    /// Where whatever is unsure goes.
    pub triage_desk: String,
    /// Where vulnerable customers' complaints go.
    pub vulnerable_desk: String,
    /// How urgent each kind is.
    pub priorities: Priorities,
    /// Where a product names none.
    pub clocks: ClockDays,
    /// Clocks as named rules; a table has these or days, never both.
    pub clock_rules: ClockRules,
    /// Team to what it is called.
    pub teams: BTreeMap<String, String>,
    /// Product to who serves it.
    pub products: BTreeMap<String, ProductTeam>,
    /// Specialised queues, first come first served.
    pub queues: Vec<Queue>,
    /// Label sets by task that the table was checked against.
    pub label_sets: LabelSets,
    /// Levels of the issue's taxonomy, coarse to fine.
    pub(crate) issue_levels: Vec<String>,
}

/// How urgent each kind of complaint is; greater is more urgent, 0 is reserved for withdrawn complaints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priorities {
    /// At a product's team, or in a queue that names none.
    pub routine: i32,
    /// At the triage desk.
    pub triage: i32,
    /// At the vulnerable desk.
    pub vulnerable: i32,
    /// Added where the customer is possibly vulnerable.
    pub possible_raises: i32,
}

/// Statutory clocks of a table without named rules, in days of 24 hours from the receipt; `None` where none runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockDays {
    /// Resolve by.
    pub resolve_by_days: Option<u16>,
    /// Final response by.
    pub final_response_by_days: Option<u16>,
}

/// Who serves a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductTeam {
    /// The team.
    pub team: String,
    /// Its clocks.
    pub clocks: ClockDays,
}

/// A queue for some labels of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// The team.
    pub team: String,
    /// Whose answer it looks at.
    pub task: String,
    /// At which level of the answer's path.
    pub level: String,
    /// What it takes.
    pub labels: Vec<String>,
    /// Only of these products; empty is all.
    pub products: Vec<String>,
    /// How urgent its complaints are.
    pub priority: i32,
}

impl RoutingTable {
    /// Reads and checks a table.
    ///
    /// # Errors
    /// [`RoutingError`] names the line, what is wrong and how to fix it.
    pub fn parse(text: &str) -> Result<Self, RoutingError> {
        let document: RoutingDocument = toml::from_str(text).map_err(|error| RoutingError {
            line: error.span().map_or(1, |span| line_at(text, span.start)),
            what: error.message().to_owned(),
        })?;
        document.check(text)
    }

    /// Whether the models read narratives with this BCP 47 tag; `en` covers `en-GB`.
    pub fn reads(&self, language: &str) -> bool {
        let subtag = language.split(['-', '_']).next().unwrap_or_default();
        self.languages.iter().any(|read| read.eq_ignore_ascii_case(subtag))
    }

    /// What `decision` says at `level`: of a fine answer also the coarser labels on its path.
    pub(crate) fn label_at<'a>(&self, decision: &'a Decision, level: &str) -> Option<&'a str> {
        if decision.level == level {
            return decision.label.as_deref();
        }
        if decision.task != ISSUE {
            return None;
        }
        let depth = |wanted: &str| self.issue_levels.iter().position(|known| known == wanted);
        // Of an answer at a level that the table doesn't know, the path's places mean nothing.
        let (answered, wanted) = (depth(&decision.level)?, depth(level)?);
        if wanted > answered || decision.path.len() != answered + 1 {
            return None;
        }
        decision.path.get(wanted).map(String::as_str)
    }
}

/// A routing table that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("accept the routing table at line {line}: {what}")]
pub struct RoutingError {
    /// From 1.
    pub line: usize,
    /// What is wrong and how to fix it.
    pub what: String,
}

/// Which numbered label sets the table uses, such as `issue@1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelSets {
    /// The products.
    pub product: String,
    /// The issues.
    pub issue: String,
}
