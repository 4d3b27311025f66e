//! The first pass over a file: in which order its dates are, whether it has any, and which ids stand for several complaints.

use std::path::Path;

use ombud_contract::ids::written_id;

use crate::{
    date_order::DateOrder,
    dates::{Calendar, OtherDate, Undated},
    error::IntakeError,
    file_defaults::FileDefaults,
    ids::{Narratives, SharedIds},
    layout::Layout,
    notes::Note,
    record::Record,
    table::Table,
    time::{self, WrittenTime},
};

/// What only the CFPB calls so.
const CFPBS_OWN: [&str; 2] = ["consumer_complaint_narrative", "complaint_what_happened"];

/// What only the whole file says, read before its first row is taken.
pub(crate) struct Preview {
    pub(crate) calendar: Calendar,
    pub(crate) shared: SharedIds,
}

impl Preview {
    /// Reads `table`, the file at `path`, to its end, or to where it breaks off: the second pass says that.
    pub(crate) fn of(
        table: Table,
        path: &Path,
        layout: Layout,
        defaults: &FileDefaults,
    ) -> Result<Self, IntakeError> {
        let date = layout.date();
        let is_certain = !table.is_json();
        let mut has_dates = is_certain && table.names().iter().any(|name| name == date);
        let usual = usual_order(table.names());
        let misspelt = table.notes().iter().find_map(|note| match note {
            Note::Misspelt { column, nearest } if *nearest == date => Some(column.clone()),
            _ => None,
        });
        // Examples to learn from: whichever complaint they are of.
        let takes_all = matches!(defaults.undated, Undated::Unimportant(_));
        let (mut orders, mut narratives, mut rows) = (Orders::default(), Narratives::default(), 0_u64);
        for record in table.map_while(Result::ok).flatten() {
            rows += 1;
            if let Some(text) = record.get(date) {
                has_dates = true;
                orders.note(record.line(), &text);
            }
            for field in OtherDate::ALL {
                if let Some(text) = field.columns().iter().find_map(|column| record.filled(column)) {
                    orders.note(record.line(), &text);
                }
            }
            if !takes_all {
                note(&record, layout, &mut narratives);
            }
        }
        let order = match (defaults.dates, defaults.undated) {
            (Some(said), _) => Some(said),
            // Whoever needs no dates is not kept from the rest.
            (None, Undated::Unimportant(_)) => orders.found(usual).unwrap_or_default(),
            (None, _) => orders.found(usual).map_err(|conflict| conflict.of(path))?,
        };
        if !has_dates && defaults.undated == Undated::Refused && (is_certain || rows > 0) {
            let meant = misspelt.map(|column| format!(" (is it {}?)", column.escape_debug()));
            let (path, meant) = (path.into(), meant.unwrap_or_default());
            return Err(IntakeError::NoDates { path, column: date, meant });
        }
        let calendar = Calendar { order, undated: defaults.undated, has_dates };
        Ok(Self { calendar, shared: narratives.shared() })
    }
}

/// Notes which complaint a row is about, unless it says itself that it is a later submission of it.
fn note(record: &Record, layout: Layout, narratives: &mut Narratives) {
    let Some(id) = record.filled("complaint_id") else { return };
    let is_later = record.filled("submission").is_some()
        || record
            .filled("withdrawn")
            .is_some_and(|word| ["true", "yes", "1"].iter().any(|yes| word.eq_ignore_ascii_case(yes)));
    let narrative = layout.narratives().iter().find_map(|name| record.filled(name));
    if let Some(narrative) = narrative.filter(|_| !is_later) {
        narratives.note(&written_id(&id), &narrative);
    }
}

/// The CFPB writes month-first; whoever only borrows its other names may not.
fn usual_order(names: &[String]) -> Option<DateOrder> {
    let is_cfpbs = |name: &String| CFPBS_OWN.contains(&name.as_str());
    names.iter().any(is_cfpbs).then_some(DateOrder::MonthFirst)
}

/// The order of the dates in `column` of `table`, the file at `path`; `None` where none of them needs one.
///
/// # Errors
/// Nothing shows the order, or rows contradict each other.
pub fn find_order(table: Table, path: &Path, column: &str) -> Result<Option<DateOrder>, IntakeError> {
    let mut orders = Orders::default();
    for record in table.map_while(Result::ok).flatten() {
        if let Some(text) = record.get(column) {
            orders.note(record.line(), &text);
        }
    }
    orders.found(None).map_err(|conflict| conflict.of(path))
}

