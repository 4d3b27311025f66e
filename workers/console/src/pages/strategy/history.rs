//! Every version of the strategy: who changed what, when, why, at whose request, and who approved it.

use std::sync::Arc;

use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use maud::{Markup, html};
use ombud_contract::{records::Strategy, shown::shown};
use ombud_launch::guard::Right;
use ombud_models::{ActiveStrategy, Difference, Strategies, differences};
use serde::Deserialize;

use super::{
    ask_desk,
    forms::{roll_back_here, roll_back_link},
    has_served,
    last_good::can_be_gone_back_to,
    parts_of_strategy,
    pieces::{self, arms, beginning, evaluation, evaluation_of, names},
    unavailable,
};
use crate::pages::{
    PageState, RolloutLog,
    frame::Frame,
    parts::{Tone, badge, empty, pager, problem},
};

/// Versions on one page.
const PAGE: usize = 50;

/// Which versions are asked for.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HistoryQuery {
    /// Only those before this one.
    before: Option<i64>,
}

/// `GET /strategy/history`: every version, the newest first.
pub(super) async fn history(
    State(state): State<Arc<PageState>>,
    frame: Frame,
    Query(query): Query<HistoryQuery>,
) -> Response {
    let log = match ask_desk(&state, |desk| desk.log()).await {
        Ok(log) => log,
        Err(refusal) => return unavailable(&frame, "strategy-history", &refusal),
    };
    let now_ms = state.api.clock.now_ms();
    let mut versions: Vec<&ActiveStrategy> = log.strategies.iter().map(AsRef::as_ref).collect();
    versions.reverse();
    versions.retain(|one| query.before.is_none_or(|before| one.record.version < before));
    let is_more = versions.len() > PAGE;
    versions.truncate(PAGE);
    let next = versions.last().filter(|_| is_more);
    let next = next.map(|last| format!("/strategy/history?before={}", last.record.version));
    let first = query.before.map(|_| "/strategy/history");
    let body = html! {
        div.stack {
            (parts_of_strategy(&frame))
            @if versions.is_empty() {
                (empty(&frame.say("strategy-none"), &frame.say("strategy-none-why")))
            } @else {
                (table(&frame, &log, &versions, now_ms))
                (pager(&frame, first, next.as_deref()))
            }
        }
    };
    frame.page(&frame.say("strategy-history"), &body)
}

fn table(frame: &Frame, log: &RolloutLog, versions: &[&ActiveStrategy], now_ms: i64) -> Markup {
    let columns = [
        "strategy-column-version",
        "strategy-column-from",
        "strategy-why",
        "strategy-by",
        "strategy-requested-by",
        "strategy-approved-by",
        "strategy-column-differences",
        "strategy-column-back",
    ];
    let may_go_back = frame.caller.may(Right::AskForChange);
    html! {
        table {
            caption { (frame.say("strategy-history-caption")) }
            thead { tr { @for column in columns { th scope="col" { (frame.say(column)) } } } }
            tbody {
                @for version in versions {
                    @let record = &version.record;
                    tr data-row {
                        th scope="row" {
                            a href={ "/strategy/versions/" (record.version) } { (record.version) }
                            " " (standing(frame, &log.strategies, version, now_ms))
                        }
                        td { (beginning(frame, record.effective_from)) }
                        td { (shown(&record.reason)) }
                        td { (shown(&record.changed_by)) }
                        td { @if let Some(name) = &record.requested_by { (shown(name)) } @else { "–" } }
                        td { (names(frame, &record.approved_by)) }
                        td.number { (from_before(&log.strategies, record).map_or(0, |them| them.len())) }
                        td {
                            @if may_go_back && can_be_gone_back_to(&log.strategies, version, now_ms) {
                                (roll_back_here(frame, record.version))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// How a version stands, in a word; nothing of one that served and was replaced.
fn standing(frame: &Frame, strategies: &Strategies, version: &ActiveStrategy, now_ms: i64) -> Markup {
    let of = version.record.version;
    if strategies.at(now_ms).is_some_and(|in_force| in_force.record.version == of) {
        return badge(Tone::Good, &frame.say("strategy-is-in-force"));
    }
    if version.record.effective_from > now_ms {
        return badge(Tone::Plain, &frame.say("strategy-is-announced"));
    }
    if !has_served(strategies, version, now_ms) {
        return badge(Tone::Warning, &frame.say("strategy-never-served"));
    }
    html! {}
}

fn from_before(strategies: &Strategies, record: &Strategy) -> Option<Vec<Difference>> {
    let before = strategies.version(record.version - 1)?;
    Some(differences(&before.record, record))
}

/// `GET /strategy/versions/{version}`: one version, and what it says otherwise than the one before.
pub(super) async fn version(
    State(state): State<Arc<PageState>>,
    frame: Frame,
    Path(version): Path<String>,
) -> Response {
    let log = match ask_desk(&state, |desk| desk.log()).await {
        Ok(log) => log,
        Err(refusal) => return unavailable(&frame, "strategy-title", &refusal),
    };
    let Some(found) = version.parse().ok().and_then(|version| log.strategies.version(version)) else {
        let body = html! {
            (problem(&frame.say("strategy-no-such-version")))
            p { a href="/strategy/history" { (frame.say("strategy-history")) } }
        };
        return frame.page_with(StatusCode::NOT_FOUND, &frame.say("strategy-title"), &body);
    };
    let body = one(&frame, &log, found, state.api.clock.now_ms());
    frame.page(&frame.say_count("strategy-version", found.record.version), &body)
}

fn one(frame: &Frame, log: &RolloutLog, version: &ActiveStrategy, now_ms: i64) -> Markup {
    let (record, strategies) = (&version.record, &log.strategies);
    let neighbour = |version: i64, id: &str| {
        let known = strategies.version(version)?;
        Some(html! { a href={ "/strategy/versions/" (known.record.version) } { (frame.say(id)) } })
    };
    let known = record.evaluation_id.as_deref().and_then(|id| evaluation_of(id, record, &log.registry));
    let can_go_back =
        frame.caller.may(Right::AskForChange) && can_be_gone_back_to(strategies, version, now_ms);
    html! {
        div.stack {
            (parts_of_strategy(frame))
            p {
                (standing(frame, strategies, version, now_ms)) " "
                (frame.say("strategy-from")) " " (beginning(frame, record.effective_from))
                @if let Some(next) = strategies.version(record.version + 1) {
                    " " (frame.say("strategy-until")) " " (beginning(frame, next.record.effective_from))
                }
            }
            (pieces::signature(frame, record))
            @if can_go_back { p.actions { (roll_back_link(frame, record.version)) } }
            section {
                h2 { (frame.say("strategy-what-changed")) }
                @match from_before(strategies, record) {
                    None => p.muted { (frame.say("strategy-first")) },
                    Some(differences) => {
                        (pieces::differences(
                            frame, &frame.say_count("strategy-differs-from", record.version - 1), &differences,
                        ))
                    }
                }
            }
            @if let Some(known) = known {
                section {
                    h2 { (frame.say("strategy-rests-on")) }
                    (evaluation(frame, known))
                }
            }
            section {
                h2 { (frame.say("strategy-who-decides")) }
                @for task in &record.tasks { (arms(frame, task, None)) }
            }
            p.row {
                @if let Some(link) = neighbour(record.version - 1, "strategy-the-one-before") { (link) }
                @if let Some(link) = neighbour(record.version + 1, "strategy-the-one-after") { (link) }
            }
        }
    }
}
