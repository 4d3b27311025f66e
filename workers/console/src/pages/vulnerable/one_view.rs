//! One complaint before the vulnerability desk, as a page.

use axum::{http::StatusCode, response::Response};
use fluent_bundle::FluentArgs;
use maud::{Markup, html};
use ombud_contract::{shown::shown, verdict::VULNERABLE};
use ombud_models::Driver;

use super::{
    LIST, PAGE, address,
    list_view::{flag, undo},
    marks::{MarkedPhrase, pieces},
    opened::{CAUSED, OpenedComplaint},
    problem::sentence,
};
use crate::{
    pages::{
        blind_gate::gate,
        fields::Fields,
        frame::Frame,
        item_words::{complaint_path, evidence_category},
        parts::{self, Tone, badge, key_button, key_link, moment},
    },
    refused::Problem,
};

/// The letters of a version that are shown.
const VERSION: usize = 12;

/// The page; with what was filled in, and why it was not taken.
pub(super) fn page(
    frame: &Frame,
    opened: &OpenedComplaint,
    fields: &Fields,
    problem: Option<&Problem>,
) -> Response {
    let title = titled(frame, &opened.narrative.complaint_id);
    let body = html! {
        div.stack {
            (undo(frame, fields))
            @if let Some(problem) = problem { (parts::problem(&sentence(frame, PAGE, problem))) }
            (summary(frame, opened))
            div.split {
                div.stack {
                    section.stack aria-labelledby="wrote" {
                        h2 id="wrote" { (frame.say("vulnerable-wrote")) }
                        @if !opened.is_read { p.status { (frame.say("vulnerable-another-text")) } }
                        (narrative(frame, opened))
                    }
                    (models(frame, opened))
                }
                div.stack {
                    (decision(frame, opened, fields))
                    (evidence(frame, opened))
                    (told(frame, opened))
                    (said(frame, opened))
                }
            }
        }
    };
    frame.page_with(problem.map_or(StatusCode::OK, Problem::status), &title, &body)
}

fn titled(frame: &Frame, complaint_id: &str) -> String {
    let mut args = FluentArgs::new();
    args.set("complaint", shown(complaint_id).into_owned());
    frame.say_with("vulnerable-title-one", &args)
}

/// In place of a complaint that its reader may still judge blind.
pub(super) fn kept(frame: &Frame, complaint_id: &str, status: StatusCode, asked: &Fields) -> Response {
    let body = html! {
        div.stack {
            (undo(frame, asked))
            (gate(frame, complaint_id))
            p.row {
                a href=(LIST) { (frame.say("vulnerable-back")) }
                (key_link("n", &passing(complaint_id), &frame.say("vulnerable-skip")))
            }
        }
    };
    frame.page_with(status, &titled(frame, complaint_id), &body)
}

/// Leads to the one after.
fn passing(complaint_id: &str) -> String {
    Fields::default().with("go", Some("next")).with("passed", Some(complaint_id)).address(LIST)
}

fn summary(frame: &Frame, opened: &OpenedComplaint) -> Markup {
    let skip = passing(&opened.narrative.complaint_id);
    html! {
        p.row {
            @if let Some(item) = &opened.item { (flag(frame, item.vulnerability.symbol())) }
            @if opened.item.as_ref().is_some_and(|item| item.vulnerability_judged) {
                (badge(Tone::Good, &frame.say("vulnerable-judged")))
            }
            a href=(complaint_path(&opened.narrative.complaint_id)) {
                (frame.say("vulnerable-whole-case"))
            }
            a href=(LIST) { (frame.say("vulnerable-back")) }
            (key_link("n", &skip, &frame.say("vulnerable-skip")))
        }
    }
}

fn narrative(frame: &Frame, opened: &OpenedComplaint) -> Markup {
    html! {
        div.narrative {
            @for piece in pieces(&opened.narrative.narrative, &opened.phrases) {
                @if piece.is_marked {
                    mark.evidence { (shown(piece.text)) }
                    @for number in &piece.ends {
                        sup { a href={ "#phrase-" (number + 1) } aria-label=(numbered(frame, number + 1)) { (number + 1) } }
                    }
                } @else {
                    (shown(piece.text))
                }
            }
        }
    }
}

