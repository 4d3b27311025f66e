//! A report in columns and words: the parts that terminal, card and page are put together from.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use ombud_report::{Table, percent_with};

use super::answers::{PerTask, TaskReport};
use super::choice::ChoiceReport;
use super::evaluation::Evaluation;
use super::flag::FlagReport;
use super::slice::{LEAST_POSITIVES, LEAST_ROWS, Slice};
use super::subject::EvaluatedModel;
use crate::interval::Interval;
use crate::model_name::short_version;

/// Shares of rows that the coverage table shows, as [`ChoiceReport::coverage`] names them.
const SHARES: [&str; 6] = ["1.0", "0.9", "0.8", "0.7", "0.6", "0.5"];

/// Tables under a heading, and what is to be known about them.
pub(super) struct Part {
    pub(super) heading: String,
    pub(super) tables: Vec<Table>,
    pub(super) notes: Vec<String>,
}

impl Part {
    pub(super) fn new(heading: impl Into<String>, tables: impl IntoIterator<Item = Table>) -> Self {
        let tables = tables.into_iter().filter(|table| !table.rows.is_empty()).collect();
        Self { heading: heading.into(), tables, notes: Vec::new() }
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }
}

impl Evaluation {
    /// Every label of every level.
    pub(super) fn classes(&self) -> Vec<Part> {
        let all = named(&self.tasks);
        all.into_iter().map(|(name, report)| Part::new(name.clone(), [classes(&name, report)])).collect()
    }

    pub(super) fn coverage(&self) -> Part {
        let percent = |share: &&str| format!("{:.0} %", share.parse::<f64>().unwrap_or_default() * 100.0);
        let header: Vec<String> = SHARES.iter().map(percent).collect();
        let header: Vec<&str> =
            std::iter::once("of the surest").chain(header.iter().map(String::as_str)).collect();
        let mut table = Table::new(&header, 1);
        for (name, report) in named(&self.tasks) {
            let shares =
                SHARES.iter().map(|share| percent_with(report.coverage.get(*share).copied().flatten(), None));
            table.push(std::iter::once(name).chain(shares).collect());
        }
        Part::new("Accuracy by share kept", [table])
    }

    pub(super) fn summary(&self) -> Part {
        let selections = [("all rows", &self.tasks), ("from 2024 on", &self.recent.tasks)];
        let summary = |(selection, tasks)| {
            let header = [
                selection,
                "rows",
                "accuracy",
                "macro-F1",
                "top 3",
                "calibration error",
                "by chance",
                "majority baseline",
            ];
            let mut table = Table::new(&header, 1);
            for (name, report) in named(tasks) {
                table.push(vec![
                    name,
                    report.rows.to_string(),
                    percent_with(report.accuracy, report.intervals.accuracy),
                    with(report.macro_f1, report.intervals.macro_f1),
                    percent_with(report.top3, report.intervals.top3),
                    figure(report.ece),
                    figure(report.ece_by_chance),
                    percent_with(report.majority.as_ref().map(|majority| majority.accuracy), None),
                ]);
            }
            table
        };
        Part::new("Choices", selections.map(summary)).note(
            "Calibration error: of the answer's probability on these rows, in 15 bins of equal width; confidences \
             without a fault stay below \"by chance\" in 19 of 20 samples like these.",
        )
    }

    pub(super) fn flags(&self) -> Part {
        let header = [
            "flags",
            "rows",
            "base rate",
            "precision at 60 % recall",
            "flag rate there",
            "PR-AUC",
            "calibration error",
            "by chance",
        ];
        let mut table = Table::new(&header, 1);
        for (selection, tasks) in [("all rows", &self.tasks), ("from 2024 on", &self.recent.tasks)] {
            for (task, report) in flags(tasks) {
                table.push(vec![
                    format!("{task}, {selection}"),
                    report.rows.to_string(),
                    percent_with(report.base_rate, None),
                    percent_with(report.precision_at_recall_60, report.intervals.precision_at_recall_60),
                    percent_with(report.flag_rate_at_recall_60, None),
                    with(report.pr_auc, report.intervals.pr_auc),
                    figure(report.ece),
                    figure(report.ece_by_chance),
                ]);
            }
        }
        let header =
            ["served from", "score", "precision", "recall", "flag rate", "of these by evidence alone"];
        let mut served = Table::new(&header, 1);
        for (task, thresholds) in &self.served {
            for (name, at) in thresholds {
                served.push(vec![
                    format!("{task}, {name}"),
                    figure(Some(at.score)),
                    percent_with(at.precision, None),
                    percent_with(at.recall, None),
                    percent_with(at.flag_rate, None),
                    percent_with(at.by_evidence, None),
                ]);
            }
        }
        Part::new("Flags", [table, served]).note(
            "Served: flagged by the score, or by what the narrative says outright. All else here is the score's.",
        )
    }

