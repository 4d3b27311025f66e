//! What needs no verdict: how much is left to people, and whether complaints are still like those that models learned from.

use maud::{Markup, html};
use ombud_contract::shown::shown;
use ombud_measure::quality::{By, FigureKey, FigureKind, Part, Reviews, Tallies, drift::Drift, short_model};

use super::{
    charts::{WeekChart, by_week},
    tables::table,
    view::View,
};

/// From this stability index on a look is worth it, and from the next on the world is another.
const UNUSUAL: f64 = 0.1;
const SHIFT: f64 = 0.25;
/// Labels that are named as having moved.
const MOVERS: usize = 3;

/// Complaints whose allocation a person must look at.
pub(super) fn reviews(view: &View, reviews: &Reviews) -> Markup {
    if reviews.all.of == 0 {
        return html! { p.empty { (view.say("quality-nothing-received")) } };
    }
    let chart = WeekChart {
        title: view.say("quality-chart-review"),
        axis: view.say("quality-left"),
        weeks: &reviews.by_week,
        asked: None,
    };
    html! {
        (by_week(view, &chart))
        (left(view, By::Team, &reviews.by_team))
        (left(view, By::Week, &reviews.by_week))
    }
}

fn left(view: &View, by: By, tallies: &Tallies) -> Markup {
    let (first, caption) = match by {
        By::Team => ("quality-team", "quality-left-by-team"),
        _ => ("quality-week", "quality-left-by-week"),
    };
    let row = |(name, tally): (&String, &ombud_measure::quality::Tally)| {
        let key = FigureKey::new(FigureKind::Reviewed, "", by, name);
        vec![
            html! { (shown(name)) },
            view.share(Part::All, &key, Some(*tally)),
            html! { (tally.hits) },
            html! { (tally.of) },
        ]
    };
    let columns =
        [first, "quality-left", "quality-complaints-left", "quality-received"].map(|id| view.say(id));
    table(&view.say(caption), 1, &columns, &tallies.iter().map(row).collect::<Vec<_>>())
}

/// What decided week by week, and how far the last week lies from those before it.
pub(super) fn drift(view: &View, drift: &Drift) -> Markup {
    if drift.is_empty() {
        return html! { p.empty { (view.say("quality-nothing-decided")) } };
    }
    html! {
        p { (view.say("quality-drift-how")) }
        (moved(view, drift))
        (weeks(view, drift))
    }
}

fn moved(view: &View, drift: &Drift) -> Markup {
    let columns = ["quality-task", "quality-model", "quality-week", "quality-stability", "quality-moved"];
    let with_last = drift.iter().filter_map(|series| Some((series, series.last.as_ref()?)));
    let rows: Vec<Vec<Markup>> = with_last
        .map(|(series, last)| {
            let (class, word) = match last.stability {
                index if index >= SHIFT => ("badge bad", "quality-shift"),
                index if index >= UNUSUAL => ("badge warning", "quality-look"),
                _ => ("badge good", "quality-steady"),
            };
            let movers: Vec<String> = last
                .movers
                .iter()
                .take(MOVERS)
                .map(|mover| {
                    let (before, now) = (view.percent(mover.before), view.percent(mover.share));
                    format!("{}: {before} → {now}", shown(&mover.label))
                })
                .collect();
            vec![
                html! { (shown(&series.task)) },
                html! { (shown(&short_model(&series.model))) },
                html! { (last.week) },
                html! { span class=(class) { (view.say(word)) } " " (format!("{:.2}", last.stability)) },
                html! { (movers.join("; ")) },
            ]
        })
        .collect();
    html! {
        @if rows.is_empty() { p.muted { (view.say("quality-one-week")) } }
        @else { (table(&view.say("quality-last-week"), 5, &columns.map(|id| view.say(id)), &rows)) }
    }
}

fn weeks(view: &View, drift: &Drift) -> Markup {
    let columns = [
        "quality-task",
        "quality-model",
        "quality-week",
        "quality-decisions",
        "quality-unsure",
        "quality-answers-failed",
        "quality-unseen",
    ];
    let mut rows = Vec::new();
    for series in drift {
        for (week, figures) in &series.weeks {
            let name = format!("{}/{week}", series.model);
            let share = |kind, tally| {
                view.share(Part::All, &FigureKey::new(kind, &series.task, By::Week, &name), Some(tally))
            };
            rows.push(vec![
                html! { (shown(&series.task)) },
                html! { (shown(&short_model(&series.model))) },
                html! { (week) },
                html! { (figures.decisions) },
                share(FigureKind::Unsure, figures.abstained),
                share(FigureKind::Failed, figures.failed),
                html! { (figures.unseen.share().map_or_else(|| "–".to_owned(), |share| view.percent(share))) },
            ]);
        }
    }
    table(&view.say("quality-drift-by-week"), 3, &columns.map(|id| view.say(id)), &rows)
}
