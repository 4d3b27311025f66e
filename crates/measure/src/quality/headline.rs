//! The figures that stand first: what the business asked for, of the audit sample, and how much is left to people.

use ombud_contract::verdict::{PRODUCT, VULNERABLE};
use ombud_report::{Lead, percent, percent_range};
use serde::Serialize;

use super::{
    listed::{By, FigureKey, FigureKind},
    tally::Tally,
};
use crate::target::{LEAST_CASES, TargetState, asked};

/// The task whose coarsest level is asked for.
pub(super) const ISSUE: &str = "issue";

/// Which figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeadlineFigure {
    /// Right products, of what is answered.
    Product,
    /// Right issues at the coarsest level, of what is answered.
    Issue,
    /// Vulnerable customers who are flagged.
    VulnerableRecall,
    /// Complaints whose allocation a person must look at.
    Review,
}

/// A figure that stands first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Headline {
    /// Which.
    pub figure: HeadlineFigure,
    /// How many of how many.
    pub counted: Tally,
    /// What was asked, 0 to 1; null where nothing was.
    pub asked: Option<f64>,
    /// How it stands against that.
    pub standing: TargetState,
}

impl Headline {
    pub(super) fn asked(figure: HeadlineFigure, counted: Option<Tally>, asked: f64) -> Self {
        let standing = match counted.map(|tally| (tally.of, tally.interval())) {
            None => TargetState::NotClaimed,
            Some((of, Some(interval))) if of >= LEAST_CASES => TargetState::of(interval, asked),
            Some(_) => TargetState::TooFew,
        };
        Self { figure, counted: counted.unwrap_or_default(), asked: Some(asked), standing }
    }

    /// The cases that it counts.
    pub fn key(self) -> FigureKey {
        let (kind, task) = match self.figure {
            HeadlineFigure::Product => (FigureKind::Accuracy, PRODUCT),
            HeadlineFigure::Issue => (FigureKind::Coarse, ISSUE),
            HeadlineFigure::VulnerableRecall => (FigureKind::Recall, VULNERABLE),
            HeadlineFigure::Review => (FigureKind::Reviewed, ""),
        };
        FigureKey::new(kind, task, By::All, "")
    }

    /// Its name in reports.
    pub(super) const fn name(self) -> &'static str {
        match self.figure {
            HeadlineFigure::Product => "Right product",
            HeadlineFigure::Issue => "Right issue, by its intent",
            HeadlineFigure::VulnerableRecall => "Vulnerable customers flagged",
            HeadlineFigure::Review => "Left to people",
        }
    }

    /// As it stands first on a page.
    pub(super) fn lead(self) -> Lead {
        let Tally { of, .. } = self.counted;
        let (figure, detail) = match (self.standing, self.counted.share(), self.counted.interval()) {
            (TargetState::NotClaimed, ..) => {
                ("not claimed".to_owned(), "too few judged cases say it".to_owned())
            }
            (TargetState::TooFew, ..) | (_, None, _) | (_, _, None) => {
                (format!("not enough data: {of} of {LEAST_CASES}"), String::new())
            }
            (_, Some(share), Some(interval)) => {
                (percent(share), format!("{}, {of} {}", percent_range(interval), self.counts()))
            }
        };
        Lead {
            name: self.name().to_owned(),
            figure,
            detail,
            asked: self.asked.map_or_else(String::new, asked),
            standing: self.standing.words().to_owned(),
            tone: self.standing.tone(),
            link: None,
        }
    }

    const fn counts(self) -> &'static str {
        match self.figure {
            HeadlineFigure::Product | HeadlineFigure::Issue => "answers of the audit sample judged",
            HeadlineFigure::VulnerableRecall => "vulnerable customers in the audit sample",
            HeadlineFigure::Review => "complaints received",
        }
    }
}
