//! The page of an explanation: why A and not B, part by part, word by word, with what had to be reached, whether it comes out again, where
//! it went, and what would have changed that. It opens with what it is not: a judgement on the complaint.
//!
//! Sentences that whoever explains writes are English, and marked so.

use fluent_bundle::FluentArgs;
use maud::{Markup, html};
use ombud_contract::shown::shown;
use ombud_explain::{Contrast, Explanation, Method, RoutingReason};

use super::{
    bars::{Around, bars},
    numbers::{label, log_odds, percent, percent_of, times},
    shaded::{Text, class, shaded},
};
use crate::{
    explain::ExplainedText,
    pages::{
        frame::Frame,
        item_words::{complaint_path, evidence_categories, symbol},
        parts::{self, Tone},
    },
};

/// What was asked, and the answer.
pub(super) struct ExplainedPage<'a> {
    pub(super) complaint_id: &'a str,
    /// As it was typed.
    pub(super) as_of: Option<&'a str>,
    pub(super) explained: &'a ExplainedText,
}

/// The body of the page.
pub(super) fn page(frame: &Frame, asked: &ExplainedPage<'_>) -> Markup {
    let ExplainedPage { complaint_id, as_of, explained } = asked;
    let text = Text::new(&explained.narrative);
    let here = explained.explanations.iter().map(|one| one.task.as_str()).collect();
    let around = Around { frame, complaint_id, here, as_of: *as_of };
    let routing = explained.explanations.iter().find_map(|one| one.routing.as_ref());
    html! {
        div.stack {
            p { (frame.say("explain-merits")) }
            p.muted {
                (frame.say("explain-recorded"))
                @if let Some(day) = as_of { " " (frame.say("explain-as-of")) " " (shown(day)) "." }
            }
            @for (at, one) in explained.explanations.iter().enumerate() {
                section.stack aria-labelledby={ "explained-" (at) } {
                    h2 id={ "explained-" (at) } { (shown(&symbol(frame, "complaint-task", &one.task))) }
                    (answer(frame, one))
                    @match &one.contrast {
                        Some(contrast) => {
                            (sentence(frame, contrast))
                            (bars(&around, contrast, &text))
                            (legend(frame, one))
                            (shaded(&text, &explained.language, one))
                            (method(frame, contrast))
                        },
                        None => {
                            p { (frame.say("explain-nothing-to-compare")) }
                            (shaded(&text, &explained.language, one))
                        },
                    }
                    (left_out(frame, one))
                    (levels(frame, one))
                    (reproduction(frame, one))
                }
            }
            @if let Some(routing) = routing { (went(frame, routing)) }
            p { a href=(complaint_path(complaint_id)) { (frame.say("explain-back")) } }
        }
    }
}

