//! Verdicts from a file: records -> verdicts -> the API or brokers, some at a time; what is refused goes to FILE.rejected.csv.
//!
//! A second run gives everything again, and is the same: the id of a verdict is made of its content, and where a row has no
//! time, the file's own counts.

use std::{borrow::Cow, path::Path};

use anyhow::{Result, bail};
use indicatif::ProgressBar;
use ombud_console::{RefusedVerdict, Verdict};
use ombud_intake::{
    DateFault, DateOrder, FileDefaults, KnownColumns, Reason, Record, Rejected, RejectedWriter, Rejections,
    Table, find_order, read_date, rejected_path,
};
use serde::Serialize;
use serde_json::{Map, Value};

use super::sink::VerdictSink;

/// Verdicts that are given at once.
const BATCH: usize = 64;
/// The columns that are read; others are refused, so that a misspelt one is not passed over.
const COLUMNS: [&str; 18] = [
    "complaint_id",
    "kind",
    "task",
    "label_after",
    "to_team",
    "reason_code",
    "actor",
    "actor_role",
    "decided_at",
    "source",
    "revision",
    "route_id",
    "prediction_id",
    "model_id",
    "model_version",
    "label_before",
    "from_team",
    "retracts",
];
/// What the file of rejected rows has before them: it may be corrected and given as it is.
const REJECTED: [&str; 4] = ["line", "reason", "field", "mend"];

static VERDICTS: KnownColumns = KnownColumns {
    what: "verdicts",
    all: &COLUMNS,
    unread: &REJECTED,
    any_of: &["kind", "complaint_id"],
    needed: "needed are complaint_id and kind, and others of task, label_after, to_team, actor, decided_at, ...",
};

/// What came of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct FileOutcome {
    /// Rows that were read.
    pub(crate) rows: u64,
    /// Verdicts that are durable.
    pub(crate) given: u64,
    /// Those of them that judge a route of the audit sample.
    pub(crate) audit_sample: u64,
    /// Those where it is still open whether the customer is vulnerable.
    pub(crate) vulnerability_missing: u64,
    /// Rows that were refused.
    pub(crate) rejected: u64,
}

/// How the rows of a file become verdicts.
struct RowReader<'a> {
    /// Who decided, where a row names nobody.
    by: &'a str,
    /// When, where a row has no time.
    at: i64,
    order: Option<DateOrder>,
}

/// Gives every verdict of the file at `path`. `by` decided where a row names nobody. Dates whose numbers don't show their
/// order are read in `order`, or in the one that the whole file shows.
pub(crate) fn give_all(
    path: &Path,
    by: &str,
    order: Option<DateOrder>,
    sink: &mut VerdictSink<'_>,
    bar: &ProgressBar,
) -> Result<(FileOutcome, Rejections)> {
    let mut table = open(path)?;
    let order = match order {
        Some(order) => Some(order),
        None => find_order(table.again()?, path, "decided_at")?,
    };
    let reading = RowReader { by, at: FileDefaults::changed(path)?, order };
    let progress = table.progress();
    bar.set_length(progress.total_bytes());
    let mut rejects = RejectedWriter::create(rejected_path(path), table.columns())?;
    let mut given = FileOutcome::default();
    loop {
        let (mut verdicts, mut waiting) = (Vec::new(), Vec::new());
        while verdicts.len() < BATCH
            && let Some(record) = table.next()
        {
            given.rows += 1;
            match record? {
                Err(rejected) => rejects.write(&rejected)?,
                Ok(record) => match reading.verdict(&record) {
                    Ok(verdict) => {
                        verdicts.push(verdict);
                        waiting.push(record.reject("verdict-refused"));
                    }
                    Err(refused) => write(&mut rejects, refused, &record.reject("verdict-refused"))?,
                },
            }
        }
        if verdicts.is_empty() {
            break;
        }
        for (row, outcome) in waiting.iter().zip(sink.give(&verdicts)?) {
            match outcome {
                Ok(taken) => {
                    given.given += 1;
                    given.audit_sample += u64::from(taken.audit_sample);
                    given.vulnerability_missing += u64::from(taken.vulnerability_missing);
                }
                Err(refused) => write(&mut rejects, refused, row)?,
            }
        }
        bar.set_position(progress.bytes_read());
    }
    let rejections = rejects.finish()?;
    given.rejected = rejections.count();
    Ok((given, rejections))
}

fn open(path: &Path) -> Result<Table> {
    let table = Table::open(path, &VERDICTS)?;
    // Spreadsheets leave columns without a name behind.
    let is_known = |name: &&String| name.is_empty() || VERDICTS.has(name);
    // Objects name what they have one by one, and are refused one by one.
    match table.names().iter().find(|name| !table.is_json() && !is_known(name)) {
        None => Ok(table),
        Some(unknown) => {
            let (file, known) = (path.display(), COLUMNS.join(", "));
            let meant = VERDICTS.nearest(unknown).map(|name| format!(" (is it {name}?)")).unwrap_or_default();
            bail!("read {file}: no verdict has a column {unknown:?}{meant}; there are {known}")
        }
    }
}

fn write(rejects: &mut RejectedWriter, refused: RefusedVerdict, row: &Rejected) -> Result<()> {
    let RefusedVerdict { field, code, fix, .. } = refused;
    Ok(rejects.write_for(&Reason { code, field, fix }, row)?)
}

impl RowReader<'_> {
    fn verdict(&self, record: &Record) -> Result<Verdict, RefusedVerdict> {
        let mut object = object(record);
        let time = match object.get("decided_at") {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        if let Some(text) = time {
            let time = read_date(&text, self.order).map_err(undated)?;
            object.insert("decided_at".into(), time.into());
        }
        if let Some(kind) = object.get("kind").and_then(Value::as_str) {
            let kind = kind.to_uppercase().replace(['-', ' '], "_");
            object.insert("kind".into(), kind.into());
        }
        let mut verdict = Verdict::read(Value::Object(object))?;
        verdict.decided_at.get_or_insert(self.at);
        if verdict.actor.is_empty() {
            self.by.clone_into(&mut verdict.actor);
        }
        Ok(verdict)
    }
}

/// The record as the JSON object that the API would be sent. An empty cell is left out.
fn object(record: &Record) -> Map<String, Value> {
    if let Some(object) = record.object() {
        let said = object.iter().filter(|(_, value)| !value.is_null());
        return said.map(|(name, value)| (name.clone(), value.clone())).collect();
    }
    let value = |name: &str, text: Cow<'_, str>| match name {
        "revision" => text.parse::<i64>().map_or_else(|_| Value::from(&*text), Value::from),
        _ => Value::from(&*text),
    };
    let filled = COLUMNS.iter().filter_map(|name| Some((*name, record.filled(name)?)));
    filled.map(|(name, text)| (name.to_owned(), value(name, text))).collect()
}

fn undated(fault: DateFault) -> RefusedVerdict {
    let code = match fault {
        DateFault::Malformed => "decided-at-malformed",
        DateFault::Ambiguous => "decided-at-ambiguous",
        DateFault::InAnotherOrder => "decided-at-in-another-order",
    };
    RefusedVerdict { at: 0, field: "decided_at".into(), code: code.into(), fix: fault.fix().into() }
}
