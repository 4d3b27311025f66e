//! From a head's scores on the validation rows to what it says of itself: temperature, shifts, thresholds, figures.

use std::collections::BTreeMap;

use ombud_contract::taxonomy::Taxonomy;
use ombud_models::{EvidenceTable, Head, Logits, probabilities};
use ombud_torch::bag::{Calibration, Hint};

use super::error::LearnError;
use super::tasks::{Targets, Task};
use super::thresholds::{Cut, cuts};
use crate::evaluate::{Resampling, Scored, Scores, TaskReport, tasks};

/// A head, ready to serve.
pub(crate) struct Calibrated {
    pub(crate) head: Head,
    pub(crate) cuts: BTreeMap<String, Cut>,
    pub(crate) report: TaskReport,
    /// What shrinking added to each of its figures; empty where nothing was shrunk.
    pub(crate) shrinking: BTreeMap<String, f64>,
}

/// What the model that serves does to a head's logits, before they are divided by the temperature.
pub(crate) struct Adjustment {
    /// Place of the head in the logits.
    place: usize,
    temperature: f64,
    pub(crate) shift: Vec<f32>,
    pub(crate) hint: Option<Hint>,
}

impl Adjustment {
    /// Fits the head at `place` to the rows that carry its label; the head that hints was adjusted before.
    pub(crate) fn fit(
        place: usize,
        hint: Option<&Hint>,
        rows: &[Logits],
        truths: &[Option<usize>],
        pull: f64,
    ) -> Self {
        let labelled = || rows.iter().zip(truths).filter_map(|(row, truth)| Some((row, (*truth)?)));
        let (logits, targets): (Vec<Vec<f32>>, Vec<usize>) =
            labelled().map(|(row, truth)| (row[place].clone(), truth)).unzip();
        let hints: Option<Vec<Vec<f32>>> =
            hint.map(|hint| labelled().map(|(row, _)| hint.terms(&row[hint.from])).collect());
        let labels = rows.first().map_or(0, |row| row[place].len());
        let found = Calibration::fit(&logits, hints.as_deref(), &targets, labels, pull);
        // Serving adds to logits that are not divided yet.
        let undivided = |value: f64| (value * found.temperature) as f32;
        Self {
            place,
            temperature: found.temperature,
            shift: found.shift.iter().map(|shift| undivided(*shift)).collect(),
            hint: hint.map(|hint| Hint { strength: undivided(found.hint_strength), ..hint.clone() }),
        }
    }

    /// Of a head whose logits are calibrated already.
    pub(crate) fn none(place: usize) -> Self {
        Self { place, temperature: 1.0, shift: Vec::new(), hint: None }
    }

    /// Adjusts rows of logits as serving will.
    pub(crate) fn apply(&self, rows: &mut [Logits]) {
        for row in rows {
            row[self.place].iter_mut().zip(&self.shift).for_each(|(logit, shift)| *logit += shift);
            if let Some(hint) = &self.hint {
                hint.give(row);
            }
        }
    }

    /// The head with its thresholds and figures, from adjusted rows.
    pub(crate) fn head(
        &self,
        task: &Task,
        targets: &Targets,
        rows: &[Logits],
        truths: &[Option<usize>],
    ) -> Result<Calibrated, LearnError> {
        let labelled = truths.iter().any(Option::is_some);
        let Some(taxonomy) = task.taxonomy().filter(|_| labelled) else {
            return Err(LearnError::NothingToCalibrate { task: task.name.clone(), rows: rows.len() });
        };
        let scored = self.scored(rows, truths);
        let cuts = cuts(task.kind, taxonomy, &scored, targets);
        let head = Head {
            task: task.name.clone(),
            kind: task.kind,
            label_set: task.label_set.clone(),
            labels: taxonomy.leaves().to_vec(),
            temperature: self.temperature,
            thresholds: cuts.iter().map(|(name, cut)| (name.clone(), round_down(cut.threshold))).collect(),
            evidence: EvidenceTable::newest_for(&task.name).map(|table| table.name().to_owned()),
        };
        let report = report(&head, taxonomy, scored);
        Ok(Calibrated { head, cuts, report, shrinking: BTreeMap::new() })
    }

    /// The same of a model that was shrunk, with what that added; `whole` are the rows before it, adjusted as well.
    pub(crate) fn shrunk_head(
        &self,
        task: &Task,
        targets: &Targets,
        rows: &[Logits],
        whole: &[Logits],
        truths: &[Option<usize>],
    ) -> Result<Calibrated, LearnError> {
        let mut calibrated = self.head(task, targets, rows, truths)?;
        let before = self.report_of(&calibrated.head, whole, truths);
        let before = before.map(|report| figures(&task.name, &report)).unwrap_or_default();
        let after = figures(&task.name, &calibrated.report);
        let change = |(name, figure): (String, f64)| before.get(&name).map(|before| (name, figure - before));
        calibrated.shrinking = after.into_iter().filter_map(change).collect();
        Ok(calibrated)
    }

    /// The figures of `head` on other adjusted logits of the same rows.
    pub(crate) fn report_of(
        &self,
        head: &Head,
        rows: &[Logits],
        truths: &[Option<usize>],
    ) -> Option<TaskReport> {
        let taxonomy = Taxonomy::by_label_set(&head.label_set)?;
        Some(report(head, taxonomy, self.scored(rows, truths)))
    }

    fn scored(&self, rows: &[Logits], truths: &[Option<usize>]) -> Vec<Scored> {
        let row = |(row, truth): (&Logits, &Option<usize>)| {
            let probabilities = probabilities(&row[self.place], self.temperature);
            Some(Scored { recent: false, truth: (*truth)?, probabilities })
        };
        rows.iter().zip(truths).filter_map(row).collect()
    }
}

/// To six places, so that the row that set a threshold reaches it however its logits are rounded.
fn round_down(threshold: f64) -> f64 {
    (threshold * 1e6).floor() / 1e6
}

fn report(head: &Head, taxonomy: &'static Taxonomy, rows: Vec<Scored>) -> TaskReport {
    let scores = [Scores { head: head.clone(), taxonomy, rows }];
    match tasks(&scores, false, Resampling::default()).pop_first() {
        Some((_, report)) => report,
        None => unreachable!("one task was asked"),
    }
}

/// A report's main figures by name, such as `issue.intent.accuracy`.
pub(crate) fn figures(task: &str, report: &TaskReport) -> BTreeMap<String, f64> {
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
