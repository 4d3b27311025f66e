//! The figures that stand first: what the business asked for, of the audit sample, and how much is left to people.

use ombud_contract::verdict::{PRODUCT, VULNERABLE};
use ombud_report::{Lead, Table, percent, percent_range, percent_with};
use serde::Serialize;

use super::{
    figures::QualityReport,
    listed::{By, FigureKey, FigureKind},
    tally::Tally,
};
use crate::target::{LEAST_CASES, RIGHT_ISSUE, RIGHT_PRODUCT, Standing, VULNERABLE_FLAGGED, asked};

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
    pub standing: Standing,
}

impl Headline {
    fn asked(figure: HeadlineFigure, counted: Option<Tally>, asked: f64) -> Self {
        let standing = match counted.map(|tally| (tally.of, tally.interval())) {
            None => Standing::NotClaimed,
            Some((of, Some(interval))) if of >= LEAST_CASES => Standing::of(interval, asked),
            Some(_) => Standing::TooFew,
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
    const fn name(self) -> &'static str {
        match self.figure {
            HeadlineFigure::Product => "Right product",
            HeadlineFigure::Issue => "Right issue, by its intent",
            HeadlineFigure::VulnerableRecall => "Vulnerable customers flagged",
            HeadlineFigure::Review => "Left to people",
        }
    }

    /// As it stands first on a page.
    fn lead(self) -> Lead {
        let Tally { of, .. } = self.counted;
        let (figure, detail) = match (self.standing, self.counted.share(), self.counted.interval()) {
            (Standing::NotClaimed, ..) => {
                ("not claimed".to_owned(), "too few judged cases say it".to_owned())
            }
            (Standing::TooFew, ..) | (_, None, _) | (_, _, None) => {
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

impl QualityReport {
    /// What stands first, in the order in which it is read.
    pub(super) fn count_headlines(&self) -> Vec<Headline> {
        let audit = &self.audit_sample;
        let product = audit.tasks.get(PRODUCT).map(|task| task.all).unwrap_or_default();
        let issue = audit.tasks.get(ISSUE).and_then(|task| task.coarsest.as_ref()).map(|coarse| coarse.right);
        // Nothing judged is too little, and not what nobody names.
        let judged = audit.vulnerable_labelled.judged > 0;
        let recall = match audit.vulnerable {
            Some(flags) => Some(flags.recall),
            None if judged => None,
            None => Some(Tally::default()),
        };
        let reviewed = self.reviews.all;
        let standing = if reviewed.of == 0 { Standing::TooFew } else { Standing::NotAsked };
        vec![
            Headline::asked(HeadlineFigure::Product, Some(product), RIGHT_PRODUCT),
            Headline::asked(HeadlineFigure::Issue, Some(issue.unwrap_or_default()), RIGHT_ISSUE),
            Headline::asked(HeadlineFigure::VulnerableRecall, recall, VULNERABLE_FLAGGED),
            Headline { figure: HeadlineFigure::Review, counted: reviewed, asked: None, standing },
        ]
    }

    /// The same as lead figures.
    pub(super) fn leads(&self) -> Vec<Lead> {
        self.headlines.iter().map(|headline| headline.lead()).collect()
    }

    /// The same as a table.
    pub(super) fn headline_table(&self) -> Table {
        let mut table = Table::new(&["", "measured (95 %)", "of", "asked", "so it is"], 1);
        for headline in &self.headlines {
            let Tally { of, .. } = headline.counted;
            let measured = match headline.standing {
                Standing::TooFew => format!("not enough data: {of} of {LEAST_CASES}"),
                Standing::NotClaimed => "not claimed".to_owned(),
                _ => percent_with(headline.counted.share(), headline.counted.interval()),
            };
            let asked =
                headline.asked.map_or_else(|| "-".to_owned(), |share| format!("{:.0} %", share * 100.0));
            table.push(vec![
                headline.name().to_owned(),
                measured,
                of.to_string(),
                asked,
                headline.standing.words().to_owned(),
            ]);
        }
        table
    }
}
