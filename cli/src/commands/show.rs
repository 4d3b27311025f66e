//! `ombud show`: one case, from what the customer wrote to where it went and why.

mod case;
mod clocks;
mod damage;
mod history;
mod time;
mod verdicts;
mod work;

use std::io::Write;

use anyhow::Result;
use clap::Args;
use ombud_contract::{codec, records::Prediction, work::Work};
use ombud_launch::config::Settings;
use ombud_models::{Strategies, StrategyFeed};
use ombud_store::{CaseEvent, CaseStore, Kind};
use ombud_stream::{Clock, SystemClock};
use serde_json::{Value, json};

use self::damage::{damage, topic};
use crate::{
    Done,
    input::examples::{Example, examples_text},
    log::backend::View,
    output::screen::Screen,
    strategies::{ArmReason, read_feed},
};

const EXAMPLES: [Example; 2] = [
    ("A case, for people", "ombud show c-1"),
    ("With every record, version and hash", "ombud show c-1 --long"),
];

/// The arguments of `show`.
#[derive(Args, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Show {
    /// The complaint's id
    pub(crate) id: String,

    /// Also every record in the order in which they came, with versions, confidences and hashes
    #[arg(long)]
    pub(crate) long: bool,

    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prints the case, or that there is none.
pub(crate) fn show(args: &Show, settings: &Settings, out: &mut impl Write) -> Result<Done> {
    let view = View::open(settings)?;
    let events = view.cases()?.case(&args.id)?;
    // A case is worth showing without the reasons for who answered.
    let feed = read_feed(&view, settings);
    let none = Strategies::default();
    let strategies = feed.as_ref().map_or_else(
        |error| {
            tracing::warn!(error = format!("{error:#}"), "strategies not read");
            &none
        },
        StrategyFeed::strategies,
    );
    let damage = damage(&events);
    let now_ms = SystemClock.now_ms();
    if args.json {
        let route = work::newest_route(&events);
        let done = work::work(&events, route.as_ref());
        let clocks = clocks::clocks(route.as_ref(), &done, now_ms);
        let events: Vec<Value> = events.iter().map(|event| as_json(event, strategies, &done)).collect();
        let work = work::as_json(&done);
        let shown = json!({
            "complaint_id": args.id, "events": events, "work": work, "clocks": clocks, "damage": damage
        });
        writeln!(out, "{shown}")?;
    } else if events.is_empty() {
        writeln!(out, "no case {}: nothing with this id was archived", args.id)?;
    } else {
        write!(out, "{}", case::case(&args.id, &events, strategies, now_ms, Screen::of_process())?)?;
        if args.long {
            write!(out, "\nwhat happened, record by record\n{}", history::history(&events, strategies)?)?;
        }
        for one in &damage {
            writeln!(out, "\ndamaged: {one}; fix: take case {} from a backup", args.id)?;
        }
    }
    Ok(if events.is_empty() || !damage.is_empty() { Done::Wanting } else { Done::Well })
}

fn as_json(event: &CaseEvent, strategies: &Strategies, work: &Work) -> Value {
    let value = ombud_contract::to_json(topic(event), &event.body)
        .unwrap_or_else(|error| json!({ "undecodable": error.to_string() }));
    let mut shown = json!({
        "kind": format!("{:?}", event.kind).to_lowercase(),
        "seq": event.seq,
        "id": event.id,
        "timestamp": event.at,
        "origin": event.origin,
        "value": value,
    });
    let prediction = (event.kind == Kind::Prediction).then(|| codec::decode::<Prediction>(&event.body).ok());
    if let Some(prediction) = prediction.flatten() {
        shown["why"] = json!(ArmReason::of(&prediction, strategies));
    }
    if let Some(effect) = work::effect(event, work) {
        shown["effect"] = effect.word().into();
    }
    shown
}

#[cfg(test)]
mod tests {
    use ombud_contract::{
        ids,
        records::{RawComplaint, RoutedComplaint},
    };

    use super::{history::history, *};

    #[test]
    fn what_nobody_could_read_names_its_dead_letter_and_its_place() {
        let event = CaseEvent {
            complaint_id: "unreadable-3-17".into(),
            kind: Kind::Raw,
            seq: 0,
            id: "d1e".into(),
            at: 0,
            task: None,
            team: None,
            model_id: None,
            model_version: None,
            schema_id: None,
            body: bytes::Bytes::new(),
            origin: "complaints.raw/3/17".into(),
        };
        let story = history(&[event], &Strategies::default()).unwrap();
        assert!(story.contains("dead letter d1e") && story.contains("complaints.raw/3/17"), "{story}");
    }

    fn submitted(narrative: &str, id: &str) -> CaseEvent {
        let raw = RawComplaint::new("c-1", narrative, 1_770_000_000_000);
        CaseEvent {
            complaint_id: "c-1".into(),
            kind: Kind::Raw,
            seq: 1,
            id: id.into(),
            at: raw.received_at,
            task: None,
            team: None,
            model_id: None,
            model_version: None,
            schema_id: None,
            body: codec::encode(&raw).unwrap(),
            origin: "complaints.raw/3/17".into(),
        }
    }

    #[test]
    fn what_is_not_what_was_written_is_named_by_its_place_and_the_rest_is_shown() {
        let narrative = "They charged me twice.";
        let input = ids::input_sha256(&RawComplaint::new("c-1", narrative, 0));
        let example =
            include_str!("../../../schemas/complaints.routed/examples/valid/only-what-must-be-there.json");
        let route = RoutedComplaint {
            raw_partition: 3,
            raw_offset: 17,
            input_sha256: input.clone(),
            ..serde_json::from_str(example).unwrap()
        };
        let routed = CaseEvent {
            kind: Kind::Routed,
            id: route.route_id.clone(),
            body: codec::encode(&route).unwrap(),
            origin: "complaints.routed/3/5".into(),
            ..submitted(narrative, &input)
        };
        assert_eq!(damage(&[submitted(narrative, &input), routed.clone()]), Vec::<String>::new());
        // Before rows had digests, only the hashes show it.
        let found = damage(&[submitted("They charged me thrice.", &input), routed.clone()]);
        assert_eq!(found.len(), 2, "filed under another hash, and routed by another: {found:?}");
        assert!(
            found.iter().all(|one| one.contains("complaints.raw/3/17") && !one.contains("charged")),
            "{found:?}"
        );
        let spoilt = [submitted(narrative, &input).spoilt(), routed];
        let found = damage(&spoilt);
        assert!(found[0].contains("not what was written") && found.len() == 1, "{found:?}");
        let story = history(&spoilt, &Strategies::default()).unwrap();
        assert!(story.contains("it cannot be read") && story.contains(&route.team), "{story}");
    }
}
