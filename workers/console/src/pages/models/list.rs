//! `GET /models`: every version of every model.

use std::{cmp::Reverse, sync::Arc};

use axum::{extract::State, response::Response};
use maud::{Markup, html};
use ombud_contract::{records::ModelVersion, shown::shown};
use ombud_models::{Placement, placements};

use super::state as state_badge;
use crate::pages::{
    PageState, RolloutLog,
    frame::Frame,
    parts::{empty, moment},
    strategy::{
        ask_desk,
        pieces::{figure_value, figure_words, model_link, percent},
        unavailable,
    },
};

/// What a line says about how good a version is: the figures that decide about it, as far as it has them.
const LEADING: [&str; 2] = ["accuracy", "precision_at_recall_60"];

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
    let columns = [
        "models-version",
        "models-state",
        "models-tasks",
        "models-figures",
        "models-serves-now",
        "models-served-before",
        "models-registered-when",
    ];
    let placed = |model| (model, placements(&log.strategies, model, now_ms));
    let mut models: Vec<_> = log.registry.versions().map(placed).collect();
    models.sort_by_key(|(model, places)| (places.now.is_empty(), Reverse(model.created_at)));
    html! {
        table {
            caption { (frame.say("models-caption")) }
            thead { tr { @for column in columns { th scope="col" { (frame.say(column)) } } } }
            tbody {
                @for (model, places) in &models {
                    tr data-row {
                        th scope="row" { (model_link(&model.model_id, &model.version)) }
                        td { (state_badge(frame, model.state)) }
                        td { (list(model.tasks.iter().map(|task| shown(task).into_owned()))) }
                        td { (leading(frame, model)) }
                        td { (list(places.now.iter().chain(&places.announced).map(|place| in_short(frame, place)))) }
                        td { (list(places.before.iter().map(|place| in_short(frame, place)))) }
                        td { (moment(model.created_at)) " " (frame.say("models-by")) " " (shown(&model.created_by)) }
                    }
                }
            }
        }
    }
}

/// Texts one below the other; each once.
fn list(texts: impl Iterator<Item = String>) -> Markup {
    let mut all: Vec<String> = Vec::new();
    for text in texts {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    html! { @if all.is_empty() { "–" } @else { ul { @for text in &all { li { (text) } } } } }
}

fn in_short(frame: &Frame, place: &Placement) -> String {
    let watches =
        if place.is_shadow { format!(", {}", frame.say("strategy-role-shadow")) } else { String::new() };
    let share = percent(place.basis_points);
    format!("{}: {}, {share}{watches}", shown(&place.task), shown(&place.arm))
}

/// Of the newest evaluation, or else of the training.
fn leading(frame: &Frame, model: &ModelVersion) -> Markup {
    let figures = model.evaluations.last().map_or(&model.metrics, |newest| &newest.figures);
    let leads = |name: &str| name.rsplit('.').next().is_some_and(|last| LEADING.contains(&last));
    let said = |(name, value): (&String, &f64)| {
        format!("{}: {}", figure_words(frame, name), figure_value(name, *value))
    };
    list(figures.iter().filter(|(name, _)| leads(name)).map(said))
}
