//! What is no complaint is recognised, kept and counted; its neighbours come through, and nothing stops.

use std::{fs, io};

use crate::file::{Folder, gzip, open, take, taken};
use ombud_intake::{IntakeError, RejectedWriter, rejected_path};
use proptest::prelude::*;

#[test]
fn every_bad_row_is_rejected_with_its_reason_between_good_neighbours() {
    let huge = "x".repeat(5 << 20);
    let bad: [(&[u8], &str); 17] = [
        (b"b,2024-05-01,", "narrative-blank"),
        (b"b,2024-05-01,nan", "narrative-blank"),
        (b"b,2024-05-01, N/A ", "narrative-blank"),
        (b"b,2024-05-01,None", "narrative-blank"),
        (b"b,2024-05-01,NULL", "narrative-blank"),
        (b"b,2024-05-01,\"  \t \"", "narrative-blank"),
        ("b,2024-05-01,😡😡 👍🏽".as_bytes(), "narrative-without-letters"),
        (b"b,2024-05-01,a\0b", "narrative-nul"),
        (b"b,2024-05-01,broken \xFF text", "not-utf8"),
        (b"b,2024-05-01", "csv-field-count"),
        (b"b,2024-05-01,one,too many", "csv-field-count"),
        (b"b,2024-05-01,\"never closed", "quote-unclosed"),
        (b"b,yesterday,text", "received-at-malformed"),
        (b"b,1804-05-01,text", "received-at-out-of-range"),
        (b"b\x07,2024-05-01,text", "id-control-character"),
        ("b\u{200b},2024-05-01,text".as_bytes(), "id-format-character"),
        (huge.as_bytes(), "narrative-too-large"),
    ];
    for (row, reason) in bad {
        let row = if row == huge.as_bytes() { [b"b,2024-05-01,", row].concat() } else { row.to_vec() };
        let content = [
            // More of the text is UTF-8 than is not.
            "complaint_id,date_received,narrative\n1,2024-05-01,\"before: d\u{e9}j\u{e0} vu, quoted\"\n"
                .as_bytes(),
            &row[..],
            b"\n2,2024-05-01,\"after,\nin two lines\"\n3,2024-05-01,last",
        ]
        .concat();
        for (name, content) in [("bad.csv", content.clone()), ("bad.csv.gz", gzip(&content))] {
            let taken = taken(name, content);
            assert_eq!(taken.ids(), ["1", "2", "3"], "{reason}");
            assert_eq!(taken.reasons(), [(3, reason)]);
            assert_eq!(taken.rows.last().map(|row| row.number), Some(4));
        }
    }
}

#[test]
fn an_unclosed_quote_in_the_last_row_costs_only_that_row() {
    let taken = taken("bad.csv", "complaint_id,narrative\n1,one\n2,\"two\n3,three\n4,four");
    assert_eq!(taken.ids(), ["1", "3", "4"]);
    assert_eq!(taken.reasons(), [(3, "quote-unclosed")]);
    assert_eq!(taken.rejected[0].fields, [b"2".to_vec(), b"two".to_vec()]);
}

#[test]
fn every_bad_json_line_is_rejected_between_good_neighbours() {
    let bad: [(&[u8], &str); 17] = [
        (b"{\"narrative\": \"NaN\"}", "narrative-blank"),
        (b"{\"narrative\": NaN}", "json-nan"),
        (b"{\"narrative\": 17}", "narrative-is-a-number"),
        (b"{\"narrative\": true}", "narrative-is-a-flag"),
        (b"{\"narrative\": [\"a\"]}", "narrative-is-a-list"),
        (b"{\"narrative\": {\"text\": \"a\"}}", "narrative-is-an-object"),
        (b"{\"narrative\": \"a\", \"complaint_id\": [1]}", "id-is-a-list"),
        (b"{\"narrative\": \"a\", \"complaint_id\": {\"$oid\": \"1\"}}", "id-is-an-object"),
        (b"hello", "json-malformed"),
        (b"{\"narrative\": \"cut", "json-malformed"),
        (b"[1, 2]", "json-malformed"),
        (b"{\"narrative\": \"\xFF\"}", "not-utf8"),
        (b"{\"narrative\": \"a\\u0000b\"}", "narrative-nul"),
        (b"{\"narrative\": null}", "narrative-blank"),
        (b"{\"complaint_id\": \"x\"}", "narrative-blank"),
        (b"{\"narrative\": \"a\", \"language\": \"no such tag\"}", "language-malformed"),
        (b"{\"narrative\": \"a\", \"withdrawn\": \"perhaps\"}", "flag-malformed"),
    ];
    for (line, reason) in bad {
        let content =
            [line, "\n{\"complaint_id\": \"1\", \"narrative\": \"göö\u{e4}d\"}\n\n".as_bytes(), line]
                .concat();
        let taken = taken("bad.jsonl", content);
        assert_eq!(taken.ids(), ["1"], "{reason}");
        assert_eq!(taken.reasons(), [(1, reason), (4, reason)]);
        assert_eq!(taken.rejected[0].fields, [line.to_vec()]);
    }
}