    /// The bins of the calibration error.
    pub(super) fn honesty(&self) -> Part {
        let choices = named(&self.tasks).into_iter().map(|(name, report)| (name, &report.reliability));
        let flags = flags(&self.tasks).map(|(task, report)| (task.clone(), &report.reliability));
        let mut table = Table::new(&["reliability", "mean confidence", "share right", "rows"], 1);
        for (name, bins) in choices.chain(flags) {
            for bin in bins {
                let (said, was) =
                    (percent_with(Some(bin.confidence), None), percent_with(Some(bin.accuracy), None));
                table.push(vec![name.clone(), said, was, bin.rows.to_string()]);
            }
        }
        Part::new("Reliability", [table])
    }

    pub(super) fn slices(&self) -> Vec<Part> {
        let part = |(by, slices): (&str, &[Slice])| {
            let (mut choices, mut flags) = (
                Table::new(&[by, "task", "rows", "accuracy", "macro-F1", "top 3", "calibration error"], 2),
                Table::new(
                    &[
                        by,
                        "task",
                        "rows",
                        "positives",
                        "PR-AUC",
                        "precision at 60 % recall",
                        "flag rate there",
                    ],
                    2,
                ),
            );
            for slice in slices {
                for (task, figures) in &slice.tasks {
                    for (name, said) in levels(&self.tasks, task, figures) {
                        choices.push(vec![
                            slice.name.clone(),
                            name,
                            said.rows.to_string(),
                            percent_with(said.accuracy, said.intervals.accuracy),
                            with(said.macro_f1, said.intervals.macro_f1),
                            percent_with(said.top3, said.intervals.top3),
                            figure(said.ece),
                        ]);
                    }
                    if let Some(said) = figures.flag() {
                        flags.push(vec![
                            slice.name.clone(),
                            task.clone(),
                            said.rows.to_string(),
                            said.positives.to_string(),
                            with(said.pr_auc, said.intervals.pr_auc),
                            percent_with(said.precision_at_recall_60, said.intervals.precision_at_recall_60),
                            percent_with(said.flag_rate_at_recall_60, None),
                        ]);
                    }
                }
            }
            let bound = format!(
                "-: too few to say, fewer than {LEAST_ROWS} rows (of flags: or {LEAST_POSITIVES} positives); of macro-F1 also: one true label."
            );
            Part::new(format!("By {by}"), [choices, flags]).note(bound)
        };
        self.slices.dimensions().map(part).into()
    }

