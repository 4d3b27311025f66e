//! The page of a complaint at the desk.

use axum::{http::StatusCode, response::Response};
use fluent_bundle::FluentArgs;
use maud::{Markup, html};
use ombud_contract::shown::shown;

use super::{
    address::{Skipped, case_path},
    case::{DeskCase, Holder, Strip},
    narrative, problem,
    reasons::{percent, reasons},
};
use crate::{
    item::{Item, State},
    pages::{
        frame::Frame,
        item_words::complaint_path,
        parts::{self, Field, Tone},
        shell::HeldLease,
    },
};

/// What is shown with a complaint.
#[derive(Default)]
pub(super) struct Beside<'a> {
    /// Why what was sent was not done.
    pub(super) problem: Option<String>,
    /// The team that was chosen and not taken.
    pub(super) typed_team: &'a str,
    /// The reason that was given for it.
    pub(super) typed_reason: &'a str,
    /// The verdict that was given last, and its complaint.
    pub(super) undo: Option<(&'a str, &'a str)>,
    pub(super) skipped: Skipped,
    pub(super) strip: Strip,
}

/// The usual reason to send a complaint to another team.
const USUAL_REASON: &str = "WRONG_TEAM";
/// Reasons to skip a complaint, as codes: each has a word and a button.
const SKIP_REASONS: [&str; 4] = ["UNCLEAR", "CONFLICT", "LANGUAGE", "LATER"];

/// The whole page.
pub(super) fn page(frame: &Frame, status: StatusCode, case: &DeskCase, beside: &Beside<'_>) -> Response {
    let body = html! {
        @if let Some(problem) = &beside.problem { (parts::problem(problem)) }
        p.problem id="lost" role="alert" hidden { (frame.say("desk-lost")) }
        (strip(frame, &beside.strip))
        @if let Some(undo) = beside.undo { (undo_form(frame, undo, &beside.skipped)) }
        div.split {
            div.stack {
                (facts(frame, case))
                (narrative::narrative(frame, &case.narrative, &case.unread, case.evidence.as_ref()))
            }
            div.stack {
                (why(frame, case))
                @match &case.holder {
                    Holder::Reader(_) => (decisions(frame, case, beside)),
                    Holder::Other(other) => {
                        (parts::problem(&problem::held(frame, "desk-held", Some(&other.holder), Some(other.until))))
                        (kept(frame, case, beside))
                        (to_next(frame, &beside.skipped))
                    },
                    Holder::Nobody => (free(frame, case, beside)),
                }
                (clocks(frame, case))
                (others(frame, &case.others))
            }
        }
    };
    let path = case_path(&case.complaint_id);
    match &case.holder {
        Holder::Reader(lease_id) => {
            frame.held_page(status, &case.complaint_id, HeldLease { path: &path, lease_id }, &body)
        }
        Holder::Other(_) | Holder::Nobody => frame.page_with(status, &case.complaint_id, &body),
    }
}

/// What was done today, and what is left.
pub(super) fn strip(frame: &Frame, strip: &Strip) -> Markup {
    html! {
        p.row.muted {
            @if let Some(count) = strip.decided_today {
                span { (frame.say_count("desk-decided-today", whole(count))) }
            }
            @if let Some(left) = strip.left {
                @let id = if left.is_least { "desk-left-least" } else { "desk-left" };
                span { (frame.say_count(id, whole(left.count))) }
                @if left.blind > 0 {
                    a href="/sample" { (frame.say_count("desk-blind", whole(left.blind))) }
                }
            }
        }
    }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Takes the last decision back.
pub(super) fn undo_form(frame: &Frame, (undo, undo_of): (&str, &str), skipped: &Skipped) -> Markup {
    let mut args = FluentArgs::new();
    args.set("complaint", shown(undo_of).into_owned());
    html! {
        form.row method="post" action="/desk/undo" data-swap {
            input type="hidden" name="undo" value=(undo);
            input type="hidden" name="undo_of" value=(undo_of);
            input type="hidden" name="skipped" value=(skipped.text());
            (parts::key_button("u", "do", "undo", &frame.say_with("desk-undo", &args)))
        }
    }
}

/// A form that asks for the next complaint.
pub(super) fn to_next(frame: &Frame, skipped: &Skipped) -> Markup {
    html! {
        form method="post" action="/desk/next" data-swap {
            input type="hidden" name="skipped" value=(skipped.text());
            (parts::key_button("c", "do", "next", &frame.say("desk-next")))
        }
    }
}

fn facts(frame: &Frame, case: &DeskCase) -> Markup {
    let item = &case.item;
    html! {
        p.row {
            span { (frame.say("desk-with")) " " strong { (shown(case.in_force.name_of(&item.team))) } }
            (parts::badge(Tone::Plain, &frame.say(state_id(item.state))))
            (vulnerability(frame, &item.vulnerability))
            @if let Some(product) = &item.product { span { (shown(product)) } }
            @if let Some(issue) = &item.issue { span.muted { (shown(issue)) } }
            span.muted { (frame.say("desk-received")) " " (parts::moment(item.received_at)) }
        }
    }
}

fn vulnerability(frame: &Frame, vulnerability: &str) -> Markup {
    match vulnerability {
        "VULNERABLE" => parts::badge(Tone::Bad, &frame.say("desk-vulnerable")),
        "POSSIBLE" => parts::badge(Tone::Warning, &frame.say("desk-possibly-vulnerable")),
        _ => html! {},
    }
}

const fn state_id(state: State) -> &'static str {
    match state {
        State::Open => "desk-state-open",
        State::Acknowledged => "desk-state-acknowledged",
        State::Waiting => "desk-state-waiting",
        State::Answered => "desk-state-answered",
        State::Withdrawn => "desk-state-withdrawn",
    }
}

