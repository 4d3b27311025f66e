//! What a person said about a text that they read blind, put together from their verdicts. Pure.
//!
//! Nothing is stored for it: an answer is one verdict a task, given at one moment by one person, and its reason code says that it
//! was blind.

use std::collections::{BTreeMap, BTreeSet};

use ombud_contract::{
    ids::basis_point,
    records::{Feedback, FeedbackKind},
    task::{ISSUE, PRODUCT, VULNERABLE},
    taxonomy::label_or_name,
};
use ombud_measure::case::CaseWithVerdicts;

/// The reason code of a blind answer.
pub(super) const FIRST_READING: &str = "blind-reading";
/// That of one on a text that another person has read before.
pub(super) const SECOND_READING: &str = "second-reading";
/// The tasks that judges answer.
pub(super) const TASKS: [&str; 3] = [PRODUCT, ISSUE, VULNERABLE];
/// Stands for the label of every task where it is no complaint.
pub(super) const NO_COMPLAINT: &str = "NOT_A_COMPLAINT";

/// What is hashed with a complaint's id to draw second readings: independent of the audit sample and of its halves.
const DRAW: &str = "second-reading";
/// Of 10,000: a tenth.
const TENTH: i32 = 1_000;

/// What one person said about one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// Who.
    pub(super) judge: String,
    /// When.
    pub(super) at: i64,
    /// On which route.
    pub(super) revision: i64,
    /// What the text was, by its hash.
    pub(super) input: String,
    /// By task.
    pub(super) labels: BTreeMap<&'static str, String>,
}

/// Whether a complaint is offered to a second reader, once it is judged.
pub(super) fn is_read_twice(complaint_id: &str) -> bool {
    basis_point(complaint_id, DRAW) < TENTH
}

/// Every blind answer on a case that was not taken back, the earliest first; of one person on one text the first: only that one
/// was blind.
pub(super) fn readings(case: &CaseWithVerdicts) -> Vec<Reading> {
    let retracted: BTreeSet<&str> =
        case.verdicts.iter().filter_map(|verdict| verdict.retracts.as_deref()).collect();
    let mut found: BTreeMap<(i64, &str, i64), Reading> = BTreeMap::new();
    for verdict in &case.verdicts {
        let is_blind = [FIRST_READING, SECOND_READING].contains(&verdict.reason_code.as_str());
        if !is_blind || retracted.contains(verdict.feedback_id.as_str()) {
            continue;
        }
        let route = case.routes.iter().find(|route| route.revision == verdict.revision);
        let Some(input) = route.map(|route| route.input_sha256.clone()) else { continue };
        let reading = found
            .entry((verdict.decided_at, verdict.actor.as_str(), verdict.revision))
            .or_insert_with(|| Reading {
                judge: verdict.actor.clone(),
                at: verdict.decided_at,
                revision: verdict.revision,
                input,
                labels: BTreeMap::new(),
            });
        reading.labels.extend(labels(verdict));
    }
    let mut seen = BTreeSet::new();
    let first = |reading: &Reading| seen.insert((reading.judge.clone(), reading.input.clone()));
    found.into_values().filter(first).collect()
}

/// The first two readings of one text by two people.
pub(super) fn pair(readings: &[Reading]) -> Option<(&Reading, &Reading)> {
    readings.iter().enumerate().find_map(|(at, first)| {
        let second = readings[at + 1..].iter().find(|reading| reading.input == first.input)?;
        Some((first, second))
    })
}

fn labels(verdict: &Feedback) -> Vec<(&'static str, String)> {
    if verdict.kind == FeedbackKind::NotAComplaint {
        return TASKS.map(|task| (task, NO_COMPLAINT.to_owned())).into();
    }
    let task = TASKS.into_iter().find(|task| verdict.task.as_deref() == Some(task));
    let label = match verdict.kind {
        FeedbackKind::Confirmed => verdict.label_before.as_deref(),
        FeedbackKind::Relabelled | FeedbackKind::Vulnerability => verdict.label_after.as_deref(),
        _ => None,
    };
    task.zip(label).map(|(task, label)| (task, label_or_name(task, label).to_owned())).into_iter().collect()
}
