//! `GET /models/{model_id}/{version}`: one version whole.

use std::sync::Arc;

use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use maud::{Markup, html};
use ombud_contract::{records::ModelVersion, shown::shown};
use ombud_models::{Description, Placement, placements};
use ombud_stream::Outage;

use super::{
    card::{self, Block},
    dial::{DialPage, DialQuery},
    record,
};
use crate::pages::{
    PageState, RolloutLog,
    frame::Frame,
    parts::{moment, problem},
    strategy::{
        ask_desk,
        pieces::{beginning, evaluation, figures, percent},
        unavailable,
    },
};

/// The record of a version, where it serves, what it was found to be worth, its dial and its card.
pub(super) async fn version(
    State(state): State<Arc<PageState>>,
    frame: Frame,
    Path((model_id, version)): Path<(String, String)>,
    Query(query): Query<DialQuery>,
) -> Response {
    let (id, of) = (model_id.clone(), version.clone());
    // What the shelf has is for versions that the registry knows, and for no other name.
    let read = ask_desk(&state, move |desk| {
        let log = desk.log()?;
        let is_known = log.registry.get(&id, &of).is_some();
        let description = if is_known { desk.description(&id, &of) } else { None };
        Ok::<_, Outage>((log, description))
    });
    let (log, description) = match read.await {
        Ok(both) => both,
        Err(refusal) => return unavailable(&frame, "models-title", &refusal),
    };
    let Some(model) = log.registry.get(&model_id, &version) else {
        let body = html! {
            (problem(&frame.say("models-unknown")))
            p { a href="/models" { (frame.say("models-title")) } }
        };
        return frame.page_with(StatusCode::NOT_FOUND, &frame.say("models-title"), &body);
    };
    let now_ms = state.api.clock.now_ms();
    let page = VersionPage { frame: &frame, log: &log, model, description: description.as_ref(), now_ms };
    frame.page(&record::title(model), &page.body(&query))
}

/// One version, and what is known of it here.
struct VersionPage<'a> {
    frame: &'a Frame,
    log: &'a RolloutLog,
    model: &'a ModelVersion,
    description: Option<&'a Description>,
    now_ms: i64,
}

impl VersionPage<'_> {
    fn body(&self, query: &DialQuery) -> Markup {
        let Self { frame, log, model, description, .. } = self;
        let manifest = description.and_then(|known| known.manifest.as_ref());
        let card = description.and_then(|known| known.card.as_deref()).map(card::blocks);
        let dial = DialPage { frame, log, model, manifest, card: card.as_deref().unwrap_or_default(), query };
        html! {
            div.stack {
                p { a href="/models" { (frame.say("models-title")) } }
                (record::facts(frame, log, model))
                (self.places())
                (self.evaluations())
                (dial.section())
                (record::heads(frame, model, manifest))
                (record::files(frame, model))
                (self.card(card.as_deref()))
            }
        }
    }

    /// Where it serves, will serve and served: the strategies that named it.
    fn places(&self) -> Markup {
        let Self { frame, log, model, now_ms, .. } = self;
        let places = placements(&log.strategies, model, *now_ms);
        let all = [
            ("models-serves-now", places.now),
            ("models-will-serve", places.announced),
            ("models-served-before", places.before),
        ];
        html! {
            section {
                h2 { (frame.say("models-where")) }
                @if all.iter().all(|(_, places)| places.is_empty()) {
                    p.muted { (frame.say("models-nowhere")) }
                } @else {
                    table.dense {
                        caption { (frame.say("models-where-caption")) }
                        thead { tr {
                            th scope="col" { (frame.say("models-when")) }
                            th scope="col" { (frame.say("models-task")) }
                            th scope="col" { (frame.say("strategy-arm")) }
                            th scope="col" { (frame.say("strategy-share")) }
                            th scope="col" { (frame.say("models-since")) }
                            th scope="col" { (frame.say("models-until")) }
                        } }
                        tbody { @for (when, places) in &all { @for place in places { (self.place(when, place)) } } }
                    }
                }
            }
        }
    }

    fn place(&self, when: &str, place: &Placement) -> Markup {
        let frame = self.frame;
        html! {
            tr {
                th scope="row" { (frame.say(when)) }
                td { (shown(&place.task)) }
                td {
                    (shown(&place.arm))
                    @if place.is_shadow { ", " (frame.say("strategy-role-shadow")) }
                }
                td.number { (percent(place.basis_points)) }
                td {
                    (beginning(frame, place.since)) ", "
                    a href={ "/strategy/versions/" (place.since_strategy) } {
                        (frame.say_count("strategy-version", place.since_strategy))
                    }
                }
                td { @if let Some(until) = place.until { (moment(until)) } @else { "–" } }
            }
        }
    }

    /// What it was found to be worth: the newest evaluation first, then what its training said.
    fn evaluations(&self) -> Markup {
        let Self { frame, model, .. } = self;
        html! {
            section {
                h2 { (frame.say("models-worth")) }
                @if model.evaluations.is_empty() && model.metrics.is_empty() {
                    p.muted { (frame.say("models-unmeasured")) }
                } @else {
                    p.muted { (frame.say("models-intervals")) }
                }
                @for (at, known) in model.evaluations.iter().rev().enumerate() {
                    @if at == 0 { (evaluation(frame, known)) } @else {
                        details { summary { (moment(known.evaluated_at)) } (evaluation(frame, known)) }
                    }
                }
                @if !model.metrics.is_empty() {
                    details open[model.evaluations.is_empty()] {
                        summary { (frame.say("models-training")) }
                        (figures(frame, &frame.say("models-training"), &model.metrics))
                    }
                }
            }
        }
    }

    fn card(&self, card: Option<&[Block]>) -> Markup {
        let frame = self.frame;
        html! {
            section id="card" {
                h2 { (frame.say("models-card")) }
                @match card {
                    Some(blocks) => details { summary { (frame.say("models-read-card")) } (card::markup(blocks)) },
                    None => p.muted { (frame.say("models-no-card")) },
                }
            }
        }
    }
}
