//! An evaluation as tables for people: labels first, the summary last, where the eye is when it ends.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use super::choice::ChoiceReport;
use super::flag::FlagReport;
use super::interval::Interval;
use super::report::{Evaluation, TaskReport};

/// Shares of rows that the coverage table shows, as [`ChoiceReport::coverage`] names them.
const SHARES: [&str; 6] = ["1.0", "0.9", "0.8", "0.7", "0.6", "0.5"];

impl Evaluation {
    /// All tables, ready to print.
    pub fn tables(&self) -> String {
        let all: Vec<(String, &ChoiceReport)> = self.tasks.iter().flat_map(choices).collect();
        let recent: Vec<(String, &ChoiceReport)> = self.recent.tasks.iter().flat_map(choices).collect();
        let mut parts: Vec<String> = all.iter().map(|(name, report)| classes(name, report)).collect();
        if !all.is_empty() {
            parts.push(coverage(&all));
        }
        parts.push(self.flags());
        if !all.is_empty() {
            parts.push(summary("all rows", &all));
            parts.push(summary("from 2024 on", &recent));
        }
        parts.push(self.models());
        parts.retain(|part| !part.is_empty());
        parts.join("\n\n")
    }

    fn flags(&self) -> String {
        let all = self.tasks.iter().filter_map(flag).map(|flag| ("all rows", flag));
        let recent = self.recent.tasks.iter().filter_map(flag).map(|flag| ("from 2024 on", flag));
        let rows: Vec<Vec<String>> =
            all.chain(recent).map(|(selection, (task, report))| flag_row(task, selection, report)).collect();
        if rows.is_empty() {
            return String::new();
        }
        let header = [
            "task",
            "rows",
            "base rate",
            "precision at 60 % recall",
            "flag rate there",
            "PR-AUC",
            "calibration error",
        ];
        table(&header, 1, rows)
    }

    fn models(&self) -> String {
        let mut lines: Vec<String> = self
            .models
            .iter()
            .map(|model| {
                format!("{} by {} {}", model.tasks.join(", "), model.model_id, short(&model.version))
            })
            .collect();
        lines.push(format!(
            "{} rows, {} of them from 2024 on. In brackets: 95 % intervals.",
            self.rows, self.recent.rows
        ));
        for (reason, rows) in &self.rejected_for {
            lines.push(format!("rejected: {rows} rows, {reason}"));
        }
        lines.join("\n")
    }
}

/// The levels of a task, each with a name to show.
fn choices<'a>((task, report): (&'a String, &'a TaskReport)) -> Vec<(String, &'a ChoiceReport)> {
    match report {
        TaskReport::Choice(report) => vec![(task.clone(), report)],
        // The maps' order is the alphabet's; people read from the finest level up.
        TaskReport::Levels(levels) => {
            let mut levels: Vec<_> =
                levels.iter().map(|(level, report)| (format!("{task}: {level}"), report)).collect();
            levels.sort_by_key(|(_, report)| std::cmp::Reverse(report.classes.len()));
            levels
        }
        TaskReport::Flag(_) => Vec::new(),
    }
}

fn flag<'a>((task, report): (&'a String, &'a TaskReport)) -> Option<(&'a str, &'a FlagReport)> {
    match report {
        TaskReport::Flag(report) => Some((task, report)),
        TaskReport::Choice(_) | TaskReport::Levels(_) => None,
    }
}

fn classes(name: &str, report: &ChoiceReport) -> String {
    let rows = report.classes.iter().map(|class| {
        vec![
            class.label.clone(),
            figure(class.precision),
            figure(class.recall),
            figure(class.f1),
            class.support.to_string(),
        ]
    });
    table(&[name, "precision", "recall", "F1", "support"], 1, rows.collect())
}

fn coverage(levels: &[(String, &ChoiceReport)]) -> String {
    let header: Vec<String> = std::iter::once("accuracy of the surest".to_owned())
        .chain(
            SHARES.iter().map(|share| format!("{:.0} %", share.parse::<f64>().unwrap_or_default() * 100.0)),
        )
        .collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let rows = levels.iter().map(|(name, report)| {
        let shares = SHARES.iter().map(|share| figure(report.coverage.get(*share).copied().flatten()));
        std::iter::once(name.clone()).chain(shares).collect()
    });
    table(&header, 1, rows.collect())
}

fn summary(selection: &str, levels: &[(String, &ChoiceReport)]) -> String {
    let rows = levels.iter().map(|(name, report)| {
        vec![
            name.clone(),
            report.rows.to_string(),
            with(report.accuracy, report.intervals.accuracy),
            with(report.macro_f1, report.intervals.macro_f1),
            with(report.top3, report.intervals.top3),
            figure(report.ece),
            figure(report.majority.as_ref().map(|majority| majority.accuracy)),
        ]
    });
    let header =
        [selection, "rows", "accuracy", "macro-F1", "top 3", "calibration error", "majority baseline"];
    table(&header, 1, rows.collect())
}

fn flag_row(task: &str, selection: &str, report: &FlagReport) -> Vec<String> {
    vec![
        format!("{task}, {selection}"),
        report.rows.to_string(),
        figure(report.base_rate),
        with(report.precision_at_recall_60, report.intervals.precision_at_recall_60),
        figure(report.flag_rate_at_recall_60),
        with(report.pr_auc, report.intervals.pr_auc),
        figure(report.ece),
    ]
}

/// Numbers, from column `numbers` on, stand on the right.
fn table(header: &[&str], numbers: usize, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(header).add_rows(rows);
    for column in table.column_iter_mut().skip(numbers) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

fn figure(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
}

fn with(value: Option<f64>, interval: Option<Interval>) -> String {
    match interval {
        Some([low, high]) => format!("{} [{low:.3}, {high:.3}]", figure(value)),
        None => figure(value),
    }
}

fn short(version: &str) -> &str {
    version.get(..12).unwrap_or(version)
}
