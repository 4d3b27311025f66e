//! The page: the dossier for people, in one HTML file that needs no other. Made of the dossier's data alone; every text in it
//! is escaped.

mod answered;
mod decided;
mod proven;
mod words;

use jiff::Timestamp;
use maud::{Markup, html};
use ombud_contract::records::TimestampMs;
use ombud_report::{Lead, Section, Tone};
use serde::Serialize;

use crate::dossier::Dossier;

/// The page of `dossier`.
pub(crate) fn page(dossier: &Dossier) -> String {
    let sections = [
        in_short(dossier),
        decided::decision(&dossier.decision),
        answered::answers(&dossier.answers),
        words::words(&dossier.words, dossier.input.text.as_deref()),
        decided::input(&dossier.input),
        answered::model(&dossier.model),
        decided::strategy(&dossier.strategy),
        proven::people(&dossier.people),
        proven::outcome(&dossier.outcome),
        proven::proof(&dossier.proof),
    ];
    ombud_report::page(&format!("Dossier of complaint {}", dossier.complaint_id), &sections)
}

fn in_short(dossier: &Dossier) -> Section {
    let exporter = &dossier.exported_by;
    let roles =
        if exporter.roles.is_empty() { String::new() } else { format!(" ({})", exporter.roles.join(", ")) };
    let covers = dossier.as_of.map_or_else(
        || "everything until it was exported".to_owned(),
        |at| format!("what had happened by {}", time(at)),
    );
    let decided = format!("decided {}", time(dossier.decision.routed_at));
    let leads = [
        lead("Team", dossier.decision.team.clone(), decided),
        lead("State", dossier.outcome.phase.to_owned(), String::new()),
    ];
    Section::new("In short")
        .leads(&leads)
        .with(facts(&[
            ("Complaint", dossier.complaint_id.clone()),
            ("Covers", covers),
            ("Exported", format!("{} by {}{roles}", time(dossier.exported_at), exporter.actor)),
            ("Review by a person", dossier.people.contact.clone()),
        ]))
        .text(
            "This page is part of a signed file and says nothing that the file does not say. Whether the file is \
             genuine is checked with the list of keys that the firm has published, and not with anything on this page.",
        )
}

fn lead(name: &str, figure: String, detail: String) -> Lead {
    let (asked, standing) = (String::new(), String::new());
    Lead { name: name.to_owned(), figure, detail, asked, standing, tone: Tone::Plain, link: None }
}

/// A part's section, with what it answers and what is not there.
fn part(heading: &str, answers: &[&str], notes: &[String]) -> Section {
    let section = Section::new(heading);
    let section =
        if answers.is_empty() { section } else { section.text(format!("Explains: {}.", answers.join(", "))) };
    if notes.is_empty() {
        section
    } else {
        section.with(html! { ul { @for note in notes { li { (note) } } } })
    }
}

/// Names with what they are; an empty one is left out.
fn facts(facts: &[(&str, String)]) -> Markup {
    html! {
        dl { @for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
            dt { (name) } dd { (value) }
        } }
    }
}

/// A moment, for people.
fn time(at: TimestampMs) -> String {
    let Ok(moment) = Timestamp::from_millisecond(at) else { return format!("{at} ms") };
    moment.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A span, for people.
fn span(ms: i64) -> String {
    let minutes = ms / 60_000;
    match (minutes / 1_440, minutes / 60 % 24, minutes % 60) {
        (0, 0, 0) => format!("{} s", ms / 1_000),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// An enum's symbol as it stands in the schema, in small letters and words.
fn word(symbol: impl Serialize) -> String {
    let text = serde_json::to_value(symbol).ok();
    text.and_then(|text| Some(text.as_str()?.to_lowercase().replace('_', " "))).unwrap_or_default()
}

/// A text or nothing.
fn or_empty(text: Option<&String>) -> String {
    text.cloned().unwrap_or_default()
}

fn yes_no(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

/// A long text that shows itself when its heading is opened.
fn folded(heading: &str, text: &str) -> Markup {
    html! { details { summary { (heading) } div.narrative { (text) } } }
}

/// A long text as it stands.
fn as_it_stands(heading: &str, text: &str) -> Markup {
    html! { h3 { (heading) } div.narrative { (text) } }
}
