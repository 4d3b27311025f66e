//! Clocks: when they are due, and how they stand after what was done. Pure; one place for the joiner at routing, for the
//! console and for reports.
//!
//! A clock carries its [`ClockRule`] as text, so that nobody needs the strategy to say how it stands. Which clocks run for
//! a complaint is the routing table's business (`routing/clocks.rs`).

mod calendar_end;
mod count;
mod limit;
mod rule;

pub use calendar_end::{CalendarEnd, WARNING_DAYS};
pub use count::DueMoment;
pub(crate) use count::day_at;
pub use limit::{Limit, LimitUnit};
use ombud_contract::records::{Clock, WorkKind};
pub use rule::{ClockRule, ClockStart, RuleError, Suspension, work_kind, work_word, zone_named};

/// How a clock stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockState {
    /// The first moment that is too late, with what has extended it.
    pub due: i64,
    /// When it was met; `None` while it runs.
    pub met_at: Option<i64>,
    /// A day that was counted lies outside of the calendar.
    pub beyond_calendar: bool,
}

impl ClockState {
    /// Whether it was not met in time, by `now`.
    pub fn is_missed(&self, now: i64) -> bool {
        self.met_at.unwrap_or(now) >= self.due
    }
}

/// How `clock` stands after what was `done` (kind and moment, in the order in which it was done). What was done before the
/// day on which the clock began neither meets nor extends it, and nothing extends one that is due already.
///
/// # Errors
/// The clock's rule was written by a newer version: [`UnknownRule`] has it.
pub fn standing(
    clock: &Clock,
    done: impl IntoIterator<Item = (WorkKind, i64)>,
) -> Result<ClockState, UnknownRule> {
    let unknown = |error: RuleError| UnknownRule { name: clock.name.clone(), what: error.to_string() };
    let rule: ClockRule = clock.rule.parse().map_err(unknown)?;
    let counts_from = rule.day_begins(clock.starts).map_err(unknown)?;
    let mut state = ClockState { due: clock.due, met_at: None, beyond_calendar: clock.beyond_calendar };
    for (kind, at) in done.into_iter().filter(|(_, at)| *at >= counts_from) {
        if kind == WorkKind::Reopened && rule.runs_again {
            state.met_at = None;
        }
        if state.met_at.is_some() {
            continue;
        }
        if rule.met_by.contains(&kind) {
            state.met_at = Some(at);
        } else if let Some(limit) = rule.extended_by.get(&kind)
            && at < state.due
        {
            let extended = rule.due(clock.starts, *limit).map_err(unknown)?;
            if extended.at > state.due {
                state.due = extended.at;
                state.beyond_calendar = extended.beyond_calendar;
            }
        }
    }
    Ok(state)
}

/// A rule that this version cannot read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read the rule of clock `{name}`: {what}")]
pub struct UnknownRule {
    /// The clock.
    pub name: String,
    /// What was expected.
    pub what: String,
}
