//! One cluster: how it grew, whose work its complaints are, and the complaints themselves, without what was written.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use maud::{Markup, html};
use ombud_contract::shown::shown;
use ombud_measure::alike::{AlikeCluster, Member};
use ombud_store::WorkItem;
use ombud_stream::Outage;
use tokio::task::block_in_place;

use super::{Frame, PageState, board::Commons, explanation, list::usual, news};
use crate::pages::{
    fields::{Fields, Named, QueryFields},
    item_words::complaint_path,
    parts::{day, moment, pager, problem},
};

/// Complaints on one page.
const PAGE: usize = 50;

/// The page.
pub(super) async fn one(
    State(state): State<Arc<PageState>>,
    frame: Frame,
    Named(name): Named,
    QueryFields(asked): QueryFields,
) -> Response {
    let picture = state.sources.alike.now();
    let Some((cluster, commons)) = picture.as_ref().and_then(|picture| picture.find(&name)) else {
        return absent(&frame);
    };
    let from = start(&asked);
    let listed = block_in_place(|| Listed::of(&state, &frame, cluster, commons, from));
    let (status, complaints) = match &listed {
        Ok(listed) => (StatusCode::OK, complaints(&frame, &cluster.name(), listed)),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, problem(&frame.say("alike-unavailable"))),
    };
    let size = cluster.members.len();
    let body = html! {
        div.stack {
            nav { a href="/radar" { (frame.say("alike-all")) } }
            p {
                (news(&frame, cluster)) " " (frame.say("alike-first")) " " (moment(cluster.first_at)) ". "
                (frame.say("alike-last")) " " (moment(cluster.last_at())) "."
            }
            (weeks(&frame, cluster))
            (in_common(&frame, commons, size))
            (complaints)
            (explanation(&frame))
        }
    };
    let title = frame.say_count("alike-many", i64::try_from(size).unwrap_or(i64::MAX));
    frame.page_with(status, &title, &body)
}

/// A cluster that there never was, and one that is over, whose name may lie in somebody's bookmarks.
fn absent(frame: &Frame) -> Response {
    let body = html! {
        p { (frame.say("alike-gone")) }
        p { a href="/radar" { (frame.say("alike-all")) } }
    };
    frame.page_with(StatusCode::NOT_FOUND, &frame.say("alike-gone-title"), &body)
}

/// At which complaint a page begins; at the first where the address says no number.
fn start(asked: &Fields) -> usize {
    asked.one("from").and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// The complaints of a page that whoever asks may see.
struct Listed<'a> {
    shown: Vec<(&'a Member, Option<WorkItem>)>,
    /// Of those that they may see: where the page begins, and how many there are.
    from: usize,
    all: usize,
    hidden: usize,
}

impl<'a> Listed<'a> {
    /// Blocks.
    fn of(
        state: &PageState,
        frame: &Frame,
        cluster: &'a AlikeCluster,
        commons: &Commons,
        from: usize,
    ) -> Result<Self, Outage> {
        let sees = |team: Option<&str>| frame.caller.sees(team.unwrap_or_default());
        let members = cluster.members.iter().zip(&commons.team_of_each);
        let visible: Vec<&Member> =
            members.filter(|(_, team)| sees(team.as_deref())).map(|(member, _)| member).collect();
        let (all, from) = (visible.len(), from.min(visible.len()));
        let mut shown = Vec::new();
        for member in visible.into_iter().skip(from).take(PAGE) {
            let item = state.api.worklist.item(&member.complaint_id)?;
            // It may have moved since the clusters were made.
            if sees(item.as_ref().map(|item| item.team.as_str())) {
                shown.push((member, item));
            }
        }
        Ok(Self { shown, from, all, hidden: cluster.members.len() - all })
    }
}

fn weeks(frame: &Frame, cluster: &AlikeCluster) -> Markup {
    let size = cluster.members.len() as u64;
    let most = cluster.before.iter().copied().chain([size]).max().unwrap_or(size);
    let bar = |count: u64| html! { meter min="0" max=(most) value=(count) aria-hidden="true" {} };
    html! {
        section.card.stack {
            h2 { (frame.say("alike-weeks")) }
            table.dense {
                caption { (frame.say_count("alike-weeks-caption", i64::try_from(usual(cluster)).unwrap_or(i64::MAX))) }
                thead {
                    tr {
                        th scope="col" { (frame.say("alike-week")) }
                        th.number scope="col" { (frame.say("alike-complaints")) }
                        td {}
                    }
                }
                tbody {
                    tr {
                        th scope="row" { (frame.say("alike-this-week")) }
                        td.number { (size) }
                        td { (bar(size)) }
                    }
                    @for (ago, count) in (1..).zip(cluster.before) {
                        tr {
                            th scope="row" { (frame.say_count("alike-weeks-ago", ago)) }
                            td.number { (count) }
                            td { (bar(count)) }
                        }
                    }
                }
            }
        }
    }
}

fn in_common(frame: &Frame, commons: &Commons, size: usize) -> Markup {
    let lists = [
        ("alike-teams", &commons.teams),
        ("alike-products", &commons.products),
        ("alike-channels", &commons.channels),
        ("alike-representatives", &commons.representatives),
    ];
    html! {
        section.columns {
            @for (id, shares) in lists {
                div.card {
                    h2 { (frame.say(id)) }
                    @if id == "alike-teams" { (shares.teams(frame, size)) } @else { (shares.list(frame, size)) }
                }
            }
        }
    }
}

fn complaints(frame: &Frame, name: &str, listed: &Listed<'_>) -> Markup {
    let page = |from: usize| format!("/radar/{name}?from={from}");
    let next = (listed.from + PAGE < listed.all).then(|| page(listed.from + PAGE));
    let first = (listed.from > 0).then(|| page(0));
    html! {
        section.stack {
            h2 { (frame.say("alike-members")) }
            @if listed.hidden > 0 {
                p.muted { (frame.say_count("alike-hidden", i64::try_from(listed.hidden).unwrap_or(i64::MAX))) }
            }
            @if !listed.shown.is_empty() {
                table.dense {
                    caption { (frame.say("alike-members-caption")) }
                    thead {
                        tr {
                            th scope="col" { (frame.say("alike-complaint")) }
                            th scope="col" { (frame.say("alike-team")) }
                            th scope="col" { (frame.say("alike-product")) }
                            th scope="col" { (frame.say("alike-received")) }
                            th scope="col" { (frame.say("alike-channel")) }
                        }
                    }
                    tbody { @for (member, item) in &listed.shown { (complaint(frame, member, item.as_ref())) } }
                }
            }
            (pager(frame, first.as_deref(), next.as_deref()))
        }
    }
}

fn complaint(frame: &Frame, member: &Member, item: Option<&WorkItem>) -> Markup {
    // Of the audit sample nobody learns what the models said before they have answered themselves.
    let product =
        item.filter(|item| !(item.audit_sample && item.needs_human)).and_then(|item| item.product.as_deref());
    html! {
        tr data-row {
            th scope="row" {
                a href=(complaint_path(&member.complaint_id)) { (shown(&member.complaint_id)) }
            }
            td {
                @match item {
                    Some(item) => (frame.team(&item.team)),
                    None => span.muted { (frame.say("alike-unrouted")) },
                }
            }
            td { @match product { Some(product) => (shown(product)), None => "–" } }
            td { (day(member.received_at)) }
            td { (shown(&member.channel)) }
        }
    }
}
