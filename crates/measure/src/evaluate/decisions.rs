//! A report's parts that decisions are made by: is it better, or is it chance, what is served, and what does a
//! threshold cost.

use std::collections::BTreeMap;

use ombud_report::{Table, percent_with};

use super::compare::{Comparison, PairedFigure};
use super::dial::{RecallDial, ReviewDial, TaskDial};
use super::evaluation::Evaluation;
use super::mcnemar::McNemar;
use super::served_choice::{AnswerShare, ServedChoice};
use super::tables::{Part, figure, levels};

impl Evaluation {
    pub(super) fn compared(&self, heading: &str, comparison: &Comparison) -> Part {
        let mut choices = Table::new(
            &[
                "accuracy",
                "rows",
                "majority",
                "against",
                "this",
                "difference",
                "only this right",
                "only the other",
                "p",
                "macro-F1 against",
                "this",
            ],
            1,
        );
        let mut flags = Table::new(
            &[
                "flags",
                "rows",
                "base rate",
                "PR-AUC against",
                "this",
                "difference",
                "precision at 60 % against",
                "this",
                "difference",
                "p",
            ],
            1,
        );
        for (task, said) in &comparison.tasks {
            let Some(report) = self.tasks.get(task) else { continue };
            for ((name, said), (_, report)) in
                levels(&self.tasks, task, said).into_iter().zip(levels(&self.tasks, task, report))
            {
                choices.push(vec![
                    name,
                    said.rows.to_string(),
                    percent_with(report.majority.as_ref().map(|majority| majority.accuracy), None),
                    percent_with(said.accuracy.other, None),
                    percent_with(said.accuracy.this, None),
                    difference(&said.accuracy),
                    said.mcnemar.n10.to_string(),
                    said.mcnemar.n01.to_string(),
                    p(&said.mcnemar),
                    figure(said.macro_f1.other),
                    figure(said.macro_f1.this),
                ]);
            }
            if let Some((said, report)) = said.flag().zip(report.flag()) {
                flags.push(vec![
                    task.clone(),
                    said.rows.to_string(),
                    percent_with(report.base_rate, None),
                    figure(said.pr_auc.other),
                    figure(said.pr_auc.this),
                    difference(&said.pr_auc),
                    percent_with(said.precision_at_recall_60.other, None),
                    percent_with(said.precision_at_recall_60.this, None),
                    difference(&said.precision_at_recall_60),
                    p(&said.mcnemar),
                ]);
            }
        }
        let mut part = Part::new(heading, [choices, flags]).note(
            "Difference: 95 % by paired bootstrap. p: McNemar's test of the rows that just one gets right, each \
             flagging from its highest score that finds 60 %.",
        );
        part.notes.extend(comparison.says().into_iter().map(str::to_owned));
        if !comparison.not_compared.is_empty() {
            part = part.note(format!(
                "Not compared, for the other does not answer it: {}.",
                comparison.not_compared.join(", ")
            ));
        }
        part
    }

    /// What serving gives of each choice, by level.
    pub(super) fn given(&self) -> Part {
        Part::new("Answers by level", [answered_table(&self.answered, self.dial.per_day, None)]).note(
            "As served: each complaint is answered on the finest level that carries, so a level has what the finer ones \
             left; what no level carries, people answer.",
        )
    }

    pub(super) fn dials(&self) -> Vec<Part> {
        let part = |(task, dial): (&String, &TaskDial)| match dial {
            TaskDial::Review(dial) => reviews(task, dial),
            TaskDial::Recall(dial) => recalls(task, dial),
        };
        self.dial.tasks.iter().map(part).collect()
    }
}

/// By task what serving gives of it, from the finest level up, at so many complaints a day; beside it, where there is
/// one, what was promised of each level.
pub fn answered_table(
    by_task: &BTreeMap<String, ServedChoice>,
    per_day: u32,
    promised: Option<&BTreeMap<String, f64>>,
) -> Table {
    let a_day = format!("a day, of {per_day}");
    let mut header = vec!["answered", "from", "share of complaints", &a_day, "share right"];
    header.extend(promised.map(|_| "promised"));
    let mut table = Table::new(&header, 1);
    for (task, answered) in by_task {
        let mut push = |name: &str, from: Option<f64>, given: &AnswerShare, promise: Option<f64>| {
            let daily = given.share.map(|share| share * f64::from(per_day));
            let right = percent_with(given.right, given.interval);
            let mut row = vec![
                format!("{task}: {name}"),
                figure(from),
                percent_with(given.share, None),
                whole(daily),
                right,
            ];
            row.extend(promised.map(|_| percent_with(promise, None)));
            table.push(row);
        };
        for level in &answered.levels {
            let promise = promised.and_then(|promised| promised.get(&level.level).copied());
            push(&level.level, Some(level.from), &level.given, promise);
        }
        if answered.levels.len() > 1 {
            push("any level", None, &answered.all, None);
        }
        let people = AnswerShare {
            answers: 0,
            share: answered.all.share.map(|share| 1.0 - share),
            right: None,
            interval: None,
        };
        push("by people", None, &people, None);
    }
    table
}

fn reviews(task: &str, dial: &ReviewDial) -> Part {
    let header = [
        "review_below",
        "answered",
        "accuracy of these",
        "reviews a day",
        "natural mix: answered",
        "accuracy",
        "reviews a day",
    ];
    let mut table = Table::new(&header, 0);
    for choice in &dial.choices {
        let natural = choice.natural_mix;
        table.push(vec![
            format!("{:.2}{}", choice.review_below, if choice.in_force { " (in force)" } else { "" }),
            percent_with(Some(choice.sample.share), None),
            percent_with(choice.sample.accuracy, None),
            whole(Some(choice.sample.reviews_per_day)),
            percent_with(natural.map(|kept| kept.share), None),
            percent_with(natural.and_then(|kept| kept.accuracy), None),
            whole(natural.map(|kept| kept.reviews_per_day)),
        ]);
    }
    steps(Part::new(format!("The dial of {task}"), [table]), &dial.steps)
}

fn recalls(task: &str, dial: &RecallDial) -> Part {
    let header = [
        "recall",
        "from score",
        "precision",
        "flags a day",
        "natural mix: recall",
        "precision",
        "flags a day",
    ];
    let mut table = Table::new(&header, 0);
    for choice in &dial.choices {
        let natural = choice.natural_mix;
        table.push(vec![
            format!("{:.0} %", 100.0 * choice.recall),
            figure(Some(choice.score)),
            percent_with(choice.sample.precision, None),
            whole(Some(choice.sample.flags_per_day)),
            percent_with(natural.and_then(|flagged| flagged.recall), None),
            percent_with(natural.and_then(|flagged| flagged.precision), None),
            whole(natural.map(|flagged| flagged.flags_per_day)),
        ]);
    }
    steps(Part::new(format!("The dial of {task}"), [table]), &dial.steps)
}

fn steps(mut part: Part, steps: &[String]) -> Part {
    part.notes.extend_from_slice(steps);
    part
}

fn whole(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.0}"))
}

fn difference(paired: &PairedFigure) -> String {
    match (paired.difference, paired.interval) {
        (Some(difference), Some([low, high])) => format!("{difference:+.3} [{low:+.3}, {high:+.3}]"),
        _ => "-".to_owned(),
    }
}

fn p(mcnemar: &McNemar) -> String {
    let p = mcnemar.p_shown();
    format!("{}{}", p.trim_start_matches("= "), if mcnemar.real { " real" } else { "" })
}
