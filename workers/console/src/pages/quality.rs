//! The report on quality, live, against what the business agreed.
//!
//! somebody looks -> [`live`]: what was counted last, and a newer count on its own thread -> [`report`] -> each figure leads to
//! [`cases`], which it counts

mod address;
mod cases;
mod charts;
mod headlines;
mod live;
mod outcomes;
mod people;
mod report;
mod sample;
mod source;
mod tables;
mod view;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use serde::Deserialize;

pub use live::LiveQuality;
pub(super) use outcomes::ArmOutcomes;
pub use source::QualitySource;

use super::{
    PageState,
    frame::Frame,
    parts::{Tab, tabs},
};
use live::{Days, LatestReport};
use view::View;

/// The routes.
pub(super) fn routes() -> Router<Arc<PageState>> {
    Router::new().route("/quality", get(quality)).route("/quality/cases", get(cases::cases))
}

#[derive(Default, Deserialize)]
struct QualityQuery {
    days: Option<String>,
}

async fn quality(
    State(state): State<Arc<PageState>>,
    frame: Frame,
    query: Result<Query<QualityQuery>, QueryRejection>,
) -> Response {
    let days = query.map_or_else(|_| Days::default(), |Query(query)| Days::of(query.days.as_deref()));
    let shown = state.sources.quality.look(days, state.api.clock.now_ms());
    let address = format!("/quality?days={}", days.count());
    let body = html! {
        (spans(&frame, days))
        (freshness(&frame, &shown, &address))
        @if let Some(counted) = &shown.latest { (report::report(&View { language: frame.language, days }, counted)) }
    };
    frame.page(&frame.say("quality-title"), &body)
}

/// How many days are shown, and how to see more or fewer.
fn spans(frame: &Frame, chosen: Days) -> Markup {
    let spans = Days::ALL.map(|days| Tab {
        href: format!("/quality?days={}", days.count()),
        text: frame.say(&format!("quality-days-{}", days.count())),
        count: None,
        is_current: days == chosen,
    });
    tabs(&frame.say("quality-span"), &spans)
}

/// When it was counted, and whether there is going to be something newer.
fn freshness(frame: &Frame, shown: &LatestReport, address: &str) -> Markup {
    let (has_any, counting, failed) = (shown.latest.is_some(), shown.is_counting, shown.has_failed);
    html! {
        @if let Some(counted) = &shown.latest {
            p.muted { (frame.say("quality-counted")) " " (view::moment(&counted.report.until)) }
        }
        @if counting || failed || !has_any {
            div role="status" class=(if has_any { "muted" } else { "empty" }) {
                p {
                    @if counting && has_any { (frame.say("quality-counting-newer")) }
                    @else if counting { (frame.say("quality-counting")) }
                    @else if failed { (frame.say("quality-failed")) }
                    @else { (frame.say("quality-waiting")) }
                    " " a href=(address) { (frame.say("quality-load-again")) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
