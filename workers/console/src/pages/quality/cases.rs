//! The cases that a figure counts: ids of those whose team the reader may see; no narratives.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use maud::{Markup, html};
use ombud_contract::shown::shown;
use ombud_launch::guard::{Caller, Right};
use ombud_measure::quality::{
    By, CountedQuality, FigureCase, FigureKey, FigureKind, Part, Tally, short_model,
};
use ombud_store::Worklist;
use ombud_stream::Outage;

use super::{
    address::{CasesQuery, word},
    tables::table,
    view::{View, moment},
};
use crate::{
    blind::is_kept,
    pages::{PageState, frame::Frame, item_words::complaint_path},
};

/// Cases of one page: whoever needs all of them has the report's command.
const MOST: usize = 200;

pub(super) async fn cases(
    State(state): State<Arc<PageState>>,
    frame: Frame,
    query: Result<Query<CasesQuery>, QueryRejection>,
) -> Response {
    let title = frame.say("quality-cases-title");
    let nowhere = |status: StatusCode, id: &str| {
        let body =
            html! { p.problem { (frame.say(id)) } p { a href="/quality" { (frame.say("quality-back")) } } };
        frame.page_with(status, &title, &body)
    };
    let Ok(Query(query)) = query else { return nowhere(StatusCode::NOT_FOUND, "quality-no-such-figure") };
    let (days, (part, key)) = (query.days(), query.figure());
    let shown = state.sources.quality.look(days, state.api.clock.now_ms());
    // It is there as soon as the report is; the same address then shows it.
    let Some(counted) = shown.latest else { return nowhere(StatusCode::OK, "quality-cases-counting") };
    let Some(tally) = counted.tally(part, &key) else {
        return nowhere(StatusCode::NOT_FOUND, "quality-no-such-figure");
    };
    let listed = tokio::task::block_in_place(|| {
        visible(&*state.api.worklist, &frame.caller, counted.cases(part, &key))
    });
    let Ok(listed) = listed else {
        return nowhere(StatusCode::SERVICE_UNAVAILABLE, "quality-cases-unavailable");
    };
    let view = View { language: frame.language, days };
    frame.page(&title, &page(&view, (part, &key), tally, &counted, &listed))
}

/// Of `cases` those that the caller may see now, with the team that has each: the first of each complaint.
pub(super) fn visible(
    worklist: &dyn Worklist,
    caller: &Caller,
    cases: Vec<FigureCase>,
) -> Result<Vec<FigureCase>, Outage> {
    let (mut listed, mut known) = (Vec::new(), BTreeSet::new());
    if !caller.may(Right::SeeWork) {
        return Ok(listed);
    }
    for case in cases {
        if listed.len() == MOST {
            break;
        }
        if !known.insert(Arc::clone(&case.complaint_id)) {
            continue;
        }
        // A complaint that was sent on is another team's now.
        let item = worklist.item(&case.complaint_id)?;
        // That it is counted here would tell its judge what the models said.
        let is_kept = item.as_ref().is_some_and(|item| is_kept(caller, item));
        let team = item.map_or(case.team, |item| item.team);
        if caller.sees(&team) && !is_kept {
            listed.push(FigureCase { team, ..case });
        }
    }
    Ok(listed)
}

pub(super) fn page(
    view: &View,
    (part, key): (Part, &FigureKey),
    tally: Tally,
    counted: &CountedQuality,
    listed: &[FigureCase],
) -> Markup {
    let rows: Vec<Vec<Markup>> = listed
        .iter()
        .map(|case| {
            vec![
                html! { a href=(complaint_path(&case.complaint_id)) { (shown(&case.complaint_id)) } },
                html! { (shown(&case.team)) },
                html! { (view.say(hit_word(key.kind, case.hit))) },
            ]
        })
        .collect();
    let counts = [("hits", tally.hits.to_string()), ("of", tally.of.to_string())];
    let columns = ["quality-complaint", "quality-team", "quality-counted-as"].map(|id| view.say(id));
    html! {
        p { a href={ "/quality?days=" (view.days.count()) } { (view.say("quality-back")) } }
        h2 { (name(view, part, key)) }
        p {
            @if let (Some(share), Some(interval)) = (tally.share(), tally.interval()) {
                span.lead { (view.percent(share)) } " " span.muted { (view.range(interval)) } " "
            }
            (view.say_of("quality-counts", &counts))
        }
        p.muted { (view.say("quality-counted")) " " (moment(&counted.report.until)) }
        @if listed.is_empty() {
            p.empty { (view.say("quality-cases-none")) }
        } @else {
            p.muted { (view.say_of("quality-cases-bound", &[("most", MOST.to_string())])) }
            (table(&view.say("quality-cases-title"), 3, &columns, &rows))
        }
    }
}

/// What the figure is, in words: the part, what is counted, and of what.
fn name(view: &View, part: Part, key: &FigureKey) -> String {
    let part = match part {
        Part::AuditSample => Some("quality-audit"),
        Part::Rest => Some("quality-rest"),
        Part::All => None,
    };
    let kind = view.say(&format!("quality-figure-{}", word(&key.kind)));
    let name = match key.name.rsplit_once('/') {
        Some((model, week)) if key.by == By::Week => format!("{} · {week}", short_model(model)),
        _ => short_model(&key.name),
    };
    let named = [key.task.clone(), name];
    let named = named.iter().filter(|name| !name.is_empty()).map(|name| shown(name).into_owned());
    part.map(|id| view.say(id)).into_iter().chain([kind]).chain(named).collect::<Vec<_>>().join(" · ")
}

/// As what a case is counted.
const fn hit_word(kind: FigureKind, hit: bool) -> &'static str {
    match (kind, hit) {
        (FigureKind::Accuracy | FigureKind::Coarse, true) => "quality-is-right",
        (FigureKind::Accuracy | FigureKind::Coarse, false) => "quality-is-wrong",
        (FigureKind::Precision, true) => "quality-is-vulnerable",
        (FigureKind::Precision, false) => "quality-is-not-vulnerable",
        (FigureKind::Recall, true) => "quality-is-flagged",
        (FigureKind::Recall, false) => "quality-is-not-flagged",
        (FigureKind::Reallocated, true) => "quality-is-sent-on",
        (FigureKind::Reallocated, false) => "quality-stayed",
        (FigureKind::Reviewed, true) => "quality-is-left",
        (FigureKind::Reviewed, false) => "quality-is-not-left",
        (FigureKind::Unsure, _) => "quality-is-unsure",
        (FigureKind::Failed, _) => "quality-has-failed",
    }
}
