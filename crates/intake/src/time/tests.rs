//! Every way of writing a moment, and none that could mean another.

use proptest::prelude::*;

use super::*;

/// 2026-04-13T09:30:00Z.
const HALF_PAST_NINE: i64 = 1_776_072_600_000;
const MIDNIGHT: i64 = HALF_PAST_NINE - 34_200_000;

fn plain(text: &str) -> Option<TimestampMs> {
    match read(text)? {
        WrittenTime::Plain(time) => Some(time),
        WrittenTime::Ordered(_) => None,
    }
}

fn in_order(text: &str, order: DateOrder) -> Option<TimestampMs> {
    match read(text)? {
        WrittenTime::Plain(_) => None,
        WrittenTime::Ordered(ordered) => ordered.reading(order),
    }
}

#[test]
fn what_means_one_moment_is_read_whatever_the_order() {
    for text in [
        "2026-04-13T09:30:00Z",
        "2026-04-13T11:30:00+02:00",
        "2026-04-13T11:30:00+0200",
        "2026-04-13T11:30:00.000+02:00[Europe/Berlin]",
        "2026-04-13 09:30",
        "2026-04-13 09:30:00,000",
        "2026-04-13 11:30:00 +02:00",
        "2026-04-13 09:30:00 UTC",
        "2026/04/13 09:30:00",
        "2026/4/13 9:30 AM",
        "13 Apr 2026 09:30",
        "13-Apr-26 09:30:00",
        "13-APR-2026 9:30 a.m.",
        "April 13, 2026, 9:30:00 AM",
        "Apr 13, 2026 9:30\u{202f}AM",
        "13th April 2026 09:30Z",
        "Mon, 13 Apr 2026 11:30:00 +0200",
        "Mon Apr 13 09:30:00 UTC 2026",
        "Mon Apr 13 2026 11:30:00 GMT+0200 (Central European Summer Time)",
        "2026-Apr-13 09:30",
        "20260413T093000Z",
        "20260413T113000+0200",
        "20260413093000",
        "202604130930",
        "1776072600",
        "1776072600.0",
        "1776072600000",
        "1776072600000.0",
        "1776072600000000",
        "1776072600000000000",
        "46125.3958333333",
        "46125,3958333333",
    ] {
        assert_eq!(plain(text), Some(HALF_PAST_NINE), "{text}");
    }
    for text in [
        "2026-04-13",
        "2026/04/13",
        "2026.04.13",
        "20260413",
        "20260413.0",
        "46125",
        "46125.0",
        "13. April 2026",
    ] {
        assert_eq!(plain(text), Some(MIDNIGHT), "{text}");
    }
    assert_eq!(plain("46125.5"), Some(MIDNIGHT + 43_200_000));
    assert_eq!(plain("04/04/2026"), Some(MIDNIGHT - 9 * 86_400_000), "day and month are the same");
    assert_eq!(plain("13 Apr 2026 12:05 AM"), Some(MIDNIGHT + 300_000));
    assert_eq!(plain("13 Apr 2026 12:05 PM"), Some(MIDNIGHT + 43_500_000));
}

#[test]
fn numbers_that_do_not_tell_their_order_are_read_in_each() {
    for text in ["13/04/2026", "13.04.2026", "13-04-2026", "13/04/26", "13.4.26", "13. 4. 2026"] {
        assert_eq!(in_order(text, DateOrder::DayFirst), Some(MIDNIGHT), "{text}");
        assert_eq!(in_order(text, DateOrder::MonthFirst), None, "{text}");
        assert_eq!(in_order(text, DateOrder::Iso), None, "{text}");
    }
    for text in ["04/13/2026 09:30", "4/13/26 9:30 AM", "04-13-2026 11:30 +02:00"] {
        assert_eq!(in_order(text, DateOrder::MonthFirst), Some(HALF_PAST_NINE), "{text}");
        assert_eq!(in_order(text, DateOrder::DayFirst), None, "{text}");
    }
    let Some(WrittenTime::Ordered(both)) = read("03/04/2026") else { panic!("it has two orders") };
    assert_eq!((both.only_reading(), both.date.as_str()), (None, "03/04/2026"));
    assert!(both.reading(DateOrder::DayFirst) > both.reading(DateOrder::MonthFirst));
    // Two digits of a year may stand first between dashes.
    assert_eq!(in_order("26-04-13", DateOrder::Iso), Some(MIDNIGHT));
    assert!(in_order("26-04-13", DateOrder::DayFirst).is_some());
}

#[test]
fn years_before_1969_are_not_written_with_two_digits() {
    assert!(plain("13-Apr-69") < Some(0) && plain("13-Apr-68") > Some(0));
}

#[test]
fn what_is_no_moment_is_none() {
    for text in [
        "",
        "yesterday",
        "2026-13-01",
        "2026-02-30",
        "13/13/2026",
        "31/02/2026",
        "05/01/2026 at noon",
        "1e12",
        "1.77607E+12",
        "13 avril 2026",
        "13. Mai 2026",
        "Apr-26",
        "13/04",
        "13/04-2026",
        "13 04 2026",
        "13/04/2026 9:30 AM PM",
        "13/04/2026 13:30 PM",
        "13/04/2026 9",
        "13/04/2026 09:30 CET",
        "13/04/2026 24:00",
        "13/04/2026 09:5",
        "2026-04-13 09:30 10:30",
        "46125.5.5",
        "-46125.5",
        "212 555 0123",
        "[2026,4,13]",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn a_number_that_means_nothing_is_milliseconds_out_of_range() {
    for (text, time) in [("-1776072600000", -1_776_072_600_000), ("0", 0), ("12345", 12_345)] {
        assert_eq!(plain(text), Some(time), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_survived(text in "[0-9A-Za-z:./, +\\-\u{e9}\u{4e00}()]{0,40}") {
        let _ = read(&text);
    }

    #[test]
    fn a_date_that_is_written_in_an_order_is_read_back_in_it(
        days in 7_305_i32..80_000, separator in "[/.-]", padded in any::<bool>(), minutes in 0_i64..1_440,
    ) {
        let time = Timestamp::from_second(i64::from(days) * 86_400 + minutes * 60).unwrap();
        let civil = TimeZone::UTC.to_datetime(time);
        let (d, m) = if padded { ("%d", "%m") } else { ("%-d", "%-m") };
        for (order, format) in [
            (DateOrder::DayFirst, [d, m, "%Y"]), (DateOrder::MonthFirst, [m, d, "%Y"]), (DateOrder::Iso, ["%Y", m, d]),
        ] {
            let text = civil.strftime(&format!("{} %H:%M", format.join(&separator))).to_string();
            let read = match read(&text) {
                Some(WrittenTime::Plain(time)) => Some(time),
                Some(WrittenTime::Ordered(ordered)) => ordered.reading(order),
                None => None,
            };
            prop_assert_eq!(read, Some(time.as_millisecond()), "{}", text);
        }
    }
}