#[test]
fn an_unknown_language_is_a_complaint_and_a_malformed_one_is_not() {
    let taken = taken("bad.csv", "complaint_id,narrative,language\n1,Hab SoSlI',tlh\n2,text,Klingon!\n");
    assert_eq!(taken.ids(), ["1"]);
    assert_eq!(taken.reasons(), [(3, "language-malformed")]);
}

#[test]
fn own_fields_that_do_not_parse_are_rejected_by_name() {
    let taken = taken(
        "bad.csv",
        "complaint_id,narrative,submission,withdrawn,attributes\n1,a,two,,\n2,a,,maybe,\n3,a,,,gold\n4,a,0,,\n5,a,,,{}\n",
    );
    assert_eq!(taken.ids(), ["5"]);
    assert_eq!(
        taken.reasons(),
        [
            (2, "submission-malformed"),
            (3, "flag-malformed"),
            (4, "attributes-malformed"),
            (5, "submission-below-one")
        ]
    );
}

#[test]
fn a_file_without_the_needed_columns_says_what_it_has_and_what_is_needed() {
    let folder = Folder::new();
    for (name, content) in
        [("other.csv", "id,text\n1,hello\n"), ("other.jsonl", "{\"id\": 1, \"text\": \"hello\"}\n")]
    {
        let error = open(&folder.file(name, content)).err().unwrap().to_string();
        for part in ["id, text", "narrative", "the data sets'", "Consumer complaint narrative"] {
            assert!(error.contains(part), "{error}");
        }
    }
    for content in ["", "\n \r\n", "\u{FEFF}"] {
        let error = open(&folder.file("empty.csv", content)).err().unwrap().to_string();
        assert!(error.contains("it is empty"), "{error}");
    }
}

#[test]
fn a_file_without_a_header_does_not_show_its_first_row() {
    let folder = Folder::new();
    let content =
        "77,2024-05-01,Ann Example,\"They charged me twice, and I am eighty years old and live alone.\"\n";
    let error = open(&folder.file("headless.csv", content)).err().unwrap().to_string();
    assert!(!error.contains("eighty") && !error.contains("Ann"), "{error}");
    assert!(error.contains("4 that look like no header (is it missing?)"), "{error}");
    let content = "No.,narative,Ann Example\n";
    let error = open(&folder.file("one-odd.csv", content)).err().unwrap().to_string();
    assert!(error.contains("narative (narrative?) and 2 more"), "{error}");
}

#[test]
fn a_header_alone_is_a_file_without_complaints() {
    assert_eq!(taken("none.csv", "complaint_id,narrative\n"), crate::file::Taken::default());
}

