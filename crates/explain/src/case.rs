//! A case's stored events, and the questions that they make.
//!
//! routes until then -> the newest -> [the strategy, the submission, the predictions that it names] -> a job a decided task
//!
//! What counts at a time `as_of` are the routes that were written until then, by their own `routed_at`. Of those the newest
//! revision says all else by name: the submission that was judged (by place and hash), the predictions that decided (by their
//! ids) and the strategy (by its number). Each of them was appended before the route, so nothing that came later is looked at;
//! and a strategy that began meanwhile changes nothing about a complaint that an earlier one decided.

use ombud_contract::{
    codec, ids,
    records::{Prediction, RawComplaint, RoutedComplaint, TimestampMs},
};
use ombud_models::Strategies;
use ombud_store::{CaseEvent, Kind};

use crate::job::ExplainJob;

/// Why a case gives nothing to explain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoJob {
    /// No record of it says where it went.
    #[error("the complaint is not routed yet: ask again once it is")]
    NotRouted,
    /// None said so by then.
    #[error(
        "the complaint was not routed by then: it first was at {first} (milliseconds since 1970), so ask as of that or later"
    )]
    NotRoutedByThen {
        /// When it first was.
        first: TimestampMs,
    },
    /// No model decided anything about the newest submission.
    #[error(
        "no model decided anything about the submission that was routed at {routed_at} (milliseconds since 1970): ask as of before that for the one before"
    )]
    NothingDecided {
        /// When it was routed.
        routed_at: TimestampMs,
    },
    /// The store has no such submission.
    #[error(
        "the submission at {place} is not in the store: file it again from the log, or from a backup, if it was not erased"
    )]
    NarrativeGone {
        /// `partition/offset` of complaints.raw.
        place: String,
    },
    /// The submission in the store is another than was judged.
    #[error(
        "the submission at {place} is not the one that was judged, by its input_sha256: it was erased or changed since"
    )]
    OtherNarrative {
        /// `topic/partition/offset`.
        place: String,
    },
    /// The store has no such prediction.
    #[error(
        "the prediction {prediction_id} of task {task}, by which it was routed, is not in the store: file it again from the log, or from a backup"
    )]
    PredictionGone {
        /// The task.
        task: String,
        /// Its id.
        prediction_id: String,
    },
    /// A stored record can't be read.
    #[error(
        "the record of {place} in the store can't be read ({what}): file it again from the log, or from a backup"
    )]
    Unreadable {
        /// `topic/partition/offset`.
        place: String,
        /// Why, without content.
        what: String,
    },
    /// The log no longer has the strategy.
    #[error(
        "strategy {version}, under which it was decided, is not in models.strategy: restore the topic from a backup"
    )]
    StrategyGone {
        /// Its number.
        version: i64,
    },
}

/// The jobs of a case: one a decided task of the newest submission that was routed until `as_of` (or until now), in the order of
/// the route's decisions.
///
/// # Errors
/// [`NoJob`] says what is missing, where, and how to fix it.
pub fn jobs_of(
    events: &[CaseEvent],
    strategies: &Strategies,
    as_of: Option<TimestampMs>,
) -> Result<Vec<ExplainJob>, NoJob> {
    let route = newest_route(events, as_of)?;
    if route.decisions.is_empty() {
        return Err(NoJob::NothingDecided { routed_at: route.routed_at });
    }
    let version = route.strategy_version;
    let strategy = strategies.version(version).ok_or(NoJob::StrategyGone { version })?;
    let raw = submission(events, &route)?;
    let mut predictions: Vec<Prediction> = Vec::with_capacity(route.decisions.len());
    for decision in &route.decisions {
        let id = &decision.prediction_id;
        if !predictions.iter().any(|known| known.prediction_id == *id) {
            predictions.push(prediction(events, &route, &decision.task, id)?);
        }
    }
    let job = |prediction: &Prediction| ExplainJob {
        raw: raw.clone(),
        prediction: prediction.clone(),
        predictions: predictions.clone(),
        strategy: strategy.record.clone(),
        route: Some(route.clone()),
        against: None,
    };
    Ok(predictions.iter().map(job).collect())
}

/// By revision, for two joiners may write at one time.
fn newest_route(events: &[CaseEvent], as_of: Option<TimestampMs>) -> Result<RoutedComplaint, NoJob> {
    let routed = || events.iter().filter(|event| event.kind == Kind::Routed);
    let by_then = routed().filter(|event| as_of.is_none_or(|as_of| event.at <= as_of));
    if let Some(newest) = by_then.max_by_key(|event| (event.seq, event.at)) {
        return read(newest);
    }
    match routed().map(|event| event.at).min() {
        Some(first) => Err(NoJob::NotRoutedByThen { first }),
        None => Err(NoJob::NotRouted),
    }
}

/// The same content may have come several times, and leaves one row: so it is found by hash, and that at the route's place
/// first.
fn submission(events: &[CaseEvent], route: &RoutedComplaint) -> Result<RawComplaint, NoJob> {
    let place = format!("/{}/{}", route.raw_partition, route.raw_offset);
    let is_there = |event: &&CaseEvent| event.origin.ends_with(&place);
    let raw = || events.iter().filter(|event| event.kind == Kind::Raw);
    let judged = || raw().filter(|event| event.id == route.input_sha256);
    let found = judged().find(is_there).or_else(|| judged().next()).or_else(|| raw().find(is_there));
    let Some(event) = found else { return Err(NoJob::NarrativeGone { place: place[1..].to_owned() }) };
    let raw: RawComplaint = read(event)?;
    if ids::input_sha256(&raw) == route.input_sha256 {
        Ok(raw)
    } else {
        Err(NoJob::OtherNarrative { place: event.origin.clone() })
    }
}

/// A replay writes a prediction again under the same id: the one counts that was there when the complaint was routed.
fn prediction(
    events: &[CaseEvent],
    route: &RoutedComplaint,
    task: &str,
    prediction_id: &str,
) -> Result<Prediction, NoJob> {
    let named = events.iter().filter(|event| event.kind == Kind::Prediction && event.id == prediction_id);
    // Clocks of two machines may differ, so one from after the route is better than none.
    let found = named.max_by_key(|event| {
        let is_before = event.at <= route.routed_at;
        (is_before, if is_before { event.at } else { event.at.saturating_neg() })
    });
    match found {
        Some(event) => read(event),
        None => Err(NoJob::PredictionGone { task: task.to_owned(), prediction_id: prediction_id.to_owned() }),
    }
}

fn read<T: codec::Record>(event: &CaseEvent) -> Result<T, NoJob> {
    codec::decode(&event.body)
        .map_err(|why| NoJob::Unreadable { place: event.origin.clone(), what: why.to_string() })
}

#[cfg(test)]
mod tests;
