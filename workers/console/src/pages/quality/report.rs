//! A whole report: what was asked first, then how it is by task, week, team and arm, then what needs no verdict.

use maud::{Markup, html};
use ombud_measure::quality::{CountedQuality, Part, QualityReport};

use super::{headlines::headlines, people, sample::sample, view::View};

/// The sections below what stands first, by the end of their address and of their word.
const SECTIONS: [&str; 4] = ["audit", "rest", "left", "drift"];

/// The report.
pub(super) fn report(view: &View, counted: &CountedQuality) -> Markup {
    let report = &counted.report;
    html! {
        (headlines(view, report))
        (wanting(view, report))
        nav.contents aria-label=(view.say("quality-contents")) {
            ul { @for name in SECTIONS {
                li { a href={ "#" (name) } { (view.say(&format!("quality-{name}"))) } }
            } }
        }
        section id="audit" {
            h2 { (view.say("quality-audit")) }
            p { (view.say("quality-audit-how")) }
            (sample(view, Part::AuditSample, &report.audit_sample))
        }
        section id="rest" {
            h2 { (view.say("quality-rest")) }
            p { (view.say("quality-rest-how")) }
            (sample(view, Part::Rest, &report.rest))
        }
        section id="left" {
            h2 { (view.say("quality-left")) }
            p { (view.say("quality-left-how")) }
            (people::reviews(view, &report.reviews))
        }
        section id="drift" { h2 { (view.say("quality-drift")) } (people::drift(view, &report.drift)) }
    }
}

/// What there is too little of.
fn wanting(view: &View, report: &QualityReport) -> Markup {
    let audit = report.audit;
    let counts = [
        ("judged", audit.judged.to_string()),
        ("drawn", audit.drawn.to_string()),
        ("missing", audit.missing.to_string()),
    ];
    let unnamed = [("quality-audit", &report.audit_sample), ("quality-rest", &report.rest)]
        .into_iter()
        .filter(|(_, part)| part.vulnerable.is_none() && part.vulnerable_labelled.judged > 0);
    html! {
        @if audit.is_wanting() { p.problem { (view.say_of("quality-audit-wanting", &counts)) } }
        @for (name, part) in unnamed {
            p.muted { (view.say_of("quality-vulnerable-wanting", &[
                ("part", view.say(name)),
                ("labelled", part.vulnerable_labelled.labelled.to_string()),
                ("judged", part.vulnerable_labelled.judged.to_string()),
            ])) }
        }
    }
}
