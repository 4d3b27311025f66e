//! The list of the vulnerability desk as a page.

use axum::response::Response;
use maud::{Markup, html};
use ombud_contract::{records::Vulnerability, shown::shown};

use super::{
    LIST, address,
    list::{VulnerableItem, VulnerablePage},
};
use crate::pages::{
    fields::Fields,
    frame::Frame,
    parts::{Tab, Tone, badge, day, due, empty, key_link, pager, tabs},
};

/// The page.
pub(super) fn page(frame: &Frame, page: &VulnerablePage, least: Vulnerability, asked: &Fields) -> Response {
    let only_vulnerable = least == Vulnerability::Vulnerable;
    let of_flag = |only: bool| Fields::default().with("flag", only.then_some("vulnerable"));
    let lists = [
        Tab {
            href: of_flag(false).address(LIST),
            text: frame.say("vulnerable-tab-all"),
            count: Some(page.vulnerable + page.possible),
            is_current: !only_vulnerable,
        },
        Tab {
            href: of_flag(true).address(LIST),
            text: frame.say("vulnerable-tab-vulnerable"),
            count: Some(page.vulnerable),
            is_current: only_vulnerable,
        },
    ];
    let next =
        page.next.as_deref().map(|next| of_flag(only_vulnerable).with("after", Some(next)).address(LIST));
    let first = asked.one("after").map(|_| of_flag(only_vulnerable).address(LIST));
    let body = html! {
        div.stack {
            (undo(frame, asked))
            p { (frame.say("vulnerable-about")) }
            p.actions { (key_link("n", "/vulnerable?go=next", &frame.say("vulnerable-next"))) }
            (tabs(&frame.say("vulnerable-tabs"), &lists))
            @if page.items.is_empty() {
                (empty(&frame.say("vulnerable-empty"), &frame.say("vulnerable-empty-why")))
            } @else {
                (table(frame, page))
            }
            (pager(frame, first.as_deref(), next.as_deref()))
        }
    };
    frame.page(&frame.say("vulnerable-title"), &body)
}

fn table(frame: &Frame, page: &VulnerablePage) -> Markup {
    html! {
        table.dense {
            caption { (frame.say("vulnerable-caption")) }
            thead {
                tr {
                    th scope="col" { (frame.say("vulnerable-column-due")) }
                    th scope="col" { (frame.say("vulnerable-column-complaint")) }
                    th scope="col" { (frame.say("vulnerable-column-flag")) }
                    th scope="col" { (frame.say("vulnerable-column-team")) }
                    th scope="col" { (frame.say("vulnerable-column-product")) }
                    th scope="col" { (frame.say("vulnerable-column-received")) }
                    th scope="col" { (frame.say("vulnerable-column-with")) }
                }
            }
            tbody { @for item in &page.items { (row(frame, item, page.now)) } }
        }
    }
}

fn row(frame: &Frame, VulnerableItem { item, is_judged }: &VulnerableItem, now: i64) -> Markup {
    html! {
        tr data-row {
            td { @if let Some(at) = item.due { (due(frame, at, None, now)) } @else { (frame.say("vulnerable-no-clock")) } }
            th scope="row" { a href=(address(&item.complaint_id)) { (shown(&item.complaint_id)) } }
            td {
                (flag(frame, &item.vulnerability))
                @if *is_judged { " " (badge(Tone::Good, &frame.say("vulnerable-judged"))) }
            }
            td { (frame.team(&item.team)) }
            td { (shown(item.product.as_deref().unwrap_or("–"))) }
            td { (day(item.received_at)) }
            td { @if let Some(held) = &item.held_by { (shown(&held.holder)) } @else { "–" } }
        }
    }
}

/// The flag, as a word.
pub(super) fn flag(frame: &Frame, symbol: &str) -> Markup {
    let (tone, id) = match symbol {
        "VULNERABLE" => (Tone::Warning, "vulnerable-flag-vulnerable"),
        "NOT_INDICATED" => (Tone::Plain, "vulnerable-flag-not-indicated"),
        _ => (Tone::Plain, "vulnerable-flag-possible"),
    };
    badge(tone, &frame.say(id))
}

/// Takes back what has just been said, where the address names it.
pub(super) fn undo(frame: &Frame, asked: &Fields) -> Markup {
    let (Some(of), Some(verdict)) = (asked.one("of"), asked.one("undo")) else { return html! {} };
    html! {
        form.row method="post" action=(address(of)) {
            input type="hidden" name="verdict" value=(verdict);
            @if let Some(note) = asked.one("note") { input type="hidden" name="note" value=(note); }
            a href=(address(of)) { (shown(of)) }
            button type="submit" name="action" value="undo" data-key="u" {
                (frame.say("vulnerable-undo")) " " kbd { "u" }
            }
        }
    }
}
