//! How good the decisions were, by the verdicts of humans.
//!
//! feedback of some days -> their cases -> count, one after another -> a table, JSON, or a page. Counting is pure. `arms` sets
//! who decides beside who is tried; `audit` says how much of what was drawn at random is judged; `drift` says whether
//! complaints are still like those that the models learned from; `listed` keeps which cases a figure counts.

mod arms;
mod audit;
mod coarse;
mod count;
pub mod drift;
mod figures;
mod find;
mod gather;
mod headline;
mod listed;
mod page;
mod reviews;
mod tables;
mod tally;
mod week_chart;

pub use arms::{Arm, ArmCounts, Arms};
pub use audit::{AuditCoverage, AuditDraw};
pub use coarse::CoarseAccuracy;
pub use count::{Cell, Counts, JudgedCase, QualityCounts, UnsettledCases};
pub use figures::{ArmFigures, QualityReport, SampleFigures, TaskAccuracy};
pub use find::{CountedQuality, Part};
pub use gather::gather;
pub use headline::{Headline, HeadlineFigure};
pub use listed::{By, FigureCase, FigureCases, FigureKey, FigureKind};
pub use page::page;
pub use reviews::{Reviews, gather_reviews};
pub use tables::tables;
pub use tally::{Flags, Tallies, Tally};

pub use crate::model_name::short as short_model;
