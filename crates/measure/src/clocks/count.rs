//! Clocks, counted: met, missed and open, by team and rule.

use std::collections::BTreeMap;

use ombud_contract::{
    records::{RoutedComplaint, TimestampMs, WorkEvent},
    work::{NewestRoute, Phase, Work},
};
use ombud_models::clock::standing;
use ombud_store::{CaseEvent, Kind};
use serde::Serialize;
use tracing::warn;

use super::moved::{ClocksInForce, MovedClock};
use crate::case::records_of;

/// How many moved clocks a report lists.
const MOST_LISTED: usize = 1_000;

/// Whose clock, and of which rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct TeamAndRule {
    /// The team of the complaint's newest route.
    pub team: String,
    /// The rule's name.
    pub rule: String,
}

/// How the clocks of one rule stand at one team.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClockCount {
    /// Met in time.
    pub met: usize,
    /// Met too late, or due and not met.
    pub missed: usize,
    /// Not met and not due yet.
    pub open: usize,
    /// Those of them that were counted outside of their calendar.
    pub beyond_calendar: usize,
}

/// What was counted of some cases.
#[derive(Debug)]
pub struct ClockCounts<'a> {
    now: TimestampMs,
    in_force: Option<ClocksInForce<'a>>,
    cases: usize,
    without_clocks: usize,
    unknown_rules: usize,
    by_team_and_rule: BTreeMap<TeamAndRule, ClockCount>,
    moved: Vec<MovedClock>,
    moved_clocks: usize,
}

/// The counts, as they are shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClockReport {
    /// Complaints received from this time on.
    pub since: String,
    /// Complaints received before this time.
    pub until: String,
    /// What was due by then and not met is missed.
    pub at: String,
    /// Complaints that were looked at.
    pub cases: usize,
    /// Of them those that have no clock of a name: an older strategy decided them, or no rule applies.
    pub without_clocks: usize,
    /// Clocks whose rule was written by a newer build: in no other count.
    pub unknown_rules: usize,
    /// By team and rule.
    pub clocks: Vec<ClockLine>,
    /// Clocks that the strategy in force would set otherwise.
    pub moved_clocks: usize,
    /// The first of them.
    pub moved: Vec<MovedClock>,
}

/// A line of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClockLine {
    /// The team.
    pub team: String,
    /// The rule.
    pub rule: String,
    /// How its clocks stand.
    #[serde(flatten)]
    pub count: ClockCount,
}

impl<'a> ClockCounts<'a> {
    /// Of nothing yet; clocks are looked at as they stand `now`.
    pub fn new(now: TimestampMs, in_force: Option<ClocksInForce<'a>>) -> Self {
        Self {
            now,
            in_force,
            cases: 0,
            without_clocks: 0,
            unknown_rules: 0,
            by_team_and_rule: BTreeMap::new(),
            moved: Vec::new(),
            moved_clocks: 0,
        }
    }

    /// Counts one case by its events. What was not routed has no clocks.
    pub fn add(&mut self, events: &[CaseEvent]) {
        let routes: Vec<RoutedComplaint> = records_of(events, Kind::Routed);
        let Some(newest) = routes.iter().max_by_key(|route| route.revision) else { return };
        let done: Vec<WorkEvent> = records_of(events, Kind::Work);
        let work = Work::fold(&done, Some(NewestRoute::of(newest)));
        if work.phase == Phase::Withdrawn {
            return;
        }
        self.cases += 1;
        self.without_clocks += usize::from(newest.clocks.is_empty());
        let mut running = Vec::new();
        for clock in &newest.clocks {
            let state = match standing(clock, work.done()) {
                Ok(state) => state,
                Err(why) => {
                    warn!(complaint_id = newest.complaint_id, %why, "a clock can't be counted");
                    self.unknown_rules += 1;
                    continue;
                }
            };
            let at = TeamAndRule { team: newest.team.clone(), rule: clock.name.clone() };
            let count = self.by_team_and_rule.entry(at).or_default();
            match state.met_at {
                _ if state.is_missed(self.now) => count.missed += 1,
                Some(_) => count.met += 1,
                None => count.open += 1,
            }
            count.beyond_calendar += usize::from(state.beyond_calendar);
            if state.met_at.is_none() {
                running.push(clock);
            }
        }
        if work.phase != Phase::Answered
            && let Some(in_force) = self.in_force
        {
            let moved = in_force.moved(newest, &running);
            self.moved_clocks += moved.len();
            let room = MOST_LISTED.saturating_sub(self.moved.len());
            self.moved.extend(moved.into_iter().take(room));
        }
    }

    /// How many cases were counted.
    pub fn cases(&self) -> usize {
        self.cases
    }

