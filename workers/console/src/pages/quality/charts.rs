//! Shares by week, as a chart where there is enough to draw one.

use maud::{Markup, html};
use ombud_measure::{quality::Tallies, target::LEAST_CASES};
use ombud_report::{Axes, IntervalSeries, interval_chart};

use super::view::View;

/// What a chart shows, and against what.
pub(super) struct WeekChart<'a> {
    /// In words.
    pub(super) title: String,
    /// Beside its axis.
    pub(super) axis: String,
    /// Its weeks.
    pub(super) weeks: &'a Tallies,
    /// What was asked.
    pub(super) asked: Option<f64>,
}

/// The chart; of too few cases a sentence in its place.
pub(super) fn by_week(view: &View, drawn: &WeekChart<'_>) -> Markup {
    let of: usize = drawn.weeks.values().map(|tally| tally.of).sum();
    if of < LEAST_CASES {
        return html! { p.muted { (drawn.title) ": " (view.not_enough(of)) } };
    }
    let names: Vec<String> = drawn.weeks.keys().cloned().collect();
    let shares = drawn.weeks.values().enumerate();
    let shares = shares.filter_map(|(at, tally)| Some((at, tally.share()?, tally.interval()?))).collect();
    let asked =
        drawn.asked.map(|share| (share, view.say_of("quality-asked", &[("share", view.whole(share))])));
    let axes = Axes {
        x: &view.say("quality-week"),
        y: &drawn.axis,
        asked: asked.as_ref().map(|(share, said)| (*share, said.as_str())),
        ..Axes::default()
    };
    let series = IntervalSeries { name: drawn.title.clone(), shares };
    let chart = interval_chart(&axes, &names, &[series]).titled(drawn.title.clone());
    html! { figure.chart { (chart.markup()) figcaption { (drawn.title) } } }
}
