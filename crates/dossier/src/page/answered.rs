//! What was answered, and by which models: parts 2 and 5.

use ombud_report::{Section, Table};

use super::{as_it_stands, facts, or_empty, part, time, word, yes_no};
use crate::part::{AnswerLine, AnswersPart, ModelLine, ModelPart};

pub(super) fn answers(answers: &AnswersPart) -> Section {
    let mut table =
        Table::new(&["task", "answer", "level", "outcome", "model", "confidence", "threshold"], 5);
    for one in &answers.tasks {
        let threshold = one.prediction.as_ref().map(|prediction| share(prediction.threshold.into()));
        table.push(vec![
            one.task.clone(),
            or_empty(one.label.as_ref()),
            one.level.clone(),
            word(one.outcome),
            format!("{} {}", one.model_id, short(&one.model_version)),
            share(one.confidence.into()),
            threshold.unwrap_or_default(),
        ]);
    }
    let section = part("Answers", &answers.answers, &answers.notes).table(&table);
    answers.tasks.iter().fold(section, |section, one| {
        let section = section.with(facts(&details(one)));
        match &one.explained {
            Some(explained) if !explained.levels.is_empty() => section.table(&levels(one, &explained.levels)),
            _ => section,
        }
    })
}

fn details(one: &AnswerLine) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("Task", one.task.clone()),
        ("Path", one.path.join(" > ")),
        ("Arm", format!("{} of strategy {}", one.arm, one.strategy_version)),
        ("Said outright", yes_no(one.explicit_evidence)),
        ("Could not be read, because of", or_empty(one.unread.as_ref())),
    ];
    if let Some(explained) = &one.explained {
        let runner_up = explained.runner_up.as_ref();
        facts.push(("Why this answer", explained.reason.clone()));
        facts.push((
            "Runner-up",
            runner_up.map(|side| format!("{} ({})", side.label, share(side.probability))).unwrap_or_default(),
        ));
    }
    if let Some(p) = &one.prediction {
        facts.push(("Answered", time(p.predicted_at)));
        facts.push(("Score", p.score.map(|score| share(score.into())).unwrap_or_default()));
        facts.push(("Failed, because of", or_empty(p.failure.as_ref())));
        facts.push(("Labels", p.label_set.clone()));
        facts.push(("Computed in", p.arithmetic.clone()));
        facts.push((
            "Tokens",
            format!(
                "{}, of which {} not read and {} never learned, in windows: {}",
                p.tokens, p.truncated_tokens, p.unseen_tokens, p.windows
            ),
        ));
        let evidence = p.evidence.iter().flatten().map(|one| {
            let strength = if one.explicit { "enough by itself" } else { "a hint" };
            format!("{} at characters {} to {} ({strength})", one.category, one.start, one.end)
        });
        facts.push(("Evidence", evidence.collect::<Vec<_>>().join("; ")));
    }
    facts
}

fn levels(one: &AnswerLine, levels: &[ombud_explain::LevelReached]) -> Table {
    let heading = format!("level of {}", one.task);
    let mut table = Table::new(&[&heading, "likeliest", "reached", "how sure", "had to reach"], 3);
    for level in levels {
        table.push(vec![
            level.level.clone(),
            level.label.clone(),
            yes_no(level.is_reached),
            share(level.confidence),
            share(level.threshold),
        ]);
    }
    table
}

pub(super) fn model(model: &ModelPart) -> Section {
    let section = part("Model", &model.answers, &model.notes);
    model.models.iter().fold(section, one_model)
}

fn one_model(section: Section, model: &ModelLine) -> Section {
    let mut section = section.with(facts(&[
        ("Model", model.model_id.clone()),
        ("Version (SHA-256 of its content)", model.version.clone()),
        ("Answered", model.answered.join(", ")),
    ]));
    if let Some(known) = &model.registered {
        section = section.with(facts(&[
            ("State", word(known.state)),
            ("Why", known.state_reason.clone()),
            ("Family", known.family.clone()),
            ("Registered", format!("{} by {}", time(known.created_at), known.created_by)),
            ("SHA-256 of what it was trained on", or_empty(known.training_manifest_sha256.as_ref())),
            ("Trained on from", or_empty(known.parent_version.as_ref())),
            ("From the hub", or_empty(known.hub_id.as_ref())),
        ]));
        let mut table = Table::new(&["figure", "when", "of", "value"], 3);
        for (name, value) in &known.metrics {
            table.push(vec![name.clone(), "when it was made".into(), String::new(), figure(*value)]);
        }
        for evaluation in &known.evaluations {
            let of = format!("{}, {} complaints", evaluation.kind, evaluation.rows);
            for (name, value) in &evaluation.figures {
                table.push(vec![name.clone(), time(evaluation.evaluated_at), of.clone(), figure(*value)]);
            }
        }
        section = section.table(&table);
    }
    match &model.card {
        Some(card) => section.with(as_it_stands("Its card", card)),
        None => section,
    }
}

/// A probability.
fn share(value: f64) -> String {
    format!("{value:.3}")
}

fn figure(value: f64) -> String {
    format!("{value:.4}")
}

/// Enough of a digest to know it by.
fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