fn said<const N: usize>(frame: &Frame, id: &str, gaps: [(&'static str, String); N]) -> String {
    let mut args = FluentArgs::new();
    for (name, value) in gaps {
        args.set(name, value);
    }
    shown(&frame.say_with(id, &args)).into_owned()
}

/// What was answered, by whom, and in a sentence why nothing finer.
fn answer(frame: &Frame, one: &Explanation) -> Markup {
    let (given, by) = (&one.answer, &one.answered_by);
    let answered = given.label.as_deref().map_or_else(|| "–".to_owned(), |given| label(frame, given));
    html! {
        p {
            strong { (shown(&answered)) } " "
            (parts::badge(Tone::Plain, &symbol(frame, "complaint-outcome", &given.outcome))) " "
            (said(frame, "explain-reached", [("confidence", percent(given.confidence)), ("threshold", percent(given.threshold))]))
        }
        @if !given.reason.is_empty() { p lang="en" { (shown(&given.reason)) } }
        p.muted {
            (said(frame, "explain-by", [
                ("model", format!("{}@{}", by.model_id, by.model_version)),
                ("arm", by.arm.clone()),
                ("strategy", by.strategy_version.to_string()),
                ("arithmetic", by.arithmetic.clone()),
            ]))
        }
    }
}

/// Why A and not B.
fn sentence(frame: &Frame, contrast: &Contrast) -> Markup {
    let [one, other] = [&contrast.answer, &contrast.against].map(|side| label(frame, &side.label));
    let gaps = [("answer", one.clone()), ("against", other.clone()), ("value", log_odds(contrast.value))];
    html! {
        h3 { (said(frame, "explain-contrast", gaps)) }
        p {
            (said(frame, "explain-sides", [
                ("answer", one.clone()),
                ("share", percent_of(contrast.answer.probability)),
                ("against", other.clone()),
                ("other", percent_of(contrast.against.probability)),
            ]))
            @if let Some(times) = times(contrast.value) { " " (said(frame, "explain-times", [("times", times)])) }
        }
        p.muted { (frame.say("explain-scale")) }
    }
}

fn legend(frame: &Frame, one: &Explanation) -> Markup {
    let has_words = one.contrast.as_ref().is_some_and(|contrast| !contrast.words.is_empty());
    let has_unread = one.unread.iter().any(|unread| !unread.places.is_empty());
    let has_turning =
        one.routing.as_ref().is_some_and(|routing| !routing.counterfactual.sentences.is_empty());
    html! {
        ul.legend aria-label=(frame.say("explain-legend")) {
            @if has_words {
                li { mark class=(class(3)) { (frame.say("explain-legend-for")) } }
                li { mark class=(class(-3)) { (frame.say("explain-legend-against")) } }
            }
            @if has_unread { li { mark.unread { (frame.say("explain-legend-unread")) } } }
            @if has_turning { li { mark.turning { (frame.say("explain-legend-turning")) } } }
            @if !one.evidence.is_empty() { li { mark.evidence { (frame.say("explain-legend-evidence")) } } }
        }
    }
}

/// How it was computed, and how exactly.
fn method(frame: &Frame, contrast: &Contrast) -> Markup {
    let Method { name, baseline, steps, error, is_approximate } = &contrast.method;
    let id = match &**name {
        "exact" => "explain-method-exact",
        "integrated-gradients" => "explain-method-gradients",
        "occlusion" => "explain-method-occlusion",
        _ => "explain-method-other",
    };
    html! {
        @if *is_approximate {
            p { (parts::badge(Tone::Warning, &frame.say("explain-approximate"))) " " (frame.say("explain-approximate-why")) }
        }
        p.muted {
            (said(frame, id, [("name", name.clone()), ("steps", steps.to_string()), ("error", percent_of(*error))]))
            @if !baseline.is_empty() { " " (frame.say("explain-baseline")) " " span lang="en" { (shown(baseline)) } "." }
            @if !contrast.collisions.is_empty() {
                " " (frame.say_count("explain-collisions", contrast.collisions.len() as i64))
            }
        }
    }
}

/// What was not read, and for whoever may know what the text says outright.
fn left_out(frame: &Frame, one: &Explanation) -> Markup {
    let categories = evidence_categories(frame, one.evidence.iter().map(|phrase| phrase.category.as_str()));
    html! {
        @for unread in one.unread.iter().filter(|unread| !unread.places.is_empty()) {
            p { (said(frame, "explain-unread", [("member", unread.member.clone())])) }
        }
        @if !categories.is_empty() {
            p.categories { (frame.say("desk-evidence")) " " span { (shown(&categories)) } }
        }
    }
}

fn levels(frame: &Frame, one: &Explanation) -> Markup {
    html! {
        @if !one.answer.levels.is_empty() {
            table.dense {
                caption { (frame.say("explain-levels-caption")) }
                thead { tr {
                    @for column in ["level", "label", "sure", "needed", "reached"] {
                        th scope="col" { (frame.say(&format!("explain-levels-{column}"))) }
                    }
                } }
                tbody { @for level in &one.answer.levels {
                    tr {
                        th scope="row" { (shown(&symbol(frame, "explain-level", &level.level))) }
                        td { (shown(&label(frame, &level.label))) }
                        td.number { (percent_of(level.confidence)) }
                        td.number { (percent_of(level.threshold)) }
                        td { (frame.say(if level.is_reached { "complaint-yes" } else { "complaint-no" })) }
                    }
                } }
            }
        }
    }
}

/// Whether the same comes out again, with both where it does not.
fn reproduction(frame: &Frame, one: &Explanation) -> Markup {
    let again = &one.reproduction;
    let name =
        |given: &Option<String>| given.as_deref().map_or_else(|| "–".to_owned(), |given| label(frame, given));
    let (tone, word, id) = match again.is_reproduced {
        true => (Tone::Good, "explain-reproduced", "explain-reproduced-how"),
        false => (Tone::Bad, "explain-not-reproduced", "explain-not-reproduced-how"),
    };
    html! {
        p {
            (parts::badge(tone, &frame.say(word))) " "
            (said(frame, id, [
                ("recorded_label", name(&again.recorded_label)),
                ("recorded", percent(again.recorded_confidence)),
                ("label", name(&again.label)),
                ("confidence", percent(again.confidence)),
            ]))
        }
    }
}

/// Where it went, and what would have changed that.
fn went(frame: &Frame, routing: &RoutingReason) -> Markup {
    let turn = &routing.counterfactual;
    html! {
        section.card aria-labelledby="explained-route" {
            h2 id="explained-route" { (frame.say("explain-route")) }
            p { strong { (frame.team(&routing.team)) } }
            p lang="en" { (shown(&routing.rule)) }
            @if !routing.clocks.is_empty() {
                dl { @for (name, due) in &routing.clocks { dt { (shown(name)) } dd { (parts::moment(due.saturating_sub(1))) } } }
            }
            h3 { (frame.say("explain-turning")) }
            @match &turn.team {
                Some(team) if !turn.sentences.is_empty() => {
                    @let mut args = FluentArgs::new();
                    @let () = args.set("count", turn.sentences.len() as i64);
                    @let () = args.set("team", frame.team(team).into_owned());
                    p { (shown(&frame.say_with("explain-turning-without", &args))) }
                },
                _ => p lang="en" { (shown(&turn.text)) },
            }
            p.muted { (frame.say_count("explain-turning-tried", i64::try_from(turn.texts_tried).unwrap_or(i64::MAX))) }
        }
    }
}
