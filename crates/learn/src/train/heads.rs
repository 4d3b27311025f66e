//! From a head's scores on the validation rows to what stands in its manifest: temperature, shifts, thresholds, figures.

use std::collections::BTreeMap;

use ombud_contract::taxonomy::Taxonomy;
use ombud_measure::evaluate::{
    Answers, AtThreshold, PER_DAY, Resampling, ScoredRow, ServedChoice, TaskReport, TaskScores, figures,
    tasks,
};
use ombud_models::{EvidenceTable, Head, Logits, probabilities, with_odds};
use ombud_torch::bag::{Calibration, Hint};

use super::error::LearnError;
use super::evidence_score::EvidenceScore;
use super::tasks::{Targets, Task};
use super::thresholds::thresholds;

/// A head, ready to serve.
pub(crate) struct CalibratedHead {
    pub(crate) head: Head,
    /// Of the rows that its thresholds were chosen on: what serving gives, or what each threshold finds.
    pub(crate) served: ByThreshold,
    /// Of the rows that it was fitted to.
    pub(crate) report: TaskReport,
    /// What shrinking added to each of its figures; empty where nothing was shrunk.
    pub(crate) shrinking: BTreeMap<String, f64>,
}

/// What the thresholds of a choice, or of a flag, bring.
pub(crate) enum ByThreshold {
    Choice(ServedChoice),
    Flag(BTreeMap<String, AtThreshold>),
}

impl ByThreshold {
    /// By name, such as `served.issue.group.right`: of a choice how many complaints it answers on each level and on any,
    /// and how many of those answers are right.
    pub(crate) fn figures(&self, task: &str) -> BTreeMap<String, f64> {
        let Self::Choice(answered) = self else { return BTreeMap::new() };
        let levels = answered.levels.iter().map(|level| (format!("{task}.{}", level.level), &level.given));
        let figures = levels.chain([(task.to_owned(), &answered.all)]).flat_map(|(name, given)| {
            [("share", given.share), ("right", given.right)]
                .map(|(figure, value)| Some((format!("served.{name}.{figure}"), value?)))
        });
        figures.flatten().collect()
    }
}

/// What the model that serves does to a head's logits, before they are divided by the temperature.
pub(crate) struct Adjustment {
    /// Place of the head in the logits.
    place: usize,
    temperature: f64,
    pub(crate) shift: Vec<f32>,
    pub(crate) hint: Option<Hint>,
    /// The evidence in narratives beside it, with the strength at which it counts.
    outright: Option<EvidenceScore>,
}

