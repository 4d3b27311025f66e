//! The time of day behind a date, with its half of the day and its offset from UTC.

use jiff::{
    civil::{Date, Time},
    tz::Offset,
};
use ombud_contract::records::TimestampMs;

use super::{at_offset, whole};

/// The time of day that the words of a text name.
#[derive(Default)]
pub(super) struct Clock {
    time: Option<(i8, i8, i8, i32)>,
    afternoon: Option<bool>,
    offset: Option<Offset>,
}

impl Clock {
    /// Takes a word; returns whether it was one of a time. `None` where it contradicts another, or is no time though it has
    /// colons.
    pub(super) fn take(&mut self, word: &str) -> Option<bool> {
        if let Some(afternoon) = half_of_the_day(word) {
            return self.afternoon.replace(afternoon).is_none().then_some(true);
        }
        if let Some(offset) = offset(word) {
            return self.offset.replace(offset).is_none().then_some(true);
        }
        if !word.contains(':') {
            return Some(false);
        }
        let end = word.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(word.len());
        let (time, rest) = word.split_at(end);
        if self.time.replace(time_of(time)?).is_some() {
            return None;
        }
        if rest.is_empty() { Some(true) } else { self.take(rest).filter(|taken| *taken) }
    }

    /// The moment at this time of `date`.
    pub(super) fn on(&self, date: Date) -> Option<TimestampMs> {
        let (hour, minute, second, nanosecond) = match (self.time, self.afternoon) {
            (None, Some(_)) => return None,
            (None, None) => (0, 0, 0, 0),
            (Some(time), None) => time,
            (Some((hour @ 1..=12, minute, second, nanosecond)), Some(afternoon)) => {
                (hour % 12 + if afternoon { 12 } else { 0 }, minute, second, nanosecond)
            }
            (Some(_), Some(_)) => return None,
        };
        let time = Time::new(hour, minute, second, nanosecond).ok()?;
        at_offset(date.to_datetime(time), self.offset.unwrap_or(Offset::UTC))
    }
}

/// Whether it says the afternoon; `None` where it says neither half.
fn half_of_the_day(word: &str) -> Option<bool> {
    match word.to_lowercase().as_str() {
        "am" | "a.m." | "a.m" => Some(false),
        "pm" | "p.m." | "p.m" => Some(true),
        _ => None,
    }
}

/// `Z`, `UTC`, `GMT`, `+02:00`, `+0200`, `+02`, `GMT+0200`. Other names of zones mean several offsets.
fn offset(word: &str) -> Option<Offset> {
    let upper = word.to_uppercase();
    let named = ["UTC", "GMT"].into_iter().find_map(|name| upper.strip_prefix(name));
    if upper == "Z" || named == Some("") {
        return Some(Offset::UTC);
    }
    let signed = named.unwrap_or(&upper);
    let (sign, digits) = match (signed.strip_prefix('+'), signed.strip_prefix(['-', '\u{2212}'])) {
        (Some(digits), _) => (1, digits),
        (None, Some(digits)) => (-1, digits),
        (None, None) => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes),
        Some(_) => return None,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let (hours, minutes): (i32, i32) =
        (whole(hours).filter(|_| matches!(hours.len(), 1 | 2))?, whole(minutes)?);
    (hours <= 18 && minutes < 60)
        .then(|| Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok())
        .flatten()
}

/// `9:30`, `09:30:15`, `09:30:15.123`.
fn time_of(text: &str) -> Option<(i8, i8, i8, i32)> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let parts: Vec<&str> = clock.split(':').collect();
    let (hour, minute, second) = match parts[..] {
        [hour, minute] => (hour, minute, "00"),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    if minute.len() != 2 || second.len() != 2 || !(1..=9).contains(&fraction.len()) {
        return None;
    }
    let nanosecond: i32 = whole(&format!("{fraction:0<9}"))?;
    let (hour, minute, second) = (whole(hour)?, whole(minute)?, whole(second)?);
    Time::new(hour, minute, second, nanosecond).is_ok().then_some((hour, minute, second, nanosecond))
}
