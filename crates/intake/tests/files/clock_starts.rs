//! The times at which a clock may begin beside the receipt: `regulator_sent_at` and `notice_at`, whoever names them.

use crate::file::{FILE_TIME, Folder, examples, open, open_with, take, taken};
use ombud_intake::{DateOrder, Layout, Undated, complaint_of_json};

/// 2026-04-03 and 2026-04-13.
const APRIL_3: i64 = 1_775_174_400_000;
const APRIL_13: i64 = 1_776_038_400_000;
const DAY: i64 = 86_400_000;

/// The two times of each row: sent on, noticed.
fn times(taken: &crate::file::Taken) -> Vec<(Option<i64>, Option<i64>)> {
    let times = taken.rows.iter().map(|row| (row.complaint.regulator_sent_at, row.complaint.notice_at));
    times.collect()
}

#[test]
fn both_times_are_read_from_every_kind_of_file_and_by_any_spelling() {
    let csv = |sent: &str, notice: &str| {
        format!(
            "complaint_id,received_at,{sent},{notice},narrative\nc-1,2026-04-13,2026-04-14T09:30:00+02:00,2026-04-03,Twice.\nc-2,2026-04-13,,NaT,Once.\n"
        )
    };
    let expected = [(Some(APRIL_13 + DAY + 27_000_000), Some(APRIL_3)), (None, None)];
    for (sent, notice) in [
        ("regulator_sent_at", "notice_at"),
        ("Regulator sent at", "Notice At"),
        ("regulatorSentAt", "noticeAt"),
        ("REGULATOR-SENT-AT", "NOTICE-AT"),
        ("Date sent to company", "notice_at"),
    ] {
        assert_eq!(times(&taken("times.csv", csv(sent, notice))), expected, "{sent}");
    }
    let tabs = csv("regulator_sent_at", "notice_at").replace(',', "\t");
    assert_eq!(times(&taken("times.tsv", tabs)), expected);
    let first = r#"{"narrative": "Twice.", "received_at": "2026-04-13", "regulatorSentAt": 1776151800000, "notice_at": "3 Apr 2026"}"#;
    let second = r#"{"narrative": "Once.", "received_at": "2026-04-13", "notice_at": null}"#;
    for content in [format!("{first}\n{second}\n"), format!("[{first}, {second}]")] {
        assert_eq!(times(&taken("times.json", content)), expected);
    }
}

#[test]
fn the_cfpbs_sending_date_is_read_in_its_files_and_our_own_name_goes_before_it() {
    let header = "Date received,Consumer complaint narrative,Date sent to company,Complaint ID";
    let rows = "04/03/2026,They charged me.,04/13/2026,77\n04/03/2026,Twice.,,78\n";
    let folder = Folder::new();
    let rows = open(&folder.file("cfpb.csv", format!("{header}\n{rows}"))).unwrap();
    assert_eq!(rows.layout(), Layout::CfpbExport);
    let taken_rows = take(rows).unwrap();
    assert_eq!(times(&taken_rows), [(Some(APRIL_13), None), (None, None)]);
    assert_eq!(taken_rows.rows[0].complaint.received_at, APRIL_3);
    let api = r#"{"complaint_id": "79", "date_received": "2026-04-03T12:00:00-05:00", "complaint_what_happened": "Twice.", "date_sent_to_company": "2026-04-13T00:00:00Z"}"#;
    assert_eq!(times(&taken("answer.json", api)), [(Some(APRIL_13), None)]);
    let both = "date_received,narrative,date_sent_to_company,regulator_sent_at,notice_at\n\
                2026-04-03,One.,2026-04-13,2026-04-03,\n2026-04-03,Two.,2026-04-13,,2026-04-03\n";
    assert_eq!(times(&taken("both.csv", both)), [(Some(APRIL_3), None), (Some(APRIL_13), Some(APRIL_3))]);
}

