//! Calendars and due moments are those of Python's `holidays` and `zoneinfo`: every day that a calendar covers, and a thousand
//! clocks.

#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use std::{
    io::Write,
    process::{Command, Stdio},
    thread,
};

use anyhow::{Context, Result, ensure};
use jiff::{ToSpan, civil::Date};
use ombud_contract::calendar::Calendar;
use ombud_models::clock::{ClockRule, ClockStart, Limit, LimitUnit, Suspension};
use ombud_tests::{clients, repository};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

/// How many random clocks are compared.
const CLOCKS: usize = 1_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What Python says about each of `lines`.
fn python(task: &str, lines: &[Value]) -> Result<Vec<Value>> {
    let mut child = Command::new(clients()?.join("python"))
        .args(["tests/clients/calendars.py", task])
        .current_dir(repository())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("its input")?;
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    // Beside the reading, so that neither waits for the other.
    let writer = thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output()?;
    writer.join().map_err(|_| anyhow::anyhow!("the lines were not written"))??;
    ensure!(output.status.success(), "calendars.py {task}: {}", output.status);
    let answers = String::from_utf8(output.stdout)?;
    let answers: Vec<Value> = answers.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure!(answers.len() == lines.len(), "{} answers to {} lines", answers.len(), lines.len());
    Ok(answers)
}

#[test]
fn every_day_of_every_calendar_is_the_one_of_holidays() {
    let asked: Vec<Value> = Calendar::all()
        .map(|one| json!({"calendar": one.name(), "first": one.first_day(), "last": one.last_day()}))
        .collect();
    for (calendar, answer) in Calendar::all().zip(python("days", &asked).unwrap()) {
        let named: Vec<(Date, String)> = serde_json::from_value(answer).unwrap();
        let own: Vec<(Date, String)> =
            calendar.holidays().map(|(day, name)| (day, name.to_owned())).collect();
        assert_eq!(own, named, "{}", calendar.name());
        let mut day = calendar.first_day();
        while day <= calendar.last_day() {
            let is_weekend = day.weekday().to_monday_one_offset() > 5;
            let is_holiday = named.binary_search_by_key(&day, |(day, _)| *day).is_ok();
            assert_eq!(
                calendar.is_business_day(day),
                !is_weekend && !is_holiday,
                "{} {day}",
                calendar.name()
            );
            day = day.tomorrow().unwrap();
        }
    }
}

/// A clock, and what it begins with.
fn clock(rng: &mut StdRng, starts: i64) -> (ClockRule, i64) {
    let zones =
        ["Europe/London", "America/New_York", "America/Santiago", "Asia/Kathmandu", "Pacific/Apia", "UTC"];
    let units = [LimitUnit::Days, LimitUnit::BusinessDays, LimitUnit::Weeks];
    let calendars: Vec<&str> = Calendar::all().map(Calendar::name).collect();
    let unit = units[rng.random_range(0..units.len())];
    let most = if unit == LimitUnit::Weeks { 30 } else { 200 };
    let suspended = (0..rng.random_range(0..3)).map(|_| {
        let from = jiff::Timestamp::from_millisecond(starts)
            .unwrap()
            .to_zoned_datetime(jiff::tz::TimeZone::UTC)
            .date();
        let from = from.saturating_add(rng.random_range(-30..200_i64).days());
        Suspension { from, until: from.saturating_add(rng.random_range(0..400_i64).days()) }
    });
    let suspended = suspended.collect();
    let rule = ClockRule {
        limit: Limit::new(rng.random_range(1..most), unit).unwrap(),
        start: ClockStart::Receipt,
        zone: zones[rng.random_range(0..zones.len())].to_owned(),
        calendar: Some(calendars[rng.random_range(0..calendars.len())].to_owned()),
        met_by: Default::default(),
        extended_by: Default::default(),
        suspended,
        runs_again: false,
    };
    (rule, starts)
}

fn asked(rule: &ClockRule, starts: i64) -> Value {
    let limit = rule.limit.to_string();
    let (number, unit) = limit.split_once(' ').unwrap();
    let unit = if unit.ends_with('s') { unit.to_owned() } else { format!("{unit}s") };
    let calendar = Calendar::named(rule.calendar.as_deref().unwrap()).unwrap();
    let suspended: Vec<[Date; 2]> = rule.suspended.iter().map(|span| [span.from, span.until]).collect();
    json!({
        "starts": starts, "zone": rule.zone, "number": number.parse::<u32>().unwrap(), "unit": unit,
        "calendar": calendar.name(), "first": calendar.first_day(), "last": calendar.last_day(), "suspended": suspended,
    })
}

#[test]
fn a_thousand_clocks_are_due_when_python_says_so() {
    let mut rng = StdRng::seed_from_u64(21);
    let first: i64 = 1_514_764_800_000; // 2018, before three of the calendars begin
    let mut clocks: Vec<(ClockRule, i64)> = (0..CLOCKS)
        .map(|_| {
            let starts = first + rng.random_range(0..4_200 * DAY_MS);
            clock(&mut rng, starts)
        })
        .collect();
    // The vectors of the page, from the first to the last millisecond of the day of receipt.
    for (received, days) in
        [("2026-12-24", 3), ("2026-12-26", 15), ("2027-03-25", 35), ("2027-05-31", 3), ("2026-11-28", 15)]
    {
        let day =
            received.parse::<Date>().unwrap().in_tz("Europe/London").unwrap().timestamp().as_millisecond();
        let (rule, _) = clock(&mut rng, day);
        let rule = ClockRule {
            limit: Limit::new(days, LimitUnit::BusinessDays).unwrap(),
            zone: "Europe/London".into(),
            calendar: Some("england-and-wales@1".into()),
            suspended: Default::default(),
            ..rule
        };
        clocks.extend([(rule.clone(), day), (rule, day + DAY_MS - 1)]);
    }
    let lines: Vec<Value> = clocks.iter().map(|(rule, starts)| asked(rule, *starts)).collect();
    let mut beyond = 0;
    for ((rule, starts), answer) in clocks.iter().zip(python("due", &lines).unwrap()) {
        let due = rule.due(*starts, rule.limit).unwrap();
        beyond += usize::from(due.beyond_calendar);
        assert_eq!(json!({"due": due.at, "beyond": due.beyond_calendar}), answer, "{rule} begun at {starts}");
    }
    assert!(beyond > 10, "only {beyond} of them lie beyond their calendar");
}
