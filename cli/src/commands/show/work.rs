//! What was done about a complaint after it was routed: each event in a line or two, and how far the work is.

use std::fmt::Write as _;

use anyhow::Result;
use ombud_contract::{
    codec,
    records::{RoutedComplaint, WorkEvent},
    work::{Effect, NewestRoute, Work},
};
use ombud_store::{CaseEvent, Kind};
use serde_json::{Value, json};

use super::{damage::readable, time::time};

/// The work on the case of `events`, whose newest route is `route`.
pub(super) fn work(events: &[CaseEvent], route: Option<&RoutedComplaint>) -> Work {
    let done: Vec<WorkEvent> =
        readable(events, Kind::Work).filter_map(|event| codec::decode(&event.body).ok()).collect();
    Work::fold(&done, route.map(NewestRoute::of))
}

/// The route that counts.
pub(super) fn newest_route(events: &[CaseEvent]) -> Option<RoutedComplaint> {
    let routes =
        readable(events, Kind::Routed).filter_map(|event| codec::decode::<RoutedComplaint>(&event.body).ok());
    routes.max_by(|a, b| (a.revision, &a.route_id).cmp(&(b.revision, &b.route_id)))
}

/// What `event` has changed; `None` where it is no event of work that can be read. Of one that lies there twice, both have it.
pub(super) fn effect(event: &CaseEvent, work: &Work) -> Option<Effect> {
    let is_it = |(done, _): &&(WorkEvent, Effect)| event.kind == Kind::Work && done.work_id == event.id;
    work.events.iter().find(is_it).map(|(_, effect)| *effect)
}

/// How far it is, for programs.
pub(super) fn as_json(work: &Work) -> Value {
    let claimed_by =
        work.claimed_by.as_ref().map(|(actor, lease)| json!({ "actor": actor, "lease_id": lease }));
    json!({
        "phase": work.phase.word(), "claimed_by": claimed_by, "out_of_order": work.out_of_order(),
    })
}

/// How far it is, in one line: `answered, 1 event out of order`.
pub(super) fn phase(work: &Work) -> String {
    let mut parts = vec![work.phase.word().to_owned()];
    parts.extend(work.claimed_by.as_ref().map(|(actor, _)| format!("claimed by {actor}")));
    match work.out_of_order() {
        0 => {}
        1 => parts.push("1 event out of order".to_owned()),
        more => parts.push(format!("{more} events out of order")),
    }
    parts.join(", ")
}

/// An event in one line: what was done, by whom and when.
pub(super) fn in_short(event: &WorkEvent, effect: Effect) -> String {
    let mut parts = vec![in_words(event.kind.symbol())];
    parts.extend(event.outcome.map(|outcome| in_words(outcome.symbol())));
    let codes = [event.cause_code.as_deref(), event.forwarded_to.as_deref()];
    parts.extend(codes.into_iter().flatten().map(str::to_owned));
    if !event.reason_code.is_empty() {
        parts.push(event.reason_code.clone());
    }
    parts.push(event.actor.clone());
    parts.push(time(event.done_at));
    parts.extend(remark(effect).map(str::to_owned));
    parts.join(", ")
}

/// Writes an event into the history of its case.
pub(super) fn done(story: &mut String, event: &WorkEvent, effect: Option<Effect>) -> Result<()> {
    let role = match event.actor_role.as_str() {
        "" => String::new(),
        role => format!(" ({role})"),
    };
    let team = event.team.as_ref().map(|team| format!(", team {team}")).unwrap_or_default();
    let kind = event.kind.symbol();
    writeln!(story, "work {kind} on revision {}, by {}{role}{team}", event.revision, event.actor)?;
    if let Some(outcome) = event.outcome {
        let cause = event.cause_code.as_deref().unwrap_or("-");
        writeln!(story, "    {}, cause {cause}", in_words(outcome.symbol()))?;
    }
    if let (Some(amount), Some(currency)) = (event.redress_minor, &event.redress_currency) {
        writeln!(story, "    redress {amount} in minor units of {currency}")?;
    }
    let more = [
        ("vulnerability", &event.vulnerability_code),
        ("forwarded to", &event.forwarded_to),
        ("undoes", &event.undoes),
        ("lease", &event.lease_id),
    ];
    for (name, value) in more {
        if let Some(value) = value {
            writeln!(story, "    {name} {value}")?;
        }
    }
    if !event.reason_code.is_empty() {
        writeln!(story, "    reason {}", event.reason_code)?;
    }
    if let Some(remark) = effect.and_then(remark) {
        writeln!(story, "    {remark}")?;
    }
    let done_at = jiff::Timestamp::from_millisecond(event.done_at).unwrap_or(jiff::Timestamp::MIN);
    writeln!(story, "    done at {done_at}, id {}", event.work_id)?;
    Ok(())
}