#[test]
fn all_times_of_a_file_have_one_order_whichever_column_shows_it() {
    let csv = |rows: &str| format!("received_at,regulator_sent_at,notice_at,narrative\n{rows}");
    let shown = csv("03/04/2026,,,One.\n2026-04-13,03/04/2026,,Two.\n2026-04-13,,13/04/2026,Three.\n");
    let read = taken("times.csv", shown);
    assert_eq!(read.rows[0].complaint.received_at, APRIL_3);
    assert_eq!(times(&read), [(None, None), (Some(APRIL_3), None), (None, Some(APRIL_13))]);
    let folder = Folder::new();
    let refused = |rows: &str| {
        let path = folder.file("times.csv", csv(rows));
        open_with(&path, None, Undated::Refused).err().unwrap().to_string()
    };
    let ambiguous = refused("2026-04-13,,03/04/2026,One.\n");
    assert!(ambiguous.contains("line 2 has 03/04/2026") && ambiguous.contains("--dates"), "{ambiguous}");
    let mixed = refused("13/04/2026,04/13/2026,,One.\n");
    assert!(mixed.contains("13/04/2026") && mixed.contains("04/13/2026"), "{mixed}");
    // A file that says when something was sent on, and not when it was received, has no dates.
    let undated = folder.file("undated.csv", "regulator_sent_at,narrative\n2026-04-13,One.\n");
    let error = open_with(&undated, None, Undated::Refused).err().unwrap().to_string();
    assert!(error.contains("it has no received_at"), "{error}");
}

#[test]
fn a_row_with_an_absurd_time_is_rejected_with_the_field_in_its_code() {
    for (times, reason) in [
        ("2026-04-13,yesterday,", "regulator-sent-at-malformed"),
        ("2026-04-13,,yesterday", "notice-at-malformed"),
        ("2026-04-13,1804-05-01,", "regulator-sent-at-out-of-range"),
        ("2026-04-13,,1804-05-01", "notice-at-out-of-range"),
        ("2026-04-13,,2026-04-15", "notice-at-after-received"),
    ] {
        let content = format!(
            "received_at,regulator_sent_at,notice_at,narrative\n2026-04-13,,,Before.\n{times},Text.\n2026-04-13,,,After.\n"
        );
        let read = taken("bad.csv", content);
        assert_eq!(read.reasons(), [(3, reason)]);
        assert_eq!(read.rows.len(), 2, "{reason}");
        assert!(ombud_intake::fix(reason).is_some(), "{reason}");
        let field = if reason.starts_with("notice") { "notice_at" } else { "regulator_sent_at" };
        assert_eq!(ombud_intake::field_of(reason), field);
    }
    let folder = Folder::new();
    let path = folder.file("order.csv", "received_at,notice_at,narrative\n13/04/2026,04/13/2026,Text.\n");
    let rows = open_with(&path, Some(DateOrder::DayFirst), Undated::Refused).unwrap();
    assert_eq!(take(rows).unwrap().reasons(), [(2, "notice-at-in-another-order")]);
}

#[test]
fn a_regulator_sends_before_or_after_the_receipt_and_a_notice_has_a_days_grace() {
    let rows = "2026-04-13,2026-04-03,\n2026-04-03,2026-04-13,\n2026-04-13,,2026-04-13T23:59:59Z\n2026-04-13,,2026-04-14\n";
    let rows = rows.replace('\n', ",They charged me.\n");
    let read = taken("order.csv", format!("received_at,regulator_sent_at,notice_at,narrative\n{rows}"));
    assert_eq!((read.rows.len(), read.rejected.len()), (4, 0), "{:?}", read.reasons());
}

#[test]
fn examples_have_no_clocks_and_cost_no_row() {
    let read = examples(
        "examples.csv",
        "received_at,regulator_sent_at,notice_at,narrative\n2026-04-13,yesterday,2026-05-01,Text.\n",
    );
    assert_eq!(times(&read), [(None, None)]);
}

#[test]
fn a_posted_complaint_has_them_too() {
    let posted = |times: &str, order| {
        let body = format!(r#"{{"narrative": "They charged me.", "received_at": "2026-04-13", {times}}}"#);
        complaint_of_json(body.as_bytes(), FILE_TIME, order)
            .map(|it| (it.complaint.regulator_sent_at, it.complaint.notice_at))
            .map_err(|refused| refused.0)
    };
    assert_eq!(
        posted(r#""regulator_sent_at": "2026-04-13T00:00:00Z", "notice_at": 1775174400000"#, None),
        Ok((Some(APRIL_13), Some(APRIL_3)))
    );
    assert_eq!(posted(r#""regulator_sent_at": null, "notice_at": """#, None), Ok((None, None)));
    assert_eq!(posted(r#""notice_at": "03/04/2026""#, None), Err("notice-at-ambiguous"));
    assert_eq!(posted(r#""notice_at": "03/04/2026""#, Some(DateOrder::DayFirst)), Ok((None, Some(APRIL_3))));
    assert_eq!(posted(r#""notice_at": ["2026-04-03"]"#, None), Err("notice-at-malformed"));
    assert_eq!(posted(r#""regulator_sent_at": true"#, None), Err("regulator-sent-at-malformed"));
    assert_eq!(posted(r#""notice_at": "2026-05-01""#, None), Err("notice-at-after-received"));
}
