//! In which order a file writes day, month and year, and what counts where a row doesn't say when.

use ombud_contract::records::TimestampMs;

use crate::{
    date_order::DateOrder,
    layout::{NOTICE, REGULATOR_SENT},
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
        match (self.said(text), self.undated) {
            (Ok(Some(date)), _) => Ok((date, Some(date))),
            (_, Undated::Unimportant(time)) => Ok((time, None)),
            (Err(fault), _) => Err(fault.of_received_at()),
            (Ok(None), Undated::ReceivedAt(time)) if !self.has_dates => Ok((time, None)),
            (Ok(None), _) => Err("received-at-missing"),
        }
    }

    /// Another time of the complaint, which need not be there; or the code of what is wrong. Where dates are unimportant
    /// there is none: no clock begins for an example.
    pub(crate) fn other(
        &self,
        field: OtherDate,
        text: Option<&str>,
    ) -> Result<Option<TimestampMs>, &'static str> {
        match self.undated {
            Undated::Unimportant(_) => Ok(None),
            Undated::Refused | Undated::ReceivedAt(_) => {
                self.said(text).map_err(|fault| fault.of_other(field))
            }
        }
    }

    fn said(&self, text: Option<&str>) -> Result<Option<TimestampMs>, DateFault> {
        text.filter(|text| !says_nothing(text)).map(|text| read_date(text, self.order)).transpose()
    }
}

/// A time that a complaint may have beside `received_at`: a clock may begin there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtherDate {
    RegulatorSentAt,
    NoticeAt,
}

impl OtherDate {
    pub(crate) const ALL: [Self; 2] = [Self::RegulatorSentAt, Self::NoticeAt];

    /// Its columns, in every layout; of several the first that is filled counts.
    pub(crate) fn columns(self) -> &'static [&'static str] {
        match self {
            Self::RegulatorSentAt => &REGULATOR_SENT,
            Self::NoticeAt => &[NOTICE],
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

    fn of_other(self, field: OtherDate) -> &'static str {
        match (field, self) {
            (OtherDate::RegulatorSentAt, Self::Malformed) => "regulator-sent-at-malformed",
            (OtherDate::RegulatorSentAt, Self::Ambiguous) => "regulator-sent-at-ambiguous",
            (OtherDate::RegulatorSentAt, Self::InAnotherOrder) => "regulator-sent-at-in-another-order",
            (OtherDate::NoticeAt, Self::Malformed) => "notice-at-malformed",
            (OtherDate::NoticeAt, Self::Ambiguous) => "notice-at-ambiguous",
            (OtherDate::NoticeAt, Self::InAnotherOrder) => "notice-at-in-another-order",
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

    #[test]
    fn another_date_may_be_missing_and_one_that_is_there_is_read_as_strictly() {
        let notice = |text, undated| {
            calendar(Some(DateOrder::DayFirst), undated, true).other(OtherDate::NoticeAt, text)
        };
        for empty in [None, Some(" "), Some("NaT"), Some("null"), Some("-")] {
            assert_eq!(notice(empty, Undated::Refused), Ok(None), "{empty:?}");
        }
        assert_eq!(notice(Some("03/04/2026"), Undated::ReceivedAt(7)), Ok(Some(APRIL_3)));
        assert_eq!(notice(Some("04/13/2026"), Undated::Refused), Err("notice-at-in-another-order"));
        assert_eq!(notice(Some("yesterday"), Undated::ReceivedAt(7)), Err("notice-at-malformed"));
        assert_eq!(notice(Some("03/04/2026"), Undated::Unimportant(7)), Ok(None));
        let sent =
            calendar(None, Undated::Refused, true).other(OtherDate::RegulatorSentAt, Some("03/04/2026"));
        assert_eq!(sent, Err("regulator-sent-at-ambiguous"));
    }

    #[test]
    fn every_fault_of_every_field_has_a_code_of_its_own_and_a_fix() {
        for fault in [DateFault::Malformed, DateFault::Ambiguous, DateFault::InAnotherOrder] {
            let [sent, notice] = OtherDate::ALL.map(|field| fault.of_other(field));
            let named =
                [(fault.of_received_at(), "received_at"), (sent, "regulator_sent_at"), (notice, "notice_at")];
            for (code, field) in named {
                assert_eq!((crate::fix(code), crate::field_of(code)), (Some(fault.fix()), field), "{code}");
            }
        }
    }
}
