//! The same complaint comes out of all three layouts, with the labels that the file gives.

use crate::file::{FILE_TIME, Folder, examples, gzip, open, taken};
use ombud_contract::{ids::complaint_id_of, records::RawComplaint};
use ombud_intake::{LabelColumn, Labels, Layout};

const MAY_FIRST: i64 = 1_714_521_600_000;

#[test]
fn our_own_csv_fills_every_field() {
    let taken = taken(
        "own.csv",
        "complaint_id,narrative,received_at,submission,withdrawn,bulk,channel,language,legal_entity,customer_ref,external_ref,known_product,attributes\n\
         c-1,They charged me twice.,1714521600000,2,true,false,phone,en-GB,MegaBank UK,p-9,x-1,Mortgage,\"{\"\"tier\"\":\"\"gold\"\"}\"\n",
    );
    assert_eq!(taken.rejected, []);
    let expected = RawComplaint {
        submission: 2,
        withdrawn: true,
        channel: "phone".into(),
        language: "en-GB".into(),
        legal_entity: Some("MegaBank UK".into()),
        customer_ref: Some("p-9".into()),
        external_ref: Some("x-1".into()),
        known_product: Some("Mortgage".into()),
        attributes: [("tier".into(), "gold".into())].into(),
        ..RawComplaint::new("c-1", "They charged me twice.", MAY_FIRST)
    };
    assert_eq!(taken.rows[0].complaint, expected);
    assert_eq!(taken.rows[0].labels.product.as_deref(), Some("Mortgage"));
}

#[test]
fn our_own_json_lines_fill_every_field() {
    let expected = RawComplaint {
        submission: 2,
        bulk: true,
        attributes: [("tier".into(), "gold".into())].into(),
        ..RawComplaint::new("c-1", "They charged me\ntwice.", MAY_FIRST)
    };
    let line = serde_json::to_string(&expected).unwrap();
    let taken = taken(
        "own.jsonl",
        format!(
            "{line}\n\n{{\"narrative\": \"Short\", \"received_at\": 1577836800, \"issue\": \"Fees\", \"vulnerable\": true}}"
        ),
    );
    assert_eq!(taken.rejected, []);
    assert_eq!(taken.rows[0].complaint, expected);
    assert_eq!(taken.rows[0].labels.vulnerable, None);
    assert_eq!(taken.rows[1].complaint, RawComplaint::new(complaint_id_of("Short"), "Short", FILE_TIME));
    assert_eq!(taken.rows[1].labels.vulnerable, Some(true));
    assert_eq!(taken.rows[1].labels.issue.as_deref(), Some("Charged fees or interest you didn't expect"));
}

#[test]
fn the_data_sets_give_labels_and_say_where_tags_are_to_be_trusted() {
    let header = "complaint_id,date_received,product,sub_product,issue,issue_group,sub_issue,narrative,company,state,tags,tags_known,submitted_via,source,product_raw,issue_raw,cluster,words,tags_all_positive";
    let row = |id: &str, tags: &str, known: &str, all_positive: &str| {
        format!(
            "{id},2024-05-01,Mortgage,VA mortgage,Trouble during payment process,Mortgage: payment process,,I pay XXXX,M&T,TX,{tags},{known},Web,s,Mortgage,Trouble,4,3,{all_positive}"
        )
    };
    let rows = [
        row("1", "Servicemember", "True", "False"),
        row("2", "", "True", "False"),
        row("3", "", "False", "False"),
        row("4", "Older American", "True", "True"),
    ];
    let taken = taken("set.csv.gz", gzip(format!("{header}\n{}\n", rows.join("\n"))));
    assert_eq!(taken.rejected, []);
    let expected = RawComplaint {
        channel: "web".into(),
        legal_entity: Some("M&T".into()),
        attributes: [("state".into(), "TX".into())].into(),
        ..RawComplaint::new("1", "I pay XXXX", MAY_FIRST)
    };
    assert_eq!(taken.rows[0].complaint, expected);
    let labels = &taken.rows[0].labels;
    assert_eq!(labels.product.as_deref(), Some("Mortgage"));
    assert_eq!(labels.issue.as_deref(), Some("Trouble during payment process"));
    assert_eq!(labels.date, Some(MAY_FIRST));
    assert_eq!(labels.source.as_deref(), Some("s"));
    let vulnerable: Vec<_> = taken.rows.iter().map(|row| row.labels.vulnerable).collect();
    assert_eq!(vulnerable, [Some(true), Some(false), None, None]);
}

#[test]
fn a_data_set_without_tags_ids_dates_or_known_products_is_read() {
    let taken = examples(
        "product_only.csv",
        "complaint_id,date_received,product,product_raw,product5,issue,narrative,company,state,source\n\
         ,,Debt or credit management,x,x,,card was declined,,,s\n",
    );
    let row = &taken.rows[0];
    assert_eq!(row.complaint.complaint_id, complaint_id_of("card was declined"));
    assert_eq!(row.complaint.received_at, FILE_TIME);
    assert_eq!(row.complaint.channel, "unknown");
    let only_its_source = Labels { source: Some("s".into()), ..Labels::default() };
    assert_eq!(row.labels, only_its_source);
}

