//! A quality report as tables: the same for a terminal and for a page.

use ombud_contract::records::Role;
use ombud_report::Table;

use super::{
    count::Tally,
    drift,
    figures::{Part, Report, Tallies, TaskPart},
};

/// The report's tables, each under its heading.
pub fn tables(report: &Report) -> Vec<(String, Table)> {
    let mut tables = vec![("What was judged".to_owned(), judged(report))];
    for (name, part) in report.parts() {
        if part.cases == 0 {
            continue;
        }
        tables.push((format!("{name}: accuracy by task"), by_task(part)));
        let models = accuracy(part, "model", |task| &task.by_model);
        tables.push((format!("{name}: accuracy by model version"), models));
        tables.push((format!("{name}: who decides beside who is tried"), arms(part)));
        tables.push((format!("{name}: accuracy by team"), accuracy(part, "team", |task| &task.by_team)));
        tables.push((format!("{name}: accuracy by week"), accuracy(part, "week", |task| &task.by_week)));
        for (kind, column, tallies) in
            [("team", "team", &part.reallocated_by_team), ("week", "week", &part.reallocated_by_week)]
        {
            tables.push((format!("{name}: re-allocated by {kind}"), reallocated(column, tallies)));
        }
    }
    tables.extend(drift::tables(&report.drift));
    // A table without rows says nothing.
    tables.retain(|(_, table)| !table.rows.is_empty());
    tables
}

fn judged(report: &Report) -> Table {
    let columns = ["", "cases", "no complaint", "re-allocated", "flag: precision", "flag: recall"];
    let mut table = Table::new(&columns, 1);
    for (name, part) in report.parts() {
        table.push(vec![
            name.to_owned(),
            part.cases.to_string(),
            part.not_a_complaint.to_string(),
            figure(part.reallocated),
            figure(part.vulnerable.precision),
            figure(part.vulnerable.recall),
        ]);
    }
    table
}

fn by_task(part: &Part) -> Table {
    let mut table = Table::new(&["task", "right", "judged", "accuracy (95 %)", "unanswered"], 1);
    for (task, figures) in &part.tasks {
        let mut row = counted(&[task], figures.all);
        row.push(figures.unanswered.to_string());
        table.push(row);
    }
    table
}

fn accuracy(part: &Part, column: &str, of: fn(&TaskPart) -> &Tallies) -> Table {
    let mut table = Table::new(&["task", column, "right", "judged", "accuracy (95 %)"], 2);
    for (task, figures) in &part.tasks {
        for (name, tally) in of(figures) {
            table.push(counted(&[task, &short(name)], *tally));
        }
    }
    table
}

/// A shadow has no allocations; beside its answers stands how often who decided was right in the same cases.
fn arms(part: &Part) -> Table {
    let columns = [
        "task",
        "arm",
        "model",
        "cases",
        "accuracy (95 %)",
        "who decided (95 %)",
        "re-allocated",
        "flag: precision",
        "flag: recall",
    ];
    let mut table = Table::new(&columns, 3);
    for figures in &part.arms {
        let (arm, outcomes) = (&figures.arm, &figures.outcomes);
        let role = if arm.role == Role::Shadow.symbol() { " (shadow)" } else { "" };
        table.push(vec![
            arm.task.clone(),
            format!("{}{role}", arm.arm),
            short(&arm.model),
            outcomes.cases.to_string(),
            figure(outcomes.right),
            figure(outcomes.decider_right),
            figure(outcomes.reallocated),
            figure(outcomes.flags.precision),
            figure(outcomes.flags.recall),
        ]);
    }
    table
}

fn reallocated(column: &str, tallies: &Tallies) -> Table {
    let mut table = Table::new(&[column, "re-allocated", "judged", "rate (95 %)"], 1);
    for (name, tally) in tallies {
        table.push(counted(&[name], *tally));
    }
    table
}

fn counted(names: &[&str], tally: Tally) -> Vec<String> {
    let mut row: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    row.extend([tally.hits.to_string(), tally.of.to_string(), figure(tally)]);
    row
}

/// A version's first 12 digits tell it from others.
pub(super) fn short(name: &str) -> String {
    match name.split_once('@') {
        Some((model, version)) => format!("{model}@{}", version.chars().take(12).collect::<String>()),
        None => name.to_owned(),
    }
}

/// `0.842 (0.796 to 0.880)`, or a dash of nothing.
fn figure(tally: Tally) -> String {
    match (tally.share(), tally.interval()) {
        (Some(share), Some([low, high])) => format!("{share:.3} ({low:.3} to {high:.3})"),
        _ => "-".to_owned(),
    }
}