/// A date, and the line that it stands on.
type Place = (u64, String);

/// What the dates of a file show of their order.
#[derive(Default)]
struct Orders {
    /// For each order, the first date that is no date in it.
    against: [Option<Place>; 3],
    /// The first date that is a date in several orders.
    open: Option<Place>,
}

/// Why a file has no order.
enum Conflict {
    /// One of several: the first date that could be both.
    Open(Place, Vec<DateOrder>),
    /// None: dates that contradict each other.
    Mixed(Place, Place),
}

impl Orders {
    fn note(&mut self, line: u64, text: &str) {
        let Some(WrittenTime::Ordered(ordered)) = time::read(text) else { return };
        let place = || (line, ordered.date.clone());
        for order in DateOrder::ALL {
            if ordered.reading(order).is_none() {
                self.against[order as usize].get_or_insert_with(place);
            }
        }
        if ordered.only_reading().is_none() {
            self.open.get_or_insert_with(place);
        }
    }

    /// The order in which all of them are dates; where several are left, `usual` if it is among them.
    fn found(self, usual: Option<DateOrder>) -> Result<Option<DateOrder>, Conflict> {
        let left: Vec<DateOrder> =
            DateOrder::ALL.into_iter().filter(|order| self.against[*order as usize].is_none()).collect();
        let [day_first, month_first, _] = self.against;
        match (&left[..], day_first, month_first, self.open) {
            ([order], ..) => Ok(Some(*order)),
            ([], Some(no_day_first), Some(no_month_first), _) => {
                Err(Conflict::Mixed(no_day_first, no_month_first))
            }
            (_, _, _, Some(open)) => match usual.filter(|usual| left.contains(usual)) {
                Some(usual) => Ok(Some(usual)),
                None => Err(Conflict::Open(open, left)),
            },
            // No date needs an order: a date with one reading leaves one order at most, and one with several is open.
            _ => Ok(None),
        }
    }
}

impl Conflict {
    fn of(self, path: &Path) -> IntakeError {
        let path = path.into();
        match self {
            Self::Open((line, date), left) => {
                let orders: Vec<&str> = left.into_iter().map(DateOrder::name).collect();
                IntakeError::AmbiguousDates { path, line, date, orders: orders.join(" or ") }
            }
            Self::Mixed((no_day_first, other), (no_month_first, date)) => {
                IntakeError::MixedDates { path, no_month_first, date, no_day_first, other }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(dates: &[&str], usual: Option<DateOrder>) -> Result<Option<DateOrder>, String> {
        let mut orders = Orders::default();
        for (line, date) in (2..).zip(dates) {
            orders.note(line, date);
        }
        orders.found(usual).map_err(|conflict| conflict.of(Path::new("some.csv")).to_string())
    }

    #[test]
    fn one_date_that_fits_one_order_decides_for_all() {
        for (dates, order) in [
            (&["03/04/2026", "13/04/2026", "11.04.2026", "2026-04-11"][..], Some(DateOrder::DayFirst)),
            (&["03/04/26", "04/13/26 9:30 AM"], Some(DateOrder::MonthFirst)),
            (&["26-04-03", "26-05-31", "99-04-03"], Some(DateOrder::Iso)),
            (&["2026-04-03", "04/04/2026", "13 Apr 2026", "NaT", "soon", ""], None),
            (&[], None),
        ] {
            assert_eq!(found(dates, None), Ok(order), "{dates:?}");
        }
    }

    #[test]
    fn where_nothing_decides_the_first_such_line_is_named_unless_the_order_is_usual() {
        let error = found(&["2026-04-03", "03/04/2026", "05/06/2026"], None).unwrap_err();
        assert!(
            error.contains("line 3 has 03/04/2026") && error.contains("day-first or month-first"),
            "{error}"
        );
        assert_eq!(found(&["03/04/2026"], Some(DateOrder::MonthFirst)), Ok(Some(DateOrder::MonthFirst)));
        assert_eq!(found(&["13/04/2026"], Some(DateOrder::MonthFirst)), Ok(Some(DateOrder::DayFirst)));
    }

    #[test]
    fn dates_that_contradict_each_other_are_both_named() {
        for usual in [None, Some(DateOrder::MonthFirst)] {
            let error = found(&["03/04/2026", "13/04/2026", "04/13/2026"], usual).unwrap_err();
            for part in ["line 3 has 13/04/2026", "line 4 has 04/13/2026", "--dates"] {
                assert!(error.contains(part), "{error}");
            }
        }
    }
}