fn numbered(frame: &Frame, number: usize) -> String {
    let mut args = FluentArgs::new();
    args.set("number", number as i64);
    frame.say_with("vulnerable-phrase-number", &args)
}

fn decision(frame: &Frame, opened: &OpenedComplaint, fields: &Fields) -> Markup {
    let Some(route) = opened.route.as_ref().filter(|_| opened.may_decide) else {
        return html! { p.muted { (frame.say("vulnerable-look-only")) } };
    };
    let known = opened.cause.as_ref().map(|note| if note.reason_code == CAUSED { "yes" } else { "no" });
    let chosen = fields.one("caused").unwrap_or("open");
    html! {
        form.card.stack method="post" action=(address(&opened.narrative.complaint_id)) data-swap {
            h2 { (frame.say("vulnerable-question")) }
            input type="hidden" name="read" value=(route.input_sha256);
            fieldset {
                legend { (frame.say("vulnerable-caused")) }
                p.muted id="caused-hint" { (frame.say("vulnerable-caused-hint")) }
                @if let Some(known) = known { p { (frame.say(&format!("vulnerable-caused-known-{known}"))) } }
                @for value in ["yes", "no", "open"] {
                    label.choice {
                        input type="radio" name="caused" value=(value) checked[chosen == value] aria-describedby="caused-hint";
                        " " (frame.say(&format!("vulnerable-caused-{value}")))
                    }
                }
            }
            div.actions {
                (key_button("c", "action", "confirm", &frame.say("vulnerable-confirm")))
                (key_button("r", "action", "refuse", &frame.say("vulnerable-refuse")))
            }
        }
    }
}

fn evidence(frame: &Frame, opened: &OpenedComplaint) -> Markup {
    let of = |driver: Option<Driver>| {
        let phrases = opened.phrases.iter().enumerate();
        phrases.filter(|(_, phrase)| phrase.driver == driver).collect::<Vec<_>>()
    };
    let drivers: Vec<Option<Driver>> = Driver::ALL.into_iter().map(Some).chain([None]).collect();
    html! {
        section.card.stack aria-labelledby="evidence" {
            h2 id="evidence" { (frame.say("vulnerable-evidence")) }
            @if opened.phrases.is_empty() { p { (frame.say("vulnerable-no-evidence")) } }
            @for driver in drivers {
                @let phrases = of(driver);
                @if !phrases.is_empty() {
                    h3 { (frame.say(driver_id(driver))) }
                    ul.phrases { @for (at, phrase) in phrases { (entry(frame, opened, at, phrase)) } }
                }
            }
        }
    }
}

fn entry(frame: &Frame, opened: &OpenedComplaint, at: usize, phrase: &MarkedPhrase) -> Markup {
    let strength = if phrase.explicit { "vulnerable-explicit" } else { "vulnerable-hint" };
    let by: Vec<String> = phrase
        .found_by
        .iter()
        .filter_map(|model| opened.evidence.found.get(*model))
        .map(|model| model.model_id.clone())
        .collect();
    html! {
        li id={ "phrase-" (at + 1) } {
            (at + 1) ". " q { (shown(phrase.quote(&opened.narrative.narrative))) } " "
            strong { (shown(&evidence_category(frame, &phrase.category))) } " "
            (badge(if phrase.explicit { Tone::Warning } else { Tone::Plain }, &frame.say(strength)))
            " " span.muted { (shown(&by.join(", "))) }
        }
    }
}

const fn driver_id(driver: Option<Driver>) -> &'static str {
    match driver {
        Some(Driver::Health) => "vulnerable-driver-health",
        Some(Driver::LifeEvents) => "vulnerable-driver-life-events",
        Some(Driver::Resilience) => "vulnerable-driver-resilience",
        Some(Driver::Capability) => "vulnerable-driver-capability",
        None => "vulnerable-driver-unknown",
    }
}

