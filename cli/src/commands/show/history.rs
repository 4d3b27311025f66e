//! The events of a case in their order: `ombud show --long`.

use std::{collections::BTreeSet, fmt::Write as _};

use anyhow::{Context, Result};
use ombud_contract::{
    codec,
    records::{Evidence, Prediction, RawComplaint, RoutedComplaint},
};
use ombud_models::{Driver, Strategies};
use ombud_store::{CaseEvent, Kind};

use super::{damage::unreadable, verdicts, work};
use crate::strategies::ArmReason;

/// The events in the order in which they happened, each in a few lines.
pub(super) fn history(events: &[CaseEvent], strategies: &Strategies) -> Result<String> {
    let mut text = String::new();
    let done = work::work(events, work::newest_route(events).as_ref());
    let mut ordered: Vec<&CaseEvent> = events.iter().collect();
    ordered.sort_by_key(|event| (event.at, event.kind as i8, event.seq));
    for event in ordered {
        // Of a row that is damaged, the time may be too.
        let at = jiff::Timestamp::from_millisecond(event.at).unwrap_or(jiff::Timestamp::MIN);
        write!(text, "\n{at}  ")?;
        match event.kind {
            _ if unreadable(event).is_some() => {
                writeln!(text, "{:?} {}: it cannot be read", event.kind, event.id)?;
            }
            // The archive keeps no bytes of what nobody can read.
            Kind::Raw if event.body.is_empty() => {
                writeln!(text, "nobody could read it, nor whose it is: see dead letter {}", event.id)?;
            }
            Kind::Raw => submitted(&mut text, &codec::decode(&event.body).context("read the complaint")?)?,
            Kind::Prediction => {
                let prediction: Prediction = codec::decode(&event.body).context("read a prediction")?;
                predicted(&mut text, &prediction)?;
                if let Some(why) = ArmReason::of(&prediction, strategies) {
                    writeln!(text, "    {}", why.line())?;
                }
            }
            Kind::Routed => routed(&mut text, &codec::decode(&event.body).context("read a route")?)?,
            Kind::Feedback => {
                verdicts::judged(&mut text, &codec::decode(&event.body).context("read a verdict")?)?;
            }
            Kind::Work => {
                let event_of_work = codec::decode(&event.body).context("read what was done")?;
                work::done(&mut text, &event_of_work, work::effect(event, &done))?;
            }
            Kind::Explanation => writeln!(text, "{:?} {}", event.kind, event.id)?,
        }
        writeln!(text, "    {}", event.origin)?;
    }
    Ok(text)
}

fn submitted(text: &mut String, raw: &RawComplaint) -> Result<()> {
    let what = if raw.withdrawn { "withdrawn" } else { "came" };
    writeln!(
        text,
        "{what}: submission {}, channel {}, language {}",
        raw.submission, raw.channel, raw.language
    )?;
    for line in raw.narrative.lines() {
        writeln!(text, "    | {line}")?;
    }
    Ok(())
}

fn predicted(text: &mut String, prediction: &Prediction) -> Result<()> {
    let outcome = format!("{:?}", prediction.outcome).to_lowercase();
    let answer = prediction.failure.as_deref().or(prediction.label.as_deref()).unwrap_or("-");
    writeln!(
        text,
        "{} {outcome}: {answer} ({}), confidence {:.3}, threshold {:.3}",
        prediction.task, prediction.level, prediction.confidence, prediction.threshold
    )?;
    writeln!(
        text,
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
        writeln!(text, "    the model cannot read it: {reason}")?;
    }
    if !prediction.evidence_table.is_empty() {
        let score = prediction.score.map_or("-".to_owned(), |score| format!("{score:.3}"));
        writeln!(
            text,
            "    score {score}; said outright ({}): {}",
            prediction.evidence_table,
            evidence(prediction)
        )?;
        let drivers = drivers(prediction);
        if !drivers.is_empty() {
            writeln!(text, "    drivers of vulnerability (FG21/1): {}", drivers.join(", "))?;
        }
    }
    Ok(())
}

/// Each category of evidence once, the explicit ones first: `armed_forces, health (hint)`.
fn evidence(prediction: &Prediction) -> String {
    let of_strength = |explicit| -> BTreeSet<&str> {
        let evidence = prediction.evidence.iter().filter(|one| one.explicit == explicit);
        evidence.map(|one| one.category.as_str()).collect()
    };
    let (explicit, hints) = (of_strength(true), of_strength(false));
    let hints = hints.difference(&explicit).map(|category| format!("{category} (hint)"));
    let said: Vec<String> = explicit.iter().map(|category| (*category).to_owned()).chain(hints).collect();
    if said.is_empty() { "nothing".to_owned() } else { said.join(", ") }
}

/// The drivers of all that is said, each once.
fn drivers(prediction: &Prediction) -> Vec<&'static str> {
    let driver = |one: &Evidence| Driver::of(&prediction.evidence_table, &one.category);
    let drivers: BTreeSet<Driver> = prediction.evidence.iter().filter_map(driver).collect();
    drivers.into_iter().map(Driver::name).collect()
}

fn routed(text: &mut String, routed: &RoutedComplaint) -> Result<()> {
    let why = format!("{:?}", routed.why).to_lowercase();
    let from = routed.previous_team.as_ref().map_or(String::new(), |team| format!(" (before: {team})"));
    writeln!(
        text,
        "to {}{from}, {why}: priority {}, vulnerability {:?}",
        routed.team, routed.priority, routed.vulnerability
    )?;
    if routed.needs_human {
        writeln!(text, "    for a human: {}", routed.human_reasons.join(", "))?;
    }
    if !routed.missing_tasks.is_empty() {
        writeln!(text, "    without {}", routed.missing_tasks.join(", "))?;
    }
    writeln!(
        text,
        "    strategy {}, revision {}, route {}",
        routed.strategy_version, routed.revision, routed.route_id
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prediction_says_what_was_said_outright_and_how_strongly() {
        let example = include_str!("../../../../schemas/complaints.predictions/examples/valid/evident.json");
        let mut prediction: Prediction = serde_json::from_str(example).unwrap();
        let one =
            |category: &str, explicit| Evidence { category: category.into(), explicit, start: 0, end: 1 };
        prediction.evidence =
            vec![one("health", false), one("age", true), one("age", false), one("health", false)];
        let mut text = String::new();
        predicted(&mut text, &prediction).unwrap();
        let said = "score 0.125; said outright (vulnerable@1): age, health (hint)\n    drivers of vulnerability (FG21/1): health\n";
        assert!(text.ends_with(said), "{text}");
        prediction.evidence.clear();
        assert_eq!(evidence(&prediction), "nothing");
    }
}
