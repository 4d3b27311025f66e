//! The clocks of a case: when each is due, and whether it is met.

use ombud_console::{ClockStanding, read_clock};
use ombud_contract::{records::RoutedComplaint, work::Work};

use super::time::time;

/// The clocks of `route` as they stand at `now_ms` after `work`, the earliest due first.
pub(super) fn clocks(route: Option<&RoutedComplaint>, work: &Work, now_ms: i64) -> Vec<ClockStanding> {
    let clocks = route.into_iter().flat_map(|route| &route.clocks);
    let mut clocks: Vec<ClockStanding> =
        clocks.map(|clock| ClockStanding::of(read_clock(clock, work), now_ms)).collect();
    clocks.sort_by(|a, b| (a.due, &a.name).cmp(&(b.due, &b.name)));
    clocks
}

/// One in a line: `house-answer, before 2026-02-16 05:00 UTC, met`.
pub(super) fn in_short(clock: &ClockStanding) -> String {
    let standing = match (clock.met_at.is_some(), clock.missed) {
        (true, false) => "met",
        (true, true) => "met too late",
        (false, true) => "missed",
        (false, false) => "open",
    };
    // Business days are counted as if there were no holidays.
    let doubt = if clock.beyond_calendar { ", its calendar ends before" } else { "" };
    format!("{}, before {}, {standing}{doubt}", clock.name, time(clock.due))
}
