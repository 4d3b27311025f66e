//! A quality report as one HTML file, with its plots.

use std::collections::BTreeMap;

use ombud_report::{Axes, Chart, IntervalSeries, Section, interval_chart};

use super::{
    drift,
    figures::{QualityReport, SampleFigures},
    tables::tables,
    tally::Tallies,
    week_chart::weeks,
};
use crate::model_name::short;

/// The whole file.
pub fn page(report: &QualityReport) -> String {
    let mut sections = vec![
        Section::new("What this is")
            .text(format!("Verdicts of humans from {} until {}.", report.since, report.until))
            .text(
                "Of each case and task the newest verdict counts, in the week in which it was given. The audit sample \
                 was drawn at random and says without bias how good the decisions are; the rest was judged because \
                 somebody came upon it, so it leans towards what was wrong. Bars and brackets are 95 % intervals \
                 (Wilson's).",
            ),
    ];
    if !report.warnings.is_empty() {
        let warned = Section::new("What there is too little of");
        sections.push(report.warnings.iter().fold(warned, |section, warning| section.text(warning.clone())));
    }
    for (name, part) in report.parts() {
        if part.cases == 0 {
            continue;
        }
        sections.push(
            Section::new(format!("{name} by week"))
                .figure("Accuracy of each task's answers", accuracy(part))
                .figure("Share of allocations that were changed", reallocations(part))
                .figure("Accuracy of who decides and of who is tried", arms(part)),
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
    sections.extend(tables(report).into_iter().map(|(heading, table)| Section::new(heading).table(&table)));
    ombud_report::page("Quality of decisions, by their outcomes", &sections)
}

fn accuracy(part: &SampleFigures) -> Chart {
    let lines: Vec<(&str, &Tallies)> =
        part.tasks.iter().map(|(task, figures)| (task.as_str(), &figures.by_week)).collect();
    weeks("accuracy", &lines)
}

fn reallocations(part: &SampleFigures) -> Chart {
    weeks("re-allocated", &[("re-allocated", &part.reallocated_by_week)])
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
