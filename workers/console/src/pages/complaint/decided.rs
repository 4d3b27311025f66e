//! What was decided about a complaint, task by task, and which labels each could have had: what one may ask about.

use ombud_contract::{
    records::{Decision, Prediction, RoutedComplaint},
    taxonomy::Taxonomy,
};
use ombud_measure::case::records_of;
use ombud_store::{CaseEvent, Kind};

/// A task that was decided.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DecidedTask {
    pub(super) task: String,
    /// The answer, or the best guess.
    pub(super) label: Option<String>,
    pub(super) confidence: f32,
    /// The labels of each level, fine to coarse. Nothing where this version does not know the tree.
    pub(super) levels: Vec<(String, Vec<String>)>,
}

/// The tasks of the newest route.
pub(super) fn decided_tasks(events: &[CaseEvent]) -> Vec<DecidedTask> {
    let routes: Vec<RoutedComplaint> = records_of(events, Kind::Routed);
    let Some(route) = routes.into_iter().max_by_key(|route| route.revision) else { return Vec::new() };
    let predictions: Vec<Prediction> = records_of(events, Kind::Prediction);
    let tree = |decision: &Decision| {
        let named = predictions.iter().find(|one| one.prediction_id == decision.prediction_id);
        let named = named.and_then(|prediction| Taxonomy::by_label_set(&prediction.label_set));
        named.or_else(|| Taxonomy::newest(&decision.task))
    };
    let task = |decision: Decision| DecidedTask {
        levels: tree(&decision).map(levels).unwrap_or_default(),
        task: decision.task,
        label: decision.label,
        confidence: decision.confidence,
    };
    route.decisions.into_iter().map(task).collect()
}

fn levels(tree: &Taxonomy) -> Vec<(String, Vec<String>)> {
    let labels = |level: &str| Some((level.to_owned(), tree.labels(level)?.to_vec()));
    tree.levels().filter_map(labels).collect()
}