    /// What was counted, of the span from `since` until `until`, as it stood `at` that time.
    pub fn report(self, [since, until, at]: [String; 3]) -> ClockReport {
        let line = |(of, count): (TeamAndRule, ClockCount)| ClockLine { team: of.team, rule: of.rule, count };
        let mut moved = self.moved;
        moved.sort();
        ClockReport {
            since,
            until,
            at,
            cases: self.cases,
            without_clocks: self.without_clocks,
            unknown_rules: self.unknown_rules,
            clocks: self.by_team_and_rule.into_iter().map(line).collect(),
            moved_clocks: self.moved_clocks,
            moved,
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use ombud_contract::{
        codec::{self, Record},
        records::{Clock, Why, WorkKind},
    };

    use super::*;

    const DAY: i64 = 86_400_000;

    fn event<T: Record>(kind: Kind, seq: i64, record: &T) -> CaseEvent {
        CaseEvent {
            complaint_id: "c-1".into(),
            kind,
            seq,
            id: format!("{kind:?}-{seq}"),
            at: 0,
            task: None,
            team: None,
            model_id: None,
            model_version: None,
            schema_id: None,
            body: codec::encode(record).unwrap(),
            origin: String::new(),
        }
    }

    fn route(revision: i64, team: &str, clocks: Vec<Clock>) -> RoutedComplaint {
        let example = include_str!("../../../../schemas/complaints.routed/examples/valid/complete.json");
        let route: RoutedComplaint = serde_json::from_str(example).unwrap();
        RoutedComplaint { revision, raw_offset: revision, team: team.into(), clocks, ..route }
    }

    fn clock(name: &str, met_by: &str) -> Clock {
        Clock {
            name: name.into(),
            starts: 0,
            due: 3 * DAY,
            rule: format!("2 days from receipt in UTC; met by {met_by}"),
            calendar: None,
            beyond_calendar: name == "beyond",
        }
    }

    fn done(kind: WorkKind, revision: i64, done_at: i64) -> CaseEvent {
        let example =
            include_str!("../../../../schemas/complaints.work/examples/valid/only-what-must-be-there.json");
        let event_of: WorkEvent = serde_json::from_str(example).unwrap();
        let work_id = format!("{kind:?}-{done_at}");
        event(Kind::Work, done_at, &WorkEvent { work_id, kind, revision, done_at, ..event_of })
    }

    fn counted(now: i64, cases: &[Vec<CaseEvent>]) -> ClockReport {
        let mut counts = ClockCounts::new(now, None);
        cases.iter().for_each(|events| counts.add(events));
        counts.report([String::new(), String::new(), String::new()])
    }

    fn shown(report: &ClockReport) -> Vec<(&str, &str, [usize; 4])> {
        let counts = |count: ClockCount| [count.met, count.missed, count.open, count.beyond_calendar];
        report
            .clocks
            .iter()
            .map(|line| (line.team.as_str(), line.rule.as_str(), counts(line.count)))
            .collect()
    }

    #[test]
    fn the_newest_routes_team_and_clocks_count_and_a_due_clock_is_missed() {
        let clocks = || vec![clock("acknowledge", "acknowledged"), clock("beyond", "final-response")];
        let case = vec![
            event(Kind::Routed, 1, &route(1, "cards", vec![clock("old", "final-response")])),
            event(Kind::Routed, 2, &route(2, "loans", clocks())),
            done(WorkKind::Acknowledged, 2, DAY),
        ];
        let without = vec![event(Kind::Routed, 1, &route(1, "cards", Vec::new()))];
        let cases = [case, without, vec![done(WorkKind::Acknowledged, 1, 1)]];
        let before = counted(3 * DAY - 1, &cases);
        assert_eq!((before.cases, before.without_clocks), (2, 1), "what was not routed has none");
        let expected = [("loans", "acknowledge", [1, 0, 0, 0]), ("loans", "beyond", [0, 0, 1, 1])];
        assert_eq!(shown(&before), expected);
        let due = counted(3 * DAY, &cases);
        assert_eq!(shown(&due), [expected[0], ("loans", "beyond", [0, 1, 0, 1])]);
    }

    #[test]
    fn a_rule_of_a_newer_build_is_counted_apart_and_what_was_taken_back_not_at_all() {
        let newer = Clock { rule: "as long as it takes".into(), ..clock("newer", "final-response") };
        let known = clock("known", "final-response");
        let case = vec![event(Kind::Routed, 1, &route(1, "cards", vec![newer, known.clone()]))];
        let withdrawn = RoutedComplaint { why: Why::Withdrawn, ..route(2, "cards", vec![known]) };
        let report = counted(DAY, &[case, vec![event(Kind::Routed, 2, &withdrawn)]]);
        assert_eq!((report.cases, report.unknown_rules), (1, 1));
        assert_eq!(shown(&report), [("cards", "known", [0, 0, 1, 0])]);
        let unreadable = CaseEvent {
            body: Bytes::from_static(b"?"),
            ..event(Kind::Routed, 1, &route(1, "x", Vec::new()))
        };
        assert_eq!(counted(DAY, &[vec![unreadable]]).cases, 0);
    }
}
