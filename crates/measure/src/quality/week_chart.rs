//! Shares by week, as a chart.

use std::collections::{BTreeMap, BTreeSet};

use ombud_report::{Axes, Chart, IntervalSeries, interval_chart};

use super::tally::Tallies;

/// Shares by week, of the weeks that have any.
pub(super) fn weeks(what: &str, lines: &[(&str, &Tallies)]) -> Chart {
    let places: BTreeMap<&String, usize> = {
        let weeks: BTreeSet<&String> = lines.iter().flat_map(|(_, tallies)| tallies.keys()).collect();
        weeks.into_iter().enumerate().map(|(at, week)| (week, at)).collect()
    };
    let measured: Vec<IntervalSeries> = lines
        .iter()
        .map(|(name, tallies)| IntervalSeries {
            name: (*name).to_owned(),
            shares: tallies
                .iter()
                .filter_map(|(week, tally)| Some((*places.get(week)?, tally.share()?, tally.interval()?)))
                .collect(),
        })
        .collect();
    let names: Vec<String> = places.keys().map(|week| (*week).clone()).collect();
    interval_chart(&Axes { x: "week", y: what, ..Axes::default() }, &names, &measured)
}
