//! What it costs not to ask the later members where the first one is sure: a curve of figures against calls, and a
//! point on it.

use std::collections::BTreeMap;

use ombud_models::Logits;
use ombud_report::{Axes, Line, Section, line_chart};
use serde::Serialize;

use crate::train::Task;
use crate::train::thresholds::round_down;

/// Steps of the curve; eleven points, from every text to none.
const STEPS: usize = 10;

/// One set of thresholds, and what it brings on the validation rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Share of texts that the later members see.
    pub calls: f64,
    /// By task: from which confidence of the first member on its answer stands; empty where all are always asked.
    pub thresholds: BTreeMap<String, f64>,
    /// Accuracies, and the areas under the precision-recall curves of flags.
    pub figures: BTreeMap<String, f64>,
}

/// The curve, from asking always to never: `first` are the first member's log-probabilities and `fused` those of all, by
/// row, by task; `figures` measures rows that are a mix of both.
///
/// Each point has one rank for all tasks: a text is left to the first member where in each task its confidence is
/// among the greatest so many. One number is chosen on the validation rows, and not one a task.
pub(super) fn curve(
    tasks: &[Task],
    first: &[Logits],
    fused: &[Logits],
    figures: impl Fn(&[Logits]) -> BTreeMap<String, f64>,
) -> Vec<Point> {
    let sure: Vec<Vec<f64>> =
        first.iter().map(|row| row.iter().map(|said| confidence(said)).collect()).collect();
    let ranked: Vec<Vec<f64>> = (0..tasks.len())
        .map(|task| {
            let mut all: Vec<f64> = sure.iter().map(|row| row[task]).collect();
            all.sort_by(f64::total_cmp);
            all
        })
        .collect();
    // The place of a row's least sure task, among all rows.
    let rank = |row: &Vec<f64>| {
        let places = row.iter().zip(&ranked).map(|(sure, all)| all.partition_point(|other| other < sure));
        places.min().unwrap_or(0)
    };
    let mut surest: Vec<usize> = sure.iter().map(rank).collect();
    surest.sort_unstable_by(|a, b| b.cmp(a));
    (0..=STEPS)
        .map(|step| {
            let left = (sure.len() * step).div_ceil(STEPS);
            let thresholds: Vec<f64> = match left.checked_sub(1).and_then(|last| surest.get(last)) {
                Some(rank) => ranked.iter().map(|all| round_down(all[*rank])).collect(),
                None => Vec::new(),
            };
            let stands = |row: &Vec<f64>| {
                !thresholds.is_empty() && row.iter().zip(&thresholds).all(|(sure, least)| sure >= least)
            };
            let asked = sure.iter().filter(|row| !stands(row)).count();
            let rows = sure.iter().zip(first.iter().zip(fused));
            let served: Vec<Logits> = rows
                .map(|(sure, (first, fused))| if stands(sure) { first.clone() } else { fused.clone() })
                .collect();
            Point {
                calls: asked as f64 / sure.len().max(1) as f64,
                figures: figures(&served),
                thresholds: tasks.iter().map(|task| task.name.clone()).zip(thresholds).collect(),
            }
        })
        .collect()
}

/// The point of fewest calls to which no figure has lost more than `most_lost` points, there and before; `None` where
/// that is asking always.
pub(super) fn choose(curve: &[Point], most_lost: f64) -> Option<&Point> {
    let (always, others) = curve.split_first()?;
    let kept = |point: &&Point| {
        let lost =
            |(name, figure): (&String, &f64)| (figure - point.figures.get(name).unwrap_or(&0.0)) * 100.0;
        // Figures are shares of a few thousand rows at most.
        always.figures.iter().all(|figure| lost(figure) <= most_lost + 1e-9)
    };
    others.iter().take_while(kept).last()
}

