//! The figures of an evaluation that stand first: what the business asked for.

use std::collections::BTreeMap;

use ombud_contract::verdict::PRODUCT;
use ombud_report::{Lead, Tone, percent, percent_range};

use super::answers::TaskReport;
use super::choice::ChoiceReport;
use super::tables::levels;
use crate::interval::{Interval, wilson};
use crate::target::{LEAST_CASES, RIGHT_ISSUE, RIGHT_PRODUCT, TargetState, asked};

/// Accuracy of each choice: of one with levels at the coarsest, the intents of an issue.
pub fn leads(tasks: &BTreeMap<String, TaskReport>) -> Vec<Lead> {
    let coarsest = |(task, report): (&String, &TaskReport)| {
        let (name, report): (String, &ChoiceReport) = levels(tasks, task, report).pop()?;
        let wanted = match task.as_str() {
            PRODUCT => Some(RIGHT_PRODUCT),
            "issue" => Some(RIGHT_ISSUE),
            _ => None,
        };
        Some(lead(
            format!("Right {name}, of {}", report.classes.len()),
            report.accuracy,
            report.rows,
            "rows",
            wanted,
        ))
    };
    tasks.iter().filter_map(coarsest).collect()
}

/// A share of `of` rows, against what was `wanted`.
pub(super) fn lead(name: String, share: Option<f64>, of: usize, rows: &str, wanted: Option<f64>) -> Lead {
    let interval = share.and_then(|share| interval(share, of));
    let standing = match (wanted, interval) {
        (None, _) => TargetState::NotAsked,
        (Some(wanted), Some(interval)) if of >= LEAST_CASES => TargetState::of(interval, wanted),
        _ => TargetState::TooFew,
    };
    let (figure, detail) = match (standing, share) {
        (TargetState::TooFew, _) | (_, None) => {
            (format!("not enough data: {of} of {LEAST_CASES}"), String::new())
        }
        (_, Some(share)) => {
            let range = interval.map_or_else(String::new, |interval| percent_range(interval) + ", ");
            (percent(share), format!("{range}{of} {rows}"))
        }
    };
    let (asked, standing, tone) = (wanted.map_or_else(String::new, asked), standing.words(), standing.tone());
    let tone = if standing.is_empty() { Tone::Plain } else { tone };
    Lead { name, figure, detail, asked, standing: standing.to_owned(), tone, link: None }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of rows is a count of rows"
)]
fn interval(share: f64, of: usize) -> Option<Interval> {
    wilson((share * of as f64).round() as usize, of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_of_too_few_rows_is_not_shown_and_one_of_enough_says_how_it_stands() {
        let few = lead("Right product".into(), Some(0.9), 41, "rows", Some(0.8));
        assert_eq!((few.figure.as_str(), few.standing.as_str()), ("not enough data: 41 of 200", ""));
        let enough = lead("Right product".into(), Some(0.9), 1_499, "rows", Some(0.8));
        assert_eq!((enough.figure.as_str(), enough.asked.as_str()), ("90.0 %", "asked: 80 %"));
        assert_eq!((enough.standing.as_str(), enough.tone), ("as asked", Tone::Good));
        assert_eq!(enough.detail, "88.4-91.4 %, 1499 rows");
    }
}
