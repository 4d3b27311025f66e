//! What was measured, for people: charts as inline SVG, tables for terminal, Markdown and HTML, and the page that
//! holds them. Numbers in, text out; what the numbers mean is the caller's.
//!
//! ```
//! use ombud_report::{Axes, Line, Section, line_chart, page};
//!
//! let loss = Line { name: "validation".into(), points: vec![(1.0, 0.9), (2.0, 0.7), (3.0, 0.65)] };
//! let chart = line_chart(&Axes { x: "epoch", y: "loss", ..Axes::default() }, &[loss]);
//! let curves = Section::new("Curves").text("Lower is better.").figure("Loss by epoch", chart);
//! let html = page("complaints-encoder", &[curves]);
//! assert!(html.starts_with("<!DOCTYPE html>"));
//! ```

mod chart;
mod lead;
pub mod look;
mod matrix;
mod model_card;
mod page;
mod percent;
mod table;

pub use chart::{Axes, Bin, Chart, IntervalSeries, Line, Unit, interval_chart, line_chart, reliability};
pub use lead::{Lead, Tone, leads};
pub use model_card::{CardMetadata, CardResults};
pub use page::{Section, page};
pub use percent::{percent, percent_range, percent_with};
pub use table::Table;