/// The curve for the page; `None` where there is none.
pub(super) fn shown(curve: &[Point]) -> Option<Section> {
    let line = |name: &String| Line {
        name: name.clone(),
        points: curve.iter().filter_map(|point| Some((point.calls, *point.figures.get(name)?))).collect(),
    };
    let lines: Vec<Line> = curve.first()?.figures.keys().map(line).collect();
    let axes = Axes { x: "share that the later members see", y: "figure", ..Axes::default() };
    let caption =
        "Figures on validation, by share of the complaints that the first member does not settle alone";
    Some(Section::new("Cascade").figure(caption, line_chart(&axes, &lines)))
}

/// The probability of the likeliest label.
fn confidence(log_probabilities: &[f32]) -> f64 {
    f64::from(log_probabilities.iter().copied().fold(f32::NEG_INFINITY, f32::max)).exp()
}

#[cfg(test)]
mod tests {
    use ombud_models::Kind;

    use super::*;

    /// Twenty rows: confidence rises for one task, and for the other it rises until the middle and falls from there.
    fn first() -> Vec<Logits> {
        let row = |row: u8| {
            let (one, other) = (f32::from(row + 1) / 20.0, f32::from(row.min(20 - row) + 1) / 20.0);
            vec![vec![one.ln()], vec![other.ln()]]
        };
        (0..20).map(row).collect()
    }

    fn tasks(names: &[&str]) -> Vec<Task> {
        names.iter().map(|name| Task::new(name, Kind::Choice)).collect()
    }

    fn of(names: &[&str], first: &[Logits]) -> Vec<Point> {
        // Of a row that all are asked about the logits are zero, and each such row is worth a point.
        let fused = vec![vec![vec![0.0]; names.len()]; first.len()];
        curve(&tasks(names), first, &fused, |rows| {
            let asked = rows.iter().filter(|row| row.iter().flatten().all(|logit| *logit == 0.0)).count();
            [("accuracy".to_owned(), 0.7 + 0.01 * asked as f64)].into()
        })
    }

    #[test]
    fn the_curve_goes_from_always_to_never_in_even_steps() {
        let curve = of(&["a", "b"], &first());
        assert_eq!(curve.len(), 11);
        assert_eq!((curve[0].calls, curve[10].calls), (1.0, 0.0));
        assert!(curve[0].thresholds.is_empty() && curve[10].thresholds.len() == 2);
        for (step, point) in curve.iter().enumerate() {
            let wanted = 1.0 - step as f64 / 10.0;
            assert!((point.calls - wanted).abs() <= 0.1, "{point:?}");
        }
    }

    #[test]
    fn a_text_is_left_to_the_first_only_where_it_is_sure_of_every_task() {
        // The last row is the surest of one task and among the least sure of the other.
        for point in &of(&["a", "b"], &first())[1..9] {
            assert!(point.thresholds["b"] > 0.1, "{point:?}");
        }
    }

    #[test]
    fn the_fewest_calls_that_lose_no_more_are_chosen() {
        let curve = of(&["a", "b"], &first());
        let chosen = choose(&curve, 10.0).unwrap();
        assert!(chosen.figures["accuracy"] > 0.799 && chosen.calls < 0.6, "{chosen:?}");
        assert_eq!(choose(&curve, 100.0).unwrap().calls, 0.0);
        assert_eq!(choose(&curve, 0.0), None);
        assert_eq!(choose(&[], 1.0), None);
    }

    #[test]
    fn a_curve_is_drawn_where_there_is_one() {
        let html =
            ombud_report::page("a blend", &shown(&of(&["a", "b"], &first())).into_iter().collect::<Vec<_>>());
        assert!(html.contains("<svg") && html.contains("share that the later members see"));
        assert!(shown(&[]).is_none());
    }

    #[test]
    fn rows_of_one_confidence_stay_together() {
        let curve = of(&["a"], &vec![vec![vec![0.5_f32.ln()]]; 7]);
        assert!(curve[1..].iter().all(|point| point.calls == 0.0 && point.thresholds["a"] <= 0.5));
    }
}
