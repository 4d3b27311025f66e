//! A quality report as one HTML file: what was asked first, then its plots, then every table.

use std::collections::BTreeMap;

use ombud_report::{Axes, Chart, IntervalSeries, Section, Table, interval_chart, percent_with};

use super::{
    drift,
    figures::{QualityReport, SampleFigures},
    tables::details,
    tally::Tallies,
    week_chart::weeks,
};
use crate::model_name::short;

/// The whole file.
pub fn page(report: &QualityReport) -> String {
    let leads: Vec<_> = report.headlines.iter().map(|headline| headline.lead()).collect();
    let mut first = Section::new("Against what was asked").leads(&leads).text(
        "The first three are of the audit sample, which was drawn at random and says without bias how good the decisions \
         are.",
    );
    if !report.warnings.is_empty() {
        first = report.warnings.iter().fold(first, Section::text);
    }
    let mut sections = vec![
        first,
        Section::new("What this is")
            .text(format!("Verdicts of humans from {} until {}.", minute(&report.since), minute(&report.until)))
            .text(
                "Of each case and task the newest verdict counts, in the week in which it was given. The audit sample \
                 was drawn at random and says without bias how good the decisions are; the rest was judged because \
                 somebody came upon it, so it leans towards what was wrong. Bars and brackets are 95 % intervals \
                 (Wilson's).",
            ),
    ];
    for (name, part) in report.parts() {
        if part.cases == 0 {
            continue;
        }
        let reallocated = [("re-allocated", &part.reallocated_by_week)];
        sections.push(
            Section::new(format!("{name} by week"))
                .figure_with("Accuracy of each task's answers", accuracy(part), &accuracies(part))
                .figure_with(
                    "Share of allocations that were changed",
                    weeks("re-allocated", &reallocated),
                    &by_week(&reallocated),
                )
                .figure_with("Accuracy of who decides and of who is tried", arms(part), &arm_table(part)),
        );
    }
    if !report.drift.is_empty() {
        let drift = Section::new("Drift by week").text(
            "What was decided in that time, judged or not. From a stability index of 0.1 on a look is worth it, from 0.25 on \
             the world is another. Tokens never learned are counted in a sample of complaints; no interval says how \
             far they may be off, for tokens of one complaint are alike.",
        );
        let charts = drift::charts(&report.drift).into_iter();
        sections.push(charts.fold(drift, |section, (caption, chart)| section.figure(caption, chart)));
    }
    sections.extend(details(report).into_iter().map(|(heading, table)| Section::new(heading).table(&table)));
    ombud_report::page("Quality of decisions, by their outcomes", &sections)
}

/// A moment as people read it, of one in ISO 8601.
fn minute(moment: &str) -> String {
    match moment.get(..16) {
        Some(minutes) => format!("{} UTC", minutes.replace('T', " ")),
        None => moment.to_owned(),
    }
}

fn by_task(part: &SampleFigures) -> Vec<(&str, &Tallies)> {
    part.tasks.iter().map(|(task, figures)| (task.as_str(), &figures.by_week)).collect()
}

fn accuracy(part: &SampleFigures) -> Chart {
    weeks("accuracy", &by_task(part))
}

fn accuracies(part: &SampleFigures) -> Table {
    by_week(&by_task(part))
}

fn by_week(lines: &[(&str, &Tallies)]) -> Table {
    let mut table = Table::new(&["what", "week", "share (95 %)", "of"], 2);
    for (name, tallies) in lines {
        for (week, tally) in *tallies {
            let share = percent_with(tally.share(), tally.interval());
            table.push(vec![(*name).to_owned(), week.clone(), share, tally.of.to_string()]);
        }
    }
    table
}

/// Accuracy by arm, tasks side by side.
fn arms(part: &SampleFigures) -> Chart {
    let mut names: Vec<String> = Vec::new();
    let mut tasks: BTreeMap<&String, IntervalSeries> = BTreeMap::new();
    for figures in &part.arms {
        let name = format!("{} {}", figures.arm.arm, short(&figures.arm.model));
        let at = names.iter().position(|known| *known == name).unwrap_or(names.len());
        if at == names.len() {
            names.push(name);
        }
        let right = figures.right;
        if let (Some(share), Some(interval)) = (right.share(), right.interval()) {
            let task = &figures.arm.task;
            let named = || IntervalSeries { name: task.clone(), shares: Vec::new() };
            tasks.entry(task).or_insert_with(named).shares.push((at, share, interval));
        }
    }
    let measured: Vec<IntervalSeries> = tasks.into_values().collect();
    interval_chart(&Axes { x: "arm", y: "accuracy", ..Axes::default() }, &names, &measured)
}

fn arm_table(part: &SampleFigures) -> Table {
    let mut table = Table::new(&["task", "arm", "model", "share (95 %)", "of"], 3);
    for figures in &part.arms {
        let share = percent_with(figures.right.share(), figures.right.interval());
        let arm = &figures.arm;
        table.push(vec![
            arm.task.clone(),
            arm.arm.clone(),
            short(&arm.model),
            share,
            figures.right.of.to_string(),
        ]);
    }
    table
}
