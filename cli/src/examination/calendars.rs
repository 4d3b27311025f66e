//! The calendars that the strategy in force counts business days by: whether they reach far enough.

use anyhow::Result;
use ombud_launch::config::Settings;
use ombud_models::clock::CalendarEnd;
use ombud_stream::{Clock, SystemClock};

use super::Finding;
use crate::{log::backend::View, strategies::read_feed};

const FIX: &str = "add the next number (schemas/calendars/README.md), and publish a strategy that names it";

pub(super) fn check(settings: &Settings, findings: &mut Vec<Finding>) {
    // Without a log, or without a strategy, there is nothing to look at, and that was reported.
    let Ok(view) = View::open(settings) else { return };
    match ends(&view, settings, SystemClock.now_ms()) {
        Ok(ends) => findings.extend(ends.iter().map(finding)),
        Err(error) => findings.push(Finding::failed("calendars", error.context("read the strategy"))),
    }
}

fn ends(view: &View, settings: &Settings, now: i64) -> Result<Vec<CalendarEnd>> {
    let feed = read_feed(view, settings)?;
    Ok(feed.at(now).map_or_else(|_| Vec::new(), |strategy| strategy.routing.clock_rules.calendar_ends(now)))
}

fn finding(end: &CalendarEnd) -> Finding {
    let CalendarEnd { calendar, last_day, due_day } = end;
    let found =
        format!("{calendar} ends with {last_day}; the longest limit that begins now is due on {due_day}");
    if end.is_passed() {
        return Finding::bad("calendars", format!("{found}: beyond it holidays are not known"), FIX);
    }
    if end.is_near() {
        return Finding::warn("calendars", found, FIX);
    }
    Finding::ok("calendars", found)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::examination::Health;

    #[test]
    fn a_calendar_that_ends_soon_is_to_look_at_and_one_that_has_ended_is_bad() {
        let last_day = date(2028, 12, 31);
        for (due_day, health) in [
            (date(2028, 11, 1), Health::Ok),
            (date(2028, 11, 2), Health::Warn),
            (date(2028, 12, 31), Health::Warn),
            (date(2029, 1, 1), Health::Bad),
        ] {
            let found = finding(&CalendarEnd { calendar: "scotland@1".into(), last_day, due_day });
            assert_eq!(found.health, health, "{found:?}");
            assert!(found.found.contains("scotland@1 ends with 2028-12-31"), "{found:?}");
        }
    }

    #[test]
    fn the_calendar_of_a_folder_without_a_log_is_not_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let mut findings = Vec::new();
        check(&Settings { data: dir.path().join("none"), ..Settings::default() }, &mut findings);
        assert!(findings.is_empty(), "{findings:?}");
    }
}
