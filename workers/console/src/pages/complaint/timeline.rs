//! Every record of a complaint in the order in which it happened: what it says, which model and strategy made it, and where it
//! lies. And of them, what people did.

use maud::{Markup, html};
use ombud_contract::shown::shown;

use crate::{
    money,
    pages::{frame::Frame, item_words::symbol, parts},
    timeline::{
        PredictionEntry, RouteEntry, SubmissionEntry, TimelineEntry, TimelineEvent, VerdictEntry, WorkEntry,
    },
};

/// What a record says: a headline, and facts, each by its word in the catalogue.
struct Story {
    headline: String,
    facts: Vec<(&'static str, String)>,
}

/// What people did: who, when and what.
pub(super) fn deeds(frame: &Frame, entries: &[TimelineEntry]) -> Markup {
    let deeds: Vec<(&TimelineEntry, &str, &str)> = entries.iter().filter_map(by_person).collect();
    html! {
        section {
            h2 { (frame.say("complaint-deeds")) }
            @if deeds.is_empty() {
                (parts::empty(&frame.say("complaint-deeds-none"), &frame.say("complaint-deeds-none-why")))
            } @else {
                table.dense {
                    caption { (frame.say("complaint-deeds-caption")) }
                    thead { tr {
                        @for column in ["at", "who", "what"] {
                            th scope="col" { (frame.say(&format!("complaint-deed-{column}"))) }
                        }
                    } }
                    tbody { @for (entry, actor, role) in deeds {
                        tr {
                            td { (parts::moment(entry.at)) }
                            td { (shown(actor)) @if !role.is_empty() { " " span.muted { (shown(role)) } } }
                            td { (shown(&story(frame, &entry.event).headline)) }
                        }
                    } }
                }
            }
        }
    }
}

fn by_person(entry: &TimelineEntry) -> Option<(&TimelineEntry, &str, &str)> {
    match &entry.event {
        TimelineEvent::Verdict(verdict) => Some((entry, &verdict.actor, &verdict.actor_role)),
        TimelineEvent::Work(work) => Some((entry, &work.actor, &work.actor_role)),
        _ => None,
    }
}

/// Every record.
pub(super) fn records(frame: &Frame, entries: &[TimelineEntry]) -> Markup {
    html! {
        section {
            h2 { (frame.say("complaint-records")) }
            @if entries.is_empty() {
                (parts::empty(&frame.say("complaint-records-none"), &frame.say("complaint-records-none-why")))
            } @else {
                ol.timeline { @for entry in entries { (record(frame, entry)) } }
            }
        }
    }
}

fn record(frame: &Frame, entry: &TimelineEntry) -> Markup {
    let Story { headline, facts } = story(frame, &entry.event);
    html! {
        li {
            p { (parts::moment(entry.at)) " " strong { (shown(&headline)) } }
            dl {
                @for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
                    dt { (frame.say(&format!("complaint-fact-{name}"))) } dd { (shown(value)) }
                }
                dt { (frame.say("complaint-fact-record")) } dd { code { (shown(&entry.origin)) } }
            }
        }
    }
}

fn story(frame: &Frame, event: &TimelineEvent) -> Story {
    match event {
        TimelineEvent::Submission(entry) => submission(frame, entry),
        TimelineEvent::Prediction(entry) => prediction(frame, entry),
        TimelineEvent::Route(entry) => route(frame, entry),
        TimelineEvent::Verdict(entry) => verdict(frame, entry),
        TimelineEvent::Work(entry) => work(frame, entry),
        TimelineEvent::Explanation => Story::only(frame.say("complaint-event-explanation")),
        TimelineEvent::Unreadable => Story::only(frame.say("complaint-event-unreadable")),
    }
}

impl Story {
    fn only(headline: String) -> Self {
        Self { headline, facts: Vec::new() }
    }
}

fn given(text: Option<&String>) -> String {
    text.cloned().unwrap_or_default()
}

fn minute(ms: Option<i64>) -> String {
    let at = ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default()
}

/// A share as people write it.
fn percent(share: f32) -> String {
    format!("{:.0} %", f64::from(share) * 100.0)
}

fn submission(frame: &Frame, entry: &SubmissionEntry) -> Story {
    let said = match (entry.withdrawn, entry.submission) {
        (true, _) => "complaint-event-withdrawn",
        (false, ..=1) => "complaint-event-came",
        (false, _) => "complaint-event-changed",
    };
    Story {
        headline: frame.say(said),
        facts: vec![
            ("submission", entry.submission.to_string()),
            ("received", minute(Some(entry.received_at))),
            ("channel", entry.channel.clone()),
            ("language", entry.language.clone()),
            ("entity", given(entry.legal_entity.as_ref())),
            ("known-product", given(entry.known_product.as_ref())),
            ("regulator", minute(entry.regulator_sent_at)),
            ("notice", minute(entry.notice_at)),
        ],
    }
}

