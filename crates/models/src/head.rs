//! One task that an artefact answers: its labels, how its logits become an answer, and what evidence adds to it.

mod faults;
mod foreign;

use std::collections::{BTreeMap, BTreeSet};

pub use foreign::ForeignLabel;
#[cfg(test)]
pub(crate) use foreign::tests;
use ombud_contract::records::Evidence;
use serde::{Deserialize, Serialize};

use crate::evidence::EvidenceTable;

/// The threshold of a [`Kind::Flag`] above which the answer is POSSIBLE.
pub(crate) const POSSIBLE: &str = "possible";
/// The threshold of a [`Kind::Flag`] above which the answer is VULNERABLE.
pub(crate) const VULNERABLE: &str = "vulnerable";

/// The most that evidence adds to log-odds: certainty, and a sum of all that can still be computed with.
pub const MOST_ODDS: f64 = 20.0;

/// How a head's logits become an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One of the labels, at the finest taxonomy level that the confidence carries.
    Choice,
    /// Yes or no: two labels, the negative first. Thresholds `possible` and `vulnerable` cut its score.
    Flag,
}

/// One task that the artefact answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// `product`, `issue`, `vulnerable`, ...
    pub task: String,
    /// How its logits become an answer.
    pub kind: Kind,
    /// The numbered label set, such as `issue@1`: a taxonomy of `schemas/taxonomy/`.
    pub label_set: String,
    /// Leaf labels, in logit order.
    pub labels: Vec<String>,
    /// Logits are divided by it before the softmax.
    pub temperature: f64,
    /// For [`Kind::Choice`]: level -> least confidence to answer at that level. For [`Kind::Flag`]:
    /// `possible` and `vulnerable` -> least score.
    #[serde(default)]
    pub thresholds: BTreeMap<String, f64>,
    /// For [`Kind::Flag`]: the numbered table of what a narrative says outright, such as `vulnerable@1`; its findings are
    /// fused with the score. Part of the model, so that a version always answers the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// By category of that table: what its phrases add to the score. Empty: the score is of the logits alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence_odds: BTreeMap<String, EvidenceOdds>,
    /// Where the model was trained on other labels: what each logit of its network stands for, in their order. Empty: they
    /// are of `labels`. Encoders only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<ForeignLabel>,
}

/// What phrases of a category add to the log-odds of yes where a narrative has any: 0 or more, so that nothing that a
/// customer says lowers a score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceOdds {
    /// Of its explicit phrases.
    #[serde(default)]
    pub explicit: f64,
    /// Of its hints.
    #[serde(default)]
    pub hint: f64,
}

impl Head {
    /// What `narrative` says outright, by the table that this head names. Opening the artefact has made sure that this
    /// build has it.
    pub fn evidence_in(&self, narrative: &str) -> Vec<Evidence> {
        let table = self.evidence.as_deref().and_then(EvidenceTable::by_name);
        table.map_or_else(Vec::new, |table| table.find(narrative))
    }

    /// What `evidence` adds to the log-odds of yes: each category and strength once, however often it is said.
    pub fn odds_of(&self, evidence: &[Evidence]) -> f64 {
        let said: BTreeSet<(&str, bool)> =
            evidence.iter().map(|one| (one.category.as_str(), one.explicit)).collect();
        let odds = |(category, explicit): (&str, bool)| {
            let odds = self.evidence_odds.get(category).copied().unwrap_or_default();
            if explicit { odds.explicit } else { odds.hint }
        };
        said.into_iter().map(odds).sum()
    }

    /// What an answer's confidence must reach to be given on `level`, under a strategy's `review_below`.
    pub fn carries_from(&self, level: &str, review_below: f64) -> f64 {
        self.thresholds.get(level).copied().unwrap_or(0.0).max(review_below)
    }
}
