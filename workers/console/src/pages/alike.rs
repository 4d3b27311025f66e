//! Radar: clusters of complaints that say the same, new and growing ones first.
//!
//! sketches of the archive -> [`AlikeWatch`], again and again -> [`AlikeBoard`] -> `/radar`, `/radar/{cluster}`

mod board;
mod list;
mod one;
mod shares;
mod watch;

use std::sync::Arc;

use axum::{Router, routing::get};
use maud::{Markup, html};
use ombud_measure::alike::{AlikeCluster, Growth, LARGE};

pub use board::AlikeBoard;
pub use watch::{AlikeWatch, OpenSketches};

use super::{
    PageState,
    frame::Frame,
    parts::{Tone, badge},
};

/// The routes.
pub(super) fn routes() -> Router<Arc<PageState>> {
    Router::new().route("/radar", get(list::list)).route("/radar/{cluster}", get(one::one))
}

/// What of a cluster is news, in words.
fn news(frame: &Frame, cluster: &AlikeCluster) -> Markup {
    let growth = match cluster.growth {
        Growth::New => badge(tone(cluster), &frame.say("alike-new")),
        Growth::Growing => badge(tone(cluster), &frame.say("alike-growing")),
        Growth::Steady => badge(Tone::Plain, &frame.say("alike-steady")),
    };
    html! {
        (growth)
        @if cluster.members.len() >= LARGE { " " (badge(Tone::Warning, &frame.say("alike-large"))) }
    }
}

fn tone(cluster: &AlikeCluster) -> Tone {
    if cluster.is_flagged() { Tone::Warning } else { Tone::Plain }
}

/// What such clusters are, and what they are not.
fn explanation(frame: &Frame) -> Markup {
    html! {
        section.card.stack {
            h2 { (frame.say("alike-what")) }
            ul {
                @for id in ["alike-template", "alike-campaign", "alike-incident", "alike-twice"] {
                    li { strong { (frame.say(id)) } " " (frame.say(&format!("{id}-looks"))) }
                }
            }
            p.muted { (frame.say("alike-how")) }
        }
    }
}
