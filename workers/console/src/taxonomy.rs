//! `GET /api/taxonomy`: which labels each task has.

use std::sync::Arc;

use axum::{Json, extract::State};
use ombud_contract::taxonomy::Taxonomy;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    refused::{Problem, Refusals},
    state::RequestState,
};

/// The labels of one task.
#[derive(Serialize, ToSchema)]
pub(crate) struct TaskLabels {
    /// The task.
    task: &'static str,
    /// The numbered label set, such as `issue@1`.
    label_set: &'static str,
    /// The names of the levels, coarse to fine.
    levels: Vec<&'static str>,
    /// Every finest label behind those that it belongs to, one a level.
    labels: Vec<Vec<&'static str>>,
}

/// The labels of all tasks.
#[derive(Serialize, ToSchema)]
pub(crate) struct LabelTrees {
    /// By task.
    tasks: Vec<TaskLabels>,
}

/// List the labels that verdicts may use, by task.
#[utoipa::path(
    operation_id = "list_labels",
    get, path = "/api/taxonomy", tag = "names",
    responses(
        (status = 200, description = "By task", body = LabelTrees),
        Refusals,
    ),
    security(("token" = []))
)]
pub(crate) async fn taxonomy(State(state): State<Arc<RequestState>>) -> Result<Json<LabelTrees>, Problem> {
    // Whoever reads the strategy knows the label trees that its routing table brings.
    tokio::task::block_in_place(|| (state.teams)(i64::MIN))?;
    let tasks = Taxonomy::tasks().into_iter().filter_map(Taxonomy::newest).map(labels).collect();
    Ok(Json(LabelTrees { tasks }))
}

fn labels(tree: &'static Taxonomy) -> TaskLabels {
    let finest = tree.levels().next().unwrap_or_default();
    TaskLabels {
        task: tree.task(),
        label_set: tree.label_set(),
        levels: tree.levels().rev().collect(),
        labels: tree.leaves().iter().filter_map(|leaf| tree.path(finest, leaf)).collect(),
    }
}
