//! What is said about a complaint of the worklist, wherever one is shown.

use std::collections::BTreeSet;

use maud::{Markup, html};
use ombud_contract::shown::shown;

use super::{
    address::encoded,
    frame::Frame,
    parts::{self, Tone},
};
use crate::item::{Item, State};

/// Where a complaint is.
pub(crate) fn complaint_path(complaint_id: &str) -> String {
    format!("/complaints/{}", encoded(complaint_id))
}

/// A symbol of a record in words: those of `prefix` in the catalogue, else as it stands in the record.
pub(crate) fn symbol(frame: &Frame, prefix: &str, symbol: &str) -> String {
    let id = format!("{prefix}-{}", symbol.to_ascii_lowercase().replace('_', "-"));
    let said = frame.say(&id);
    if said == format!("{{{id}}}") { symbol.to_owned() } else { said }
}

/// What a customer was called vulnerable for: a category of an evidence table.
pub(crate) fn evidence_category(frame: &Frame, category: &str) -> String {
    symbol(frame, "evidence", category).replace('_', " ")
}

/// Categories of evidence one after the other, each once.
pub(crate) fn evidence_categories<'a>(frame: &Frame, categories: impl Iterator<Item = &'a str>) -> String {
    let once: BTreeSet<&str> = categories.collect();
    once.into_iter().map(|category| evidence_category(frame, category)).collect::<Vec<_>>().join(", ")
}

/// How far the work is.
pub(crate) fn state(frame: &Frame, state: State) -> Markup {
    let tone = match state {
        State::Answered => Tone::Good,
        State::Open | State::Acknowledged | State::Waiting | State::Withdrawn => Tone::Plain,
    };
    parts::badge(tone, &symbol(frame, "complaint-state", state.symbol()))
}

/// How strongly it speaks of a vulnerable customer.
pub(crate) fn vulnerability(frame: &Frame, vulnerability: &str) -> Markup {
    let said = symbol(frame, "complaint-vulnerability", vulnerability);
    match vulnerability {
        "VULNERABLE" => parts::badge(Tone::Bad, &said),
        "POSSIBLE" => parts::badge(Tone::Warning, &said),
        _ => html! { span.muted { (said) } },
    }
}

/// When it is due, and in a word how near that is.
pub(crate) fn due(frame: &Frame, item: &Item, now: i64) -> Markup {
    match item.due {
        Some(due) => parts::due(frame, due, None, now),
        None => html! { span.muted { (frame.say("complaint-not-due")) } },
    }
}

/// How long it has been here.
pub(crate) fn age(frame: &Frame, received_at: i64, now: i64) -> String {
    let hours = now.saturating_sub(received_at).max(0) / 3_600_000;
    match hours {
        0..48 => frame.say_count("complaint-age-hours", hours),
        _ => frame.say_count("complaint-age-days", hours / 24),
    }
}

/// Text from outside, or a dash where there is none.
pub(crate) fn or_dash(text: Option<&str>) -> Markup {
    match text {
        Some(text) => html! { (shown(text)) },
        None => html! { span.muted { "–" } },
    }
}

/// Who has it now.
pub(crate) fn holder(frame: &Frame, item: &Item) -> Markup {
    match &item.held_by {
        Some(lease) => html! { (shown(&lease.holder)) },
        None => html! { span.muted { (frame.say("complaint-nobody")) } },
    }
}
