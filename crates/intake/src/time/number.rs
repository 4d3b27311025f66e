//! A moment as one number: since 1970 in any unit, a spreadsheet's serial, or digits of a date. Their ranges do not meet.

use jiff::{
    civil::{Date, Time},
    tz::Offset,
};
use ombud_contract::{
    records::TimestampMs,
    validate::{EARLIEST_RECEIVED, LATEST_RECEIVED},
};

use super::{at_offset, date, whole};

const DAY_MS: i64 = 86_400_000;
/// The serial of 1970-01-01, where a spreadsheet counts days from 1900.
const SERIAL_OF_1970: i64 = 25_569;

/// `None` where it is no number, or a fraction of nothing that is known. A whole number that means none of these counts
/// as milliseconds, which are out of every range.
pub(super) fn read(text: &str) -> Option<TimestampMs> {
    let (whole_part, fraction) = match text.split_once(['.', ',']) {
        Some((whole_part, fraction)) => (whole_part, Some(fraction)),
        None => (text, None),
    };
    let digits = whole_part.strip_prefix('-').unwrap_or(whole_part);
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(digits) || !fraction.is_none_or(all_digits) {
        return None;
    }
    // Programs that know fractions alone write whole numbers as 1776072600.0.
    let fraction = fraction.filter(|digits| digits.bytes().any(|digit| digit != b'0'));
    if fraction.is_none()
        && let Some(time) = compact(digits)
    {
        return (digits.len() == whole_part.len()).then_some(time);
    }
    let number: i64 = whole_part.parse().ok()?;
    let part = fraction.map_or(Some(0.0), |digits| format!("0.{digits}").parse::<f64>().ok())?;
    // In milliseconds, to the nearest.
    let part_of = |unit: i64| (part * unit as f64).round() as i64;
    let serial = SERIAL_OF_1970 + EARLIEST_RECEIVED / DAY_MS..SERIAL_OF_1970 + LATEST_RECEIVED / DAY_MS;
    if serial.contains(&number) {
        return Some((number - SERIAL_OF_1970) * DAY_MS + part_of(DAY_MS));
    }
    if (EARLIEST_RECEIVED / 1_000..LATEST_RECEIVED / 1_000).contains(&number) {
        return Some(number * 1_000 + part_of(1_000));
    }
    for finer in [1, 1_000, 1_000_000] {
        if (EARLIEST_RECEIVED..LATEST_RECEIVED).contains(&(number / finer)) {
            return Some(number / finer);
        }
    }
    fraction.is_none().then_some(number)
}

/// `20260413`, `202604130930`, `20260413093000`: fewer than any milliseconds in range have, or digits between two units.
fn compact(digits: &str) -> Option<TimestampMs> {
    if !matches!(digits.len(), 8 | 12 | 14) {
        return None;
    }
    let two =
        |at: usize| -> Option<i8> { if digits.len() > at { whole(&digits[at..at + 2]) } else { Some(0) } };
    let day: Date = date(whole(&digits[..4])?, two(4)?, two(6)?)?;
    let time = at_offset(day.to_datetime(Time::new(two(8)?, two(10)?, two(12)?, 0).ok()?), Offset::UTC)?;
    (EARLIEST_RECEIVED..LATEST_RECEIVED).contains(&time).then_some(time)
}
