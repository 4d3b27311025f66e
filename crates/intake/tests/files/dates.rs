//! The dates of a file have one order: said, found from all of it, or none, and then it is refused.

use crate::file::{FILE_TIME, Folder, gzip, open, open_with, take};
use ombud_intake::{DateOrder, FileDefaults, Rows, Table, Undated, find_order};
use proptest::prelude::*;

/// 2026-04-03 and 2026-03-04.
const APRIL_3: i64 = 1_775_174_400_000;
const MARCH_4: i64 = 1_772_582_400_000;

fn csv(dates: &[&str]) -> String {
    let row =
        |(number, date): (usize, &&str)| format!("c-{number},\"{date}\",They charged me {number} times.\n");
    let rows: String = dates.iter().enumerate().map(row).collect();
    format!("complaint_id,received_at,narrative\n{rows}")
}

/// By row when it was received, or why it is rejected; or why the file is refused.
fn read(content: &str, order: Option<DateOrder>) -> Result<Vec<Result<i64, &'static str>>, String> {
    let folder = Folder::new();
    let path = folder.file("dates.csv", content);
    let rows = open_with(&path, order, Undated::Refused).map_err(|error| error.to_string())?;
    let received = |row: Result<ombud_intake::Row, ombud_intake::Rejected>| {
        row.map(|row| row.complaint.received_at).map_err(|rejected| rejected.reason)
    };
    Ok(rows.map(|row| received(row.unwrap())).collect())
}

#[test]
fn a_row_that_fits_one_order_decides_for_the_rows_before_it_and_behind_it() {
    let day_first = csv(&["03/04/2026", "13/04/2026", "03.04.26", "2026-04-03", "03/04/2026 12:00 AM"]);
    let received = read(&day_first, None).unwrap();
    assert_eq!(
        (received[0], received[2], received[3], received[4]),
        (Ok(APRIL_3), Ok(APRIL_3), Ok(APRIL_3), Ok(APRIL_3))
    );
    assert_eq!(received[1], Ok(APRIL_3 + 10 * 86_400_000));
    assert_eq!(read(&csv(&["03/04/2026", "04/13/2026"]), None).unwrap()[0], Ok(MARCH_4));
}

