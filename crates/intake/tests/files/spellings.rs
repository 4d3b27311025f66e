//! However a program writes a table or JSON, the same complaints come out, and what is unusual is said.

use std::io::Write;

use crate::file::{FILE_TIME, Folder, Taken, examples, gzip, open, take, taken};
use ombud_intake::{KnownColumns, Layout, Note, Table, bytes_of};

const IDS: [&str; 2] = ["c-1", "c-2"];
const TEXTS: [&str; 2] =
    ["The café’s card machine charged me; twice, he said \"no\".", "Nobody\ncalls me back"];

/// Two complaints in CSV, with quotes in the first narrative and a line end in the second.
fn csv() -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    format!(
        "complaint_id,amount,narrative\n{},\"3,50\",{}\n{},,{}\n",
        IDS[0],
        quoted(TEXTS[0]),
        IDS[1],
        quoted(TEXTS[1])
    )
}

fn is_whole(taken: &Taken) {
    assert_eq!(taken.rejected, []);
    assert_eq!(taken.ids(), IDS);
    let narratives: Vec<&str> = taken.rows.iter().map(|row| row.complaint.narrative.as_str()).collect();
    assert_eq!(narratives, TEXTS);
}

fn notes(name: &str, content: impl AsRef<[u8]>) -> Vec<String> {
    let folder = Folder::new();
    open(&folder.file(name, content)).unwrap().notes().iter().map(Note::to_string).collect()
}

