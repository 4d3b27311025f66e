//! A clock is due at a midnight of its zone, and its rule, as it is written, says all that decides it.

use jiff::{Timestamp, civil::Date};
use ombud_contract::records::{Clock, WorkKind};
use ombud_models::clock::{ClockRule, ClockStart, Limit, LimitUnit, Suspension, standing};
use proptest::{collection::btree_map, collection::btree_set, prelude::*, sample::select};

const ANSWERED: &str = "met by summary-resolution, final-response";

fn ms(at: &str) -> i64 {
    at.parse::<Timestamp>().unwrap().as_millisecond()
}

fn rule(text: &str) -> ClockRule {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The first moment that is too late, for a clock that began at `starts`.
fn due(text: &str, starts: &str) -> (String, bool) {
    let rule = rule(text);
    let due = rule.due(ms(starts), rule.limit).unwrap();
    (Timestamp::from_millisecond(due.at).unwrap().to_string(), due.beyond_calendar)
}

fn clock(text: &str, starts: &str) -> Clock {
    let rule = rule(text);
    let due = rule.due(ms(starts), rule.limit).unwrap();
    Clock {
        name: "answer".into(),
        starts: ms(starts),
        due: due.at,
        rule: text.into(),
        calendar: rule.calendar,
        beyond_calendar: due.beyond_calendar,
    }
}

#[test]
fn the_due_days_are_those_of_the_facts() {
    // Receipt, then the last days of 3, 15 and 35 business days and of 8 weeks.
    let vectors = [
        ("2026-12-24", ["2026-12-31", "2027-01-19", "2027-02-16", "2027-02-18"]),
        ("2026-12-26", ["2026-12-31", "2027-01-19", "2027-02-16", "2027-02-20"]),
        ("2027-03-25", ["2027-04-01", "2027-04-19", "2027-05-18", "2027-05-20"]),
        ("2027-05-31", ["2027-06-03", "2027-06-21", "2027-07-19", "2027-07-26"]),
        ("2026-11-28", ["2026-12-02", "2026-12-18", "2027-01-20", "2027-01-23"]),
    ];
    for (received, days) in vectors {
        let limits = ["3 business days", "15 business days", "35 business days", "8 weeks"];
        for (limit, last) in limits.into_iter().zip(days) {
            let by = if limit == "8 weeks" { "" } else { "; by england-and-wales@1" };
            let rule = rule(&format!("{limit} from receipt in Europe/London{by}; {ANSWERED}"));
            for time in ["00:00:00", "12:30:00", "23:59:59"] {
                let received =
                    format!("{received}T{time}[Europe/London]").parse::<jiff::ZonedDateTime>().unwrap();
                let due = rule.due(received.timestamp().as_millisecond(), rule.limit).unwrap();
                let end = last.parse::<Date>().unwrap().tomorrow().unwrap().in_tz("Europe/London").unwrap();
                assert_eq!(due.at, end.timestamp().as_millisecond(), "{limit} from {received}");
                assert!(!due.beyond_calendar);
            }
        }
    }
}

#[test]
fn a_day_ends_at_midnight_also_where_the_clocks_change() {
    let london = format!("1 day from receipt in Europe/London; {ANSWERED}");
    // The day of 23 hours and that of 25.
    assert_eq!(due(&london, "2027-03-27T12:00:00Z").0, "2027-03-28T23:00:00Z");
    assert_eq!(due(&london, "2027-03-26T12:00:00Z").0, "2027-03-28T00:00:00Z");
    assert_eq!(due(&london, "2026-10-24T12:00:00Z").0, "2026-10-26T00:00:00Z");
    assert_eq!(due(&london, "2026-10-23T12:00:00Z").0, "2026-10-24T23:00:00Z");
    // At a quarter past midnight in London the day before ends in UTC.
    assert_eq!(due(&london, "2026-06-30T23:15:00Z").0, "2026-07-02T23:00:00Z");
    // A midnight that is left out, and one that comes twice.
    let without = format!("1 day from receipt in America/Santiago; {ANSWERED}");
    assert_eq!(due(&without, "2026-09-04T15:00:00Z").0, "2026-09-06T04:00:00Z");
    let twice = format!("1 day from receipt in America/Havana; {ANSWERED}");
    assert_eq!(due(&twice, "2026-10-30T15:00:00Z").0, "2026-11-01T04:00:00Z");
}

#[test]
fn a_suspended_clock_continues_with_the_day_after() {
    let text =
        format!("8 weeks from receipt in Europe/London; {ANSWERED}; suspended 2024-01-11 to 2026-05-31");
    // Until 10 January 2024 forty days have passed; sixteen are left.
    assert_eq!(due(&text, "2023-12-01T12:00:00Z").0, "2026-06-16T23:00:00Z");
    assert_eq!(due(&text, "2025-03-01T12:00:00Z").0, "2026-07-26T23:00:00Z", "it begins when all is over");
    assert_eq!(
        due(&text, "2023-11-15T12:00:00Z").0,
        "2024-01-11T00:00:00Z",
        "its last day is the day before"
    );
    assert_eq!(due(&text, "2023-11-16T12:00:00Z").0, "2026-06-01T23:00:00Z");
}

#[test]
fn past_the_calendars_end_weekends_alone_are_left_out_and_it_is_marked() {
    let text = format!("3 business days from receipt in Europe/London; by england-and-wales@1; {ANSWERED}");
    assert_eq!(due(&text, "2028-12-21T12:00:00Z"), ("2028-12-29T00:00:00Z".into(), false));
    // New Year's Day of 2029 is not known yet.
    assert_eq!(due(&text, "2028-12-28T12:00:00Z"), ("2029-01-03T00:00:00Z".into(), true));
    assert_eq!(due(&text, "2018-12-20T12:00:00Z"), ("2018-12-26T00:00:00Z".into(), true));
    let weeks = format!("8 weeks from receipt in Europe/London; {ANSWERED}");
    assert!(!due(&weeks, "2030-01-01T12:00:00Z").1, "no calendar, no end");
}

#[test]
fn a_holding_response_in_time_gives_the_longer_limit_from_the_same_start() {
    let text = "15 business days from receipt in Europe/London; by england-and-wales@1; met by final-response; \
                extended by holding-response to 35 business days";
    let clock = clock(text, "2026-12-24T12:00:00Z");
    assert_eq!(clock.due, ms("2027-01-20T00:00:00Z"));
    let longer = ms("2027-02-17T00:00:00Z");
    let in_time = ms("2027-01-19T23:59:59Z");
    let held = standing(&clock, [(WorkKind::HoldingResponse, in_time)]).unwrap();
    assert_eq!((held.due, held.met_at), (longer, None));
    assert!(!held.is_missed(longer - 1) && held.is_missed(longer));
    let late = standing(&clock, [(WorkKind::HoldingResponse, clock.due)]).unwrap();
    assert_eq!(late.due, clock.due, "what is due already can't be extended");
    let answered =
        standing(&clock, [(WorkKind::HoldingResponse, in_time), (WorkKind::FinalResponse, longer - 1)])
            .unwrap();
    assert!(answered.met_at == Some(longer - 1) && !answered.is_missed(longer + 1));
    let answered = standing(&clock, [(WorkKind::FinalResponse, clock.due)]).unwrap();
    assert!(answered.is_missed(clock.due), "met, and too late");
}

#[test]
fn what_was_done_before_the_clock_began_does_not_count_and_the_first_answer_does() {
    let clock = clock(&format!("15 days from sending in Europe/London; {ANSWERED}"), "2026-06-10T12:00:00Z");
    let done = |at: &str| (WorkKind::FinalResponse, ms(at));
    assert_eq!(standing(&clock, [done("2026-06-09T22:59:59Z")]).unwrap().met_at, None);
    let same_day = ms("2026-06-09T23:00:00Z");
    assert_eq!(standing(&clock, [done("2026-06-09T23:00:00Z")]).unwrap().met_at, Some(same_day));
    let first = ms("2026-06-12T10:00:00Z");
    let both = [done("2026-06-12T10:00:00Z"), done("2026-06-14T10:00:00Z")];
    assert_eq!(standing(&clock, both).unwrap().met_at, Some(first));
    assert_eq!(standing(&clock, [(WorkKind::Acknowledged, first)]).unwrap().met_at, None);
}

#[test]
fn a_clock_that_was_met_stays_so_when_the_complaint_is_opened_again_unless_its_rule_says_otherwise() {
    let done = [
        (WorkKind::FinalResponse, ms("2026-06-12T10:00:00Z")),
        (WorkKind::Reopened, ms("2026-06-13T10:00:00Z")),
    ];
    let stays = format!("15 days from receipt in Europe/London; {ANSWERED}");
    let again = format!("{stays}; again when reopened");
    let met = |text: &str| standing(&clock(text, "2026-06-10T12:00:00Z"), done).unwrap().met_at;
    assert_eq!(met(&stays), Some(done[0].1));
    assert_eq!(met(&again), None);
}

#[test]
fn a_rule_that_this_version_does_not_know_is_an_error_and_no_panic() {
    let known = "15 days from receipt in Europe/London; met by final-response";
    let wrong = [
        ("", "does not begin a rule"),
        ("15 days from receipt in Europe/London", "is not written as a rule is"),
        ("15 months from receipt in Europe/London; met by final-response", "is no limit"),
        ("0 days from receipt in Europe/London; met by final-response", "a clock runs for"),
        ("015 days from receipt in Europe/London; met by final-response", "is not written as a rule is"),
        ("15 days from dawn in Europe/London; met by final-response", "begins no clock"),
        ("15 days from receipt in Europe/Londinium; met by final-response", "there is no time zone"),
        ("15 days from receipt in europe/london; met by final-response", "write `Europe/London`"),
        ("15 days from receipt in Europe/London; met by telegram", "is no work"),
        ("15 days from receipt in Europe/London; met by final-response, final-response", "is not written"),
        ("15 business days from receipt in Europe/London; met by final-response", "of which calendar"),
        ("15 days from receipt in Europe/London; met by final-response; paused by rain", "does not know"),
        (
            "15 days from receipt in Europe/London; met by final-response; suspended 2024-02-30 to 2024-03-01",
            "no date",
        ),
    ];
    let clock = clock(known, "2026-06-10T12:00:00Z");
    for (text, what) in wrong {
        // A rule of business days is only counted where it is extended or new.
        let done = [(WorkKind::HoldingResponse, clock.starts)];
        let counted =
            |rule: ClockRule| rule.due(clock.starts, rule.limit).map(|_| ()).map_err(|e| e.to_string());
        let error = match standing(&Clock { rule: text.into(), ..clock.clone() }, done) {
            Err(error) => error.to_string(),
            Ok(_) => counted(rule(text)).unwrap_err(),
        };
        assert!(error.contains(what), "{text}: {error}");
    }
    let unknown = "15 business days from receipt in Europe/London; by atlantis@7; met by final-response";
    let error = rule(unknown).due(clock.starts, rule(unknown).limit).unwrap_err();
    assert_eq!(error.to_string(), "there is no calendar `atlantis@7`");
}

fn any_limit() -> impl Strategy<Value = Limit> {
    let units = [LimitUnit::Days, LimitUnit::BusinessDays, LimitUnit::Weeks];
    (1..=3_660_u16, select(units.to_vec())).prop_map(|(number, unit)| Limit::new(number, unit).unwrap())
}

fn any_rule() -> impl Strategy<Value = ClockRule> {
    use WorkKind::{Acknowledged, FinalResponse, Forwarded, HoldingResponse, Noted, SummaryResolution};
    let kinds = [Acknowledged, FinalResponse, Forwarded, HoldingResponse, Noted, SummaryResolution].to_vec();
    let day = (1990..2200_i16, 1..=12_i8, 1..=28_i8).prop_map(|(y, m, d)| jiff::civil::date(y, m, d));
    let span = (day.clone(), day).prop_map(|(from, until)| Suspension { from, until });
    let starts = [ClockStart::Receipt, ClockStart::Sending, ClockStart::Notice].to_vec();
    (
        any_limit(),
        select(starts),
        select(vec!["Europe/London", "America/New_York", "UTC", "America/Argentina/Buenos_Aires"]),
        proptest::option::of(select(vec!["england-and-wales@1", "us-federal@1"])),
        btree_set(select(kinds.clone()), 1..5),
        btree_map(select(kinds), any_limit(), 0..3),
        btree_set(span, 0..3),
        any::<bool>(),
    )
        .prop_map(|(limit, start, zone, calendar, met_by, extended_by, suspended, runs_again)| {
            ClockRule {
                limit,
                start,
                zone: zone.to_owned(),
                calendar: calendar.map(str::to_owned),
                met_by,
                extended_by,
                suspended,
                runs_again,
            }
        })
}

proptest! {
    #[test]
    fn a_rule_that_is_written_reads_back_as_it_was(rule in any_rule()) {
        let text = rule.to_string();
        prop_assert_eq!(text.parse::<ClockRule>().unwrap(), rule, "{}", text);
    }

    #[test]
    fn any_text_is_a_rule_or_an_error(text in "[a-zA-Z0-9 ;,@/-]{0,60}", rule in any_rule(), cut in 0..200_usize) {
        let _ = text.parse::<ClockRule>();
        let written = rule.to_string();
        let _ = written.chars().take(cut).collect::<String>().parse::<ClockRule>();
    }

    #[test]
    fn a_later_start_is_never_due_earlier_and_no_time_is_beyond_it(
        rule in any_rule(),
        starts in 631_152_000_000..7_258_118_400_000_i64,
        more in 0..400_000_000_000_i64,
    ) {
        // Business days without a calendar are an error, which is no earlier moment.
        if let (Ok(first), Ok(second)) = (rule.due(starts, rule.limit), rule.due(starts + more, rule.limit)) {
            prop_assert!(starts < first.at && first.at <= second.at);
        }
        for at in [i64::MIN, -1, 0, i64::MAX] {
            let _ = rule.due(at, rule.limit);
        }
    }
}
