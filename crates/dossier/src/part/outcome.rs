//! Part 8: what became of it: where it went on, how it was answered, and whether in time.

use ombud_contract::records::{FeedbackKind, TimestampMs, WorkEvent, WorkKind};
use ombud_contract::work::{NewestRoute, Work};
use ombud_models::clock::standing;
use serde::Serialize;

use super::IMPACT;
use crate::case::Case;

#[derive(Serialize)]
pub(crate) struct OutcomePart {
    pub(crate) answers: [&'static str; 1],
    pub(crate) notes: Vec<String>,
    /// `open`, `acknowledged`, `waiting`, `answered` or `withdrawn`.
    pub(crate) phase: &'static str,
    /// How far it went from team to team, oldest first.
    pub(crate) moves: Vec<Move>,
    /// From the first route to the last time that a person sent it to another team, in milliseconds.
    pub(crate) delay_ms: i64,
    /// Every clock of the newest route, as it stands.
    pub(crate) clocks: Vec<ClockLine>,
    /// What was done, oldest first, with its effect.
    pub(crate) work: Vec<WorkLine>,
}

#[derive(Serialize)]
pub(crate) struct Move {
    pub(crate) at: TimestampMs,
    pub(crate) from: Option<String>,
    pub(crate) to: String,
    /// `route`, or the pseudonym of the person.
    pub(crate) by: String,
}

#[derive(Serialize)]
pub(crate) struct ClockLine {
    pub(crate) name: String,
    pub(crate) due: TimestampMs,
    pub(crate) met_at: Option<TimestampMs>,
    /// `met`, `missed` or `running`.
    pub(crate) standing: &'static str,
}

#[derive(Serialize)]
pub(crate) struct WorkLine {
    #[serde(flatten)]
    pub(crate) event: WorkEvent,
    pub(crate) effect: &'static str,
}

impl OutcomePart {
    pub(crate) fn of(case: &Case<'_>) -> Self {
        let (route, now) = (case.route(), case.sources.as_of.unwrap_or(case.sources.exported_at));
        let work = Work::fold(&case.work, Some(NewestRoute::of(route)));
        let mut notes = Vec::new();
        let clocks = route.clocks.iter().filter_map(|clock| match standing(clock, work.done()) {
            Ok(state) => {
                let standing = match state.met_at {
                    _ if state.is_missed(now) => "missed",
                    Some(_) => "met",
                    None => "running",
                };
                Some(ClockLine { name: clock.name.clone(), due: state.due, met_at: state.met_at, standing })
            }
            Err(unknown) => {
                notes.push(format!("How the clock {} stands is not known: {}.", unknown.name, unknown.what));
                None
            }
        });
        let clocks: Vec<ClockLine> = clocks.collect();
        if !work.events.iter().any(|(event, _)| event.kind.answers()) {
            notes.push("No answer to the customer is recorded.".to_owned());
        }
        let moves = moves(case);
        let first = case.routes.iter().map(|route| route.routed_at).min().unwrap_or(route.routed_at);
        let last = moves.iter().filter(|one| one.by != ROUTE).map(|one| one.at).max();
        Self {
            answers: [IMPACT],
            notes,
            phase: work.phase.word(),
            delay_ms: last.map_or(0, |last| last.saturating_sub(first).max(0)),
            moves,
            clocks,
            work: work
                .events
                .into_iter()
                .map(|(event, effect)| WorkLine { event, effect: effect.word() })
                .collect(),
        }
    }
}

const ROUTE: &str = "route";

/// Where it went: by routes, and by people who sent it on.
fn moves(case: &Case<'_>) -> Vec<Move> {
    let mut moves: Vec<Move> = Vec::new();
    let mut before: Option<&str> = None;
    for route in &case.routes {
        if before != Some(route.team.as_str()) {
            let (from, to) = (before.map(str::to_owned), route.team.clone());
            moves.push(Move { at: route.routed_at, from, to, by: ROUTE.to_owned() });
        }
        before = Some(&route.team);
    }
    let retracted: Vec<&str> =
        case.verdicts.iter().filter_map(|verdict| verdict.retracts.as_deref()).collect();
    for verdict in case.verdicts.iter().filter(|verdict| verdict.kind == FeedbackKind::Reallocated) {
        let Some(to) = verdict.to_team.clone() else { continue };
        if !retracted.contains(&verdict.feedback_id.as_str()) {
            moves.push(Move {
                at: verdict.decided_at,
                from: verdict.from_team.clone(),
                to,
                by: verdict.actor.clone(),
            });
        }
    }
    let forwarded = case.work.iter().filter(|event| event.kind == WorkKind::Forwarded);
    moves.extend(forwarded.filter_map(|event| {
        let to = event.forwarded_to.clone()?;
        Some(Move { at: event.done_at, from: event.team.clone(), to, by: event.actor.clone() })
    }));
    moves.sort_by_key(|one| one.at);
    moves
}