fn why(frame: &Frame, case: &DeskCase) -> Markup {
    html! {
        section.card aria-labelledby="why-title" {
            h2 id="why-title" { (frame.say("desk-why")) }
            @if case.item.needs_human || case.is_undecided {
                ul { @for reason in reasons(frame, &case.item.human_reasons, &case.answers) { li { (reason) } } }
            } @else {
                p { (frame.say("desk-why-judged")) }
            }
        }
    }
}

/// Everything that one can say about it.
fn decisions(frame: &Frame, case: &DeskCase, beside: &Beside<'_>) -> Markup {
    let path = case_path(&case.complaint_id);
    let hidden = html! {
        input type="hidden" name="revision" value=(case.item.revision);
        input type="hidden" name="skipped" value=(beside.skipped.text());
    };
    html! {
        section.card.stack aria-labelledby="decide-title" {
            h2 id="decide-title" { (frame.say("desk-decide")) }
            form.stack method="post" action={ (path) "/decide" } data-swap {
                (hidden)
                (likely(frame, case))
                div.actions {
                    (parts::key_button("n", "decision", "no-complaint", &frame.say("desk-no-complaint")))
                    (about_vulnerability(frame, &case.item.vulnerability))
                }
            }
            form.stack method="post" action={ (path) "/decide" } data-swap {
                (hidden)
                (other_team(frame, case, beside))
            }
            form.stack method="post" action={ (path) "/skip" } data-swap {
                input type="hidden" name="skipped" value=(beside.skipped.text());
                p { a href="#skip" data-key="s" { (frame.say("desk-skip")) " " kbd { "s" } } }
                div.actions {
                    @for (at, reason) in SKIP_REASONS.iter().enumerate() {
                        button.quiet type="submit" name="reason" value=(reason) id=[(at == 0).then_some("skip")] {
                            (frame.say(&format!("desk-skip-{}", reason.to_ascii_lowercase())))
                        }
                    }
                }
            }
            form method="post" action={ (path) "/release" } data-swap {
                input type="hidden" name="to" value="desk";
                button.quiet type="submit" { (frame.say("desk-give-back")) }
            }
        }
    }
}

/// The usual answer by one key, and the likeliest teams by number.
fn likely(frame: &Frame, case: &DeskCase) -> Markup {
    let name = |team: &str| shown(case.in_force.name_of(team)).into_owned();
    let with_team = |id: &str, team: &str| {
        let mut args = FluentArgs::new();
        args.set("team", name(team));
        frame.say_with(id, &args)
    };
    html! {
        @if !case.is_undecided {
            (parts::key_button("c", "decision", "confirm", &with_team("desk-confirm", &case.item.team)))
        } @else if let Some(first) = case.likely.first() {
            (parts::key_button("c", "decision", "1", &with_team("desk-send", &first.team)))
        }
        @if case.likely.is_empty() {
            p.muted { (frame.say("desk-no-likely")) }
        } @else {
            p { (frame.say("desk-likely")) }
            ol.likely {
                @for (number, one) in (1..).zip(&case.likely) {
                    li {
                        input type="hidden" name={ "team_" (number) } value=(one.team);
                        input type="hidden" name={ "product_" (number) } value=(one.product);
                        button type="submit" name="decision" value=(number) data-key=(number) {
                            span { (name(&one.team)) } " " strong { (percent(frame, one.share)) } " " kbd { (number) }
                        }
                        p.muted { (shown(&one.product)) }
                    }
                }
            }
        }
    }
}

