//! How the training of an encoder went: loss and figures by epoch, drawn for its page.

use std::collections::BTreeSet;

use ombud_report::{Axes, Line, Section, Table, line_chart};
use ombud_torch::encoder::Point;

/// Of each figure's name the ending, what it is and how its chart names it.
const CHARTS: [(&str, &str, &str); 4] = [
    (".cross_entropy", "cross entropy", "Cross entropy of each task on validation, at its best temperature"),
    (".accuracy", "accuracy", "Accuracy on validation"),
    (".macro_f1", "macro-F1", "Macro-F1 on validation"),
    (".pr_auc", "PR-AUC", "Area under precision over recall on validation, of flags"),
];

/// A section of the judgements in the course of a run; at `best` the weights were kept.
pub(super) fn curves(points: &[Point], best: usize) -> Section {
    let line = |name: &str, figure: &dyn Fn(&Point) -> Option<f64>| Line {
        name: name.to_owned(),
        points: points.iter().filter_map(|point| Some((point.epoch, figure(point)?))).collect(),
    };
    let by_epoch = |y: &str, lines: &[Line]| line_chart(&Axes { x: "epoch", y, ..Axes::default() }, lines);
    let names: BTreeSet<&String> = points.iter().flat_map(|point| point.figures.keys()).collect();

    let mut section = Section::new("Learning curves");
    if let Some(kept) = points.get(best) {
        section = section.text(format!(
            "Judged are moving averages of the weights. Kept are those after {} steps (epoch {:.1}), whose loss on \
             validation is least. In the training's loss are dropout and smoothing; the one on validation is at the \
             temperatures that serve it best.",
            kept.step, kept.epoch
        ));
    }
    let losses =
        [line("training", &|point| Some(point.loss)), line("validation", &|point| Some(point.score))];
    section = section.figure("Loss, weighed over the tasks", by_epoch("loss", &losses));
    for (ending, y, caption) in CHARTS {
        let lines: Vec<Line> = names
            .iter()
            .filter_map(|name| {
                let task = name.strip_suffix(ending)?;
                Some(line(task, &|point| point.figures.get(*name).copied()))
            })
            .collect();
        if !lines.is_empty() {
            section = section.figure(caption, by_epoch(y, &lines));
        }
    }
    section.table(&judgements(points))
}

fn judgements(points: &[Point]) -> Table {
    let mut table = Table::new(&["after steps", "epoch", "training loss", "validation loss"], 0);
    for point in points {
        table.push(vec![
            point.step.to_string(),
            format!("{:.2}", point.epoch),
            format!("{:.4}", point.loss),
            format!("{:.4}", point.score),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use ombud_report::page;

    fn point(step: usize, figure: f64) -> Point {
        let figures = ["product.accuracy", "issue.issue.accuracy", "vulnerable.pr_auc"]
            .map(|name| (name.to_owned(), figure))
            .into();
        Point { step, epoch: step as f64 / 100.0, loss: 2.0 - figure, score: 1.5 - figure, figures }
    }

    #[test]
    fn every_figure_that_was_judged_is_drawn_and_the_kept_weights_are_named() {
        let html = page("a model", &[curves(&[point(50, 0.4), point(100, 0.6), point(150, 0.5)], 1)]);
        assert_eq!(
            html.matches("<svg").count(),
            3,
            "loss, accuracy and PR-AUC; of the others none was judged"
        );
        for shown in ["after 100 steps (epoch 1.0)", "issue.issue", "PR-AUC", "0.9000"] {
            assert!(html.contains(shown), "{shown}");
        }
    }

    #[test]
    fn a_run_without_a_judgement_has_a_page_too() {
        assert!(page("a model", &[curves(&[], 0)]).contains("Learning curves"));
    }
}
