//! Drift as tables and charts.

use std::collections::{BTreeMap, BTreeSet};

use ombud_report::{Chart, Table};

use super::figures::{Drift, Series, WeekShift};
use crate::model_name::short;
use crate::quality::{
    tally::{Tallies, Tally},
    week_chart::weeks,
};

/// Labels whose shares are drawn.
const DRAWN: usize = 6;

/// The section's tables, each under its heading.
pub(crate) fn tables(drift: &Drift) -> Vec<(String, Table)> {
    vec![
        ("Drift: what decided, by week".to_owned(), by_week(drift)),
        ("Drift: the last week against those before it".to_owned(), moved(drift)),
    ]
}

fn by_week(drift: &Drift) -> Table {
    let columns = ["task", "model", "week", "decisions", "unsure", "failed", "never learned", "read for it"];
    let mut table = Table::new(&columns, 3);
    for series in drift {
        for (week, figures) in &series.weeks {
            table.push(vec![
                series.task.clone(),
                short(&series.model),
                week.clone(),
                figures.decisions.to_string(),
                percent(figures.abstained),
                percent(figures.failed),
                percent(figures.unseen),
                figures.sampled.to_string(),
            ]);
        }
    }
    table
}

fn moved(drift: &Drift) -> Table {
    let columns = ["task", "model", "week", "moved most", "stability index", "weeks before"];
    let mut table = Table::new(&columns, 4);
    for (series, last) in drift.iter().filter_map(|series| Some((series, series.last.as_ref()?))) {
        table.push(vec![
            series.task.clone(),
            short(&series.model),
            last.week.clone(),
            movers(last),
            format!("{:.3}", last.stability),
            last.before.to_string(),
        ]);
    }
    table
}

fn movers(last: &WeekShift) -> String {
    let one = |mover: &super::figures::LabelShift| {
        format!("{} {:.1} % → {:.1} %", mover.label, mover.before * 100.0, mover.share * 100.0)
    };
    last.movers.iter().take(3).map(one).collect::<Vec<_>>().join("; ")
}

fn percent(tally: Tally) -> String {
    tally.share().map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

/// The section's charts, each with what it shows: rates of each version, and the labels that moved most.
pub(crate) fn charts(drift: &Drift) -> Vec<(String, Chart)> {
    let mut charts = Vec::new();
    for series in drift {
        let name = format!("{} by {}", series.task, short(&series.model));
        let rate = |of: fn(&super::figures::Week) -> Tally| -> Tallies {
            series.weeks.iter().map(|(week, figures)| (week.clone(), of(figures))).collect()
        };
        let (unsure, unseen) = (rate(|week| week.abstained), rate(|week| week.unseen));
        let failed = rate(|week| week.failed);
        let lines = [("unsure", &unsure), ("failed", &failed), ("never learned", &unseen)];
        charts.push((
            format!("{name}: answers that are unsure or missing, tokens never learned"),
            weeks("share", &lines),
        ));
        let shares = shares(series);
        let lines: Vec<(&str, &Tallies)> =
            shares.iter().map(|(label, tallies)| (label.as_str(), tallies)).collect();
        charts.push((
            format!("{name}: shares of the labels that moved most"),
            weeks("share of sure answers", &lines),
        ));
    }
    charts
}

/// By week, the shares of those labels that moved most, or are most frequent where nothing could move.
fn shares(series: &Series) -> BTreeMap<String, Tallies> {
    let labels: BTreeSet<&String> = series.weeks.values().flat_map(|week| week.labels.keys()).collect();
    let mut drawn: Vec<&String> = match &series.last {
        Some(last) => {
            last.movers.iter().map(|mover| &mover.label).filter(|label| labels.contains(label)).collect()
        }
        None => labels.iter().copied().collect(),
    };
    let hits = |label: &String| -> usize {
        series.weeks.values().filter_map(|week| week.labels.get(label)).map(|tally| tally.hits).sum()
    };
    if series.last.is_none() {
        drawn.sort_by_key(|label| std::cmp::Reverse(hits(label)));
    }
    drawn.truncate(DRAWN);
    let share = |label: &String| -> Tallies {
        let of = |week: &super::figures::Week| {
            let sure = week.labels.values().next().map_or(0, |tally| tally.of);
            week.labels.get(label).copied().unwrap_or(Tally { hits: 0, of: sure })
        };
        series.weeks.iter().map(|(week, figures)| (week.clone(), of(figures))).collect()
    };
    drawn.into_iter().map(|label| (label.clone(), share(label))).collect()
}
