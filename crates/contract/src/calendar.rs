//! Numbered calendars: which days are business days, by division. Compiled in, never edited: a change is a new number.

use std::{collections::BTreeMap, sync::LazyLock};

use jiff::civil::{Date, Weekday};
use serde::Deserialize;

/// The business days of one division, such as `england-and-wales@1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    name: String,
    first_day: Date,
    last_day: Date,
    /// What is no business day, beside weekends.
    days: BTreeMap<Date, String>,
}

impl Calendar {
    /// The calendar with this name and number; `None` for one that this version does not have.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::all().find(|calendar| calendar.name == name)
    }

    /// All that this version has.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        CALENDARS.iter()
    }

    /// Name and number, such as `england-and-wales@1`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether `day` counts as a business day. Outside of what is covered only weekends are left out.
    pub fn is_business_day(&self, day: Date) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !self.days.contains_key(&day)
    }

    /// Whether somebody has looked which holidays there are around `day`.
    pub fn covers(&self, day: Date) -> bool {
        (self.first_day..=self.last_day).contains(&day)
    }

    /// The first day that is covered.
    pub fn first_day(&self) -> Date {
        self.first_day
    }

    /// The last day that is covered.
    pub fn last_day(&self) -> Date {
        self.last_day
    }

    /// Every holiday by its day, weekends among them.
    pub fn holidays(&self) -> impl Iterator<Item = (Date, &str)> {
        self.days.iter().map(|(day, name)| (*day, name.as_str()))
    }
}

/// A calendar as it lies in schemas/calendars/.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarFile {
    calendar: String,
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "taken")]
    _taken: Date,
    first_day: Date,
    last_day: Date,
    days: BTreeMap<Date, String>,
}

fn read(text: &str) -> Result<Calendar, String> {
    let file: CalendarFile = toml::from_str(text).map_err(|error| error.to_string())?;
    let covered = file.first_day..=file.last_day;
    match file.days.keys().find(|day| !covered.contains(day)) {
        Some(day) => Err(format!("{}: {day} lies outside of what it covers", file.calendar)),
        None => Ok(Calendar {
            name: file.calendar,
            first_day: file.first_day,
            last_day: file.last_day,
            days: file.days,
        }),
    }
}

const FILES: [&str; 4] = [
    include_str!("../../../schemas/calendars/england-and-wales-1.toml"),
    include_str!("../../../schemas/calendars/northern-ireland-1.toml"),
    include_str!("../../../schemas/calendars/scotland-1.toml"),
    include_str!("../../../schemas/calendars/us-federal-1.toml"),
];

static CALENDARS: LazyLock<[Calendar; FILES.len()]> = LazyLock::new(|| {
    FILES.map(|text| {
        read(text).unwrap_or_else(|what| {
            unreachable!("the calendars are compiled in and a test reads all of them, yet: {what}")
        })
    })
});

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use sha2::{Digest, Sha256};

    use super::*;

    /// What is published. A changed file would move due moments that people have been given.
    const DIGESTS: [(&str, &str); FILES.len()] = [
        ("england-and-wales@1", "b640a40c11c3242f667b9c4ebc64050b3e9fe64bf76d6ff8030990db8ac613de"),
        ("northern-ireland@1", "d300d7bde161b59e7be25a8b569b07d0237bbf8df5099a0ebfa96356d2a2e82b"),
        ("scotland@1", "ba9312a5a9c2ddd4b20efc71842a93aad97d9571f7b2f702ef8584d4fffd2b40"),
        ("us-federal@1", "d319c899ec7831af1de582e231c5fc725a162b9c9ad2c3124eb131d57c4c8ae3"),
    ];

    #[test]
    fn a_published_calendar_is_never_edited() {
        let written =
            FILES.map(|text| (read(text).unwrap().name, hex::encode(Sha256::digest(text.as_bytes()))));
        assert_eq!(written, DIGESTS.map(|(name, digest)| (name.to_owned(), digest.to_owned())));
        assert!(Calendar::all().eq(CALENDARS.iter()) && Calendar::named("scotland@0").is_none());
    }

    #[test]
    fn a_day_of_one_division_is_a_business_day_in_another() {
        let named = |name| Calendar::named(name).unwrap();
        let saint_andrew = date(2026, 11, 30);
        assert!(!named("scotland@1").is_business_day(saint_andrew));
        assert!(named("england-and-wales@1").is_business_day(saint_andrew));
        let easter_monday = date(2027, 3, 29);
        assert!(named("scotland@1").is_business_day(easter_monday));
        assert!(!named("northern-ireland@1").is_business_day(easter_monday));
        assert!(!named("us-federal@1").is_business_day(date(2026, 7, 3)), "observed on the Friday");
    }

    #[test]
    fn outside_of_what_is_covered_only_weekends_are_left_out() {
        let calendar = Calendar::named("england-and-wales@1").unwrap();
        assert!(calendar.covers(calendar.first_day()) && calendar.covers(calendar.last_day()));
        let christmas = date(2029, 12, 25);
        assert!(!calendar.covers(christmas) && calendar.is_business_day(christmas));
        assert!(!calendar.is_business_day(date(2029, 12, 29)), "a Saturday");
    }

    #[test]
    fn a_day_that_is_not_covered_is_refused() {
        let text = "calendar = \"x@1\"\nsource = \"\"\ntaken = \"2026-01-01\"\nfirst_day = \"2026-01-01\"\n\
                    last_day = \"2026-12-31\"\n[days]\n2027-01-01 = \"New Year\"\n";
        assert_eq!(read(text), Err("x@1: 2027-01-01 lies outside of what it covers".to_owned()));
    }
}