/// Yes where it is not said yet, no where it is.
fn about_vulnerability(frame: &Frame, flag: &str) -> Markup {
    let yes = |key: &str| parts::key_button(key, "decision", "vulnerable", &frame.say("desk-vulnerable-yes"));
    let no =
        |key: &str| parts::key_button(key, "decision", "not-vulnerable", &frame.say("desk-vulnerable-no"));
    html! {
        @match flag {
            "VULNERABLE" => (no("v")),
            "NOT_INDICATED" => (yes("v")),
            _ => { (yes("v")) (no("w")) },
        }
    }
}

fn other_team(frame: &Frame, case: &DeskCase, beside: &Beside<'_>) -> Markup {
    let reason_label = frame.say("desk-reason");
    let reason_hint = frame.say("desk-reason-hint");
    let reason = Field { id: "to-reason", label: &reason_label, hint: Some(&reason_hint), problem: None };
    let given = if beside.typed_reason.is_empty() { USUAL_REASON } else { beside.typed_reason };
    html! {
        h3 { (frame.say("desk-to-another")) }
        (parts::field(reason, |described| html! {
            input id="to-reason" name="reason" value=(given) list="reasons" maxlength="64" required
                pattern="[A-Za-z0-9._\\-]+" aria-describedby=[described] autocomplete="off";
        }))
        datalist id="reasons" {
            @for code in [USUAL_REASON, "WRONG_PRODUCT", "SEVERAL_PRODUCTS", "SPECIALIST_NEEDED"] { option value=(code) {} }
        }
        div.field {
            label for="to-team" { (frame.say("desk-other-team")) " " kbd { "t" } }
            // The key leads into the field, where letters choose.
            select id="to-team" name="team" required data-key="t" {
                option value="" { (frame.say("desk-choose")) }
                @for (team, name) in &case.teams {
                    @if *team != case.item.team {
                        option value=(team) selected[team == beside.typed_team] { (shown(name)) }
                    }
                }
            }
        }
        button type="submit" name="decision" value="move" { (frame.say("desk-move")) }
    }
}

/// What was typed, where somebody else has the complaint now.
fn kept(frame: &Frame, case: &DeskCase, beside: &Beside<'_>) -> Markup {
    html! {
        @if !beside.typed_team.is_empty() {
            p {
                (frame.say("desk-kept")) " "
                strong { (shown(case.in_force.name_of(beside.typed_team))) } " " code { (shown(beside.typed_reason)) }
            }
        }
    }
}

/// Nobody has it.
fn free(frame: &Frame, case: &DeskCase, beside: &Beside<'_>) -> Markup {
    html! {
        section.card.stack aria-labelledby="free-title" {
            h2 id="free-title" { (frame.say("desk-free")) }
            (kept(frame, case, beside))
            form method="post" action="/desk/next" data-swap {
                input type="hidden" name="complaint_id" value=(case.complaint_id);
                input type="hidden" name="skipped" value=(beside.skipped.text());
                (parts::key_button("c", "do", "take", &frame.say("desk-take")))
            }
        }
    }
}

fn clocks(frame: &Frame, case: &DeskCase) -> Markup {
    html! {
        section.card aria-labelledby="clocks-title" {
            h2 id="clocks-title" { (frame.say("desk-clocks")) }
            @if case.item.clocks.is_empty() {
                p.muted { (frame.say("desk-no-clocks")) }
            } @else {
                dl {
                    @for clock in &case.item.clocks {
                        div {
                            dt { (shown(&clock.name)) }
                            dd { (parts::due(frame, clock.due, clock.met_at, case.now)) }
                        }
                    }
                }
            }
        }
    }
}

/// Ids and states alone: what they say is not asked for here.
fn others(frame: &Frame, others: &[Item]) -> Markup {
    html! {
        @if !others.is_empty() {
            section.card aria-labelledby="others-title" {
                h2 id="others-title" { (frame.say("desk-others")) }
                ul {
                    @for other in others {
                        li {
                            a href=(complaint_path(&other.complaint_id)) {
                                (shown(&other.complaint_id))
                            }
                            " " (parts::badge(Tone::Plain, &frame.say(state_id(other.state))))
                        }
                    }
                }
            }
        }
    }
}
