//! What each version answered and read, counted by task and week.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use ombud_contract::{
    codec,
    ids::basis_point,
    records::{Prediction, Role, TimestampMs},
};
use ombud_store::{CaseStore, Kind, ModelDecision, days};
use ombud_stream::Outage;

use crate::calendar::{week_at, week_of};
use crate::quality::tally::Tally;

/// Complaints of a version and week whose tokens are read from their cases: the decisions by model don't have them, and a
/// share of so many is known to three points.
const SAMPLE: usize = 200;
/// Seeds which they are: the same in every report.
const SALT: &str = "drift";

/// What is counted apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeriesWeek {
    /// The task.
    pub task: String,
    /// `MODEL@VERSION`.
    pub model: String,
    /// The ISO week of the answer, such as 2026-W05.
    pub week: String,
}

/// Answers of one cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswerCounts {
    /// All of them.
    pub decisions: usize,
    /// Too unsure to answer.
    pub abstained: usize,
    /// The model gave none.
    pub failed: usize,
    /// Those that were sure, by label.
    pub labels: BTreeMap<String, usize>,
    /// Tokens that the model had never learned, of all tokens, in the complaints of a sample.
    pub unseen: Tally,
    /// How many complaints that is.
    pub sampled: usize,
}

/// Everything that `versions` (model and version) decided on a day of `span` (from the first time to before the second); `each` is given every one of these
/// decisions, with its ISO week.
///
/// # Errors
/// The store doesn't answer.
pub fn gather<'a>(
    cases: &mut dyn CaseStore,
    versions: impl IntoIterator<Item = (&'a str, &'a str)>,
    span: (TimestampMs, TimestampMs),
    mut each: impl FnMut(&ModelDecision, &str),
) -> Result<BTreeMap<SeriesWeek, AnswerCounts>, Outage> {
    let mut seen: BTreeMap<SeriesWeek, AnswerCounts> = BTreeMap::new();
    for (model_id, version) in versions {
        let mut samples: BTreeMap<String, Sample> = BTreeMap::new();
        for day in days(span.0, span.1) {
            let week = week_of(day);
            let sample = samples.entry(week.clone()).or_default();
            cases.decisions(model_id, version, day, &mut |decision| {
                if decision.role == Role::Deciding.symbol() {
                    seen.entry(cell(&decision.task, (model_id, version), &week)).or_default().add(&decision);
                    sample.draw(&decision.complaint_id);
                    each(&decision, &week);
                }
            })?;
        }
        for (week, sample) in samples {
            for complaint_id in sample.complaints() {
                read(cases, complaint_id, (model_id, version), &week, &mut seen)?;
            }
        }
    }
    Ok(seen)
}

fn cell(task: &str, (model_id, version): (&str, &str), week: &str) -> SeriesWeek {
    SeriesWeek { task: task.to_owned(), model: format!("{model_id}@{version}"), week: week.to_owned() }
}

/// Counts what the version read of one complaint in that week.
fn read(
    cases: &mut dyn CaseStore,
    complaint_id: &str,
    named: (&str, &str),
    week: &str,
    seen: &mut BTreeMap<SeriesWeek, AnswerCounts>,
) -> Result<(), Outage> {
    for event in cases.case(complaint_id)?.iter().filter(|event| event.kind == Kind::Prediction) {
        let ours =
            (event.model_id.as_deref(), event.model_version.as_deref()) == (Some(named.0), Some(named.1));
        if !ours || week_at(event.at) != week {
            continue;
        }
        // One that can't be read any more says nothing of what was.
        let Ok(prediction) = codec::decode::<Prediction>(&event.body) else { continue };
        if prediction.role != Role::Deciding {
            continue;
        }
        if let Some(seen) = seen.get_mut(&cell(&prediction.task, named, week)) {
            let whole = |tokens: i32| usize::try_from(tokens).unwrap_or_default();
            let tokens = whole(prediction.tokens);
            seen.unseen += Tally { hits: whole(prediction.unseen_tokens).min(tokens), of: tokens };
            seen.sampled += 1;
        }
    }
    Ok(())
}

impl AnswerCounts {
    fn add(&mut self, decision: &ModelDecision) {
        self.decisions += 1;
        match (decision.outcome.as_str(), &decision.label) {
            ("LABELLED", Some(label)) => *self.labels.entry(label.clone()).or_default() += 1,
            ("ABSTAINED", _) => self.abstained += 1,
            _ => self.failed += 1,
        }
    }
}

/// Complaints drawn at random, and by the same draw each time.
#[derive(Default)]
struct Sample {
    known: BTreeSet<String>,
    /// The greatest draw first, which gives way to a lesser one.
    drawn: BinaryHeap<(i32, String)>,
}

impl Sample {
    fn draw(&mut self, complaint_id: &str) {
        let draw = (basis_point(complaint_id, SALT), complaint_id.to_owned());
        let full = self.drawn.len() == SAMPLE;
        if full && self.drawn.peek().is_some_and(|greatest| draw >= *greatest)
            || !self.known.insert(complaint_id.to_owned())
        {
            return;
        }
        self.drawn.push(draw);
        if full && let Some((_, left_out)) = self.drawn.pop() {
            self.known.remove(&left_out);
        }
    }

    fn complaints(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_the_same_whatever_comes_first_and_never_larger() {
        let ids: Vec<String> = (0..1_000).map(|n| format!("c-{n}")).collect();
        let drawn = |ids: &mut dyn Iterator<Item = &String>| {
            let mut sample = Sample::default();
            ids.for_each(|id| sample.draw(id));
            sample.complaints().map(str::to_owned).collect::<Vec<_>>()
        };
        let forward = drawn(&mut ids.iter().chain(&ids));
        assert_eq!(forward.len(), SAMPLE);
        assert_eq!(forward, drawn(&mut ids.iter().rev()));
        assert_eq!(drawn(&mut ids[..3].iter().chain(&ids[..3])).len(), 3);
    }
}
