//! The rows of a file: what would be rejected, and what is taken but odd.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    path::Path,
};

use anyhow::Result;
use ombud_contract::{
    codec,
    shown::{is_hidden, shown},
    taxonomy::Taxonomy,
    validate::{MAX_TEXT_BYTES, Unreadable},
};
use ombud_intake::{COMPLAINTS, FileDefaults, Note, Rejected, Row, Rows, field_of, normalised};
use serde_json::{Map, Value};

use super::{
    finding::{CheckReport, Finding},
    personal::personal,
    rules::{field, fix},
    topic::ahead,
};

/// Checks every row of the file at `path`.
///
/// # Errors
/// The file can't be read, or not to its end.
pub(crate) fn check<W: Write>(
    path: &Path,
    defaults: FileDefaults,
    now: i64,
    report: &mut CheckReport<'_, W>,
) -> Result<()> {
    let rows = Rows::open(path, defaults)?;
    check_header(&rows, report)?;
    let columns = rows.columns().to_vec();
    for row in rows {
        match row? {
            Ok(row) => report.checked(&taken(&row, now))?,
            Err(rejected) => report.checked(&[finding_of(&rejected, &columns)])?,
        }
    }
    Ok(())
}

/// Says how the file is written where that is unusual, and which of its columns are not read.
fn check_header<W: Write>(rows: &Rows, report: &mut CheckReport<'_, W>) -> Result<()> {
    let mut misspelt = BTreeMap::new();
    for note in rows.notes() {
        match note {
            Note::DoubledColumn(column) => {
                report.file("header", &shown(column), "column-doubled", fix("column-doubled"))?
            }
            // Reported below, with all that is not read.
            Note::Misspelt { column, nearest } => {
                misspelt.insert(column, nearest);
            }
            note => report.file("file", "record", "read-as", &note.to_string())?,
        }
    }
    let unknown: BTreeSet<&String> = rows.names().iter().filter(|name| !COMPLAINTS.has(name)).collect();
    for column in unknown {
        let unread = fix("column-unknown");
        match misspelt.get(column) {
            Some(nearest) => {
                let fix = format!("it is not read; was {nearest} meant?");
                report.file("header", &shown(column), "column-unknown", &fix)?;
            }
            // Objects of JSON may hold anything besides.
            None if rows.is_json() => {}
            // Spreadsheets leave such behind.
            None if column.is_empty() => report.file("header", "(no name)", "column-unknown", unread)?,
            None => report.file("header", &shown(column), "column-unknown", unread)?,
        }
    }
    Ok(())
}

fn finding_of(rejected: &Rejected, columns: &[String]) -> Finding {
    Finding {
        place: format!("line {}", rejected.line),
        complaint_id: None,
        field: which(rejected, columns),
        rule: rejected.reason,
        wrong: true,
    }
}

fn taken(row: &Row, now: i64) -> Vec<Finding> {
    let complaint = &row.complaint;
    let personal = personal(complaint);
    // What is not to be shown is not shown as the id of a finding either.
    let is_shown = !personal.iter().any(|(field, _)| *field == "complaint_id");
    let finding = |field: &str, rule, wrong| Finding {
        place: format!("line {}", row.line),
        complaint_id: is_shown.then(|| complaint.complaint_id.clone()),
        field: field.to_owned(),
        rule,
        wrong,
    };
    let mut findings = Vec::new();
    if let Err(error) = codec::encode(complaint) {
        let why = Unreadable::from(error);
        findings.push(finding(field(&why), why.code(), true));
    }
    let is_unknown =
        |product: &String| Taxonomy::by_label_set("product@1").is_none_or(|tree| !tree.has(product));
    if complaint.known_product.as_ref().is_some_and(is_unknown) {
        findings.push(finding("known_product", "known-product-unknown", false));
    }
    if complaint.language == "und" {
        findings.push(finding("language", "language-unknown", false));
    }
    let notes = ahead(complaint, now).into_iter().chain(personal);
    findings.extend(notes.map(|(field, rule)| finding(field, rule, false)));
    findings
}

/// The field of a rule that many fields have: the first that breaks it.
fn which(rejected: &Rejected, columns: &[String]) -> String {
    const FLAGS: [&str; 3] = ["withdrawn", "bulk", "vulnerable"];
    let broken: fn(&str, &str) -> bool = match rejected.reason {
        "text-too-long" => |name, text| is_text(name) && text.len() > MAX_TEXT_BYTES,
        "text-control-character" => |name, text| is_text(name) && text.chars().any(char::is_control),
        "text-format-character" => {
            |name, text| ["customer_ref", "external_ref"].contains(&name) && text.chars().any(is_hidden)
        }
        "flag-malformed" => |name, text| {
            let known = ["", "true", "yes", "1", "false", "no", "0"];
            FLAGS.contains(&name) && !known.contains(&text.to_lowercase().as_str())
        },
        reason => return field_of(reason).to_owned(),
    };
    let fields = named(rejected, columns);
    let found = fields.into_iter().find(|(name, text)| broken(name, text.trim()));
    found.map_or_else(|| field_of(rejected.reason).to_owned(), |(name, _)| name)
}

/// Short texts of all layouts; a column that is none of them is not read.
fn is_text(name: &str) -> bool {
    const TEXTS: [&str; 8] = [
        "channel",
        "language",
        "legal_entity",
        "customer_ref",
        "external_ref",
        "known_product",
        "company",
        "submitted_via",
    ];
    TEXTS.contains(&name)
}

fn named(rejected: &Rejected, columns: &[String]) -> Vec<(String, String)> {
    if let [line] = &rejected.fields[..]
        && let Ok(object) = serde_json::from_slice::<Map<String, Value>>(line)
    {
        let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        return object.into_iter().map(|(known, value)| (normalised(&known), text(value))).collect();
    }
    let fields = rejected.fields.iter().map(|field| String::from_utf8_lossy(field).into_owned());
    columns.iter().map(|column| normalised(column)).zip(fields).collect()
}
