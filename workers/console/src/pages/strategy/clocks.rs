//! The rules of clocks in words: how long, from when, for whom, and what meets them.

use fluent_bundle::FluentValue;
use maud::{Markup, html};
use ombud_contract::{records::WorkKind, shown::shown};
use ombud_models::{
    NamedClockRule, RoutingTable,
    clock::{ClockStart, Limit, LimitUnit},
};

use super::pieces::args;
use crate::pages::frame::Frame;

/// The rules of a routing table, or the days of one that has no rules.
pub(super) fn rules(frame: &Frame, table: &RoutingTable) -> Markup {
    html! {
        section {
            h2 { (frame.say("strategy-clocks")) }
            @if table.clock_rules.is_empty() {
                (days(frame, table))
            } @else {
                table.dense {
                    caption { (frame.say("strategy-clocks-caption")) }
                    thead { tr {
                        th scope="col" { (frame.say("strategy-clock")) }
                        th scope="col" { (frame.say("strategy-clock-rule")) }
                        th scope="col" { (frame.say("strategy-clock-for")) }
                        th scope="col" { (frame.say("strategy-clock-met-by")) }
                    } }
                    tbody {
                        @for (name, rule) in &table.clock_rules.rules {
                            tr {
                                th scope="row" { (shown(name)) }
                                td { (how_long(frame, rule)) }
                                td { (for_whom(frame, rule)) }
                                td { (works(frame, rule.met_by.iter().copied())) (extensions(frame, rule)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A table without rules: so many days of 24 hours from the receipt.
fn days(frame: &Frame, table: &RoutingTable) -> Markup {
    let of = |id: &str, days: Option<u16>| days.map(|days| frame.say_count(id, i64::from(days)));
    let both = [
        of("strategy-clock-resolve-days", table.clocks.resolve_by_days),
        of("strategy-clock-final-days", table.clocks.final_response_by_days),
    ];
    html! {
        @if both.iter().all(Option::is_none) {
            p.muted { (frame.say("strategy-no-clock")) }
        } @else {
            ul { @for one in both.iter().flatten() { li { (one) } } }
        }
    }
}

fn how_long(frame: &Frame, rule: &NamedClockRule) -> String {
    let starts = rule.starts.iter().map(|start| {
        frame.say(match start {
            ClockStart::Receipt => "strategy-starts-receipt",
            ClockStart::Sending => "strategy-starts-sending",
            ClockStart::Notice => "strategy-starts-notice",
        })
    });
    let starts = starts.collect::<Vec<_>>().join(&frame.say("strategy-or-else"));
    let values: [(&'static str, FluentValue<'_>); 3] = [
        ("limit", limit(frame, rule.limit).into()),
        ("starts", starts.into()),
        ("zone", shown(&rule.zone).into()),
    ];
    let mut text = frame.say_with("strategy-clock-runs", &args(values));
    if let Some(calendar) = rule.calendar.as_deref().filter(|_| rule.limit.needs_calendar()) {
        text += &frame.say_with("strategy-clock-by", &args([("calendar", shown(calendar).into())]));
    }
    text
}

fn limit(frame: &Frame, limit: Limit) -> String {
    let days = i64::from(limit.days());
    match limit.unit() {
        LimitUnit::Days => frame.say_count("strategy-limit-days", days),
        LimitUnit::BusinessDays => frame.say_count("strategy-limit-business-days", days),
        LimitUnit::Weeks => frame.say_count("strategy-limit-weeks", days / 7),
    }
}

fn for_whom(frame: &Frame, rule: &NamedClockRule) -> Markup {
    let classes = |names: &[String]| names.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", ");
    let suspended = |class: &Option<String>| {
        class.as_ref().map_or_else(|| frame.say("strategy-clock-all"), |class| shown(class).into_owned())
    };
    html! {
        @if rule.applies_to.is_empty() { (frame.say("strategy-clock-all")) } @else { (classes(&rule.applies_to)) }
        @if !rule.unless.is_empty() {
            "; " (frame.say_with("strategy-clock-unless", &args([("classes", classes(&rule.unless).into())])))
        }
        @for (class, span) in &rule.suspended {
            "; " (frame.say_with("strategy-clock-suspended", &args([
                ("class", suspended(class).into()),
                ("from", span.from.to_string().into()),
                ("until", span.until.to_string().into()),
            ])))
        }
    }
}

fn works(frame: &Frame, kinds: impl Iterator<Item = WorkKind>) -> String {
    kinds.map(|kind| work(frame, kind)).collect::<Vec<_>>().join(", ")
}

fn work(frame: &Frame, kind: WorkKind) -> String {
    frame.say(match kind {
        WorkKind::Acknowledged => "strategy-work-acknowledged",
        WorkKind::HoldingResponse => "strategy-work-holding-response",
        WorkKind::SummaryResolution => "strategy-work-summary-resolution",
        WorkKind::FinalResponse => "strategy-work-final-response",
        WorkKind::Forwarded => "strategy-work-forwarded",
        WorkKind::Noted => "strategy-work-noted",
        _ => "strategy-work-other",
    })
}

fn extensions(frame: &Frame, rule: &NamedClockRule) -> Markup {
    html! {
        @for (kind, longer) in &rule.extended_by {
            "; " (frame.say_with("strategy-clock-extended", &args([
                ("work", work(frame, *kind).into()),
                ("limit", limit(frame, *longer).into()),
            ])))
        }
        @if rule.runs_again { "; " (frame.say("strategy-clock-again")) }
    }
}
