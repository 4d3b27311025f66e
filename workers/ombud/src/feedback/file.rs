//! Verdicts from a file: rows -> verdicts -> the desk, some at a time; what is refused goes to FILE.rejected.csv.
//!
//! Begun again, everything is given again, and is the same: the id of a verdict is made of what it says, and where a row
//! says no time, the file's own counts.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use csv::StringRecord;
use indicatif::ProgressBar;
use ombud_console::{Refused, Verdict};
use ombud_intake::{FileDefaults, rejected_path};
use serde::Serialize;
use serde_json::{Map, Value};

use super::desk::Desk;
use crate::when::when;

/// Verdicts that are given at once.
const BATCH: usize = 64;
/// The columns that are read; others are refused, so that a misspelt one is not passed over.
const COLUMNS: [&str; 17] = [
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
];

/// What came of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Given {
    /// Rows that were read.
    pub(crate) rows: u64,
    /// Verdicts that are durable.
    pub(crate) given: u64,
    /// Those of them that judge a route of the audit sample.
    pub(crate) audit_sample: u64,
    /// Rows that were refused.
    pub(crate) rejected: u64,
}

/// A row as it came.
struct Row {
    line: u64,
    fields: Vec<String>,
}

/// Gives every verdict of the file at `path`; `by` decided where a row doesn't say who.
pub(crate) fn give(path: &Path, by: &str, desk: &mut Desk<'_>, bar: &ProgressBar) -> Result<Given> {
    let mut rows = Rows::open(path)?;
    bar.set_length(fs::metadata(path)?.len());
    let at = FileDefaults::of(path)?.received_at;
    let mut rejects = Rejects::create(path, &rows.columns)?;
    let mut given = Given::default();
    loop {
        let (mut verdicts, mut waiting) = (Vec::new(), Vec::new());
        while verdicts.len() < BATCH
            && let Some((row, value)) = rows.next().with_context(|| format!("read {}", path.display()))?
        {
            given.rows += 1;
            match value.and_then(Verdict::read) {
                Ok(mut verdict) => {
                    verdict.decided_at.get_or_insert(at);
                    if verdict.actor.is_empty() {
                        by.clone_into(&mut verdict.actor);
                    }
                    verdicts.push(verdict);
                    waiting.push(row);
                }
                Err(refused) => rejects.write(&row, &refused)?,
            }
        }
        if verdicts.is_empty() {
            break;
        }
        for (row, outcome) in waiting.iter().zip(desk.give(&verdicts)?) {
            match outcome {
                Ok(taken) => {
                    given.given += 1;
                    given.audit_sample += u64::from(taken.audit_sample);
                }
                Err(refused) => rejects.write(row, &refused)?,
            }
        }
        bar.set_position(rows.bytes);
    }
    given.rejected = rejects.finish()?;
    Ok(given)
}

enum Input {
    Csv(Box<csv::Reader<File>>),
    Lines(BufReader<File>),
}

/// The rows of a file, each as the JSON object that the API would be sent.
struct Rows {
    input: Input,
    columns: Vec<String>,
    line: u64,
    bytes: u64,
}

impl Rows {
    fn open(path: &Path) -> Result<Self> {
        let doing = || format!("read {}", path.display());
        let mut lines = BufReader::new(File::open(path).with_context(doing)?);
        let is_json = lines.fill_buf().with_context(doing)?.trim_ascii_start().starts_with(b"{");
        if is_json {
            return Ok(Self {
                input: Input::Lines(lines),
                columns: vec!["verdict".into()],
                line: 0,
                bytes: 0,
            });
        }
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(path).with_context(doing)?;
        let columns: Vec<String> =
            reader.headers().with_context(doing)?.iter().map(|name| name.trim().to_owned()).collect();
        if let Some(unknown) = columns.iter().find(|name| !COLUMNS.contains(&name.as_str())) {
            bail!(
                "read {}: no verdict has a column {unknown:?}; there are {}",
                path.display(),
                COLUMNS.join(", ")
            );
        }
        Ok(Self { input: Input::Csv(Box::new(reader)), columns, line: 1, bytes: 0 })
    }

