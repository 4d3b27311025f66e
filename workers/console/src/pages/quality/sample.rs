//! One part of the judged cases: by task, week, team, and by who decides and who is tried.

use std::collections::BTreeSet;

use maud::{Markup, html};
use ombud_contract::{
    records::Role,
    shown::shown,
    verdict::{PRODUCT, VULNERABLE},
};
use ombud_measure::{
    quality::{By, FigureKey, FigureKind, Part, SampleFigures, Tallies, TaskAccuracy, short_model},
    target::RIGHT_PRODUCT,
};

use super::{
    charts::{WeekChart, by_week},
    tables::table,
    view::View,
};

/// All that is known of a part.
pub(super) fn sample(view: &View, part: Part, figures: &SampleFigures) -> Markup {
    if figures.cases == 0 {
        return html! { p.empty { (view.say("quality-nobody-judged")) } };
    }
    let counts = [("cases", figures.cases.to_string()), ("none", figures.not_a_complaint.to_string())];
    html! {
        p { (view.say_of("quality-judged", &counts)) }
        (by_task(view, part, figures))
        div.columns { @for (task, accuracy) in &figures.tasks {
            (by_week(view, &WeekChart {
                title: view.say_of("quality-chart-task", &[("task", shown(task).into_owned())]),
                axis: view.say("quality-right"),
                weeks: &accuracy.by_week,
                asked: (task == PRODUCT).then_some(RIGHT_PRODUCT),
            }))
        } }
        (by(view, (part, By::Week), figures, |task| &task.by_week, &figures.reallocated_by_week))
        (by(view, (part, By::Team), figures, |task| &task.by_team, &figures.reallocated_by_team))
        (models(view, part, figures))
        (arms(view, part, figures))
    }
}

fn by_task(view: &View, part: Part, figures: &SampleFigures) -> Markup {
    let columns = ["quality-task", "quality-right", "quality-judged-answers", "quality-unanswered"];
    let mut rows = Vec::new();
    for (task, accuracy) in &figures.tasks {
        let key = FigureKey::new(FigureKind::Accuracy, task, By::All, "");
        let unanswered = || html! { (accuracy.unanswered) };
        rows.push(vec![
            html! { (shown(task)) },
            view.share(part, &key, Some(accuracy.all)),
            html! { (accuracy.all.of) },
            unanswered(),
        ]);
        if let Some(coarse) = &accuracy.coarsest {
            let key = FigureKey::new(FigureKind::Coarse, task, By::All, "");
            let (level, labels) = (shown(&coarse.level).into_owned(), coarse.labels.to_string());
            let named = [("task", shown(task).into_owned()), ("level", level), ("labels", labels)];
            rows.push(vec![
                html! { (view.say_of("quality-coarsest", &named)) },
                view.share(part, &key, Some(coarse.right)),
                html! { (coarse.right.of) },
                unanswered(),
            ]);
        }
    }
    for (kind, word, tally) in [
        (FigureKind::Recall, "quality-recall", figures.vulnerable.map(|flags| flags.recall)),
        (FigureKind::Precision, "quality-precision", figures.vulnerable.map(|flags| flags.precision)),
    ] {
        let share = match tally {
            Some(_) => view.share(part, &FigureKey::new(kind, VULNERABLE, By::All, ""), tally),
            None => html! { (view.say("quality-not-claimed")) },
        };
        let of = tally.map_or(0, |tally| tally.of);
        rows.push(vec![html! { (view.say(word)) }, share, html! { (of) }, html! { "–" }]);
    }
    let sent_on = FigureKey::new(FigureKind::Reallocated, "", By::All, "");
    rows.push(vec![
        html! { (view.say("quality-reallocated")) },
        view.share(part, &sent_on, Some(figures.reallocated)),
        html! { (figures.reallocated.of) },
        html! { "–" },
    ]);
    table(&view.say("quality-by-task"), 1, &columns.map(|id| view.say(id)), &rows)
}

/// Right answers of each task, and what was sent on, by team or week.
fn by(
    view: &View,
    (part, by): (Part, By),
    figures: &SampleFigures,
    of: fn(&TaskAccuracy) -> &Tallies,
    reallocated: &Tallies,
) -> Markup {
    let named = figures.tasks.values().flat_map(|task| of(task).keys()).chain(reallocated.keys());
    let names: BTreeSet<&String> = named.collect();
    let (first, caption) = match by {
        By::Team => ("quality-team", "quality-by-team"),
        _ => ("quality-week", "quality-by-week"),
    };
    let mut columns = vec![view.say(first)];
    columns.extend(figures.tasks.keys().map(|task| shown(task).into_owned()));
    columns.push(view.say("quality-reallocated"));
    let row = |name: &&String| {
        let key = |kind, task: &str| FigureKey::new(kind, task, by, name);
        let mut row = vec![html! { (shown(name)) }];
        row.extend(figures.tasks.iter().map(|(task, accuracy)| {
            view.share(part, &key(FigureKind::Accuracy, task), of(accuracy).get(*name).copied())
        }));
        row.push(view.share(part, &key(FigureKind::Reallocated, ""), reallocated.get(*name).copied()));
        row
    };
    table(&view.say(caption), 1, &columns, &names.iter().map(row).collect::<Vec<_>>())
}

fn models(view: &View, part: Part, figures: &SampleFigures) -> Markup {
    let columns = ["quality-model", "quality-task", "quality-right", "quality-judged-answers"];
    let mut rows = Vec::new();
    for (task, accuracy) in &figures.tasks {
        for (model, tally) in &accuracy.by_model {
            let key = FigureKey::new(FigureKind::Accuracy, task, By::Model, model);
            rows.push(vec![
                html! { (shown(&short_model(model))) },
                html! { (shown(task)) },
                view.share(part, &key, Some(*tally)),
                html! { (tally.of) },
            ]);
        }
    }
    table(&view.say("quality-by-model"), 2, &columns.map(|id| view.say(id)), &rows)
}

/// Who decides beside who is tried. Beside a shadow's answers stands how often who decided was right in the same cases.
fn arms(view: &View, part: Part, figures: &SampleFigures) -> Markup {
    let columns = [
        "quality-arm",
        "quality-task",
        "quality-model",
        "quality-cases",
        "quality-right",
        "quality-who-decided",
        "quality-reallocated",
    ];
    let row = |figures: &ombud_measure::quality::ArmFigures| {
        let arm = &figures.arm;
        let key = FigureKey::new(FigureKind::Accuracy, &arm.task, By::Arm, &arm.key());
        let plain = |tally: ombud_measure::quality::Tally| match (tally.share(), tally.interval()) {
            (Some(share), Some(interval)) => {
                html! { (view.percent(share)) " " span.muted { (view.range(interval)) } }
            }
            _ => html! { "–" },
        };
        let role = if arm.role == Role::Shadow.symbol() { "quality-shadow" } else { "quality-decides" };
        vec![
            html! { (shown(&arm.arm)) " " span.badge.plain { (view.say(role)) } },
            html! { (shown(&arm.task)) },
            html! { (shown(&short_model(&arm.model))) },
            html! { (figures.cases) },
            view.share(part, &key, Some(figures.right)),
            plain(figures.decider_right),
            plain(figures.reallocated),
        ]
    };
    let rows: Vec<_> = figures.arms.iter().map(row).collect();
    table(&view.say("quality-by-arm"), 3, &columns.map(|id| view.say(id)), &rows)
}
