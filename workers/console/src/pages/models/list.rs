//! `GET /models`: every version of every model.

use std::{cmp::Reverse, collections::BTreeSet, sync::Arc};

use axum::{extract::State, response::Response};
use maud::{Markup, html};
use ombud_contract::{
    records::{ModelState, ModelVersion},
    shown::shown,
    task::{ISSUE, PRODUCT, VULNERABLE},
};
use ombud_models::{Placement, placements};

use super::state as state_badge;
use crate::pages::{
    PageState, RolloutLog,
    frame::Frame,
    item_words::symbol,
    parts::{day, empty},
    strategy::{
        ask_desk,
        pieces::{args, figure_value, model_link, percent},
        unavailable,
    },
};

/// The tasks that come first; others follow by name.
const FIRST_TASKS: [&str; 3] = [PRODUCT, ISSUE, VULNERABLE];

/// Every version: those that serve now first, then the newest.
pub(super) async fn models(State(state): State<Arc<PageState>>, frame: Frame) -> Response {
    let log = match ask_desk(&state, |desk| desk.log()).await {
        Ok(log) => log,
        Err(refusal) => return unavailable(&frame, "models-title", &refusal),
    };
    let now_ms = state.api.clock.now_ms();
    let body = html! {
        div.stack {
            p { a href="/strategy" { (frame.say("models-to-strategy")) } }
            @if log.registry.versions().next().is_none() {
                (empty(&frame.say("models-none"), &frame.say("models-none-why")))
            } @else {
                (table(&frame, &log, now_ms))
            }
        }
    };
    frame.page(&frame.say("models-title"), &body)
}

fn table(frame: &Frame, log: &RolloutLog, now_ms: i64) -> Markup {
    let placed = |model| (model, placements(&log.strategies, model, now_ms));
    let mut models: Vec<_> = log.registry.versions().map(placed).collect();
    models.sort_by_key(|(model, places)| (places.now.is_empty(), Reverse(model.created_at)));
    let tasks = tasks_of(models.iter().map(|(model, _)| *model));
    html! {
        table {
            caption { (frame.say("models-caption")) }
            thead { tr {
                th scope="col" { (frame.say("models-version")) }
                @for task in &tasks { th.number scope="col" { (shown(&figure_title(frame, task))) } }
                th scope="col" { (frame.say("models-serves-now")) }
                th scope="col" { (frame.say("models-served-before")) }
                th scope="col" { (frame.say("models-registered-when")) }
            } }
            tbody {
                @for (model, places) in &models {
                    tr data-row {
                        th scope="row" {
                            (model_link(&model.model_id, &model.version))
                            @if model.state != ModelState::Registered { " " (state_badge(frame, model.state)) }
                        }
                        @for task in &tasks { td.number { (figure(frame, model, task)) } }
                        td { (serves(frame, places.now.iter().chain(&places.announced))) }
                        td { (serves(frame, places.before.iter())) }
                        td { (day(model.created_at)) " " (frame.say("models-by")) " " (shown(&model.created_by)) }
                    }
                }
            }
        }
    }
}

/// All tasks that one of `models` answers.
fn tasks_of<'a>(models: impl Iterator<Item = &'a ModelVersion>) -> Vec<String> {
    let all: BTreeSet<&str> = models.flat_map(|model| model.tasks.iter().map(String::as_str)).collect();
    let first = FIRST_TASKS.into_iter().filter(|task| all.contains(task));
    let others = all.iter().copied().filter(|task| !FIRST_TASKS.contains(task));
    first.chain(others).map(str::to_owned).collect()
}

fn figure_title(frame: &Frame, task: &str) -> String {
    let id = if task == VULNERABLE { "models-figure-flag" } else { "models-figure-right" };
    frame.say_with(id, &args([("task", symbol(frame, "strategy-task", task).into())]))
}

/// The figure that decides about a version: of the newest evaluation, or else of its training; the finest level first.
fn figure(frame: &Frame, model: &ModelVersion, task: &str) -> Markup {
    let names = [
        format!("{task}.{task}.accuracy"),
        format!("{task}.accuracy"),
        format!("{task}.precision_at_recall_60"),
    ];
    let figures = model.evaluations.last().map_or(&model.metrics, |newest| &newest.figures);
    let value = |name: &String| figures.get(name).or_else(|| figures.get(&format!("validation.{name}")));
    let found = names.iter().find_map(|name| value(name).map(|value| figure_value(name, *value)));
    let unmeasured = || match model.tasks.iter().any(|one| one == task) {
        true => frame.say("models-unmeasured-short"),
        false => "–".to_owned(),
    };
    html! {
        @match found {
            Some(found) => (found),
            None => span.muted { (unmeasured()) },
        }
    }
}

/// Where it serves: one line for all tasks in which it has the same part.
fn serves<'a>(frame: &Frame, places: impl Iterator<Item = &'a Placement>) -> Markup {
    let mut parts: Vec<(String, Vec<String>)> = Vec::new();
    for place in places {
        let watches =
            if place.is_shadow { format!(", {}", frame.say("strategy-role-shadow")) } else { String::new() };
        let part = format!("{} {}{watches}", place.arm, percent(place.basis_points));
        let task = symbol(frame, "complaint-task", &place.task);
        match parts.iter_mut().find(|(known, _)| *known == part) {
            Some((_, tasks)) if tasks.contains(&task) => {}
            Some((_, tasks)) => tasks.push(task),
            None => parts.push((part, vec![task])),
        }
    }
    html! {
        @if parts.is_empty() { span.muted { "–" } }
        @for (part, tasks) in &parts { p { strong { (shown(part)) } ": " (shown(&tasks.join(", "))) } }
    }
}
