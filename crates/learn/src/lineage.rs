//! Where a model comes from: its champion, and the set of judged cases that it learned from.

use std::collections::BTreeMap;

use ombud_contract::records::TimestampMs;
use ombud_models::Reads;
use serde::{Deserialize, Serialize};

use crate::pool::{Pool, Pools, Share};

/// Where a model comes from, and what it is to read. A challenger has it from its champion.
#[derive(Clone, Debug, Default)]
pub struct Lineage {
    /// The champion's version; none for a model that is learned from scratch.
    pub parent_version: Option<String>,
    /// What the set that it learned from is made of, and what is in it.
    pub outcomes: Option<(SetRequest, SetFigures)>,
    /// What it is to read.
    pub reads: Reads,
}

/// What a set is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetRequest {
    /// Verdicts from this time on.
    pub since: TimestampMs,
    /// Everything as it was known then.
    pub as_of: TimestampMs,
    /// The champion's version.
    pub champion: String,
    /// SHA-256 of each file that is learned from beside the verdicts.
    pub files: Vec<String>,
    /// A new label is admitted when at least so many complaints carry it.
    pub least: usize,
    /// At most so many cases from outside the audit sample, the latest judged. An older build took them all.
    #[serde(default)]
    pub rows: usize,
    /// Chooses what is held out.
    pub seed: u64,
}

/// What is in a set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SetFigures {
    /// Cases that humans judged.
    pub cases: usize,
    /// Complaints to learn from.
    pub train: usize,
    /// Complaints to calibrate on.
    pub validation: usize,
    /// Complaints to try models on: of the audit sample.
    pub trial: usize,
    /// Of the files and the cases: copies of what the audit sample holds, files' rows that humans judged since, and cases
    /// without a label that may be used.
    pub left_out: usize,
    /// Cases with labels that are left out because newer ones fill the set.
    pub older: usize,
    /// By flag: how many of the cases are labelled.
    pub labelled: BTreeMap<String, Pools<Share>>,
    /// By task: what calibrates it.
    pub calibrated: BTreeMap<String, CalibrationCounts>,
    /// Tasks of the champion for which there is too little to learn from; the challenger doesn't answer them.
    pub not_learned: Vec<String>,
    /// By task: new labels that the challenger learns, and how many complaints carry them.
    pub admitted: BTreeMap<String, BTreeMap<String, usize>>,
    /// By task: new labels that too few complaints carry.
    pub waiting: BTreeMap<String, BTreeMap<String, usize>>,
}

/// Complaints that calibrate a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalibrationCounts {
    /// Drawn at random.
    pub audited: usize,
    /// A tenth of all others, which people labelled because they happened to see them, or which stood in files; none where
    /// enough were drawn.
    pub others: usize,
}

impl SetFigures {
    /// Whether labels of `task` may be used that come from `pool`.
    pub(crate) fn speaks(&self, pool: Pool, task: &str) -> bool {
        self.labelled.get(task).is_none_or(|labelled| labelled.of(pool).is_enough())
    }
}