/// What a team is called, where there is one.
fn named(frame: &Frame, team: Option<&str>) -> String {
    team.map(|team| frame.team(team).into_owned()).unwrap_or_default()
}

fn prediction(frame: &Frame, entry: &PredictionEntry) -> Story {
    let mut args = fluent_bundle::FluentArgs::new();
    args.set("task", symbol(frame, "complaint-task", &entry.task));
    args.set("outcome", symbol(frame, "complaint-outcome", &entry.outcome));
    Story {
        headline: frame.say_with("complaint-event-prediction", &args),
        facts: vec![
            ("label", given(entry.label.as_ref())),
            ("confidence", percent(entry.confidence)),
            ("threshold", percent(entry.threshold)),
            ("model", format!("{}@{}", entry.model_id, entry.model_version)),
            ("strategy", entry.strategy_version.to_string()),
            ("role", symbol(frame, "complaint-role", &entry.role)),
            ("arm", entry.arm.clone()),
            ("failure", given(entry.failure.as_ref())),
            ("unread", given(entry.unread.as_ref())),
        ],
    }
}

fn route(frame: &Frame, entry: &RouteEntry) -> Story {
    let mut args = fluent_bundle::FluentArgs::new();
    args.set("team", frame.team(&entry.team).into_owned());
    let yes_no = if entry.needs_human { "complaint-yes" } else { "complaint-no" };
    Story {
        headline: frame.say_with("complaint-event-route", &args),
        facts: vec![
            ("why", symbol(frame, "complaint-why", &entry.why)),
            ("previous-team", named(frame, entry.previous_team.as_deref())),
            ("vulnerability", symbol(frame, "complaint-vulnerability", &entry.vulnerability)),
            ("priority", entry.priority.to_string()),
            ("needs-human", frame.say(yes_no)),
            ("reasons", entry.human_reasons.join(", ")),
            ("missing", entry.missing_tasks.join(", ")),
            ("strategy", entry.strategy_version.to_string()),
            ("revision", entry.revision.to_string()),
        ],
    }
}

fn verdict(frame: &Frame, entry: &VerdictEntry) -> Story {
    let model = entry.model_id.as_ref().zip(entry.model_version.as_ref());
    Story {
        headline: symbol(frame, "complaint-verdict", &entry.verdict),
        facts: vec![
            (
                "task",
                entry.task.as_deref().map(|task| symbol(frame, "complaint-task", task)).unwrap_or_default(),
            ),
            ("label-before", given(entry.label_before.as_ref())),
            ("label-after", given(entry.label_after.as_ref())),
            ("from-team", named(frame, entry.from_team.as_deref())),
            ("to-team", named(frame, entry.to_team.as_deref())),
            ("reason", entry.reason_code.clone()),
            ("who", entry.actor.clone()),
            ("source", entry.source.clone()),
            ("model", model.map(|(id, version)| format!("{id}@{version}")).unwrap_or_default()),
            ("retracts", given(entry.retracts.as_ref())),
            ("revision", entry.revision.to_string()),
        ],
    }
}

fn work(frame: &Frame, entry: &WorkEntry) -> Story {
    let redress = entry.redress_minor.zip(entry.redress_currency.as_deref());
    let outcome = entry.outcome.as_deref().map(|outcome| symbol(frame, "complaint-answer", outcome));
    Story {
        headline: symbol(frame, "complaint-work", &entry.work),
        facts: vec![
            ("answer", outcome.unwrap_or_default()),
            ("cause", given(entry.cause_code.as_ref())),
            (
                "redress",
                redress
                    .map(|(minor, currency)| format!("{} {currency}", money::in_words(minor, currency)))
                    .unwrap_or_default(),
            ),
            ("vulnerability-code", given(entry.vulnerability_code.as_ref())),
            ("forwarded-to", given(entry.forwarded_to.as_ref())),
            ("reason", entry.reason_code.clone()),
            ("who", entry.actor.clone()),
            ("source", entry.source.clone()),
            ("team", named(frame, entry.team.as_deref())),
            ("undoes", given(entry.undoes.as_ref())),
            ("revision", entry.revision.to_string()),
        ],
    }
}