#[test]
fn where_nothing_decides_the_file_is_refused_with_the_line_until_the_order_is_said() {
    let alone = csv(&["2026-04-03", "03/04/2026", "05/05/2026"]);
    let error = read(&alone, None).unwrap_err();
    for part in ["dates.csv", "line 3 has 03/04/2026", "day-first or month-first", "--dates", "intake.dates"]
    {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(read(&alone, Some(DateOrder::DayFirst)).unwrap()[1], Ok(APRIL_3));
    assert_eq!(read(&alone, Some(DateOrder::MonthFirst)).unwrap()[1], Ok(MARCH_4));
    assert_eq!(read(&alone, Some(DateOrder::Iso)).unwrap()[1], Err("received-at-in-another-order"));
}

#[test]
fn rows_that_contradict_each_other_refuse_the_file_and_cost_themselves_once_the_order_is_said() {
    let mixed = csv(&["03/04/2026", "04/13/2026", "13/04/2026"]);
    let error = read(&mixed, None).unwrap_err();
    assert!(error.contains("line 4 has 13/04/2026") && error.contains("line 3 has 04/13/2026"), "{error}");
    let received = read(&mixed, Some(DateOrder::DayFirst)).unwrap();
    assert_eq!((received[0], received[1]), (Ok(APRIL_3), Err("received-at-in-another-order")));
}

#[test]
fn the_cfpbs_own_columns_are_month_first_unless_a_row_says_otherwise() {
    let cfpb = |dates: [&str; 2]| {
        let folder = Folder::new();
        let rows = dates.map(|date| format!("{date},They charged me.\n")).concat();
        let path = folder.file("cfpb.csv", format!("Date received,Consumer complaint narrative\n{rows}"));
        take(open(&path).unwrap()).unwrap().rows[0].complaint.received_at
    };
    assert_eq!(cfpb(["03/04/26", "05/06/2026"]), MARCH_4);
    assert_eq!(cfpb(["03/04/26", "13/06/2026"]), APRIL_3);
}

#[test]
fn a_file_without_dates_is_refused_unless_a_time_is_said_and_one_with_dates_rejects_a_row_without() {
    let folder = Folder::new();
    let undated = folder.file("undated.csv", "complaint_id,narrative\nc-1,They charged me.\n");
    let error = open_with(&undated, None, Undated::Refused).err().unwrap().to_string();
    assert!(error.contains("undated.csv") && error.contains("--received-at file"), "{error}");
    let misspelt =
        folder.file("misspelt.csv", "complaint_id,recieved_at,narrative\nc-1,2026-04-03,They charged me.\n");
    let error = open_with(&misspelt, None, Undated::Refused).err().unwrap().to_string();
    assert!(error.contains("no received_at (is it recieved_at?)"), "{error}");
    let objects = folder.file("undated.jsonl", "{\"narrative\": \"They charged me.\"}\n");
    assert!(open_with(&objects, None, Undated::Refused).is_err());
    for path in [&undated, &objects] {
        assert_eq!(take(open(path).unwrap()).unwrap().rows[0].complaint.received_at, FILE_TIME);
    }
    for empty in ["", " ", "NaT", "null"] {
        let some = csv(&["2026-04-03", empty]);
        assert_eq!(read(&some, None).unwrap(), [Ok(APRIL_3), Err("received-at-missing")], "{empty:?}");
    }
    let some = "{\"narrative\": \"One.\", \"received_at\": 1775174400}\n{\"narrative\": \"Two.\"}\n";
    let taken = take(open(&folder.file("some.jsonl", some)).unwrap()).unwrap();
    assert_eq!(taken.rows[0].complaint.received_at, APRIL_3);
    assert_eq!(taken.reasons(), [(2, "received-at-missing")]);
}

#[test]
fn whoever_needs_no_dates_takes_every_row() {
    let folder = Folder::new();
    for dates in [["03/04/2026", ""], ["13/04/2026", "04/13/2026"], ["soon", "2026-04-03"]] {
        let path = folder.file("any.csv", csv(&dates));
        let taken = take(Rows::open(&path, FileDefaults::of(&path).unwrap()).unwrap()).unwrap();
        assert_eq!((taken.rows.len(), taken.rejected.len()), (2, 0), "{dates:?}");
    }
}

#[test]
fn a_file_that_breaks_off_is_decided_by_what_came_before() {
    let rows: Vec<String> = (0..5_000).map(|number| format!("{:02}/04/2026", number % 28 + 1)).collect();
    let whole = gzip(csv(&rows.iter().map(String::as_str).collect::<Vec<_>>()));
    let folder = Folder::new();
    let path = folder.file("cut.csv.gz", &whole[..whole.len() / 2]);
    let mut rows = open_with(&path, None, Undated::Refused).unwrap();
    assert!(rows.next().unwrap().unwrap().is_ok());
    assert!(rows.last().unwrap().is_err());
}

#[test]
fn the_order_of_any_column_can_be_found() {
    let folder = Folder::new();
    let path = folder.file("dates.csv", csv(&["03/04/2026", "13/04/2026"]));
    let table = || Table::open(&path, &ombud_intake::COMPLAINTS).unwrap();
    assert_eq!(find_order(table(), &path, "received_at").unwrap(), Some(DateOrder::DayFirst));
    assert_eq!(find_order(table(), &path, "narrative").unwrap(), None);
}

proptest! {
    #[test]
    fn dates_that_are_written_in_one_order_are_read_back_where_a_row_decides(
        days in proptest::collection::vec(10_000_i64..20_000, 1..6), place in 0_usize..6,
        separator in "[/.-]", day_first in any::<bool>(),
    ) {
        let format = if day_first { ["%d", "%m", "%Y"] } else { ["%m", "%d", "%Y"] }.join(&separator);
        // The 13th of any month is written in one order only.
        let decides = 1_776_038_400_000_i64;
        let mut times: Vec<i64> = days.iter().map(|day| day * 86_400_000).collect();
        times.insert(place.min(times.len()), decides);
        let text = |ms: &i64| jiff::Timestamp::from_millisecond(*ms).unwrap().strftime(&format).to_string();
        let texts: Vec<String> = times.iter().map(text).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let received = read(&csv(&texts), None).unwrap();
        prop_assert_eq!(received, times.into_iter().map(Ok).collect::<Vec<_>>(), "{:?}", texts);
    }
}
