//! A case for people: its team, what was decided and how surely, its clocks, and the verdicts of people.

use std::fmt::Write as _;

use anyhow::Result;
use ombud_contract::{
    codec,
    records::{Decision, Feedback, Outcome, RawComplaint, RoutedComplaint, Vulnerability},
    verdict::{AUDIT_SAMPLE, VULNERABLE},
};
use ombud_models::Strategies;
use ombud_store::{CaseEvent, Kind};

use super::{clocks, damage::readable, time::time, verdicts, work};
use crate::output::screen::{Screen, Style};

/// Reasons for a review that do not come from a model's answer: codes, and what they mean.
const REASONS: [(&str, &str); 4] = [
    (AUDIT_SAMPLE, "drawn for the audit sample"),
    ("language-unread", "no model reads its language"),
    ("unknown-product", "no team serves its product"),
    ("unreadable", "nobody can read the record"),
];

/// The case in short.
pub(super) fn case(
    id: &str,
    events: &[CaseEvent],
    strategies: &Strategies,
    now_ms: i64,
    screen: Screen,
) -> Result<String> {
    let route = work::newest_route(events);
    let submissions: Vec<RawComplaint> =
        readable(events, Kind::Raw).filter_map(|event| codec::decode(&event.body).ok()).collect();
    // What was judged last, else what came last.
    let of_route = |raw: &&RawComplaint| {
        route.as_ref().is_some_and(|route| ombud_contract::ids::input_sha256(raw) == route.input_sha256)
    };
    let newest = submissions.iter().max_by_key(|raw| (raw.submission, raw.received_at));
    let raw = submissions.iter().find(of_route).or(newest);

    let mut text = format!("{}\n\n", screen.styled(Style::Bold, format_args!("case {id}")));
    match &route {
        Some(route) => routed(&mut text, route, strategies, screen)?,
        None => line(&mut text, "team", "none yet: it is not routed")?,
    }
    moments(&mut text, raw, route.as_ref())?;
    let done = work::work(events, route.as_ref());
    for (number, clock) in clocks::clocks(route.as_ref(), &done, now_ms).iter().enumerate() {
        line(&mut text, if number == 0 { "clocks" } else { "" }, &clocks::in_short(clock))?;
    }
    if let Some(raw) = raw {
        line(
            &mut text,
            "came by",
            &format!("{}, language {}, submission {}", raw.channel, raw.language, raw.submission),
        )?;
        if raw.withdrawn {
            line(&mut text, "", "the customer took it back")?;
        }
    }
    for unread in events.iter().filter(|event| event.kind == Kind::Raw && event.body.is_empty()) {
        line(
            &mut text,
            "unreadable",
            &format!("nobody could read it, nor whose it is: see dead letter {}", unread.id),
        )?;
    }
    let mut given: Vec<Feedback> =
        readable(events, Kind::Feedback).filter_map(|event| codec::decode(&event.body).ok()).collect();
    given.sort_by(|a, b| (a.decided_at, &a.feedback_id).cmp(&(b.decided_at, &b.feedback_id)));
    for (number, verdict) in given.iter().enumerate() {
        line(&mut text, if number == 0 { "people said" } else { "" }, &verdicts::in_short(verdict))?;
    }
    if !done.events.is_empty() {
        line(&mut text, "work", &work::phase(&done))?;
    }
    for (event, effect) in &done.events {
        line(&mut text, "", &work::in_short(event, *effect))?;
    }
    for (number, raw) in submissions.iter().filter(|raw| !raw.narrative.is_empty()).enumerate() {
        let what = if number == 0 { "what the customer wrote" } else { "and sent again" };
        writeln!(text, "\n{}", screen.styled(Style::Bold, what))?;
        for narrative in raw.narrative.lines() {
            writeln!(text, "    | {narrative}")?;
        }
    }
    Ok(text)
}