fn models(frame: &Frame, opened: &OpenedComplaint) -> Markup {
    let decided = opened.route.as_ref().and_then(|route| {
        let decision = route.decisions.iter().find(|decision| decision.task == VULNERABLE)?;
        Some((decision.model_id.as_str(), decision.model_version.as_str()))
    });
    html! {
        section.card.stack aria-labelledby="models" {
            h2 id="models" { (frame.say("vulnerable-models")) }
            @if opened.evidence.found.is_empty() {
                p { (frame.say("vulnerable-no-models")) }
            } @else {
                table.dense {
                    caption { (frame.say("vulnerable-models-caption")) }
                    thead {
                        tr {
                            th scope="col" { (frame.say("vulnerable-column-model")) }
                            th scope="col" { (frame.say("vulnerable-column-table")) }
                            th.number scope="col" { (frame.say("vulnerable-column-score")) }
                            th scope="col" { (frame.say("vulnerable-column-part")) }
                        }
                    }
                    tbody {
                        @for model in &opened.evidence.found {
                            tr {
                                th scope="row" {
                                    (shown(&model.model_id)) " "
                                    code { (shown(&short(&model.model_version))) }
                                }
                                td { (shown(&model.evidence_table)) }
                                td.number { @if let Some(score) = model.score { (percent(score)) } @else { "–" } }
                                td {
                                    @if decided == Some((model.model_id.as_str(), model.model_version.as_str())) {
                                        (frame.say("vulnerable-part-decided"))
                                    } @else {
                                        (frame.say("vulnerable-part-beside"))
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What the team that got it knows: of evidence only that there is some.
fn told(frame: &Frame, opened: &OpenedComplaint) -> Markup {
    let Some(route) = &opened.route else { return html! {} };
    let outright =
        route.decisions.iter().any(|decision| decision.task == VULNERABLE && decision.explicit_evidence);
    html! {
        section.card.stack aria-labelledby="told" {
            h2 id="told" { (frame.say("vulnerable-told")) }
            dl {
                dt { (frame.say("vulnerable-column-team")) }
                dd { (frame.team(&route.team)) }
                dt { (frame.say("vulnerable-column-flag")) }
                dd { (flag(frame, route.vulnerability.symbol())) }
                dt { (frame.say("vulnerable-told-outright")) }
                dd { (frame.say(if outright { "vulnerable-yes" } else { "vulnerable-no" })) }
                dt { (frame.say("vulnerable-told-priority")) }
                dd { (route.priority) }
                dt { (frame.say("vulnerable-told-at")) }
                dd { (moment(route.routed_at)) }
            }
            p.muted { (frame.say("vulnerable-told-not")) }
        }
    }
}

/// What people have said about the flag, and of the cause.
fn said(frame: &Frame, opened: &OpenedComplaint) -> Markup {
    html! {
        section.card.stack aria-labelledby="said" {
            h2 id="said" { (frame.say("vulnerable-said")) }
            @if opened.verdicts.is_empty() && opened.cause.is_none() { p { (frame.say("vulnerable-said-nothing")) } }
            ol.timeline {
                @for verdict in &opened.verdicts {
                    li {
                        (moment(verdict.decided_at)) " " (shown(&verdict.actor)) ": "
                        (flag(frame, verdict.label_after.as_deref().or(verdict.label_before.as_deref()).unwrap_or_default()))
                    }
                }
                @if let Some(note) = &opened.cause {
                    li {
                        (moment(note.done_at)) " " (shown(&note.actor)) ": "
                        @if note.reason_code == CAUSED { (frame.say("vulnerable-caused-known-yes")) }
                        @else { (frame.say("vulnerable-caused-known-no")) }
                    }
                }
            }
        }
    }
}

fn short(version: &str) -> String {
    version.chars().take(VERSION).collect()
}

/// A probability as people write it.
fn percent(share: f32) -> String {
    format!("{:.1} %", f64::from(share) * 100.0)
}
