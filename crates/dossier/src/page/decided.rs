//! Where it went, what was judged, and by which strategy: parts 1, 4 and 6.

use ombud_report::{Section, Table};

use super::{as_it_stands, facts, folded, or_empty, part, span, time, word, yes_no};
use crate::part::{DecisionPart, DrawLine, InputPart, StrategyLine, StrategyPart};

pub(super) fn decision(decision: &DecisionPart) -> Section {
    let mut section = part("Decision", &decision.answers, &decision.notes).with(facts(&[
        ("Team", decision.team.clone()),
        ("Team before", or_empty(decision.previous_team.as_ref())),
        ("Rule", or_empty(decision.rule.as_ref())),
        ("Why it was written", word(decision.why)),
        ("Received", time(decision.received_at)),
        ("Routed", time(decision.routed_at)),
        ("Priority", decision.priority.to_string()),
        ("Vulnerability", word(decision.vulnerability)),
        ("A person must look", yes_no(decision.needs_human)),
        ("Why a person must look", decision.human_reasons.join(", ")),
        ("Tasks without an answer", decision.missing_tasks.join(", ")),
        ("Strategy", decision.strategy_version.to_string()),
        ("Revision", decision.revision.to_string()),
    ]));
    if !decision.clocks.is_empty() {
        let mut table = Table::new(&["clock", "began", "due", "rule", "calendar"], 5);
        for clock in &decision.clocks {
            let calendar = or_empty(clock.calendar.as_ref());
            let beyond = if clock.beyond_calendar { " (beyond its last day)" } else { "" };
            let (starts, due) = (time(clock.starts), time(clock.due));
            table.push(vec![
                clock.name.clone(),
                starts,
                due,
                clock.rule.clone(),
                format!("{calendar}{beyond}"),
            ]);
        }
        section = section.table(&table);
    }
    if !decision.earlier.is_empty() {
        let mut table = Table::new(&["routed before", "team", "why"], 3);
        for route in &decision.earlier {
            table.push(vec![time(route.routed_at), route.team.clone(), word(route.why)]);
        }
        section = section.table(&table);
    }
    section
}

pub(super) fn input(input: &InputPart) -> Section {
    let mut section = part("Input", &input.answers, &input.notes)
        .with(facts(&[("SHA-256 of all that was judged", input.input_sha256.clone())]));
    if let Some(one) = &input.submission {
        let moment = |at: Option<i64>| at.map(time).unwrap_or_default();
        section = section.with(facts(&[
            ("SHA-256 of the narrative", one.narrative_sha256.clone()),
            ("Characters of the narrative", one.narrative_length.to_string()),
            ("Place in the log", one.origin.clone()),
            ("Received", time(one.received_at)),
            ("Edit number", one.submission.to_string()),
            ("Taken back", yes_no(one.withdrawn)),
            ("Part of a backfill", yes_no(one.bulk)),
            ("Channel", one.channel.clone()),
            ("Language", one.language.clone()),
            ("Legal entity", or_empty(one.legal_entity.as_ref())),
            ("Customer (pseudonym)", or_empty(one.customer_ref.as_ref())),
            ("Id in the sending system", or_empty(one.external_ref.as_ref())),
            ("Known product", or_empty(one.known_product.as_ref())),
            ("Sent on by a regulator", moment(one.regulator_sent_at)),
            ("Notice of the error", moment(one.notice_at)),
        ]));
        if !one.attributes.is_empty() {
            let mut table = Table::new(&["attribute", "value"], 2);
            one.attributes.iter().for_each(|(name, value)| table.push(vec![name.clone(), value.clone()]));
            section = section.table(&table);
        }
    }
    match (&input.text, &input.text_reason) {
        (Some(text), Some(reason)) => section
            .text(format!("The text is in this file for the reason {reason}."))
            .with(as_it_stands("What the customer wrote", text)),
        _ => section,
    }
}

pub(super) fn strategy(strategy: &StrategyPart) -> Section {
    let in_force = strategy.in_force.map(|version| version.to_string()).unwrap_or_default();
    let section = part("Strategy", &strategy.answers, &strategy.notes)
        .with(facts(&[("In force at the time of the dossier", in_force)]));
    let section =
        strategy.decided_by.iter().fold(section, |section, one| section.with(facts(&published(one))));
    let mut section = section.table(&draws(&strategy.draws)).text(
        "A draw is the SHA-256 of salt and complaint, each behind its length in eight bytes: its first eight bytes as a \
         number, modulo 10,000. Each arm takes the draws of its range.",
    );
    for one in &strategy.decided_by {
        section = section.with(folded(&format!("Routing table of strategy {}", one.version), &one.routing));
    }
    section
}

fn published(one: &StrategyLine) -> [(&'static str, String); 12] {
    [
        ("Strategy", one.version.to_string()),
        ("In force from", time(one.effective_from)),
        ("Published by", one.changed_by.clone()),
        ("Published", time(one.changed_at)),
        ("Why", one.reason.clone()),
        ("Evaluation", or_empty(one.evaluation_id.as_ref())),
        ("Asked for by", or_empty(one.requested_by.as_ref())),
        ("Request", or_empty(one.request_id.as_ref())),
        ("Approved by", one.approved_by.join(", ")),
        ("Approvals that the next change needs", one.approvals.to_string()),
        ("Deadline", span(one.deadline_ms)),
        ("May be amended for", span(one.amend_window_ms)),
    ]
}

fn draws(draws: &[DrawLine]) -> Table {
    let mut table = Table::new(&["task", "strategy", "salt", "draw", "arms", "drawn", "answered as"], 7);
    for draw in draws {
        let arms = draw.arms.iter().map(|arm| format!("{} {} to {}", arm.name, arm.from, arm.to - 1));
        let stand_in = if draw.is_stand_in { " (stood in)" } else { "" };
        table.push(vec![
            draw.task.clone(),
            draw.strategy_version.to_string(),
            draw.salt.clone(),
            draw.point.to_string(),
            arms.collect::<Vec<_>>().join("; "),
            or_empty(draw.drawn.as_ref()),
            format!("{}{stand_in}", draw.answered_as),
        ]);
    }
    table
}
