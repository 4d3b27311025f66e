//! `ombud show`: one case, from what the customer wrote to where it went and why.

mod case;
mod verdicts;

use std::{collections::BTreeSet, fmt::Write as _, io::Write};

use anyhow::{Context, Result};
use ombud_contract::{
    catalogue::Topic,
    codec::{self, CodecError},
    ids,
    records::{Prediction, RawComplaint, RoutedComplaint},
};
use ombud_launch::config::Settings;
use ombud_models::{Strategies, StrategyFeed};
use ombud_store::{CaseEvent, CaseStore, Kind, is_other_than_routed};
use serde_json::{Value, json};

use crate::{
    Done, cli,
    screen::Screen,
    strategy::{Why, read_feed},
    world::View,
};

/// Prints the case, or says that there is none.
pub(crate) fn show(args: &cli::Show, settings: &Settings, out: &mut impl Write) -> Result<Done> {
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
    if args.json {
        let events: Vec<Value> = events.iter().map(|event| as_json(event, strategies)).collect();
        writeln!(out, "{}", json!({ "complaint_id": args.id, "events": events, "damage": damage }))?;
    } else if events.is_empty() {
        writeln!(out, "no case {}: nothing with this id was archived", args.id)?;
    } else {
        write!(out, "{}", case::case(&args.id, &events, strategies, Screen::of_process())?)?;
        if args.long {
            write!(out, "\nwhat happened, record by record\n{}", story(&events, strategies)?)?;
        }
        for one in &damage {
            writeln!(out, "\ndamaged: {one}; mend: take case {} from a backup", args.id)?;
        }
    }
    Ok(if events.is_empty() || !damage.is_empty() { Done::Wanting } else { Done::Well })
}

/// What of a case is not what was written, or contradicts the rest of it.
fn damage(events: &[CaseEvent]) -> Vec<String> {
    let mut damage = Vec::new();
    for event in events {
        let CaseEvent { id, origin, .. } = event;
        if let Some(why) = unreadable(event) {
            damage.push(format!("{:?} {id} from {origin}: failed to {why}", event.kind));
            continue;
        }
        // Also what was written before rows had digests.
        let raw =
            (event.kind == Kind::Raw).then(|| codec::decode::<RawComplaint>(&event.body).ok()).flatten();
        if raw.is_some_and(|raw| ids::input_sha256(&raw) != *id) {
            damage.push(format!("the narrative from {origin}: its hash is not {id}, by which it was filed"));
        }
        let route = (event.kind == Kind::Routed).then(|| codec::decode::<RoutedComplaint>(&event.body).ok());
        if let Some(route) = route.flatten() {
            let others = events.iter().filter(|raw| is_other_than_routed(raw, &route));
            damage.extend(
                others.map(|raw| format!("the narrative from {}: route {id} is of another", raw.origin)),
            );
        }
    }
    damage
}

/// Why nobody can read the event; the archive keeps no bytes of what nobody could read at all.
fn unreadable(event: &CaseEvent) -> Option<CodecError> {
    let is_named_only = event.kind == Kind::Raw && event.body.is_empty();
    let is_asked_for = event.kind == Kind::Explanation && !event.is_spoilt();
    if is_named_only || is_asked_for {
        return None;
    }
    codec::to_json(topic(event), &event.body).err()
}

fn topic(event: &CaseEvent) -> Topic {
    match event.kind {
        Kind::Raw => Topic::Raw,
        Kind::Prediction => Topic::Predictions,
        Kind::Routed => Topic::Routed,
        Kind::Feedback | Kind::Explanation => Topic::Feedback,
    }
}

fn as_json(event: &CaseEvent, strategies: &Strategies) -> Value {
    let value = codec::to_json(topic(event), &event.body)
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
        shown["why"] = json!(Why::of(&prediction, strategies));
    }
    shown
}

/// The events in the order in which they happened, each in a few lines.
fn story(events: &[CaseEvent], strategies: &Strategies) -> Result<String> {
    let mut story = String::new();
    let mut ordered: Vec<&CaseEvent> = events.iter().collect();
    ordered.sort_by_key(|event| (event.at, event.kind as i8, event.seq));
    for event in ordered {
        // Of a row that is damaged, the time may be too.
        let at = jiff::Timestamp::from_millisecond(event.at).unwrap_or(jiff::Timestamp::MIN);
        write!(story, "\n{at}  ")?;
        match event.kind {
            _ if unreadable(event).is_some() => {
                writeln!(story, "{:?} {}: it cannot be read", event.kind, event.id)?;
            }
            // The archive keeps no bytes of what nobody can read.
            Kind::Raw if event.body.is_empty() => {
                writeln!(story, "nobody could read it, nor whose it is: see dead letter {}", event.id)?;
            }
            Kind::Raw => came(&mut story, &codec::decode(&event.body).context("read the complaint")?)?,
            Kind::Prediction => {
                let prediction: Prediction = codec::decode(&event.body).context("read a prediction")?;
                said(&mut story, &prediction)?;
                if let Some(why) = Why::of(&prediction, strategies) {
                    writeln!(story, "    {}", why.line())?;
                }
            }
            Kind::Routed => went(&mut story, &codec::decode(&event.body).context("read a route")?)?,
            Kind::Feedback => {
                verdicts::judged(&mut story, &codec::decode(&event.body).context("read a verdict")?)?;
            }
            Kind::Explanation => writeln!(story, "{:?} {}", event.kind, event.id)?,
        }
        writeln!(story, "    {}", event.origin)?;
    }
    Ok(story)
}