    pub(super) fn natural(&self) -> Part {
        let mix = &self.natural_mix;
        let mut choices = Table::new(
            &[
                "natural mix",
                "rows",
                "say as much as",
                "accuracy",
                "here",
                "macro-F1",
                "here",
                "top 3",
                "here",
            ],
            1,
        );
        let mut flagged = Table::new(
            &["natural mix", "rows", "say as much as", "PR-AUC", "here", "precision at 60 % recall", "here"],
            1,
        );
        for (task, figures) in &mix.tasks {
            let as_much = format!("{:.0}", mix.effective_rows.get(task).copied().unwrap_or_default());
            let here = |name: &str| {
                self.tasks.get(task).and_then(|report| {
                    levels(&self.tasks, task, report)
                        .into_iter()
                        .find(|(own, _)| own == name)
                        .map(|(_, report)| report)
                })
            };
            for (name, said) in levels(&self.tasks, task, figures) {
                let here = here(&name);
                choices.push(vec![
                    name,
                    said.rows.to_string(),
                    as_much.clone(),
                    percent_with(said.accuracy, said.intervals.accuracy),
                    percent_with(here.and_then(|here| here.accuracy), None),
                    with(said.macro_f1, said.intervals.macro_f1),
                    figure(here.and_then(|here| here.macro_f1)),
                    percent_with(said.top3, said.intervals.top3),
                    percent_with(here.and_then(|here| here.top3), None),
                ]);
            }
            if let Some((said, here)) = figures.flag().zip(self.tasks.get(task).and_then(TaskReport::flag)) {
                flagged.push(vec![
                    task.clone(),
                    said.rows.to_string(),
                    as_much,
                    with(said.pr_auc, said.intervals.pr_auc),
                    figure(here.pr_auc),
                    percent_with(said.precision_at_recall_60, said.intervals.precision_at_recall_60),
                    percent_with(here.precision_at_recall_60, None),
                ]);
            }
        }
        let mut percent: Vec<(&String, &f64)> = mix.percent.iter().collect();
        percent.sort_by(|a, b| b.1.total_cmp(a.1));
        let spread: Vec<String> =
            percent.iter().map(|(name, percent)| format!("{name} {percent} %")).collect();
        let mut part = Part::new("In the natural mix", [choices, flagged]).note(format!(
            "Each row counts as much as its product would were complaints spread as {}. \"Here\": the rows as they are.",
            spread.join(", ")
        ));
        for (task, missing) in mix.missing.iter().filter(|(_, missing)| !missing.is_empty()) {
            part = part.note(format!("{task}: no row of {}, so these are left out.", missing.join(", ")));
        }
        part
    }

    /// Who was measured on what.
    pub(super) fn told(&self) -> Vec<String> {
        let model = |model: &EvaluatedModel| {
            format!("{} by {} {}", model.tasks.join(", "), model.model_id, short_version(&model.version))
        };
        let mut lines: Vec<String> = self.models.iter().map(model).collect();
        lines.push(format!(
            "{} rows, {} of them from 2024 on. In brackets: 95 % intervals.",
            self.rows, self.recent.rows
        ));
        for (reason, rows) in &self.rejected_for {
            lines.push(format!("rejected: {rows} rows, {reason}"));
        }
        for (reason, rows) in &self.unread_for {
            lines.push(format!("for people, since a model cannot read it: {rows} rows, {reason}"));
        }
        lines
    }
}

/// The levels of all choices, each with a name to show.
pub(super) fn named(tasks: &BTreeMap<String, TaskReport>) -> Vec<(String, &ChoiceReport)> {
    tasks.iter().flat_map(|(task, report)| levels(tasks, task, report)).collect()
}

/// The results of a task, by level. The maps' order is the alphabet's; people read from the finest level up, which
/// `tasks` know.
pub(super) fn levels<'a, C, F>(
    tasks: &BTreeMap<String, TaskReport>,
    task: &str,
    said: &'a PerTask<C, F>,
) -> Vec<(String, &'a C)> {
    let labels = |level: &str| match tasks.get(task) {
        Some(TaskReport::Levels(levels)) => levels.get(level).map_or(0, |report| report.classes.len()),
        _ => 0,
    };
    let mut levels = said.choices();
    levels.sort_by_key(|(level, _)| Reverse(labels(level)));
    let name = |level: &str| if level.is_empty() { task.to_owned() } else { format!("{task}: {level}") };
    levels.into_iter().map(|(level, said)| (name(level), said)).collect()
}

pub(super) fn flags(tasks: &BTreeMap<String, TaskReport>) -> impl Iterator<Item = (&String, &FlagReport)> {
    tasks.iter().filter_map(|(task, report)| Some((task, report.flag()?)))
}

fn classes(name: &str, report: &ChoiceReport) -> Table {
    let mut table = Table::new(&[name, "precision", "recall", "F1", "support"], 1);
    for class in &report.classes {
        table.push(vec![
            class.label.clone(),
            percent_with(class.precision, None),
            percent_with(class.recall, None),
            figure(class.f1),
            class.support.to_string(),
        ]);
    }
    table
}

/// To three places; a dash where there is none.
pub fn figure(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
}

/// A figure, and behind it its interval.
pub fn with(value: Option<f64>, interval: Option<Interval>) -> String {
    match interval {
        Some([low, high]) => format!("{} [{low:.3}, {high:.3}]", figure(value)),
        None => figure(value),
    }
}