#[test]
fn a_gzip_cut_short_gives_what_came_before_and_then_says_where() {
    let folder = Folder::new();
    let rows: String = (0..5_000).map(|n| format!("c-{n},complaint number {n} of many\n")).collect();
    let whole = gzip(format!("complaint_id,narrative\n{rows}"));
    let path = folder.file("cut.csv.gz", &whole[..whole.len() / 2]);
    let mut good = 0;
    let mut errors = Vec::new();
    for row in open(&path).unwrap() {
        match row {
            Ok(row) => good += usize::from(row.is_ok()),
            Err(error) => errors.push(error),
        }
    }
    assert!(good > 1_000, "{good}");
    assert_eq!(errors.len(), 1);
    let Some(IntakeError::Read { line, byte, total, cause, .. }) = errors.pop() else { panic!("{errors:?}") };
    assert_eq!((line, byte, total), (good as u64 + 1, whole.len() as u64 / 2, whole.len() as u64 / 2));
    assert_eq!(cause.kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn a_missing_file_and_a_folder_are_named() {
    let folder = Folder::new();
    let missing = folder.file("here.csv", "").with_file_name("missing.csv");
    assert!(open(&missing).err().unwrap().to_string().contains("missing.csv"));
    let error = open(missing.parent().unwrap()).err().unwrap().to_string();
    assert!(error.contains("is a folder"), "{error}");
}

#[test]
fn rejected_rows_go_to_a_file_of_their_own_that_a_better_run_removes() {
    let folder = Folder::new();
    let path = folder
        .file("mixed.csv", b"complaint_id,narrative\n1,g\xC3\xB6\xC3\xB6d\n2,\"\"\n3,bad \xFF byte\n4\n");
    let rejected = rejected_path(&path);
    assert!(rejected.ends_with("mixed.csv.rejected.csv"));
    for _ in 0..2 {
        let rows = open(&path).unwrap();
        let mut writer = RejectedWriter::create(rejected.clone(), rows.columns()).unwrap();
        for row in take(rows).unwrap().rejected {
            writer.write(&row).unwrap();
        }
        assert_eq!(writer.finish().unwrap().count(), 3);
        let expected = b"line,reason,field,mend,complaint_id,narrative\n\
            3,narrative-blank,narrative,send what the customer wrote; leave out records without it,2,\n\
            4,not-utf8,record,write the file in UTF-8,3,bad \xFF byte\n\
            5,csv-field-count,record,give the row as many fields as the header has; quote fields with commas in them,4\n";
        assert_eq!(fs::read(&rejected).unwrap(), expected);
    }
    let writer = RejectedWriter::create(rejected.clone(), &[]).unwrap();
    assert_eq!(writer.finish().unwrap().count(), 0);
    assert!(!rejected.exists());
}

/// CSV as every other tool writes it.
fn csv(rows: &[(String, String)]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = || -> csv::Result<Vec<u8>> {
        writer.write_record(["complaint_id", "narrative"])?;
        for row in rows {
            writer.write_record([&row.0, &row.1])?;
        }
        writer.into_inner().map_err(|e| csv::Error::from(e.into_error()))
    };
    written().unwrap_or_default()
}

proptest! {
    #[test]
    fn every_well_formed_file_is_read_as_it_was_written(
        narratives in proptest::collection::vec("(x[a-z\",\n\r \u{e9}]{0,30}){1,3}", 1..8),
    ) {
        let rows: Vec<(String, String)> =
            narratives.into_iter().enumerate().map(|(n, text)| (format!("c-{n}"), text)).collect();
        let taken = taken("any.csv", csv(&rows));
        prop_assert_eq!(&taken.rejected, &[]);
        let read: Vec<(String, String)> =
            taken.rows.into_iter().map(|row| (row.complaint.complaint_id, row.complaint.narrative)).collect();
        prop_assert_eq!(read, rows);
    }

    #[test]
    fn any_bytes_in_a_file_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300), json in any::<bool>()) {
        let folder = Folder::new();
        let head: &[u8] = if json { b"{\"narrative\": \"a\"}\n" } else { b"complaint_id,narrative\n" };
        let path = folder.file(if json { "any.jsonl" } else { "any.csv" }, [head, &bytes].concat());
        prop_assert!(take(open(&path)?).is_ok());
    }

    #[test]
    fn any_line_in_the_middle_costs_neither_of_its_neighbours(line in "[ -~]{0,40}") {
        let content = format!("complaint_id,narrative\nfirst,one\n{line}\nlast,three\n");
        let taken = taken("any.csv", content);
        prop_assert_eq!(taken.ids().first().copied(), Some("first"));
        prop_assert_eq!(taken.ids().last().copied(), Some("last"));
    }
}
