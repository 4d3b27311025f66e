//! What an evaluation found.

use std::collections::BTreeMap;

use ombud_contract::records::TimestampMs;
use serde::Serialize;

use super::answered::Answered;
use super::answers::TaskReport;
use super::compare::Comparison;
use super::dial::Dial;
use super::mix::NaturalMix;
use super::served::Served;
use super::slice::Slices;

/// Rows received from 2024-01-01 on, UTC, are "recent": how complaints are written has changed since the training
/// data began.
pub const RECENT_FROM_MS: TimestampMs = 1_704_067_200_000;

/// What an evaluation found; its JSON is the command's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Complaints read.
    pub rows: usize,
    /// Rows of the file that are no complaint.
    pub rejected: usize,
    /// The same by reason.
    pub rejected_for: BTreeMap<String, usize>,
    /// Complaints with a label that a model cannot read, and people do where it serves; the figures count them all the
    /// same.
    pub unread: usize,
    /// The same by reason.
    pub unread_for: BTreeMap<String, usize>,
    /// Which model answered which tasks.
    pub models: Vec<Evaluated>,
    /// By task, over all rows.
    pub tasks: BTreeMap<String, TaskReport>,
    /// By task, over the recent rows.
    pub recent: Recent,
    /// Complaints counted apart.
    pub slices: Slices,
    /// Over all rows, as if they were spread over products naturally.
    pub natural_mix: NaturalMix,
    /// By choice: on which level answers are given where the model serves, and how many of them are right.
    pub answered: BTreeMap<String, Answered>,
    /// By yes-or-no task, by threshold: who is flagged where the model serves, evidence and all.
    pub served: BTreeMap<String, BTreeMap<String, Served>>,
    /// What each choice of threshold costs.
    pub dial: Dial,
    /// Against a model that is cheap to have; `null` where it was not compared.
    pub baseline: Option<Comparison>,
    /// Against the model that was asked for; `null` where none was.
    pub against: Option<Comparison>,
}

/// A model that was evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evaluated {
    /// Its name.
    pub model_id: String,
    /// SHA-256 of its content.
    pub version: String,
    /// The tasks that it answered here.
    pub tasks: Vec<String>,
}

/// The rows from [`RECENT_FROM_MS`] on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recent {
    /// How many.
    pub rows: usize,
    /// By task.
    #[serde(flatten)]
    pub tasks: BTreeMap<String, TaskReport>,
}
