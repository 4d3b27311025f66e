//! One complaint of the audit sample: the question, which knows nothing but the narrative, and what came of it.

use axum::{http::StatusCode, response::Response};
use fluent_bundle::FluentArgs;
use maud::{Markup, html};
use ombud_contract::{
    records::RoutedComplaint,
    shown::shown,
    task::VULNERABLE,
    verdict::{NO, YES},
};
use ombud_measure::truth::refines;

use super::{
    Comparison, LIST, PAGE, address,
    answer::{LABELLED, choices},
    list_view::task_id,
    reading::{NO_COMPLAINT, Reading, TASKS},
};
use crate::{
    cases::Narrative,
    pages::{
        fields::Fields,
        frame::Frame,
        item_words::complaint_path,
        parts::{self, Field, Tone, badge, field, key_button, key_link},
        trouble,
        vulnerable::problem_sentence,
    },
    refused::Problem,
};

/// The most labels that stand as buttons beside each other; of more one types a part of the name.
const MOST_BUTTONS: usize = 12;
/// The letters of a version that are shown.
const VERSION: usize = 12;

/// The narrative and the questions, with what was filled in and why it was not taken. `read` is the hash of the text.
pub(super) fn question(
    frame: &Frame,
    narrative: &Narrative,
    read: &str,
    fields: &Fields,
    problem: Option<&Problem>,
) -> Response {
    let wrong = problem.and_then(trouble::field);
    let said = problem.map(|problem| problem_sentence(frame, PAGE, problem));
    let of_field = |name: &str| said.as_deref().filter(|_| wrong == Some(name));
    let body = html! {
        div.stack {
            @if let Some(said) = said.as_deref().filter(|_| wrong.is_none()) { (parts::problem(said)) }
            p { (frame.say("sample-blind")) }
            div.split {
                section.stack aria-labelledby="wrote" {
                    h2 id="wrote" { (frame.say("sample-wrote")) }
                    div.narrative { (shown(&narrative.narrative)) }
                }
                form.card.stack method="post" action=(address(&narrative.complaint_id)) data-swap {
                    h2 { (frame.say("sample-questions")) }
                    input type="hidden" name="text" value=(read);
                    @if let Some(list) = fields.one("read") { input type="hidden" name="read" value=(list); }
                    @for task in LABELLED {
                        @if !choices(task).is_empty() { (labels(frame, task, fields.typed(task), of_field(task))) }
                    }
                    (vulnerable(frame, fields.typed(VULNERABLE), of_field(VULNERABLE)))
                    div.actions {
                        (key_button("a", "answer", "give", &frame.say("sample-give")))
                        // It needs none of the answers above.
                        button type="submit" name="answer" value="no-complaint" formnovalidate { (frame.say("sample-no-complaint")) }
                    }
                    p.muted { (frame.say("sample-recorded")) }
                }
            }
        }
    };
    let status = problem.map_or(StatusCode::OK, Problem::status);
    frame.page_with(status, &titled(frame, &narrative.complaint_id), &body)
}

fn titled(frame: &Frame, complaint_id: &str) -> String {
    let mut args = FluentArgs::new();
    args.set("complaint", shown(complaint_id).into_owned());
    frame.say_with("sample-title-one", &args)
}

/// All labels of `task`, in the order of its tree: whatever a model said, the list is the same.
fn labels(frame: &Frame, task: &str, typed: &str, problem: Option<&str>) -> Markup {
    let choices = choices(task);
    let legend = frame.say(task_id(task));
    if choices.len() <= MOST_BUTTONS {
        let options: Vec<(&str, String)> =
            choices.iter().map(|choice| (choice.as_str(), shown(choice).into_owned())).collect();
        return buttons(task, &legend, typed, problem, &options);
    }
    let (id, list) = (format!("answer-{task}"), format!("labels-{task}"));
    let hint = frame.say("sample-choose-hint");
    let stands = Field { id: &id, label: &legend, hint: Some(&hint), problem };
    html! {
        (field(stands, |described| html! {
            input type="text" id=(id) name=(task) value=(typed) list=(list) required autocomplete="off"
                aria-describedby=[described] aria-invalid=[problem.map(|_| "true")];
        }))
        datalist id=(list) { @for choice in choices { option value=(choice) {} } }
    }
}

fn vulnerable(frame: &Frame, typed: &str, problem: Option<&str>) -> Markup {
    let options = [("yes", frame.say("sample-yes")), ("no", frame.say("sample-no"))];
    buttons(VULNERABLE, &frame.say("sample-ask-vulnerable"), typed, problem, &options)
}

fn buttons(
    name: &str,
    legend: &str,
    typed: &str,
    problem: Option<&str>,
    options: &[(&str, String)],
) -> Markup {
    let id = format!("answer-{name}-problem");
    html! {
        fieldset aria-describedby=[problem.map(|_| &id)] {
            legend { (legend) }
            @for (value, text) in options {
                label.choice { input type="radio" name=(name) value=(value) checked[typed == *value] required; " " (text) }
            }
            @if let Some(problem) = problem { p.problem id=(id) { (problem) } }
        }
    }
}