fn came(story: &mut String, raw: &RawComplaint) -> Result<()> {
    let what = if raw.withdrawn { "withdrawn" } else { "came" };
    writeln!(
        story,
        "{what}: submission {}, channel {}, language {}",
        raw.submission, raw.channel, raw.language
    )?;
    for line in raw.narrative.lines() {
        writeln!(story, "    | {line}")?;
    }
    Ok(())
}

fn said(story: &mut String, prediction: &Prediction) -> Result<()> {
    let outcome = format!("{:?}", prediction.outcome).to_lowercase();
    let answer = prediction.failure.as_deref().or(prediction.label.as_deref()).unwrap_or("-");
    writeln!(
        story,
        "{} {outcome}: {answer} ({}), confidence {:.3}, threshold {:.3}",
        prediction.task, prediction.level, prediction.confidence, prediction.threshold
    )?;
    writeln!(
        story,
        "    {}@{}, strategy {}, arm {}, {} tokens ({} not read, {} never learned)",
        prediction.model_id,
        prediction.model_version.chars().take(12).collect::<String>(),
        prediction.strategy_version,
        prediction.arm,
        prediction.tokens,
        prediction.truncated_tokens,
        prediction.unseen_tokens
    )?;
    if let Some(reason) = &prediction.unread {
        writeln!(story, "    the model cannot read it: {reason}")?;
    }
    if !prediction.evidence_table.is_empty() {
        let score = prediction.score.map_or("-".to_owned(), |score| format!("{score:.3}"));
        writeln!(
            story,
            "    score {score}; said outright ({}): {}",
            prediction.evidence_table,
            outright(prediction)
        )?;
    }
    Ok(())
}

/// Each category of evidence once, the explicit ones first: `armed_forces, health (hint)`.
fn outright(prediction: &Prediction) -> String {
    let of_strength = |explicit| -> BTreeSet<&str> {
        let evidence = prediction.evidence.iter().filter(|one| one.explicit == explicit);
        evidence.map(|one| one.category.as_str()).collect()
    };
    let (explicit, hints) = (of_strength(true), of_strength(false));
    let hints = hints.difference(&explicit).map(|category| format!("{category} (hint)"));
    let said: Vec<String> = explicit.iter().map(|category| (*category).to_owned()).chain(hints).collect();
    if said.is_empty() { "nothing".to_owned() } else { said.join(", ") }
}

fn went(story: &mut String, routed: &RoutedComplaint) -> Result<()> {
    let why = format!("{:?}", routed.why).to_lowercase();
    let from = routed.previous_team.as_ref().map_or(String::new(), |team| format!(" (before: {team})"));
    writeln!(
        story,
        "to {}{from}, {why}: priority {}, vulnerability {:?}",
        routed.team, routed.priority, routed.vulnerability
    )?;
    if routed.needs_human {
        writeln!(story, "    for a human: {}", routed.human_reasons.join(", "))?;
    }
    if !routed.missing_tasks.is_empty() {
        writeln!(story, "    without {}", routed.missing_tasks.join(", "))?;
    }
    writeln!(
        story,
        "    strategy {}, revision {}, route {}",
        routed.strategy_version, routed.revision, routed.route_id
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use ombud_contract::records::Evidence;

    use super::*;

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
        let story = story(&[event], &Strategies::default()).unwrap();
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
    fn what_is_not_what_was_written_is_named_by_its_place_and_the_rest_is_told() {
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
        // Before rows had digests, only the hashes tell.
        let found = damage(&[submitted("They charged me thrice.", &input), routed.clone()]);
        assert_eq!(found.len(), 2, "filed under another hash, and routed by another: {found:?}");
        assert!(
            found.iter().all(|one| one.contains("complaints.raw/3/17") && !one.contains("charged")),
            "{found:?}"
        );
        let spoilt = [submitted(narrative, &input).spoilt(), routed];
        let found = damage(&spoilt);
        assert!(found[0].contains("not what was written") && found.len() == 1, "{found:?}");
        let story = story(&spoilt, &Strategies::default()).unwrap();
        assert!(story.contains("it cannot be read") && story.contains(&route.team), "{story}");
    }

    #[test]
    fn a_prediction_says_what_was_said_outright_and_how_strongly() {
        let example = include_str!("../../../schemas/complaints.predictions/examples/valid/evident.json");
        let mut prediction: Prediction = serde_json::from_str(example).unwrap();
        let one =
            |category: &str, explicit| Evidence { category: category.into(), explicit, start: 0, end: 1 };
        prediction.evidence =
            vec![one("health", false), one("age", true), one("age", false), one("health", false)];
        let mut story = String::new();
        said(&mut story, &prediction).unwrap();
        assert!(
            story.ends_with("score 0.125; said outright (vulnerable@1): age, health (hint)\n"),
            "{story}"
        );
        prediction.evidence.clear();
        assert_eq!(outright(&prediction), "nothing");
    }
}
