//! Who, what became of it, and the proof: parts 7, 8 and 9.

use ombud_report::{Section, Table};

use super::{facts, or_empty, part, span, time, word, yes_no};
use crate::part::{OutcomePart, PeoplePart, ProofPart};

pub(super) fn people(people: &PeoplePart) -> Section {
    let mut section = part("People", &people.answers, &people.notes)
        .with(facts(&[("For a review by a person, write to", people.contact.clone())]));
    if !people.verdicts.is_empty() {
        let mut table = Table::new(&["verdict", "when", "by", "task", "from", "to", "reason"], 7);
        for one in &people.verdicts {
            table.push(vec![
                word(one.kind),
                time(one.decided_at),
                format!("{} {}", one.actor, one.actor_role),
                or_empty(one.task.as_ref()),
                or_empty(one.from_team.as_ref().or(one.label_before.as_ref())),
                or_empty(one.to_team.as_ref().or(one.label_after.as_ref())),
                one.reason_code.clone(),
            ]);
        }
        section = section.table(&table);
    }
    if !people.holders.is_empty() {
        let mut table = Table::new(&["held", "when", "by", "team"], 4);
        for one in &people.holders {
            let by = format!("{} {}", one.actor, one.actor_role);
            table.push(vec![word(one.kind), time(one.at), by, or_empty(one.team.as_ref())]);
        }
        section = section.table(&table);
    }
    if !people.opened.is_empty() {
        let mut table = Table::new(&["looked or did", "when", "who", "roles", "reason"], 5);
        for one in &people.opened {
            let (action, roles) = (one.action.clone(), one.roles.join(", "));
            table.push(vec![action, time(one.at), one.actor.clone(), roles, one.reason_code.clone()]);
        }
        section = section.table(&table);
    }
    section
}

pub(super) fn outcome(outcome: &OutcomePart) -> Section {
    let delay = if outcome.delay_ms == 0 { "none".to_owned() } else { span(outcome.delay_ms) };
    let mut section = part("Outcome", &outcome.answers, &outcome.notes)
        .with(facts(&[("State", outcome.phase.to_owned()), ("Delay by sending it on", delay)]));
    let mut moves = Table::new(&["went to", "from", "when", "by"], 4);
    for one in &outcome.moves {
        moves.push(vec![one.to.clone(), or_empty(one.from.as_ref()), time(one.at), one.by.clone()]);
    }
    section = section.table(&moves);
    if !outcome.clocks.is_empty() {
        let mut table = Table::new(&["clock", "stands", "due", "met"], 4);
        for one in &outcome.clocks {
            let met = one.met_at.map(time).unwrap_or_default();
            table.push(vec![one.name.clone(), one.standing.to_owned(), time(one.due), met]);
        }
        section = section.table(&table);
    }
    if !outcome.work.is_empty() {
        let mut table =
            Table::new(&["done", "when", "by", "team", "answer", "cause", "redress", "effect"], 8);
        for one in &outcome.work {
            let event = &one.event;
            let redress = event
                .redress_minor
                .map(|minor| format!("{minor} minor units {}", or_empty(event.redress_currency.as_ref())));
            table.push(vec![
                word(event.kind),
                time(event.done_at),
                event.actor.clone(),
                or_empty(event.team.as_ref()),
                event.outcome.map(word).unwrap_or_default(),
                or_empty(event.cause_code.as_ref()),
                redress.unwrap_or_default(),
                one.effect.to_owned(),
            ]);
        }
        section = section.table(&table);
    }
    section
}

pub(super) fn proof(proof: &ProofPart) -> Section {
    let with = &proof.computed_with;
    let mut section = part("Proof", &proof.answers, &proof.notes).with(facts(&[
        ("Software", with.software.clone()),
        ("Processor", with.processor.clone()),
        ("libtorch", with.libtorch.clone()),
    ]));
    if !proof.recomputed.is_empty() {
        let mut table = Table::new(
            &["computed again", "recorded", "now", "reproduced", "recorded", "now", "tolerance"],
            4,
        );
        for one in &proof.recomputed {
            let again = &one.reproduction;
            table.push(vec![
                one.task.clone(),
                or_empty(again.recorded_label.as_ref()),
                or_empty(again.label.as_ref()),
                yes_no(again.is_reproduced),
                format!("{:.5}", again.recorded_confidence),
                format!("{:.5}", again.confidence),
                again.tolerance.to_string(),
            ]);
        }
        section = section.table(&table);
    }
    let mut table = Table::new(&["record", "place in the log", "schema", "SHA-256", "in the file"], 5);
    for one in &proof.records {
        table.push(vec![
            one.kind.to_owned(),
            one.place(),
            one.schema.map(|schema| schema.to_string()).unwrap_or_default(),
            or_empty(one.content_sha256.as_ref()),
            one.withheld.as_ref().map_or_else(|| "whole".to_owned(), |why| format!("withheld: {why}")),
        ]);
    }
    section.table(&table)
}