/// What the judge said beside what was decided, and beside what others said.
pub(super) fn comparison(frame: &Frame, found: &Comparison, asked: &Fields) -> Response {
    let next = Fields::default()
        .with("go", Some("next"))
        .with("read", asked.one("read"))
        .with("passed", Some(&found.complaint_id))
        .address(LIST);
    let body = html! {
        div.stack {
            table {
                caption { (frame.say("sample-compared")) }
                thead {
                    tr {
                        th scope="col" { (frame.say("sample-column-task")) }
                        th scope="col" { (frame.say("sample-column-own")) }
                        th scope="col" { (frame.say("sample-column-decided")) }
                        th scope="col" { (frame.say("sample-column-agrees")) }
                        @for other in &found.others { th scope="col" { (shown(&other.judge)) } }
                    }
                }
                tbody { @for task in TASKS { (compared(frame, found, task)) } }
            }
            @if !found.others.is_empty() { p.muted { (frame.say("sample-newest-counts")) } }
            p.actions {
                (key_link("n", &next, &frame.say("sample-next")))
                a href=(complaint_path(&found.complaint_id)) { (frame.say("sample-whole-case")) }
            }
            p.muted { (frame.say("sample-no-undo")) }
        }
    };
    frame.page(&titled(frame, &found.complaint_id), &body)
}

fn compared(frame: &Frame, found: &Comparison, task: &str) -> Markup {
    let own = found.own.labels.get(task).map(String::as_str);
    let verdict = own.and_then(|own| agrees(&found.route, task, own));
    html! {
        tr {
            th scope="row" { (frame.say(task_id(task))) }
            td { (label(frame, own)) }
            td { (decided(frame, &found.route, task)) }
            td {
                @match verdict {
                    Some(true) => { (badge(Tone::Good, &frame.say("sample-same"))) }
                    Some(false) => { (badge(Tone::Bad, &frame.say("sample-other"))) }
                    None => { (badge(Tone::Plain, &frame.say("sample-nothing-decided"))) }
                }
            }
            @for other in &found.others { td { (said_by(frame, other, task, own)) } }
        }
    }
}

fn said_by(frame: &Frame, other: &Reading, task: &str, own: Option<&str>) -> Markup {
    let said = other.labels.get(task).map(String::as_str);
    let (tone, id) = if said == own { (Tone::Good, "sample-same") } else { (Tone::Bad, "sample-other") };
    html! { (label(frame, said)) " " (badge(tone, &frame.say(id))) }
}

fn label(frame: &Frame, label: Option<&str>) -> String {
    match label {
        None => "–".to_owned(),
        Some(NO_COMPLAINT) => frame.say("sample-said-no-complaint"),
        Some(YES) => frame.say("sample-yes"),
        Some(NO) => frame.say("sample-no"),
        Some(label) => shown(label).into_owned(),
    }
}

/// Whether what was decided is what the judge said, or stands above it; `None` where nothing was decided.
fn agrees(route: &RoutedComplaint, task: &str, own: &str) -> Option<bool> {
    if own == NO_COMPLAINT {
        return Some(false);
    }
    if task == VULNERABLE {
        return Some((route.vulnerability.symbol() != NO) == (own == YES));
    }
    let decision = route.decisions.iter().find(|decision| decision.task == task)?;
    decision.label.as_deref().map(|decided| refines(task, decided, own))
}

fn decided(frame: &Frame, route: &RoutedComplaint, task: &str) -> Markup {
    let decision = route.decisions.iter().find(|decision| decision.task == task);
    html! {
        @if task == VULNERABLE {
            (frame.say(match route.vulnerability.symbol() {
                YES => "sample-flag-vulnerable",
                NO => "sample-flag-not-indicated",
                _ => "sample-flag-possible",
            }))
        } @else {
            (shown(decision.and_then(|decision| decision.label.as_deref()).unwrap_or("–")))
        }
        @if let Some(decision) = decision {
            " " span.muted {
                (format!("{:.0} %", f64::from(decision.confidence) * 100.0)) ", "
                (shown(&decision.model_id)) " "
                code { (shown(&decision.model_version.chars().take(VERSION).collect::<String>())) }
            }
        }
    }
}

/// The answer is recorded, and can't be shown yet.
pub(super) fn pending(frame: &Frame, complaint_id: &str) -> Response {
    let again = Fields::default().with("done", Some("sample-given")).address(&address(complaint_id));
    let body = html! {
        div.stack {
            p { (frame.say("sample-pending")) }
            p.actions {
                a.button href=(again) { (frame.say("sample-again")) }
                a href=(LIST) { (frame.say("sample-back")) }
            }
        }
    };
    frame.page(&titled(frame, complaint_id), &body)
}