fn routed(text: &mut String, route: &RoutedComplaint, strategies: &Strategies, screen: Screen) -> Result<()> {
    let names = strategies.version(route.strategy_version).map(|strategy| &strategy.routing.teams);
    let called = |team: &str| match names.and_then(|names| names.get(team)) {
        Some(name) => format!("{name} ({team})"),
        None => team.to_owned(),
    };
    let team = screen.styled(Style::Bold, called(&route.team));
    let before = route.previous_team.as_deref().map(|team| format!(", before: {}", called(team)));
    line(text, "team", &format!("{team}{}", before.unwrap_or_default()))?;
    for decision in &route.decisions {
        if decision.task != VULNERABLE {
            line(text, &decision.task, &decided(decision))?;
        }
    }
    for task in &route.missing_tasks {
        line(text, task, "no model answered in time")?;
    }
    let (customer, style) = match route.vulnerability {
        Vulnerability::Vulnerable => ("vulnerable", Style::Red),
        Vulnerability::Possible => ("possibly vulnerable", Style::Yellow),
        Vulnerability::NotIndicated => ("no sign of vulnerability", Style::Green),
    };
    let outright = route.decisions.iter().any(|decision| decision.explicit_evidence);
    let outright = if outright { ", the text says it outright" } else { "" };
    line(text, "customer", &format!("{}{outright}", screen.styled(style, customer)))?;
    line(text, "review", if route.needs_human { "a person has to look at it" } else { "none is needed" })?;
    for reason in &route.human_reasons {
        line(text, "", &in_words(reason))?;
    }
    line(text, "priority", &route.priority.to_string())
}

/// `Getting a loan or lease, 58 % sure`.
fn decided(decision: &Decision) -> String {
    let sure = format!("{:.0} %", 100.0 * decision.confidence);
    let label = decision.label.as_deref().unwrap_or("-");
    let coarse = decision.level != decision.task && !decision.level.is_empty();
    let level = if coarse { format!(" ({})", decision.level) } else { String::new() };
    match (decision.outcome, &decision.unread) {
        (Outcome::Labelled, _) => format!("{label}{level}, {sure} sure"),
        (Outcome::Abstained, Some(why)) => format!("not decided: the model cannot read it ({why})"),
        (Outcome::Abstained, None) if decision.label.is_none() => {
            "not decided: the model was unsure".to_owned()
        }
        (Outcome::Abstained, None) => format!("not decided: perhaps {label}{level}, {sure} sure"),
        (Outcome::Failed, _) => "not decided: the model failed".to_owned(),
    }
}

fn in_words(reason: &str) -> String {
    if let Some((_, words)) = REASONS.iter().find(|(code, _)| *code == reason) {
        return (*words).to_owned();
    }
    match reason.split_once('-') {
        Some(("abstained", task)) => format!("the model was unsure of the {task}"),
        Some(("unread", task)) => format!("the model could not read it for {task}"),
        Some(("failed", task)) => format!("the model for {task} failed"),
        Some(("missing", task)) => format!("no model answered for {task}"),
        _ => reason.to_owned(),
    }
}

fn moments(text: &mut String, raw: Option<&RawComplaint>, route: Option<&RoutedComplaint>) -> Result<()> {
    let received = route.map(|route| route.received_at).or(raw.map(|raw| raw.received_at));
    for (name, at) in [
        ("received", received),
        ("routed", route.map(|route| route.routed_at)),
        ("resolve by", route.and_then(|route| route.resolve_by)),
        ("answer by", route.and_then(|route| route.final_response_by)),
    ] {
        if let Some(at) = at {
            line(text, name, &time(at))?;
        }
    }
    Ok(())
}

