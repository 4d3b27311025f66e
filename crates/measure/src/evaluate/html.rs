//! An evaluation as one HTML file: what the tables say, and the curves.

use std::collections::BTreeMap;

use ombud_report::{Axes, Chart, Lead, Line, Section, Unit, line_chart, page, percent, reliability};

use super::answers::TaskReport;
use super::choice::ChoiceReport;
use super::dial::{RecallDial, ReviewDial, TaskDial};
use super::evaluation::Evaluation;
use super::leads::{lead, leads};
use super::tables::{Part, flags, named};
use crate::target::VULNERABLE_FLAGGED;

/// A larger confusion is mostly empty.
const MOST_LABELS: usize = 20;

impl Evaluation {
    /// The page; `data` names what was measured on.
    pub fn html(&self, data: &str) -> String {
        let told = self.told().into_iter().fold(Section::new("What was measured"), Section::text);
        let first = Section::new("Against what was asked").leads(&self.leads());
        let mut sections =
            vec![first, told, section(self.summary()), section(self.given()), section(self.flags())];
        let compared = [("Against the baseline", &self.baseline), ("Against the other", &self.against)];
        for (heading, comparison) in compared {
            sections.extend(comparison.as_ref().map(|other| section(self.compared(heading, other))));
        }
        sections.push(section(self.natural()));
        sections.push(
            section(self.coverage()).figure("Accuracy of the surest rows, by share kept", self.curve()),
        );
        sections.push(reliabilities(&self.tasks));
        for (part, dial) in self.dials().into_iter().zip(self.dial.tasks.values()) {
            let (caption, chart) = match dial {
                TaskDial::Review(dial) => {
                    ("Accuracy of what is answered, by reviews a day", self.reviews(dial))
                }
                TaskDial::Recall(dial) => ("Precision, by recall", recalls(dial)),
            };
            sections.push(section(part).figure(caption, chart));
        }
        sections.extend(confusions(&self.tasks));
        sections.extend(self.slices().into_iter().map(section));
        sections.extend(self.classes().into_iter().map(section));
        page(&format!("Evaluation on {data}"), &sections)
    }

    fn curve(&self) -> Chart {
        let line = |(name, report): (String, &ChoiceReport)| {
            let point =
                |(share, accuracy): (&String, &Option<f64>)| Some((share.parse().ok()?, (*accuracy)?));
            Line { name, points: report.coverage.iter().filter_map(point).collect() }
        };
        let lines: Vec<Line> = named(&self.tasks).into_iter().map(line).collect();
        let (x_unit, y_unit) = (Unit::Percent, Unit::Percent);
        line_chart(&Axes { x: "share kept", y: "accuracy", x_unit, y_unit, ..Axes::default() }, &lines)
    }

    fn reviews(&self, dial: &ReviewDial) -> Chart {
        let sample = |choice: &super::dial::ReviewBelow| {
            Some((choice.sample.reviews_per_day, choice.sample.accuracy?))
        };
        let natural = |choice: &super::dial::ReviewBelow| {
            let kept = choice.natural_mix?;
            Some((kept.reviews_per_day, kept.accuracy?))
        };
        let lines = [
            Line { name: "these rows".into(), points: dial.choices.iter().filter_map(sample).collect() },
            Line { name: "natural mix".into(), points: dial.choices.iter().filter_map(natural).collect() },
        ];
        let x = format!("reviews a day at {} complaints", self.dial.per_day);
        line_chart(&Axes { x: &x, y: "accuracy", y_unit: Unit::Percent, ..Axes::default() }, &lines)
    }

    /// What was asked, and how much is left to people.
    fn leads(&self) -> Vec<Lead> {
        let mut found = leads(&self.tasks);
        // A flag's recall is what serving flags, evidence and all.
        for (task, thresholds) in &self.served {
            let Some(served) = thresholds.get("possible").or_else(|| thresholds.values().next()) else {
                continue;
            };
            let rows =
                self.tasks.get(task).and_then(|report| report.flag()).map_or(0, |report| report.positives);
            let name = format!("{task}: flagged of those who are");
            found.push(lead(name, served.recall, rows, "who are", Some(VULNERABLE_FLAGGED)));
        }
        for (task, answered) in &self.answered {
            let left = answered.all.share.map(|share| 1.0 - share);
            let mut of_task = lead(format!("{task}: left to people"), left, self.rows, "rows", None);
            of_task.detail = format!("{:.0} a day, of {}", answered.reviews_per_day, self.dial.per_day);
            if let Some(right) = answered.all.right {
                of_task.detail += &format!("; of what is answered {} right", percent(right));
            }
            found.push(of_task);
        }
        found
    }
}

/// How honest the confidences of all tasks are.
pub fn reliabilities(tasks: &BTreeMap<String, TaskReport>) -> Section {
    let mut found = Section::new("Reliability").text(
        "Each dot is a bin of confidence, 15 of equal width; its area is its share of the rows. On the diagonal \
         rows are right as often as they say.",
    );
    for (name, report) in named(tasks) {
        found = found.figure(name, reliability(&report.reliability));
    }
    for (task, report) in flags(tasks) {
        found =
            found.figure(format!("{task}: the score, and how many are"), reliability(&report.reliability));
    }
    found
}

/// Of each level that is small enough to look at.
pub fn confusions(tasks: &BTreeMap<String, TaskReport>) -> Vec<Section> {
    let confusion = |(name, report): (String, &ChoiceReport)| {
        let labels: Vec<String> = report.classes.iter().map(|class| class.label.clone()).collect();
        let section = Section::new(format!("Confusion of {name}"));
        (labels.len() <= MOST_LABELS).then(|| section.confusion(&labels, &report.confusion))
    };
    named(tasks).into_iter().filter_map(confusion).collect()
}

fn recalls(dial: &RecallDial) -> Chart {
    let sample = |choice: &super::dial::AtRecall| Some((choice.sample.recall?, choice.sample.precision?));
    let natural = |choice: &super::dial::AtRecall| {
        let flagged = choice.natural_mix?;
        Some((flagged.recall?, flagged.precision?))
    };
    let lines = [
        Line { name: "these rows".into(), points: dial.choices.iter().filter_map(sample).collect() },
        Line { name: "natural mix".into(), points: dial.choices.iter().filter_map(natural).collect() },
    ];
    let (x_unit, y_unit) = (Unit::Percent, Unit::Percent);
    line_chart(&Axes { x: "recall", y: "precision", x_unit, y_unit, ..Axes::default() }, &lines)
}

fn section(part: Part) -> Section {
    let found = part.tables.iter().fold(Section::new(part.heading), Section::table);
    part.notes.iter().fold(found, Section::text)
}
