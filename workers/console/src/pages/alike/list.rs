//! All clusters, what is news first.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use maud::{Markup, html};
use ombud_contract::shown::shown;
use ombud_measure::alike::{AlikeCluster, WEEKS_BEFORE};

use super::{
    Frame, PageState,
    board::{AlikePicture, Commons},
    explanation, news,
};
use crate::pages::parts::{day, empty, moment};

/// The page.
pub(super) async fn list(State(state): State<Arc<PageState>>, frame: Frame) -> Response {
    let body = match state.sources.alike.now() {
        None => empty(&frame.say("alike-not-yet"), &frame.say("alike-not-yet-why")),
        Some(picture) => body(&frame, &picture),
    };
    let body = html! {
        div.stack {
            p { (frame.say("alike-intro")) }
            (body)
            (explanation(&frame))
        }
    };
    frame.page(&frame.say("alike-title"), &body)
}

fn body(frame: &Frame, picture: &AlikePicture) -> Markup {
    let radar = &picture.radar;
    let count = i64::try_from(radar.compared).unwrap_or(i64::MAX);
    html! {
        p.muted {
            (frame.say_count("alike-compared", count)) " " (frame.say("alike-as-of")) " " (moment(radar.made_at)) "."
            @if let Some(since) = radar.since { " " (frame.say("alike-since")) " " (day(since)) "." }
            @if radar.is_partial { " " strong { (frame.say("alike-partial")) } }
        }
        @if radar.clusters.is_empty() {
            (empty(&frame.say("alike-empty"), &frame.say("alike-empty-why")))
        } @else {
            (table(frame, picture))
        }
    }
}

fn table(frame: &Frame, picture: &AlikePicture) -> Markup {
    html! {
        table.dense {
            caption { (frame.say("alike-caption")) }
            thead {
                tr {
                    th scope="col" { (frame.say("alike-cluster")) }
                    th scope="col" { (frame.say("alike-news")) }
                    th.number scope="col" { (frame.say("alike-this-week")) }
                    th.number scope="col" { (frame.say("alike-week-before")) }
                    th.number scope="col" { (frame.say("alike-usual")) }
                    th scope="col" { (frame.say("alike-first")) }
                    th scope="col" { (frame.say("alike-last")) }
                    th scope="col" { (frame.say("alike-teams")) }
                    th scope="col" { (frame.say("alike-products")) }
                    th scope="col" { (frame.say("alike-channels")) }
                    th scope="col" { (frame.say("alike-representatives")) }
                }
            }
            tbody { @for (cluster, commons) in picture.clusters() { (row(frame, cluster, commons)) } }
        }
    }
}

fn row(frame: &Frame, cluster: &AlikeCluster, commons: &Commons) -> Markup {
    let size = cluster.members.len();
    html! {
        tr data-row {
            th scope="row" {
                a href={ "/radar/" (cluster.name()) } {
                    (frame.say_count("alike-many", i64::try_from(size).unwrap_or(i64::MAX)))
                    @if let Some(product) = commons.products.most() { ": " (shown(product)) }
                }
            }
            td { (news(frame, cluster)) }
            td.number { (size) }
            td.number { (cluster.before[0]) }
            td.number { (usual(cluster)) }
            td { (day(cluster.first_at)) }
            td { (day(cluster.last_at())) }
            td { (commons.teams.teams(frame, size)) }
            td { (commons.products.list(frame, size)) }
            td { (commons.channels.list(frame, size)) }
            td { (commons.representatives.list(frame, size)) }
        }
    }
}

/// Complaints of a usual week, in whole ones: the mean of those before.
pub(super) fn usual(cluster: &AlikeCluster) -> u64 {
    let (all, weeks) = (cluster.before.iter().sum::<u64>(), WEEKS_BEFORE as u64);
    (2 * all + weeks) / (2 * weeks)
}
