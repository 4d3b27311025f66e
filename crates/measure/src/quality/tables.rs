//! A quality report as tables: the same for a terminal and for a page.

use ombud_contract::{records::Role, verdict::VULNERABLE};
use ombud_report::{Table, percent_with};

use super::{
    arms::Arm,
    drift,
    figures::{QualityReport, SampleFigures, TaskAccuracy},
    tally::{Flags, Tallies, Tally},
};
use crate::{
    model_name::short,
    target::{LEAST_CASES, TargetState},
};

/// What stands where too few cases are labelled to say what the flag is worth.
const NOT_CLAIMED: &str = "not claimed";

/// The report's tables, each under its heading.
pub fn tables(report: &QualityReport) -> Vec<(String, Table)> {
    let mut tables = vec![("Against what was asked".to_owned(), headlines(report))];
    tables.extend(details(report));
    tables
}

/// What stands first.
fn headlines(report: &QualityReport) -> Table {
    let mut table = Table::new(&["", "measured (95 %)", "of", "asked", "so it is"], 1);
    for headline in &report.headlines {
        let Tally { of, .. } = headline.counted;
        let measured = match headline.standing {
            TargetState::TooFew => format!("not enough data: {of} of {LEAST_CASES}"),
            TargetState::NotClaimed => "not claimed".to_owned(),
            _ => percent_with(headline.counted.share(), headline.counted.interval()),
        };
        let asked = headline.asked.map_or_else(|| "-".to_owned(), |share| format!("{:.0} %", share * 100.0));
        table.push(vec![
            headline.name().to_owned(),
            measured,
            of.to_string(),
            asked,
            headline.standing.words().to_owned(),
        ]);
    }
    table
}

/// The tables below what stands first.
pub(super) fn details(report: &QualityReport) -> Vec<(String, Table)> {
    let mut tables =
        vec![("What was judged".to_owned(), judged(report)), ("The audit sample".to_owned(), audit(report))];
    let missing = &report.audit_sample.vulnerable_missing;
    let heading =
        format!("Audit sample: nobody says whether the customer is vulnerable, {} cases", missing.cases);
    tables.push((heading, unsettled(report)));
    for (name, part) in report.parts() {
        if part.cases == 0 {
            continue;
        }
        tables.push((format!("{name}: accuracy by task"), by_task(part)));
        let models = accuracy(part, "model", |task| &task.by_model);
        tables.push((format!("{name}: accuracy by model version"), models));
        tables.push((format!("{name}: who decides beside who is tried"), arms(part)));
        tables.push((format!("{name}: what came of their answers"), arms_outcomes(part)));
        tables.push((format!("{name}: accuracy by team"), accuracy(part, "team", |task| &task.by_team)));
        tables.push((format!("{name}: accuracy by week"), accuracy(part, "week", |task| &task.by_week)));
        for (kind, column, tallies) in
            [("team", "team", &part.reallocated_by_team), ("week", "week", &part.reallocated_by_week)]
        {
            tables.push((format!("{name}: re-allocated by {kind}"), reallocated(column, tallies)));
        }
    }
    let reviews = &report.reviews;
    for (column, tallies) in [("team", &reviews.by_team), ("week", &reviews.by_week)] {
        tables.push((format!("Left to people, by {column}"), reviewed(column, tallies)));
    }
    tables.extend(drift::tables(&report.drift));
    // A table without rows says nothing.
    tables.retain(|(_, table)| !table.rows.is_empty());
    tables
}

