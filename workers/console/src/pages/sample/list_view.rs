//! The audit sample as a page: what waits for this judge, and how far two readers agree.

use axum::response::Response;
use fluent_bundle::FluentArgs;
use maud::{Markup, html};
use ombud_contract::shown::shown;

use super::{
    LIST, address,
    agreement::{Agreement, ENOUGH},
    queue::{LISTED, Sample, SampleEntry},
};
use crate::pages::{
    fields::Fields,
    frame::Frame,
    item_words::complaint_path,
    parts::{Tab, day, empty, key_link, tabs},
};

/// Those that are named of which two readers said different things.
const NAMED: usize = 20;

/// The page.
pub(super) fn page(frame: &Frame, sample: &Sample, is_second: bool) -> Response {
    let read = |second: bool| Fields::default().with("read", second.then_some("second"));
    let tab = |second: bool, id: &str, count: usize| Tab {
        href: read(second).address(LIST),
        text: frame.say(id),
        count: Some(count as u64),
        is_current: second == is_second,
    };
    let lists = [
        tab(false, "sample-tab-first", sample.waiting.len()),
        tab(true, "sample-tab-second", sample.second.len()),
    ];
    let entries = if is_second { &sample.second } else { &sample.waiting };
    let next = read(is_second).with("go", Some("next")).address(LIST);
    let body = html! {
        div.stack {
            p { (frame.say("sample-about")) }
            (tabs(&frame.say("sample-tabs"), &lists))
            @if sample.is_cut && !is_second { p.muted { (frame.say("sample-cut")) } }
            @if is_second { p.muted { (frame.say("sample-second-about")) } }
            @if entries.is_empty() {
                (empty(&frame.say("sample-empty"), &frame.say(if is_second { "sample-empty-second" } else { "sample-empty-first" })))
            } @else {
                p.actions { (key_link("n", &next, &frame.say("sample-next"))) }
                (table(frame, entries, is_second))
            }
            (agreement(frame, sample))
        }
    };
    frame.page(&frame.say("sample-title"), &body)
}

fn table(frame: &Frame, entries: &[SampleEntry], is_second: bool) -> Markup {
    let query = Fields::default().with("read", is_second.then_some("second"));
    html! {
        table.dense {
            caption { (frame.say("sample-caption")) }
            thead {
                tr {
                    th scope="col" { (frame.say("sample-column-complaint")) }
                    th scope="col" { (frame.say("sample-column-received")) }
                }
            }
            tbody {
                @for entry in entries.iter().take(LISTED) {
                    tr data-row {
                        th scope="row" {
                            a href=(query.address(&address(&entry.complaint_id))) { (shown(&entry.complaint_id)) }
                        }
                        td { (day(entry.received_at)) }
                    }
                }
            }
        }
    }
}

fn agreement(frame: &Frame, sample: &Sample) -> Markup {
    html! {
        section.stack aria-labelledby="agreement" {
            h2 id="agreement" { (frame.say("sample-agreement")) }
            p { (frame.say("sample-agreement-about")) }
            @if !sample.agreement.is_empty() {
                table.dense {
                    caption { (frame.say("sample-agreement-caption")) }
                    thead {
                        tr {
                            th scope="col" { (frame.say("sample-column-task")) }
                            th.number scope="col" { (frame.say("sample-column-pairs")) }
                            th.number scope="col" { (frame.say("sample-column-agreed")) }
                            th.number scope="col" { (frame.say("sample-column-kappa")) }
                        }
                    }
                    tbody { @for (task, found) in &sample.agreement { (row(frame, task, found)) } }
                }
            }
            @if !sample.differing.is_empty() {
                p { (frame.say_count("sample-differing", sample.differing.len() as i64)) }
                ul {
                    @for id in sample.differing.iter().take(NAMED) {
                        li { a href=(complaint_path(id)) { (shown(id)) } }
                    }
                }
            }
        }
    }
}

fn row(frame: &Frame, task: &str, found: &Agreement) -> Markup {
    html! {
        tr {
            th scope="row" { (frame.say(task_id(task))) }
            td.number { (found.pairs) }
            td.number { @if found.pairs > 0 { (share(found)) } @else { "–" } }
            td.number { (kappa(frame, found)) }
        }
    }
}

/// How a task is called on these pages.
pub(super) fn task_id(task: &str) -> &'static str {
    match task {
        "product" => "sample-task-product",
        "issue" => "sample-task-issue",
        _ => "sample-task-vulnerable",
    }
}

fn share(found: &Agreement) -> String {
    format!("{} ({:.0} %)", found.agreed, 100.0 * found.agreed as f64 / found.pairs as f64)
}

fn kappa(frame: &Frame, found: &Agreement) -> String {
    if found.pairs < ENOUGH {
        let mut args = FluentArgs::new();
        args.set("pairs", found.pairs as i64);
        args.set("enough", ENOUGH as i64);
        return frame.say_with("sample-not-enough", &args);
    }
    found.shown_kappa().map_or_else(|| frame.say("sample-one-label"), |kappa| format!("{kappa:.2}"))
}
