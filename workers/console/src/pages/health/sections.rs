//! Groups, dead letters, models and what answers, each as a table. What could not be asked says why.

use fluent_bundle::FluentArgs;
use maud::{Markup, html};
use ombud_contract::shown::shown;

use super::{
    super::{
        frame::Frame,
        parts::{self, Tone, badge, moment},
    },
    Answered, DeadLetters, GroupStatus, LetterLine, ModelStatus, ModelUse, PartReach, ReachPart,
    redrive::{FIELD, MOST_AT_ONCE},
};

/// A time to drain that long means that nothing is finished: see `ombud_drain_seconds`.
const STANDS_STILL: f64 = 86_400.0;
/// Beyond that a backlog is worth a look.
const LONG_SECONDS: f64 = 300.0;
/// Characters of a digest that people read.
const SHORT: usize = 12;

/// Every group.
pub(super) fn groups(frame: &Frame, groups: &Answered<Vec<GroupStatus>>) -> Markup {
    html! {
        section.card aria-labelledby="groups" {
            h2 id="groups" { (frame.say("health-groups")) }
            @match groups {
                Err(why) => (unanswered(frame, why)),
                Ok(groups) if groups.is_empty() => {
                    (parts::empty(&frame.say("health-groups-none"), &frame.say("health-groups-none-why")))
                }
                Ok(groups) => table.dense {
                    caption { (frame.say("health-groups-caption")) }
                    thead { tr {
                        th scope="col" { (frame.say("health-group")) }
                        th.number scope="col" { (frame.say("health-lag")) }
                        th scope="col" { (frame.say("health-drain")) }
                        th scope="col" { (frame.say("health-oldest")) }
                    } }
                    tbody {
                        @for group in groups {
                            tr {
                                th scope="row" { (shown(&group.group)) }
                                td.number { (group.lag) }
                                td { (drain(frame, group)) }
                                td { @match group.oldest { Some(at) => (moment(at)), None => "–" } }
                            }
                        }
                    }
                },
            }
        }
    }
}

fn drain(frame: &Frame, group: &GroupStatus) -> Markup {
    let Some(needed) = group.drain_seconds else {
        return html! { span.muted { (frame.say("health-drain-unknown")) } };
    };
    if needed >= STANDS_STILL {
        return badge(Tone::Bad, &frame.say("health-drain-still"));
    }
    let tone = if needed > LONG_SECONDS { Tone::Warning } else { Tone::Good };
    badge(tone, &seconds(frame, needed))
}

/// A time as people say it.
pub(super) fn seconds(frame: &Frame, seconds: f64) -> String {
    // Saturates, and no time here is negative.
    let whole = seconds.max(0.0).ceil() as i64;
    match whole {
        0..120 => frame.say_count("health-seconds", whole),
        120..7_200 => frame.say_count("health-minutes", whole / 60),
        _ => frame.say_count("health-hours", whole / 3_600),
    }
}

/// The newest dead letters, and a form that sends chosen ones again for whoever `may`.
pub(super) fn letters(frame: &Frame, letters: &Answered<DeadLetters>, may: bool) -> Markup {
    html! {
        section.card aria-labelledby="letters" {
            h2 id="letters" { (frame.say("health-letters")) }
            p.muted { (frame.say("health-letters-what")) }
            @match letters {
                Err(why) => (unanswered(frame, why)),
                Ok(letters) if letters.newest.is_empty() => {
                    (parts::empty(&frame.say("health-letters-none"), &frame.say("health-letters-none-why")))
                }
                Ok(letters) => {
                    (by_reason(frame, letters))
                    form method="post" action="/health/redrive" {
                        (newest(frame, &letters.newest, may))
                        @if may {
                            p.actions { button.danger type="submit" { (frame.say("health-redrive")) } }
                            p.muted { (frame.say("health-redrive-what")) }
                        }
                    }
                }
            }
        }
    }
}

fn by_reason(frame: &Frame, letters: &DeadLetters) -> Markup {
    let mut args = FluentArgs::new();
    args.set("count", i64::try_from(letters.looked_at).unwrap_or(i64::MAX));
    let caption = if letters.is_more { "health-by-reason-of" } else { "health-by-reason" };
    html! {
        table.dense {
            caption { (frame.say_with(caption, &args)) }
            thead { tr {
                th scope="col" { (frame.say("health-reason")) }
                th.number scope="col" { (frame.say("health-count")) }
            } }
            tbody {
                @for (reason, count) in &letters.by_reason {
                    tr { th scope="row" { (shown(reason)) } td.number { (count) } }
                }
            }
        }
    }
}