fn line(text: &mut String, name: &str, value: &str) -> Result<()> {
    Ok(writeln!(text, "{name:<12}{value}")?)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use ombud_contract::records::{Clock, Strategy, WorkEvent, WorkKind};

    use super::*;
    use crate::output::golden;

    /// One of the clocks is past: the 8th of May 2024.
    const NOW_MS: i64 = 1_715_162_400_000;

    fn event(kind: Kind, id: &str, at: i64, body: Bytes) -> CaseEvent {
        CaseEvent {
            complaint_id: "crm-2024-000117".into(),
            kind,
            seq: 1,
            id: id.into(),
            at,
            task: None,
            team: None,
            model_id: None,
            model_version: None,
            schema_id: None,
            body,
            origin: "complaints.raw/3/1041".into(),
        }
    }

    /// Due so many days after the 1st of May.
    fn clock(name: &str, days: i64) -> Clock {
        let starts = 1_714_557_600_000;
        Clock {
            name: name.into(),
            starts,
            due: starts + days * 24 * 60 * 60 * 1_000,
            rule: format!("{days} days from receipt in UTC; met by acknowledged"),
            calendar: None,
            beyond_calendar: false,
        }
    }

    fn events() -> Vec<CaseEvent> {
        let raw: RawComplaint = serde_json::from_str(include_str!(
            "../../../../schemas/complaints.raw/examples/valid/everything.json"
        ))
        .unwrap();
        let example = include_str!("../../../../schemas/complaints.routed/examples/valid/complete.json");
        let route = RoutedComplaint {
            team: "card-services".into(),
            previous_team: None,
            needs_human: true,
            vulnerability: Vulnerability::Possible,
            human_reasons: vec!["abstained-issue".into(), "audit-sample".into()],
            clocks: vec![clock("house-answer", 15), clock("acknowledgement", 5)],
            ..serde_json::from_str(example).unwrap()
        };
        vec![
            event(Kind::Raw, "b", raw.received_at, codec::encode(&raw).unwrap()),
            event(Kind::Routed, &route.route_id, route.routed_at, codec::encode(&route).unwrap()),
        ]
    }

    fn strategies() -> Strategies {
        let models = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
        let first =
            ombud_models::FirstStrategy::read(&models.join("strategy.toml"), &models, "me", 0).unwrap();
        let mut strategies = Strategies::default();
        strategies.push(Strategy { version: 1, effective_from: 0, ..first.record }).unwrap();
        strategies
    }

    #[test]
    fn people_see_a_case_in_words_within_80_columns_with_and_without_colours() {
        for (name, coloured) in [("show.txt", false), ("show-colour.txt", true)] {
            let screen = Screen::new(80, coloured);
            let text = screen
                .with_styles(case("crm-2024-000117", &events(), &strategies(), NOW_MS, screen).unwrap());
            let around =
                text.lines().filter(|line| !line.starts_with("    |")).collect::<Vec<_>>().join("\n");
            assert!(golden::width(&around) <= 80, "{text}");
            golden::compare(name, &text);
        }
    }

    #[test]
    fn what_was_done_stands_below_how_far_the_work_is() {
        let done = |kind, at| {
            let done = WorkEvent::new("crm-2024-000117", kind, 1, at, "clerk-7").named();
            event(Kind::Work, &done.work_id.clone(), at, codec::encode(&done).unwrap())
        };
        let events = [done(WorkKind::Acknowledged, 60_000), done(WorkKind::Reopened, 120_000)];
        let text =
            case("crm-2024-000117", &events, &Strategies::default(), NOW_MS, Screen::new(80, false)).unwrap();
        let expected = "work        acknowledged, 1 event out of order\n            acknowledged, clerk-7, \
                        1970-01-01 00:01 UTC\n            reopened, clerk-7, 1970-01-01 00:02 UTC, out of order: it \
                        changes nothing\n";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn what_nobody_could_read_names_its_dead_letter() {
        let unreadable = event(Kind::Raw, "d1e", 0, Bytes::new());
        let text =
            case("unreadable-3-17", &[unreadable], &Strategies::default(), NOW_MS, Screen::new(80, false))
                .unwrap();
        assert!(text.contains("see dead letter d1e"), "{text}");
    }

    #[test]
    fn a_case_that_is_not_routed_yet_says_so_and_a_team_that_has_no_name_any_more_has_its_code() {
        let screen = Screen::new(80, false);
        let text = case("c-1", &events()[..1], &Strategies::default(), NOW_MS, screen).unwrap();
        assert!(text.contains("none yet") && text.contains("| I was charged an overdraft fee"), "{text}");
        let text = case("c-1", &events(), &Strategies::default(), NOW_MS, screen).unwrap();
        assert!(text.contains("team        card-services\n"), "{text}");
    }
}