/// What is to be said about an event that does not count.
fn remark(effect: Effect) -> Option<&'static str> {
    match effect {
        Effect::Counts => None,
        Effect::Overtaken => Some("it answered an older submission"),
        Effect::Undone => Some("undone"),
        Effect::OutOfOrder => Some("out of order: it changes nothing"),
    }
}

/// `PARTLY_UPHELD` as `partly upheld`.
fn in_words(symbol: &str) -> String {
    symbol.replace('_', " ").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use ombud_contract::records::WorkKind;

    use super::*;

    const ROUTE: &str = include_str!("../../../../schemas/complaints.routed/examples/valid/complete.json");
    const AT: i64 = 1_798_761_600_000;

    fn stored(kind: Kind, id: &str, at: i64, body: bytes::Bytes) -> CaseEvent {
        CaseEvent {
            complaint_id: "c-1".into(),
            kind,
            seq: at,
            id: id.into(),
            at,
            task: None,
            team: None,
            model_id: None,
            model_version: None,
            schema_id: None,
            body,
            origin: "complaints.work/0/1".into(),
        }
    }

    fn event(id: &str, kind: WorkKind, at: i64) -> CaseEvent {
        let route: RoutedComplaint = serde_json::from_str(ROUTE).unwrap();
        let done = WorkEvent {
            work_id: id.into(),
            ..WorkEvent::new("c-1", kind, route.revision, AT + at, "clerk-7")
        };
        stored(Kind::Work, id, AT + at, codec::encode(&done).unwrap())
    }

    fn routed(revision_more: i64) -> CaseEvent {
        let mut route: RoutedComplaint = serde_json::from_str(ROUTE).unwrap();
        route.revision += revision_more;
        stored(Kind::Routed, &route.route_id, route.routed_at, codec::encode(&route).unwrap())
    }

    #[test]
    fn the_work_on_a_case_is_that_on_its_newest_route() {
        let events = [
            event("c", WorkKind::Forwarded, 3),
            event("a", WorkKind::Acknowledged, 1),
            routed(0),
            event("b", WorkKind::Acknowledged, 2),
        ];
        let folded = |events: &[CaseEvent]| work(events, newest_route(events).as_ref());
        let work = folded(&events);
        assert_eq!(phase(&work), "answered, 1 event out of order");
        assert_eq!(effect(&events[3], &work), Some(Effect::OutOfOrder));
        assert_eq!((effect(&events[1], &work), effect(&events[2], &work)), (Some(Effect::Counts), None));
        let expected = json!({ "phase": "answered", "claimed_by": null, "out_of_order": 1 });
        assert_eq!(as_json(&work), expected);
        let newer = [&events[..], &[routed(1 << 20)]].concat();
        assert_eq!(phase(&folded(&newer)), "open, 1 event out of order");
        assert_eq!(phase(&folded(&[event("a", WorkKind::Claimed, 1)])), "open, claimed by clerk-7");
    }

    macro_rules! example {
        ($name:literal) => {
            serde_json::from_str::<WorkEvent>(include_str!(concat!(
                "../../../../schemas/complaints.work/examples/valid/",
                $name,
                ".json"
            )))
            .unwrap()
        };
    }

    #[test]
    fn an_event_says_what_was_done_by_whom_and_when_and_whether_it_counts() {
        let answer = example!("final-response");
        let mut story = String::new();
        done(&mut story, &answer, Some(Effect::Undone)).unwrap();
        for words in [
            "work FINAL_RESPONSE on revision 1024, by clerk-7 (clerk), team card-services\n",
            "    partly upheld, cause fees-not-explained\n",
            "    redress 2500 in minor units of GBP\n",
            "    undone\n",
            "    done at 2027-01-01T00:00:00Z, id 9295a51e",
        ] {
            assert!(story.contains(words), "{words}: {story}");
        }
        assert_eq!(
            in_short(&answer, Effect::Counts),
            "final response, partly upheld, fees-not-explained, clerk-7, 2027-01-01 00:00 UTC"
        );
        let noted = in_short(&example!("noted"), Effect::OutOfOrder);
        assert_eq!(
            noted,
            "noted, customer-called, clerk-7, 2027-01-01 00:00 UTC, out of order: it changes nothing"
        );
        let mut story = String::new();
        done(&mut story, &example!("undone"), Some(Effect::Counts)).unwrap();
        assert!(
            story.contains("    undoes dd8c782a") && story.contains("    reason wrong-template\n"),
            "{story}"
        );
    }
}
