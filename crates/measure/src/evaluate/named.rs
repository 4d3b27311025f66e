//! An evaluation's main figures by name, as manifests, cards and the registry have them.

use std::collections::BTreeMap;

use super::answers::{PerTask, TaskReport};
use super::compare::{Comparison, PairedFigure};
use super::evaluation::Evaluation;

impl Evaluation {
    /// Its main figures by name, such as `issue.intent.accuracy`.
    pub fn figures(&self) -> BTreeMap<String, f64> {
        self.tasks.iter().flat_map(|(task, report)| figures(task, report)).collect()
    }
}

impl Comparison {
    /// Figures of both by name, such as `product.accuracy.difference`.
    pub fn figures(&self) -> BTreeMap<String, f64> {
        let mut named = BTreeMap::new();
        let mut pair = |name: String, paired: &PairedFigure| {
            for (of, figure) in
                [("this", paired.this), ("other", paired.other), ("difference", paired.difference)]
            {
                named.extend(figure.map(|figure| (format!("{name}.{of}"), figure)));
            }
        };
        for (task, said) in &self.tasks {
            match said {
                PerTask::Choice(one) => pair(format!("{task}.accuracy"), &one.accuracy),
                PerTask::Levels(levels) => {
                    for (level, one) in levels {
                        pair(format!("{task}.{level}.accuracy"), &one.accuracy);
                    }
                }
                PerTask::Flag(flag) => {
                    pair(format!("{task}.pr_auc"), &flag.pr_auc);
                    pair(format!("{task}.precision_at_recall_60"), &flag.precision_at_recall_60);
                }
            }
        }
        named
    }
}

/// A report's main figures by name, such as `issue.intent.accuracy`.
pub fn figures(task: &str, report: &TaskReport) -> BTreeMap<String, f64> {
    let mut all = Vec::new();
    match report {
        TaskReport::Choice(choice) => all.push((task.to_owned(), choice)),
        TaskReport::Levels(levels) => {
            all.extend(levels.iter().map(|(level, choice)| (format!("{task}.{level}"), choice)));
        }
        TaskReport::Flag(flag) => {
            let named = [
                ("pr_auc", flag.pr_auc),
                ("precision_at_recall_60", flag.precision_at_recall_60),
                ("flag_rate_at_recall_60", flag.flag_rate_at_recall_60),
                ("base_rate", flag.base_rate),
                ("ece", flag.ece),
            ];
            return present(task, named).collect();
        }
    }
    all.iter()
        .flat_map(|(name, choice)| {
            let named = [
                ("accuracy", choice.accuracy),
                ("macro_f1", choice.macro_f1),
                ("top3", choice.top3),
                ("ece", choice.ece),
            ];
            present(name, named).collect::<Vec<_>>()
        })
        .collect()
}

fn present<const N: usize>(
    of: &str,
    figures: [(&str, Option<f64>); N],
) -> impl Iterator<Item = (String, f64)> {
    figures.into_iter().filter_map(move |(name, figure)| Some((format!("{of}.{name}"), figure?)))
}