fn zstd_of(content: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn utf_16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

fn windows_1252(text: &str) -> Vec<u8> {
    encoding_rs::WINDOWS_1252.encode(text).0.into_owned()
}

#[test]
fn every_encoding_is_read_and_said() {
    let text = csv();
    let marked = format!("\u{FEFF}{text}");
    let usual: [&str; 0] = [];
    assert_eq!(notes("plain.csv", &text), usual);
    assert_eq!(notes("marked.csv", &marked), usual);
    for (content, said) in [
        (windows_1252(&text), "Windows-1252"),
        (utf_16(&marked, u16::to_le_bytes), "UTF-16"),
        (utf_16(&marked, u16::to_be_bytes), "UTF-16"),
        (utf_16(&text, u16::to_le_bytes), "UTF-16"),
        (utf_16(&text, u16::to_be_bytes), "UTF-16"),
    ] {
        is_whole(&taken("any.csv", &content));
        is_whole(&taken("packed.csv.gz", gzip(&content)));
        let notes = notes("any.csv", &content);
        assert!(notes.len() == 1 && notes[0].contains(said), "{notes:?}");
    }
    is_whole(&taken("marked.csv", marked));
}

#[test]
fn every_separator_and_line_end_is_read_and_said() {
    // Neither separator nor line end of another kind counts where it is quoted.
    let with = |delimiter: &str| {
        csv()
            .replace("id,", &format!("id{delimiter}"))
            .replace("amount,", &format!("amount{delimiter}"))
            .replace("c-1,", &format!("c-1{delimiter}"))
            .replace("\"3,50\",", &format!("\"3,50\"{delimiter}"))
            .replace("c-2,,", &format!("c-2{delimiter}{delimiter}"))
    };
    for (delimiter, said) in [(";", "separated by ;"), ("\t", "by tabs"), ("|", "separated by |")] {
        let content = with(delimiter);
        is_whole(&taken("any.csv", &content));
        assert!(notes("any.csv", &content)[0].contains(said), "{delimiter:?}");
        let said_first = format!("sep={delimiter}\r\n{content}");
        is_whole(&taken("any.csv", &said_first));
        is_whole(&taken("any.csv", format!("\u{FEFF}{content}")));
        is_whole(&taken("any.txt", windows_1252(&content)));
    }
    assert_eq!(notes("any.tsv", with("\t")), Vec::<String>::new());
    is_whole(&taken("any.csv", format!("sep=^\n{}", with("^"))));
    is_whole(&taken("titled.csv", format!("Complaints of March\n\n{}", csv())));
    let titled = notes("titled.csv", format!("Complaints of March\n\n{}", csv()));
    assert!(titled[0].contains("line 3"), "{titled:?}");

    let ends = |end: &str| {
        csv().replace("narrative\n", &format!("narrative{end}")).replace("\"\n", &format!("\"{end}"))
    };
    for end in ["\r\n", "\r\r\n", "\r"] {
        is_whole(&taken("any.csv", ends(end)));
    }
    assert!(notes("any.csv", ends("\r"))[0].contains("carriage return"));
}

#[test]
fn quotes_behind_backslashes_are_read_and_said() {
    let spark = csv().replace("\"\"no\"\"", "\\\"no\\\"");
    is_whole(&taken("part-0000.csv", &spark));
    assert!(notes("part-0000.csv", &spark)[0].contains("\\\""));
}

#[test]
fn headers_are_read_in_any_spelling_and_again_where_files_were_put_together() {
    let content = "\"Complaint ID \",\" received-at\",\" Narrative\"\nc-1,2024-05-01,one\nComplaint Id,Received At,Narrative\nc-2,2024-05-01,two\n";
    let taken = taken("any.csv", content);
    assert_eq!(taken.ids(), IDS);
    assert_eq!(taken.reasons(), [(3, "header-repeated")]);
    let doubled = notes("any.csv", "complaint_id,narrative,other,other,Narrative\n");
    assert!(doubled.len() == 1 && doubled[0].contains("column narrative"), "{doubled:?}");
}

#[test]
fn what_is_packed_is_unpacked_whatever_its_name() {
    let text = csv();
    for (name, content) in [
        ("a.csv", gzip(&text)),
        ("a.csv.zst", zstd_of(text.as_bytes())),
        ("a", zstd_of(text.as_bytes())),
        ("a.csv.gz", gzip(gzip(&text))),
        ("a.csv.gz", text.clone().into_bytes()),
        ("parts.csv.gz", [gzip(&text[..40]), gzip(&text[40..])].concat()),
        ("parts.csv.zst", [zstd_of(&text.as_bytes()[..40]), zstd_of(&text.as_bytes()[40..])].concat()),
    ] {
        is_whole(&taken(name, content));
    }
}

#[test]
fn what_holds_no_text_is_named_with_the_way_out() {
    let folder = Folder::new();
    for (name, content, what, way_out) in [
        (
            "a.xlsx",
            &b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0[Content_Types].xml"[..],
            "Excel workbook",
            "CSV UTF-8",
        ),
        ("a.csv", b"PK\x03\x04\x14\0\0\0\x08\0\0\0!\0complaints.csv", "zip archive", "unzip"),
        ("a.xls", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0\0", "old Excel", "CSV"),
        ("a.csv", b"PAR1\x15\x04\x15", "Parquet", "duckdb"),
        ("a.jsonl", b"SQLite format 3\0\x10\0", "SQLite", "sqlite3"),
        ("a.pdf", b"%PDF-1.7\n", "PDF", "CSV"),
        ("a.xls", b"<html><table><tr><td>narrative", "HTML", "CSV"),
        ("a.csv.bz2", b"BZh91AY&SY", "bzip2", "bunzip2"),
        ("a.csv", b"\xFF\xFE\0\0n\0\0\0", "UTF-32", "iconv"),
    ] {
        for content in [content.to_vec(), gzip(content)] {
            let error = open(&folder.file(name, content)).err().unwrap().to_string();
            assert!(error.contains(what) && error.contains(way_out) && error.contains(name), "{error}");
        }
    }
}

#[test]
fn every_shape_of_json_is_read_and_said() {
    let object = |at: usize| serde_json::json!({"complaint_id": IDS[at], "narrative": TEXTS[at], "history": [{"narrative": "x"}]});
    let (a, b) = (object(0), object(1));
    let pretty = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap();
    let hit =
        |at: usize| serde_json::json!({"_index": "i", "_id": IDS[at], "_source": {"narrative": TEXTS[at]}});
    let answer = serde_json::json!({"took": 3, "hits": {"total": {"value": 2}, "hits": [hit(0), hit(1)]}});
    let list = serde_json::json!([a, b]);
    let in_lines = format!("[\n{a},\n{b}\n]\n");
    for (content, said) in [
        (format!("{a}\n{b}\n"), None),
        (format!("\u{FEFF}{a}\r\n{b}\r\n"), None),
        (format!("{}\n{}\n", hit(0), hit(1)), None),
        (list.to_string(), Some("objects at []")),
        (pretty(&list), Some("objects at []")),
        (in_lines, Some("objects at []")),
        (answer.to_string(), Some("hits.hits[]")),
        (pretty(&answer), Some("hits.hits[]")),
        (format!("{{\"data\": [\n{a},\n{b}\n]}}"), Some("data[]")),
        (format!("{}\n{}", pretty(&a), pretty(&b)), Some("not one on each line")),
        (format!("{a},\n{b}\n"), Some("not one on each line")),
        (format!("{{\"complaint\": {a}}}\n{{\"complaint\": {b}}}\n"), Some("objects at complaint")),
    ] {
        for name in ["any.jsonl", "any.json", "any.csv"] {
            is_whole(&taken(name, &content));
        }
        is_whole(&taken("any.json.gz", gzip(utf_16(&content, u16::to_le_bytes))));
        let notes = notes("any.json", &content);
        assert_eq!(notes.len(), usize::from(said.is_some()), "{notes:?}");
        assert!(said.is_none_or(|said| notes[0].contains(said)), "{notes:?}");
    }
    assert_eq!(taken("none.json", "[]"), Taken::default());
}

#[test]
fn what_looks_like_json_and_holds_no_records_is_told_for_what_it_is() {
    let folder = Folder::new();
    let error = open(&folder.file("python.jsonl", "{'narrative': 'one'}\n")).err().unwrap().to_string();
    assert!(error.contains("its first lines hold no JSON object"), "{error}");
    let by_columns = r#"{"complaint_id":{"0":"c-1"},"received_at":{"0":"2026-04-03"},"narrative":{"0":"x"}}"#;
    assert_eq!(taken("pandas.json", by_columns).reasons(), [(1, "narrative-is-an-object")]);
}

#[test]
fn a_separator_at_the_end_of_each_row_adds_no_field_unless_something_stands_behind_it() {
    let taken = taken("any.csv", "complaint_id,narrative\nc-1,one,\nc-2,two,,\nc-3,three,,more\n");
    assert_eq!(taken.ids(), IDS);
    assert_eq!(taken.reasons(), [(4, "csv-field-count")]);
}

#[test]
fn an_object_of_a_list_that_is_no_complaint_costs_itself_alone() {
    let content = "[{\"complaint_id\": \"c-1\", \"narrative\": \"one\"},\n {\"narrative\": tru},\n {\"narrative\": 5},\n {\"complaint_id\": \"c-2\", \"narrative\": \"two\"}]";
    let taken = taken("any.json", content);
    assert_eq!(taken.ids(), IDS);
    assert_eq!(taken.reasons(), [(2, "json-malformed"), (3, "narrative-is-a-number")]);
    assert_eq!(taken.rejected[1].fields, [b"{\"narrative\": 5}".to_vec()]);

    let folder = Folder::new();
    let rows = open(&folder.file("cut.json", &content[..content.len() - 30])).unwrap();
    let read: Vec<_> = rows.collect();
    assert!(read.len() == 4 && read[..3].iter().all(Result::is_ok));
    let broken_off = read[3].as_ref().err().unwrap().to_string();
    assert!(broken_off.contains("cut short"), "{broken_off}");
}

#[test]
fn the_cfpb_s_columns_are_read_as_the_hub_kaggle_and_its_own_search_write_them() {
    for header in [
        "Date Received,Product,Sub Product,Issue,Complaint Text,Company,State,Tags,Submitted via,Complaint ID",
        "date_received,product,sub_product,issue,consumer_complaint_narrative,company,state,tags,submitted_via,complaint_id",
        "date_received,product,sub_product,issue,complaint_what_happened,company,state,tags,submitted_via,complaint_id",
    ] {
        // Month-first goes with the names that are the CFPB's alone.
        let day = if header.contains("Complaint Text") { "2024-05-01" } else { "05/01/2024" };
        let content = format!("{header}\n{day},Payday loan,,Fees,They charged me.,ACME,nan,NaN,Web,77\n");
        let folder = Folder::new();
        let rows = open(&folder.file("any.csv", content)).unwrap();
        assert_eq!(rows.layout(), Layout::CfpbExport);
        let taken = take(rows).unwrap();
        assert_eq!(taken.rejected, []);
        let row = &taken.rows[0];
        assert_eq!((row.complaint.complaint_id.as_str(), row.complaint.channel.as_str()), ("77", "web"));
        assert_eq!(row.complaint.received_at, 1_714_521_600_000);
        assert_eq!(row.complaint.legal_entity.as_deref(), Some("ACME"));
        assert!(row.complaint.attributes.is_empty(), "a state that says nothing is none");
        assert_eq!(row.labels.product.as_deref(), Some("Payday, title or personal loan"));
        assert_eq!(row.labels.vulnerable, Some(false));
    }
}

#[test]
fn what_programs_write_for_nothing_is_nothing_in_every_column() {
    for nothing in ["nan", "NaN", "None", "N/A", "null", "", "\\N", "<NA>"] {
        let content = format!(
            "complaint_id,narrative,received_at,channel,customer_ref,product\n{nothing},one,{nothing},{nothing},{nothing},{nothing}\n"
        );
        let taken = examples("any.csv", content);
        let complaint = &taken.rows[0].complaint;
        assert!(complaint.complaint_id.starts_with("cfpb-"), "{nothing}");
        assert_eq!((complaint.received_at, complaint.channel.as_str()), (FILE_TIME, "unknown"));
        assert_eq!((&complaint.customer_ref, &taken.rows[0].labels.product), (&None, &None));
    }
}

#[test]
fn a_misspelt_narrative_is_told_with_what_it_was_meant_to_be() {
    let folder = Folder::new();
    let error = open(&folder.file("any.csv", "complaint_id;narative\n1;x\n")).err().unwrap().to_string();
    assert!(error.contains("narative (narrative?)"), "{error}");
}

#[test]
fn a_column_that_would_be_lost_for_a_letter_is_told_unless_the_right_one_is_there() {
    let misspelt = ["its column complaintid is not read; was complaint_id meant?"];
    assert_eq!(notes("any.csv", "complaintId,complaintid,narrative\n1,2,x\n"), Vec::<String>::new());
    assert_eq!(notes("any.csv", "complaintid,queue,narrative\n1,blue,x\n"), misspelt);
    assert_eq!(notes("any.jsonl", r#"{"complaintid": 1, "zipcode": 2, "narrative": "x"}"#), misspelt);
}

#[test]
fn a_pipe_is_read_as_often_as_a_file() {
    let folder = Folder::new();
    let path = folder.file("unused", "").with_file_name("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let writer = std::thread::spawn({
        let path = path.clone();
        move || std::fs::write(path, gzip(csv())).unwrap()
    });
    for _ in 0..2 {
        is_whole(&take(open(&path).unwrap()).unwrap());
        let mut bytes = Vec::new();
        std::io::copy(&mut bytes_of(&path).unwrap(), &mut bytes).unwrap();
        assert_eq!(bytes, gzip(csv()));
    }
    writer.join().unwrap();
    assert_eq!(ombud_intake::rejected_path(&path), std::path::Path::new("stdin.rejected.csv"));
}

#[test]
fn records_of_other_columns_are_read_the_same_way() {
    const VERDICTS: KnownColumns = KnownColumns {
        what: "verdicts",
        all: &["complaint_id", "kind", "task"],
        unread: &[],
        any_of: &["kind"],
        needed: "needed are complaint_id and kind",
    };
    let folder = Folder::new();
    let path =
        folder.file("verdicts.csv", "Complaint ID;Kind;task\r\nc-1;confirmed;nan\r\nc-2;relabelled\r\n");
    let table = Table::open(&path, &VERDICTS).unwrap();
    assert_eq!(table.names(), ["complaint_id", "kind", "task"]);
    let records: Vec<_> = table.map(Result::unwrap).collect();
    let first = records[0].as_ref().unwrap();
    assert_eq!((first.line(), first.get("kind").as_deref()), (2, Some("confirmed")));
    assert_eq!(
        (first.get("task").as_deref(), first.filled("task"), first.get("team")),
        (Some(""), None, None)
    );
    let second = records[1].as_ref().unwrap_err();
    assert_eq!((second.line, second.reason), (3, "csv-field-count"));
    let error = Table::open(&folder.file("none.csv", "id,text\n"), &VERDICTS).err().unwrap().to_string();
    assert!(error.contains("find verdicts") && error.contains("needed are complaint_id"), "{error}");
}