const CFPB_HEADER: &str = "Date received,Product,Sub-product,Issue,Sub-issue,Consumer complaint narrative,Company public response,Company,State,ZIP code,Tags,Consumer consent provided?,Submitted via,Date sent to company,Company response to consumer,Timely response?,Consumer disputed?,Complaint ID";

#[test]
fn the_cfpb_export_is_read_with_old_names_mapped() {
    let content = format!(
        "\u{FEFF}{CFPB_HEADER}\r\n05/01/2024,Payday loan,,\"Cont'd attempts collect debt not owed\",,\"They call,\r\n\"\"daily\"\".\",,ACME,CA,90001,\"Older American, Servicemember\",Consent provided,Postal mail,,Closed,Yes,No,77\r\n"
    );
    let folder = Folder::new();
    let path = folder.file("complaints.csv", content);
    assert_eq!(open(&path).unwrap().layout(), Layout::CfpbExport);
    let taken = crate::file::take(open(&path).unwrap()).unwrap();
    assert_eq!(taken.rejected, []);
    let row = &taken.rows[0];
    assert_eq!(row.complaint.complaint_id, "77");
    assert_eq!(row.complaint.narrative, "They call,\r\n\"daily\".");
    assert_eq!((row.complaint.received_at, row.complaint.channel.as_str()), (MAY_FIRST, "postal mail"));
    assert_eq!(row.labels.product.as_deref(), Some("Payday, title or personal loan"));
    assert_eq!(row.labels.issue.as_deref(), Some("Attempts to collect debt not owed"));
    assert_eq!(row.labels.vulnerable, Some(true));
}

#[test]
fn the_cfpb_json_export_is_read_line_by_line() {
    let taken = taken(
        "complaints.jsonl.gz",
        gzip(
            "{\"complaint_id\": \"77\", \"date_received\": \"2024-05-01T00:00:00+00:00\", \"complaint_what_happened\": \"They call daily.\", \"product\": \"Consumer Loan\", \"tags\": null, \"submitted_via\": \"Phone\", \"company\": \"ACME\"}\n\
             {\"complaint_id\": \"78\", \"date_received\": \"2024-05-02\", \"complaint_what_happened\": \"\"}\n",
        ),
    );
    let row = &taken.rows[0];
    assert_eq!((row.complaint.complaint_id.as_str(), row.complaint.received_at), ("77", MAY_FIRST));
    assert_eq!((row.labels.product.as_deref(), row.labels.vulnerable), (None, Some(false)));
    assert_eq!(taken.reasons(), [(2, "narrative-blank")]);
}

#[test]
fn progress_ends_at_the_size_of_the_compressed_file() {
    let folder = Folder::new();
    let content = gzip(format!("narrative\n{}", "They charged me twice.\n".repeat(10_000)));
    let rows = open(&folder.file("many.csv.gz", &content)).unwrap();
    let progress = rows.progress();
    assert_eq!(crate::file::take(rows).unwrap().rows.len(), 10_000);
    assert_eq!((progress.bytes_read(), progress.total_bytes()), (content.len() as u64, content.len() as u64));
}

#[test]
fn the_sample_in_the_repository_is_all_complaints_with_labels() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/complaints-sample.csv.gz");
    let taken = crate::file::take(open(sample.as_ref()).unwrap()).unwrap();
    assert_eq!(taken.rejected, []);
    assert_eq!(taken.rows.len(), 300);
    let mut ids = taken.ids();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 300);
    for row in &taken.rows {
        let labels = &row.labels;
        assert!(labels.product.is_some() && labels.issue.is_some() && labels.vulnerable.is_some());
        assert_eq!(labels.date, Some(row.complaint.received_at));
    }
}

#[test]
fn labels_of_ones_own_tasks_come_from_any_column_of_any_layout() {
    let folder = Folder::new();
    let own = |column: &str| [LabelColumn { task: "harm".to_owned(), column: column.to_owned() }];
    for (name, content) in [
        ("own.csv", "narrative,Kind of harm\nOne.,Loss \nTwo.,\n".to_owned()),
        (
            "own.jsonl",
            "{\"narrative\": \"One.\", \"kind of harm\": \"Loss\"}\n{\"narrative\": \"Two.\"}\n".to_owned(),
        ),
    ] {
        let path = folder.file(name, content);
        let rows = open(&path).unwrap().labelled_by(&own("kind of HARM")).unwrap();
        let labels: Vec<Option<String>> =
            rows.map(|row| row.unwrap().unwrap().labels.own.remove("harm")).collect();
        assert_eq!(labels, [Some("Loss".to_owned()), None], "{name}");
    }
    let refused =
        open(&folder.file("other.csv", "narrative,harm\nOne.,Loss\n")).unwrap().labelled_by(&own("kind"));
    let refused = refused.err().unwrap().to_string();
    assert!(refused.contains("no column kind") && refused.contains("narrative, harm"), "{refused}");
}