fn newest(frame: &Frame, letters: &[LetterLine], may: bool) -> Markup {
    html! {
        table.dense {
            caption { (frame.say("health-letters-caption")) }
            thead { tr {
                @if may { th scope="col" { (frame.say("health-choose")) } }
                th scope="col" { (frame.say("health-letter")) }
                th scope="col" { (frame.say("health-reason")) }
                th scope="col" { (frame.say("health-record")) }
                th scope="col" { (frame.say("health-parked")) }
            } }
            tbody {
                @for (at, letter) in letters.iter().take(MOST_AT_ONCE).enumerate() {
                    tr data-row {
                        @let (choose, named) = (format!("choose-{at}"), format!("letter-{at}"));
                        @if may {
                            td {
                                @if letter.refusal.is_none() {
                                    input type="checkbox" id=(choose) name=(FIELD) value=(letter.id) aria-labelledby=(named);
                                } @else { span.muted { "–" } }
                            }
                        }
                        th scope="row" id=(named) { code { (shown(short(&letter.id))) } }
                        td {
                            (shown(&letter.reason))
                            @if let Some(refusal) = &letter.refusal { br; span.muted { (shown(refusal)) } }
                        }
                        td { (shown(&format!("{}[{}]@{}", letter.topic, letter.partition, letter.offset))) }
                        td { (moment(letter.parked_at)) }
                    }
                }
            }
        }
    }
}

/// Which versions answer, and which were rejected.
pub(super) fn models(frame: &Frame, models: &Answered<Vec<ModelStatus>>) -> Markup {
    html! {
        section.card aria-labelledby="models" {
            h2 id="models" { (frame.say("health-models")) }
            @match models {
                Err(why) => (unanswered(frame, why)),
                Ok(models) if models.is_empty() => {
                    (parts::empty(&frame.say("health-models-none"), &frame.say("health-models-none-why")))
                }
                Ok(models) => table.dense {
                    caption { (frame.say("health-models-caption")) }
                    thead { tr {
                        th scope="col" { (frame.say("health-model")) }
                        th scope="col" { (frame.say("health-state")) }
                        th scope="col" { (frame.say("health-tasks")) }
                        th scope="col" { (frame.say("health-reason")) }
                    } }
                    tbody {
                        @for model in models {
                            tr {
                                th scope="row" { (shown(&model.model_id)) " " code { (shown(short(&model.version))) } }
                                td { (model_use(frame, model.state)) }
                                td { (shown(&model.tasks.join(", "))) }
                                td { (shown(&model.reason)) }
                            }
                        }
                    }
                },
            }
        }
    }
}

fn model_use(frame: &Frame, state: ModelUse) -> Markup {
    match state {
        ModelUse::Rejected => badge(Tone::Bad, &frame.say("health-model-rejected")),
        ModelUse::Decides => badge(Tone::Good, &frame.say("health-model-decides")),
        ModelUse::Shadow => badge(Tone::Plain, &frame.say("health-model-shadow")),
    }
}

/// A row for something that was asked whether it answers.
pub(super) fn reached(frame: &Frame, reached: &PartReach) -> Markup {
    let part = match reached.part {
        ReachPart::Log => "health-log",
        ReachPart::SchemaRegistry => "health-schema-registry",
        ReachPart::CaseStore => "health-case-store",
        ReachPart::Leases => "health-leases",
    };
    html! {
        tr {
            th scope="row" { (frame.say(part)) }
            @match &reached.answer {
                Ok(took) => {
                    td { (badge(Tone::Good, &frame.say("health-answers"))) }
                    td { (frame.say_count("health-milliseconds", i64::try_from(took.as_millis()).unwrap_or(i64::MAX))) }
                }
                Err(why) => {
                    td { (badge(Tone::Bad, &frame.say("health-silent"))) }
                    td { (shown(why)) }
                }
            }
        }
    }
}

fn unanswered(frame: &Frame, why: &str) -> Markup {
    html! { p.problem { (frame.say("health-unanswered")) " " (shown(why)) } }
}

fn short(digest: &str) -> &str {
    digest.get(..SHORT).unwrap_or(digest)
}