/// One column a part: as many columns as there are figures would not fit a terminal.
fn judged(report: &QualityReport) -> Table {
    let parts = report.parts();
    let mut header = vec![""];
    header.extend(parts.iter().map(|(name, _)| *name));
    let mut table = Table::new(&header, 1);
    type Figure = (&'static str, fn(&SampleFigures) -> String);
    let figures: [Figure; 6] = [
        ("cases", |part| part.cases.to_string()),
        ("no complaint", |part| part.not_a_complaint.to_string()),
        ("re-allocated", |part| figure(part.reallocated)),
        ("vulnerable: labelled", share),
        ("flag: precision", |part| flag(part.vulnerable, |flags| flags.precision)),
        ("flag: recall", |part| flag(part.vulnerable, |flags| flags.recall)),
    ];
    for (name, of) in figures {
        let mut row = vec![name.to_owned()];
        row.extend(parts.iter().map(|(_, part)| of(part)));
        table.push(row);
    }
    table
}

/// Of how many cases somebody says whether the customer is vulnerable: `27 of 30 (90 %)`.
fn share(part: &SampleFigures) -> String {
    let counted = part.vulnerable_labelled;
    match counted.share() {
        Some(share) => format!("{} of {} ({:.0} %)", counted.labelled, counted.judged, share * 100.0),
        None => "-".to_owned(),
    }
}

fn flag(flags: Option<Flags>, of: fn(Flags) -> Tally) -> String {
    flags.map_or_else(|| NOT_CLAIMED.to_owned(), |flags| figure(of(flags)))
}

fn audit(report: &QualityReport) -> Table {
    let mut table = Table::new(&["drawn", "judged", "missing"], 0);
    let audit = report.audit;
    if audit.drawn > 0 {
        table.push([audit.drawn, audit.judged, audit.missing].map(|count| count.to_string()).to_vec());
    }
    table
}

fn unsettled(report: &QualityReport) -> Table {
    let missing = &report.audit_sample.vulnerable_missing;
    let mut table = Table::new(&["case"], 1);
    for complaint_id in &missing.first {
        table.push(vec![complaint_id.clone()]);
    }
    let others = missing.cases - missing.first.len();
    if others > 0 {
        table.push(vec![format!("and {others} more")]);
    }
    table
}

fn by_task(part: &SampleFigures) -> Table {
    let mut table = Table::new(&["task", "right", "judged", "accuracy (95 %)", "unanswered"], 1);
    for (task, figures) in &part.tasks {
        let mut row = counted(&[task], figures.all);
        row.push(figures.unanswered.to_string());
        table.push(row);
        if let Some(coarse) = &figures.coarsest {
            let mut row = counted(&[&format!("{task}: {}", coarse.level)], coarse.right);
            row.push(figures.unanswered.to_string());
            table.push(row);
        }
    }
    table
}

fn accuracy(part: &SampleFigures, column: &str, of: fn(&TaskAccuracy) -> &Tallies) -> Table {
    let mut table = Table::new(&["task", column, "right", "judged", "accuracy (95 %)"], 2);
    for (task, figures) in &part.tasks {
        for (name, tally) in of(figures) {
            table.push(counted(&[task, &short(name)], *tally));
        }
    }
    table
}

/// Beside a shadow's answers stands how often who decided was right in the same cases.
fn arms(part: &SampleFigures) -> Table {
    let columns = ["task", "arm", "model", "cases", "accuracy (95 %)", "who decided (95 %)"];
    let mut table = Table::new(&columns, 3);
    for figures in &part.arms {
        let mut row = arm(&figures.arm);
        row.extend([figures.cases.to_string(), figure(figures.right), figure(figures.decider_right)]);
        table.push(row);
    }
    table
}

/// The results of an arm's answers; a shadow has no allocations, and only the task vulnerable has a flag.
fn arms_outcomes(part: &SampleFigures) -> Table {
    let columns = ["task", "arm", "model", "re-allocated", "flag: precision", "flag: recall"];
    let mut table = Table::new(&columns, 3);
    for figures in &part.arms {
        let flag = |of: fn(Flags) -> Tally| match figures.arm.task == VULNERABLE {
            true => flag(figures.flags, of),
            false => "-".to_owned(),
        };
        let mut row = arm(&figures.arm);
        row.extend([figure(figures.reallocated), flag(|flags| flags.precision), flag(|flags| flags.recall)]);
        table.push(row);
    }
    table
}

/// Task, arm and model.
fn arm(arm: &Arm) -> Vec<String> {
    let role = if arm.role == Role::Shadow.symbol() { " (shadow)" } else { "" };
    vec![arm.task.clone(), format!("{}{role}", arm.arm), short(&arm.model)]
}

fn reallocated(column: &str, tallies: &Tallies) -> Table {
    let mut table = Table::new(&[column, "re-allocated", "judged", "rate (95 %)"], 1);
    for (name, tally) in tallies {
        table.push(counted(&[name], *tally));
    }
    table
}

fn reviewed(column: &str, tallies: &Tallies) -> Table {
    let mut table = Table::new(&[column, "left to people", "received", "rate (95 %)"], 1);
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

/// `84.2 % (79.6-88.0 %)`, or a dash of nothing.
fn figure(tally: Tally) -> String {
    percent_with(tally.share(), tally.interval())
}
