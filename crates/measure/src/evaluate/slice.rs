//! Figures of complaints counted apart: by product, length, year, source and channel.

use std::collections::BTreeMap;

use serde::Serialize;

use super::answers::{Answers, TaskFigures};
use super::choice::ChoiceFigures;
use super::flag::FlagFigures;
use super::measurement::Measurement;
use super::traits::{BANDS, Dimension};
use crate::interval::Resampling;

/// Fewer rows say nothing: the 95 % interval of a share of them is wider than a third.
pub const LEAST_ROWS: usize = 30;
/// Fewer yeses say nothing of who is found.
pub const LEAST_POSITIVES: usize = 10;
/// Slices of one dimension; a file may name any number of sources.
const MOST: usize = 20;
const OTHERS: &str = "others";

/// All slices, each with how many rows it has. Where they are too few, figures are `null`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slices {
    /// See [`LEAST_ROWS`].
    pub least_rows: usize,
    /// See [`LEAST_POSITIVES`].
    pub least_positives: usize,
    /// By true product, the largest first. Within one, accuracy of the task product is that product's recall.
    pub product: Vec<Slice>,
    /// By words of the narrative, the shortest first.
    pub length: Vec<Slice>,
    /// By the year it was received in.
    pub year: Vec<Slice>,
    /// By where the file says it was collected, the largest first.
    pub source: Vec<Slice>,
    /// By how it came in, the largest first.
    pub channel: Vec<Slice>,
}

/// Complaints that are alike in one respect.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slice {
    /// In what.
    pub name: String,
    /// How many.
    pub rows: usize,
    /// By task; a task's own `rows` are those that carry its label.
    pub tasks: BTreeMap<String, TaskFigures>,
}

impl Slices {
    pub(crate) fn of(measured: &Measurement, resampling: Resampling) -> Self {
        let of = |dimension| slices(measured, dimension, resampling);
        Self {
            least_rows: LEAST_ROWS,
            least_positives: LEAST_POSITIVES,
            product: of(Dimension::Product),
            length: of(Dimension::Length),
            year: of(Dimension::Year),
            source: of(Dimension::Source),
            channel: of(Dimension::Channel),
        }
    }

    /// All of them, by what they are apart in.
    pub fn dimensions(&self) -> [(&'static str, &[Slice]); 5] {
        [
            ("product", &self.product),
            ("length", &self.length),
            ("year", &self.year),
            ("source", &self.source),
            ("channel", &self.channel),
        ]
    }
}

fn slices(measured: &Measurement, dimension: Dimension, resampling: Resampling) -> Vec<Slice> {
    let of_row: Vec<String> = measured.traits.iter().map(|traits| traits.slice(dimension)).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    of_row.iter().for_each(|name| *counts.entry(name).or_default() += 1);
    let names = ordered(counts, dimension);
    let named: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
    let belongs = |row: usize, name: &str| {
        let own = of_row[row].as_str();
        own == name || (name == OTHERS && !named.contains(&own))
    };
    let slice = |(name, rows): &(String, usize)| {
        let of_task = |task: &super::measurement::TaskMeasurement| {
            let wanted = |place: &usize| belongs(task.complaints[*place], name);
            let places: Vec<usize> = (0..task.complaints.len()).filter(wanted).collect();
            (task.scores.head.task.clone(), figures(&task.answers.select(&places), resampling))
        };
        Slice { name: name.clone(), rows: *rows, tasks: measured.tasks.iter().map(of_task).collect() }
    };
    names.iter().map(slice).collect()
}

/// With their rows; beyond the largest [`MOST`] they are counted together.
fn ordered(counts: BTreeMap<&str, usize>, dimension: Dimension) -> Vec<(String, usize)> {
    let mut names: Vec<(String, usize)> =
        counts.into_iter().map(|(name, rows)| (name.to_owned(), rows)).collect();
    names.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    if names.len() > MOST {
        let others = names.split_off(MOST - 1).iter().map(|(_, rows)| rows).sum();
        names.push((OTHERS.to_owned(), others));
    }
    match dimension {
        Dimension::Year => names.sort(),
        Dimension::Length => names.sort_by_key(|(name, _)| BANDS.iter().position(|band| band.1 == name)),
        Dimension::Product | Dimension::Source | Dimension::Channel => {}
    }
    names
}

fn figures(answers: &Answers, resampling: Resampling) -> TaskFigures {
    answers.each(
        |level| {
            let answers = &level.answers;
            if answers.len() < LEAST_ROWS {
                return ChoiceFigures::unsaid(answers.len());
            }
            let mut figures = ChoiceFigures::of(level.labels.len(), answers, None, resampling);
            // Of one true label there is nothing to average.
            if answers.iter().all(|answer| answer.truth == answers[0].truth) {
                (figures.macro_f1, figures.intervals.macro_f1) = (None, None);
            }
            figures
        },
        |rows| {
            let positives = rows.iter().filter(|row| row.yes).count();
            if rows.len() < LEAST_ROWS || positives < LEAST_POSITIVES {
                return FlagFigures::unsaid(rows.len(), positives);
            }
            FlagFigures::of(rows, None, resampling)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_largest_slices_are_counted_together() {
        let names: Vec<String> = (0..30).map(|n| format!("source {n:02}")).collect();
        let counts = names.iter().enumerate().map(|(n, name)| (name.as_str(), n + 1)).collect();
        let ordered = ordered(counts, Dimension::Source);
        assert_eq!(ordered.len(), MOST);
        assert_eq!(ordered[0], ("source 29".to_owned(), 30));
        assert_eq!(ordered[MOST - 1], (OTHERS.to_owned(), (1..=11).sum()));
        assert_eq!(ordered.iter().map(|(_, rows)| rows).sum::<usize>(), 30 * 31 / 2);
    }

    #[test]
    fn lengths_stand_from_short_to_long_and_years_in_their_order() {
        let counts = BTreeMap::from([("300 and more", 9), ("under 50 words", 1), ("50 to 149", 5)]);
        let names: Vec<String> = ordered(counts, Dimension::Length).into_iter().map(|(n, _)| n).collect();
        assert_eq!(names, ["under 50 words", "50 to 149", "300 and more"]);
        let counts = BTreeMap::from([("2024", 1), ("unknown", 50), ("2019", 9)]);
        let names: Vec<String> = ordered(counts, Dimension::Year).into_iter().map(|(n, _)| n).collect();
        assert_eq!(names, ["2019", "2024", "unknown"]);
    }
}