    fn next(&mut self) -> Result<Option<(Row, Result<Value, Refused>)>> {
        match &mut self.input {
            Input::Csv(reader) => {
                let mut record = StringRecord::new();
                if !reader.read_record(&mut record)? {
                    return Ok(None);
                }
                self.bytes = reader.position().byte();
                self.line = record.position().map_or(self.line, csv::Position::line);
                let value = object(&self.columns, &record);
                let fields = record.iter().map(str::to_owned).collect();
                Ok(Some((Row { line: self.line, fields }, value)))
            }
            Input::Lines(lines) => {
                let mut text = String::new();
                loop {
                    text.clear();
                    let read = lines.read_line(&mut text)?;
                    if read == 0 {
                        return Ok(None);
                    }
                    self.line += 1;
                    self.bytes += read as u64;
                    if !text.trim().is_empty() {
                        break;
                    }
                }
                let value = serde_json::from_str(&text)
                    .map_err(|_| refused("verdict", "json-malformed", "write one JSON object a line"));
                Ok(Some((Row { line: self.line, fields: vec![text.trim_end().to_owned()] }, value)))
            }
        }
    }
}

/// An empty cell says nothing.
fn object(columns: &[String], record: &StringRecord) -> Result<Value, Refused> {
    if record.len() != columns.len() {
        let mend = "give the row as many fields as the header has; quote fields with commas in them";
        return Err(refused("row", "csv-field-count", mend));
    }
    let mut object = Map::new();
    for (column, text) in columns.iter().zip(record).filter(|(_, text)| !text.trim().is_empty()) {
        let text = text.trim();
        let value = match column.as_str() {
            "decided_at" => Value::from(time(text)?),
            "revision" => Value::from(text.parse::<i64>().map_err(|_| {
                refused("revision", "wrong-type", "copy it from the routed record: it is a whole number")
            })?),
            "kind" => Value::from(text.to_uppercase().replace(['-', ' '], "_")),
            _ => Value::from(text),
        };
        object.insert(column.clone(), value);
    }
    Ok(Value::Object(object))
}

/// A time in a file is a moment: a while ago would be another verdict every time.
fn time(text: &str) -> Result<i64, Refused> {
    if let Ok(ms) = text.parse() {
        return Ok(ms);
    }
    match when(text) {
        Ok(crate::when::When::At(ms)) => Ok(ms),
        _ => {
            let mend = "write the time as 2026-01-31T09:00:00Z, 2026-01-31 or milliseconds since 1970";
            Err(refused("decided_at", "decided-at-malformed", mend))
        }
    }
}

fn refused(field: &'static str, code: &'static str, mend: &'static str) -> Refused {
    Refused { at: 0, field: field.into(), code: code.into(), mend: mend.into() }
}

/// The rows that were refused, as they came; a file that is there only if there are any.
struct Rejects {
    path: PathBuf,
    columns: Vec<String>,
    writer: Option<csv::Writer<File>>,
    count: u64,
}

impl Rejects {
    /// Beside `file`, in place of what an earlier run left there.
    fn create(file: &Path, columns: &[String]) -> Result<Self> {
        let path = rejected_path(file);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("replace {}", path.display()))
            }
            _ => Ok(Self { path, columns: columns.to_vec(), writer: None, count: 0 }),
        }
    }

    fn write(&mut self, row: &Row, why: &Refused) -> Result<()> {
        let doing = || format!("write {}", self.path.display());
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => {
                let mut writer =
                    csv::WriterBuilder::new().flexible(true).from_path(&self.path).with_context(doing)?;
                let said = ["line", "field", "reason", "mend"].into_iter();
                writer.write_record(said.chain(self.columns.iter().map(String::as_str)))?;
                none.insert(writer)
            }
        };
        let line = row.line.to_string();
        let said = [line.as_str(), &why.field, &why.code, &why.mend].into_iter();
        writer.write_record(said.chain(row.fields.iter().map(String::as_str))).with_context(doing)?;
        self.count += 1;
        Ok(())
    }

    fn finish(mut self) -> Result<u64> {
        if let Some(writer) = &mut self.writer {
            writer.flush().with_context(|| format!("write {}", self.path.display()))?;
        }
        Ok(self.count)
    }
}