/// What else a head's logits are added up with.
#[derive(Clone, Copy)]
pub(crate) enum Addend<'a> {
    Nothing,
    /// What another head believes.
    Hint(&'a Hint),
    /// The evidence in narratives.
    EvidenceScore(&'a EvidenceScore),
}

impl<'a> Addend<'a> {
    /// A flag is never hinted at.
    pub(crate) fn of(hint: Option<&'a Hint>, outright: Option<&'a EvidenceScore>) -> Self {
        match (hint, outright) {
            (Some(hint), _) => Self::Hint(hint),
            (None, Some(outright)) => Self::EvidenceScore(outright),
            (None, None) => Self::Nothing,
        }
    }
}

impl Adjustment {
    /// Fits the head at `place` to the rows that carry its label; the head that hints was adjusted before.
    pub(crate) fn fit(
        place: usize,
        beside: Addend<'_>,
        rows: &[Logits],
        truths: &[Option<usize>],
        pull: f64,
    ) -> Self {
        let labelled = || (0..rows.len()).filter_map(|row| Some((row, truths[row]?)));
        let (logits, targets): (Vec<Vec<f32>>, Vec<usize>) =
            labelled().map(|(row, truth)| (rows[row][place].clone(), truth)).unzip();
        let terms = |row: usize| match beside {
            Addend::Nothing => None,
            Addend::Hint(hint) => Some(hint.terms(&rows[row][hint.from])),
            Addend::EvidenceScore(outright) => Some(vec![0.0, outright.adds()[row] as f32]),
        };
        let hints: Option<Vec<Vec<f32>>> = labelled().map(|(row, _)| terms(row)).collect();
        let labels = rows.first().map_or(0, |row| row[place].len());
        let found = Calibration::fit(&logits, hints.as_deref(), &targets, labels, pull);
        // Serving adds to logits that are not divided yet.
        let undivided = |value: f64| (value * found.temperature) as f32;
        let shift = found.shift.iter().map(|shift| undivided(*shift)).collect();
        let adjusted = Self { place, temperature: found.temperature, shift, hint: None, outright: None };
        match beside {
            Addend::Nothing => adjusted,
            Addend::Hint(hint) => {
                let hint = Hint { strength: undivided(found.hint_strength), ..hint.clone() };
                Self { hint: Some(hint), ..adjusted }
            }
            // Evidence is added to what is divided already.
            Addend::EvidenceScore(outright) => {
                Self { outright: outright.times(found.hint_strength), ..adjusted }
            }
        }
    }

    /// Of a head whose logits are calibrated already, with the evidence in narratives beside them.
    pub(crate) fn none(place: usize, outright: Option<&EvidenceScore>) -> Self {
        Self { place, temperature: 1.0, shift: Vec::new(), hint: None, outright: outright.cloned() }
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

    /// The head with its figures, from adjusted rows, and its thresholds, from `unfitted`: scores of the same rows by what
    /// each was not fitted to.
    pub(crate) fn head(
        &self,
        task: &Task,
        targets: &Targets,
        rows: &[Logits],
        truths: &[Option<usize>],
        unfitted: Vec<ScoredRow>,
    ) -> Result<CalibratedHead, LearnError> {
        let labelled = truths.iter().any(Option::is_some);
        let Some(taxonomy) = task.taxonomy().filter(|_| labelled) else {
            return Err(LearnError::NothingToCalibrate { task: task.name.clone(), rows: rows.len() });
        };
        let uncut = Head {
            temperature: self.temperature,
            evidence: EvidenceTable::newest_for(&task.name).map(|table| table.name().to_owned()),
            evidence_odds: self.outright.as_ref().map(|said| said.odds().clone()).unwrap_or_default(),
            ..task.uncut(1.0)
        };
        let answers = Answers::of(&TaskScores { head: uncut.clone(), taxonomy, rows: unfitted });
        let head = Head { thresholds: thresholds(&answers, targets), ..uncut };
        let served = match &answers {
            Answers::Choice(levels) => ByThreshold::Choice(ServedChoice::of(levels, &head, 0.0, PER_DAY)),
            Answers::Flag(rows) => ByThreshold::Flag(AtThreshold::each(rows, &head.thresholds)),
        };
        let report = report(&head, taxonomy, self.scored(rows, truths));
        Ok(CalibratedHead { head, served, report, shrinking: BTreeMap::new() })
    }

    /// The same of a model that was shrunk, with what that added; `whole` are the rows before it, adjusted as well.
    pub(crate) fn shrunk_head(
        &self,
        task: &Task,
        targets: &Targets,
        rows: &[Logits],
        whole: &[Logits],
        truths: &[Option<usize>],
        unfitted: Vec<ScoredRow>,
    ) -> Result<CalibratedHead, LearnError> {
        let mut calibrated = self.head(task, targets, rows, truths, unfitted)?;
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

    /// The labelled rows' scores, from adjusted logits.
    pub(crate) fn scored(&self, rows: &[Logits], truths: &[Option<usize>]) -> Vec<ScoredRow> {
        let row = |(at, truth): (usize, &Option<usize>)| {
            let truth = (*truth)?;
            let probabilities = probabilities(&rows[at][self.place], self.temperature);
            let probabilities = match &self.outright {
                Some(outright) => with_odds(probabilities, outright.adds()[at]),
                None => probabilities,
            };
            Some(ScoredRow { recent: false, truth, probabilities })
        };
        truths.iter().enumerate().filter_map(row).collect()
    }
}

fn report(head: &Head, taxonomy: &'static Taxonomy, rows: Vec<ScoredRow>) -> TaskReport {
    let scores = [TaskScores { head: head.clone(), taxonomy, rows }];
    match tasks(&scores, false, Resampling::default()).pop_first() {
        Some((_, report)) => report,
        None => unreachable!("one task was asked"),
    }
}
