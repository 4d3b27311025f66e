//! A moment in the ways that files write it: numbers, ISO 8601, dates by their order, and months by their English names.
//!
//! Without an offset a time is UTC, without a clock it is midnight.

mod clock;
mod number;

use clock::Clock;
use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::{Offset, TimeZone},
};
use ombud_contract::records::TimestampMs;

use crate::date_order::DateOrder;

/// The moment that a text names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WrittenTime {
    /// One moment, whatever the order of the file's dates.
    Plain(TimestampMs),
    /// A date in numbers that don't tell their order.
    Ordered(NumericDate),
}

/// A date in numbers, read in each order in which it is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NumericDate {
    /// The date alone, as it is written: digits with separators.
    pub(crate) date: String,
    readings: [Option<TimestampMs>; 3],
}

impl NumericDate {
    /// The moment, in a file of this order.
    pub(crate) fn reading(&self, order: DateOrder) -> Option<TimestampMs> {
        self.readings[order as usize]
    }

    /// The moment, where there is only one order in which it is a date.
    pub(crate) fn only_reading(&self) -> Option<TimestampMs> {
        let mut readings = self.readings.iter().flatten();
        let first = readings.next()?;
        readings.next().is_none().then_some(*first)
    }
}

/// `None` where it is no moment.
pub(crate) fn read(text: &str) -> Option<WrittenTime> {
    let text = text.trim();
    if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        if let Some(time) = number::read(text) {
            return Some(WrittenTime::Plain(time));
        }
        if let Some(time) = iso(text) {
            return Some(WrittenTime::Plain(time));
        }
    }
    let (mut clock, mut date) = (Clock::default(), Vec::new());
    for word in
        without_comment(text).split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty())
    {
        if !clock.take(word)? && !is_weekday(word) {
            date.push(word);
        }
    }
    let moment = |date: Date| clock.on(date);
    if date.iter().any(|word| word.contains(char::is_alphabetic)) {
        return moment(by_name(&date)?).map(WrittenTime::Plain);
    }
    in_numbers(&date, moment)
}

fn iso(text: &str) -> Option<TimestampMs> {
    // Four digits of a year come first, or eight of a day: two would be read as one of the first century.
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits != 4 && !(digits == 8 && text[digits..].starts_with(['T', 't'])) {
        return None;
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_millisecond());
    }
    let time = text.parse::<DateTime>().ok()?;
    // It would pass over an offset without a clock, and a zone's name without an offset.
    let civil = text.bytes().all(|byte| byte.is_ascii_digit() || b"-:., Tt".contains(&byte));
    civil.then(|| at_offset(time, Offset::UTC)).flatten()
}

/// Without what stands in brackets at the end: a zone's name, behind its offset.
fn without_comment(text: &str) -> &str {
    let open = match text.as_bytes().last() {
        Some(b')') => '(',
        Some(b']') => '[',
        _ => return text,
    };
    text.rfind(open).map_or(text, |at| &text[..at])
}

fn is_weekday(word: &str) -> bool {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let word = word.trim_end_matches('.').to_lowercase();
    word.len() >= 3 && DAYS.iter().any(|day| *day == word || (word.len() <= 4 && day.starts_with(&word)))
}

/// A date whose month is named: `13 Apr 2026`, `April 13th, 2026`, `13-Apr-26`, `2026-Apr-13`.
fn by_name(words: &[&str]) -> Option<Date> {
    let parts: Vec<&str> =
        words.iter().flat_map(|word| word.trim_end_matches('.').split(['-', '/', '.'])).collect();
    let [first, second, last] = parts[..] else { return None };
    let (day, month, year) = match (month_named(first), month_named(second)) {
        (Some(month), None) => (second, month, last),
        (None, Some(month)) if first.len() == 4 && year_of(first).is_some() => (last, month, first),
        (None, Some(month)) => (first, month, last),
        _ => return None,
    };
    date(year_of(year)?, month, day_of(day)?)
}

fn month_named(word: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word = word.to_lowercase();
    let is_named = |month: &&str| **month == word || (word.len() == 3 && month.starts_with(&word));
    let at = MONTHS.iter().position(is_named).or((word == "sept").then_some(8))?;
    i8::try_from(at + 1).ok()
}

/// A day of a month, also as 1st, 2nd, 3rd or 4th.
fn day_of(word: &str) -> Option<i8> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let ending = word[digits.len()..].to_lowercase();
    let is_one = matches!(digits.len(), 1 | 2) && ["", "st", "nd", "rd", "th"].contains(&ending.as_str());
    is_one.then(|| whole(digits)).flatten()
}

/// A year of four digits, or of two: from 1969 to 2068.
fn year_of(word: &str) -> Option<i16> {
    let year: i16 = whole(word)?;
    match word.len() {
        4 => Some(year),
        2 if year < 69 => Some(2_000 + year),
        2 => Some(1_900 + year),
        _ => None,
    }
}

/// A date in numbers, with one separator: `13/04/2026`, `13.04.26`, `13. 4. 2026`, `2026/04/13`.
fn in_numbers(words: &[&str], moment: impl Fn(Date) -> Option<TimestampMs>) -> Option<WrittenTime> {
    let written = words.concat();
    let separator = written.chars().find(|c| !c.is_ascii_digit()).filter(|c| ['/', '.', '-'].contains(c))?;
    if words.len() > 1 && !words[..words.len() - 1].iter().all(|word| word.ends_with('.')) {
        return None;
    }
    let parts: Vec<&str> = written.split(separator).collect();
    let [first, second, last] = parts[..] else { return None };
    if first.len() == 4 {
        return moment(date(year_of(first)?, month_of(second)?, day_of(last)?)?).map(WrittenTime::Plain);
    }
    let read =
        |year: &str, month: &str, day: &str| moment(date(year_of(year)?, month_of(month)?, day_of(day)?)?);
    // With two digits a year may stand first between dashes, where ISO 8601 once had it; nowhere else.
    let year_first = if separator == '-' && last.len() <= 2 { read(first, second, last) } else { None };
    let readings = [read(last, second, first), read(last, first, second), year_first];
    let mut said = readings.iter().flatten();
    let one = *said.next()?;
    let (more, alike) = (readings.iter().flatten().count() > 1, said.all(|other| *other == one));
    Some(if more && alike {
        WrittenTime::Plain(one)
    } else {
        WrittenTime::Ordered(NumericDate { date: written, readings })
    })
}

fn month_of(word: &str) -> Option<i8> {
    matches!(word.len(), 1 | 2).then(|| whole(word)).flatten()
}

fn date(year: i16, month: i8, day: i8) -> Option<Date> {
    Date::new(year, month, day).ok()
}

/// Digits alone: `parse` would take a sign as well.
fn whole<N: std::str::FromStr>(digits: &str) -> Option<N> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

fn at_offset(time: DateTime, offset: Offset) -> Option<TimestampMs> {
    Some(TimeZone::fixed(offset).to_timestamp(time).ok()?.as_millisecond())
}

#[cfg(test)]
mod tests;
