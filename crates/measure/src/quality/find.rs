//! A figure of a report by its key, and the cases that it counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    figures::{QualityReport, SampleFigures},
    listed::{By, FigureCase, FigureCases, FigureKey, FigureKind},
    tally::{Tallies, Tally},
};

/// A part of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Judged cases that were drawn at random.
    AuditSample,
    /// All other judged cases.
    Rest,
    /// Every complaint, judged or not.
    All,
}

/// A report with the cases that its figures count.
#[derive(Clone, Debug)]
pub struct CountedQuality {
    /// The figures.
    pub report: QualityReport,
    /// The cases of the audit sample's.
    pub audit_sample: FigureCases,
    /// Those of the rest's.
    pub rest: FigureCases,
    /// Those of figures that need no verdict.
    pub all: FigureCases,
}

impl CountedQuality {
    /// The figure of `key`; `None` where the report has none of that name.
    pub fn tally(&self, part: Part, key: &FigureKey) -> Option<Tally> {
        match part {
            Part::AuditSample => of_sample(&self.report.audit_sample, key),
            Part::Rest => of_sample(&self.report.rest, key),
            Part::All => of_all(&self.report, key),
        }
    }

    /// Some of the cases that it counts, those that tell most first.
    pub fn cases(&self, part: Part, key: &FigureKey) -> Vec<FigureCase> {
        match part {
            Part::AuditSample => self.audit_sample.of(key),
            Part::Rest => self.rest.of(key),
            Part::All => self.all.of(key),
        }
    }
}

fn of_sample(sample: &SampleFigures, key: &FigureKey) -> Option<Tally> {
    let named = |tallies: &Tallies| tallies.get(&key.name).copied();
    let task = || sample.tasks.get(&key.task);
    match (key.kind, key.by) {
        (FigureKind::Accuracy, By::All) => task().map(|figures| figures.all),
        (FigureKind::Accuracy, By::Model) => named(&task()?.by_model),
        (FigureKind::Accuracy, By::Team) => named(&task()?.by_team),
        (FigureKind::Accuracy, By::Week) => named(&task()?.by_week),
        (FigureKind::Accuracy, By::Arm) => {
            let same = |arm: &&super::ArmFigures| arm.arm.task == key.task && arm.arm.key() == key.name;
            sample.arms.iter().find(same).map(|figures| figures.right)
        }
        (FigureKind::Coarse, By::All) => task()?.coarsest.as_ref().map(|coarse| coarse.right),
        (FigureKind::Precision, By::All) => sample.vulnerable.map(|flags| flags.precision),
        (FigureKind::Recall, By::All) => sample.vulnerable.map(|flags| flags.recall),
        (FigureKind::Reallocated, By::All) => Some(sample.reallocated),
        (FigureKind::Reallocated, By::Team) => named(&sample.reallocated_by_team),
        (FigureKind::Reallocated, By::Week) => named(&sample.reallocated_by_week),
        _ => None,
    }
}

fn of_all(report: &QualityReport, key: &FigureKey) -> Option<Tally> {
    let reviews = &report.reviews;
    let named = |tallies: &BTreeMap<String, Tally>| tallies.get(&key.name).copied();
    match (key.kind, key.by) {
        (FigureKind::Reviewed, By::All) => Some(reviews.all),
        (FigureKind::Reviewed, By::Team) => named(&reviews.by_team),
        (FigureKind::Reviewed, By::Week) => named(&reviews.by_week),
        (FigureKind::Unsure | FigureKind::Failed, By::Week) => {
            let (model, week) = key.name.rsplit_once('/')?;
            let series = report.drift.iter().find(|one| one.task == key.task && one.model == model)?;
            let week = series.weeks.get(week)?;
            Some(if key.kind == FigureKind::Unsure { week.abstained } else { week.failed })
        }
        _ => None,
    }
}
