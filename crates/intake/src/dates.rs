//! In which order a file writes day, month and year, and what counts where a row doesn't say when.

use ombud_contract::records::TimestampMs;

use crate::{
    date_order::DateOrder,
    time::{self, WrittenTime},
};

/// What counts where a row doesn't say when its complaint was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undated {
    /// Nothing: a file without dates is refused, and a row without one is rejected.
    Refused,
    /// This time, for a file that has no dates at all; where others have one, a row without is rejected.
    ReceivedAt(TimestampMs),
    /// This time for every such row, and for one whose date can't be read: rows are taken one by one, as examples.
    Unimportant(TimestampMs),
}

/// How the dates of one file, or of one sender, are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Calendar {
    /// The order that was given, or found.
    pub(crate) order: Option<DateOrder>,
    pub(crate) undated: Undated,
    /// Whether there are dates at all.
    pub(crate) has_dates: bool,
}

impl Calendar {
    /// When the complaint was received, and the same where the row itself says it; or the code of what is wrong.
    pub(crate) fn received_at(
        &self,
        text: Option<&str>,
    ) -> Result<(TimestampMs, Option<TimestampMs>), &'static str> {
        let said = match text.filter(|text| !says_nothing(text)) {
            Some(text) => read_date(text, self.order).map(Some).map_err(DateFault::of_received_at),
            None => Ok(None),
        };
        match (said, self.undated) {
            (Ok(Some(date)), _) => Ok((date, Some(date))),
            (_, Undated::Unimportant(time)) => Ok((time, None)),
            (Err(wrong), _) => Err(wrong),
            (Ok(None), Undated::ReceivedAt(time)) if !self.has_dates => Ok((time, None)),
            (Ok(None), _) => Err("received-at-missing"),
        }
    }
}

/// Why a date is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateFault {
    /// It is no date.
    Malformed,
    /// It is a date in several orders, and nobody says which one holds.
    Ambiguous,
    /// It is a date, and not in the order of the others.
    InAnotherOrder,
}

impl DateFault {
    /// What would be right.
    pub fn fix(self) -> &'static str {
        match self {
            Self::Malformed => {
                "write the time as 2026-01-31T09:00:00Z, 2026-01-31 or milliseconds since 1970"
            }
            Self::Ambiguous => {
                "write the date as 2026-04-03: this one may be day-first or month-first; --dates or intake.dates says which"
            }
            Self::InAnotherOrder => {
                "write the date as 2026-04-03: it is none in the order of the others, or in that of --dates or intake.dates"
            }
        }
    }

    fn of_received_at(self) -> &'static str {
        match self {
            Self::Malformed => "received-at-malformed",
            Self::Ambiguous => "received-at-ambiguous",
            Self::InAnotherOrder => "received-at-in-another-order",
        }
    }
}

/// The time in `text`, in milliseconds since 1970; a date whose numbers don't show their order is read in `order`.
///
/// # Errors
/// It is no time, or could be several.
pub fn read_date(text: &str, order: Option<DateOrder>) -> Result<TimestampMs, DateFault> {
    match time::read(text).ok_or(DateFault::Malformed)? {
        WrittenTime::Plain(time) => Ok(time),
        WrittenTime::Ordered(ordered) => match order {
            Some(order) => ordered.reading(order).ok_or(DateFault::InAnotherOrder),
            None => ordered.only_reading().ok_or(DateFault::Ambiguous),
        },
    }
}

/// What programs write into a cell without a date.
pub(crate) fn says_nothing(text: &str) -> bool {
    let text = text.trim();
    text.is_empty()
        || ["n/a", "nan", "nat", "none", "null", "-"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    const APRIL_3: i64 = 1_775_174_400_000;
    const MARCH_4: i64 = 1_772_582_400_000;

    fn calendar(order: Option<DateOrder>, undated: Undated, has_dates: bool) -> Calendar {
        Calendar { order, undated, has_dates }
    }

    #[test]
    fn a_date_is_read_in_the_order_that_holds_and_never_in_another() {
        let read =
            |text, order| calendar(order, Undated::Refused, true).received_at(Some(text)).map(|it| it.0);
        assert_eq!(read("03/04/2026", Some(DateOrder::DayFirst)), Ok(APRIL_3));
        assert_eq!(read("03/04/2026", Some(DateOrder::MonthFirst)), Ok(MARCH_4));
        assert_eq!(read("03/04/2026", Some(DateOrder::Iso)), Err("received-at-in-another-order"));
        assert_eq!(read("13/04/2026", Some(DateOrder::MonthFirst)), Err("received-at-in-another-order"));
        assert_eq!(read("03/04/2026", None), Err("received-at-ambiguous"));
        assert!(read("13/04/2026", None).is_ok() && read("04/04/2026", None).is_ok());
        for order in DateOrder::ALL {
            assert_eq!(read("2026-04-03", Some(order)), Ok(APRIL_3));
        }
    }

    #[test]
    fn a_row_without_a_date_is_rejected_where_others_have_one() {
        let at = |text, undated, has_dates| calendar(None, undated, has_dates).received_at(text);
        for empty in [None, Some(" "), Some("NaT"), Some("null")] {
            assert_eq!(at(empty, Undated::Refused, false), Err("received-at-missing"));
            assert_eq!(at(empty, Undated::ReceivedAt(7), true), Err("received-at-missing"));
            assert_eq!(at(empty, Undated::ReceivedAt(7), false), Ok((7, None)));
            assert_eq!(at(empty, Undated::Unimportant(7), true), Ok((7, None)));
        }
        assert_eq!(at(Some("yesterday"), Undated::ReceivedAt(7), true), Err("received-at-malformed"));
        assert_eq!(at(Some("yesterday"), Undated::Unimportant(7), true), Ok((7, None)));
    }
}
