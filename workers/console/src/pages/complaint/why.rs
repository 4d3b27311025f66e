//! The part of a complaint's page that asks why it was answered so, and the one that takes a dossier away.

use fluent_bundle::FluentArgs;
use maud::{Markup, html};
use ombud_contract::shown::shown;
use ombud_explain::ALL_OTHERS;
use ombud_launch::guard::Right;

use super::{
    decided::DecidedTask,
    numbers::{label, percent},
    seen::Seen,
};
use crate::pages::{
    fields::Fields,
    frame::Frame,
    item_words::{complaint_path, symbol},
    parts::{self, Field},
};

/// Why what the customer wrote is in a dossier.
const REASONS: [&str; 5] = ["REGULATOR", "OMBUDSMAN", "COURT", "CUSTOMER", "INTERNAL_AUDIT"];

/// The name of the field that says why not what, of a task.
pub(super) fn against_field(task: &str) -> String {
    format!("against_{task}")
}

/// Both parts, for whoever may ask.
pub(super) fn why(frame: &Frame, seen: &Seen, typed: &Fields) -> Markup {
    html! {
        @if !seen.decided.is_empty() {
            (questions(frame, seen, typed))
            @if frame.caller.may(Right::ExportDossiers) { (dossier(frame, seen)) }
        }
    }
}

fn questions(frame: &Frame, seen: &Seen, typed: &Fields) -> Markup {
    let as_of = frame.say("explain-as-of");
    let hint = frame.say("explain-as-of-hint");
    let day = Field { id: "explain-as-of", label: &as_of, hint: Some(&hint), problem: None };
    html! {
        section.card aria-labelledby="explain-part" {
            h2 id="explain-part" { (frame.say("explain-part")) }
            p { (frame.say("explain-merits")) }
            @if seen.explains {
                form.stack method="post" action={ (complaint_path(&seen.case.complaint_id)) "/explain" } data-swap {
                    @for (at, task) in seen.decided.iter().enumerate() { (question(frame, at, task, typed)) }
                    (parts::field(day, |described| html! {
                        input id="explain-as-of" name="as_of" type="date" value=[typed.one("as_of")] aria-describedby=[described];
                    }))
                    p.muted { (frame.say("explain-takes")) }
                }
            } @else {
                p.muted { (frame.say("explain-unavailable")) }
            }
        }
    }
}

fn question(frame: &Frame, at: usize, task: &DecidedTask, typed: &Fields) -> Markup {
    let (id, name) = (format!("explain-against-{at}"), against_field(&task.task));
    let said = symbol(frame, "complaint-task", &task.task);
    let mut args = FluentArgs::new();
    args.set("task", said);
    args.set("label", task.label.as_deref().map_or_else(|| "–".to_owned(), |given| label(frame, given)));
    args.set("confidence", percent(task.confidence));
    let chosen = typed.typed(&name);
    let why_not = frame.say_with("explain-against", &args);
    let field = Field { id: &id, label: &why_not, ..Field::default() };
    html! {
        fieldset {
            legend { (shown(&frame.say_with("explain-task", &args))) }
            div.row {
                (parts::field(field, |described| html! {
                    select id=(id) name=(name) aria-describedby=[described] {
                        option value="" { (frame.say("explain-against-runner-up")) }
                        option value=(ALL_OTHERS) selected[chosen == ALL_OTHERS] { (label(frame, ALL_OTHERS)) }
                        @for (level, labels) in &task.levels {
                            optgroup label=(shown(&symbol(frame, "explain-level", level))) {
                                @for one in labels {
                                    option value=(one) selected[one == chosen] { (shown(&label(frame, one))) }
                                }
                            }
                        }
                    }
                }))
                button type="submit" name="task" value=(task.task) { (shown(&frame.say_with("explain-go", &args))) }
            }
        }
    }
}

fn dossier(frame: &Frame, seen: &Seen) -> Markup {
    let [text, as_of, hint] = ["dossier-text", "dossier-as-of", "explain-as-of-hint"].map(|id| frame.say(id));
    let reason = Field { id: "dossier-reason", label: &text, ..Field::default() };
    let day = Field { id: "dossier-as-of", label: &as_of, hint: Some(&hint), problem: None };
    html! {
        section.card aria-labelledby="dossier-part" {
            h2 id="dossier-part" { (frame.say("dossier-part")) }
            p { (frame.say("dossier-what")) }
            @if seen.writes_dossiers {
                form.stack method="get" action={ (complaint_path(&seen.case.complaint_id)) "/dossier" } {
                    (parts::field(reason, |described| html! {
                        select id="dossier-reason" name="reason" aria-describedby=[described] {
                            option value="" { (frame.say("dossier-text-none")) }
                            @for code in REASONS { option value=(code) { (symbol(frame, "dossier-reason", code)) } }
                        }
                    }))
                    (parts::field(day, |described| html! {
                        input id="dossier-as-of" name="as_of" type="date" aria-describedby=[described];
                    }))
                    div.actions { button type="submit" { (frame.say("dossier-go")) } }
                    p.muted { (frame.say("dossier-recorded")) }
                }
            } @else {
                p.muted { (frame.say("dossier-unavailable")) }
            }
        }
    }
}
