//! The clocks of a complaint: each with its rule in words, its calendar and how it stands.

use maud::{Markup, html};
use ombud_contract::shown::shown;

use super::rule_words;
use crate::{
    item::ClockStanding,
    pages::{frame::Frame, parts},
};

/// A table of them.
pub(super) fn clocks(frame: &Frame, clocks: &[ClockStanding], now: i64) -> Markup {
    html! {
        section {
            h2 { (frame.say("complaint-clocks")) }
            @if clocks.is_empty() {
                (parts::empty(&frame.say("complaint-clocks-none"), &frame.say("complaint-clocks-none-why")))
            } @else {
                table {
                    caption { (frame.say("complaint-clocks-caption")) }
                    thead { tr {
                        @for column in ["name", "due", "met", "rule", "calendar"] {
                            th scope="col" { (frame.say(&format!("complaint-clock-{column}"))) }
                        }
                    } }
                    tbody { @for clock in clocks { (row(frame, clock, now)) } }
                }
            }
        }
    }
}

fn row(frame: &Frame, clock: &ClockStanding, now: i64) -> Markup {
    html! {
        tr {
            th scope="row" { (shown(&clock.name)) }
            td { (parts::due(frame, clock.due, clock.met_at, now)) }
            td {
                @match clock.met_at {
                    Some(met) => (parts::moment(met)),
                    None => span.muted { (frame.say("complaint-clock-runs")) },
                }
            }
            td { @for sentence in rule_words::sentences(frame, &clock.rule) { p { (shown(&sentence)) } } }
            td {
                @match &clock.calendar {
                    Some(calendar) => (shown(calendar)),
                    None => span.muted { (frame.say("complaint-clock-no-calendar")) },
                }
                @if clock.beyond_calendar { p.problem { (frame.say("complaint-clock-beyond")) } }
            }
        }
    }
}
