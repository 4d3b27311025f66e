//! The rows of one file: lines -> records -> complaints with their labels, or rejected rows.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use csv::ByteRecord;
use ombud_contract::{
    records::{RawComplaint, TimestampMs},
    validate::Invalid,
};
use serde_json::{Map, Value};

use crate::{
    error::IntakeError,
    fields::{Fields, normalised},
    labels::{LabelColumn, Labels},
    layout::{Layout, shown},
    lines::{Lines, Progress},
    read::read,
    rejected::Rejected,
    table::{ReadAhead, next_record},
};

/// What a complaint gets where the file says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDefaults {
    /// When it was received: the file's own time.
    pub received_at: TimestampMs,
    /// Its language; where this is missing too, `und`: models look at the text themselves.
    pub language: Option<String>,
}

impl FileDefaults {
    /// The file's time of change; no language.
    ///
    /// # Errors
    /// The file isn't there.
    pub fn of(path: &Path) -> Result<Self, IntakeError> {
        let changed = fs::metadata(path)
            .and_then(|metadata| metadata.modified())
            .map_err(|cause| IntakeError::Open { path: path.into(), cause })?;
        let since = changed.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self { received_at: i64::try_from(since.as_millis()).unwrap_or(i64::MAX), language: None })
    }
}

/// One complaint of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Counts the file's rows from 1, rejected ones too.
    pub number: u64,
    /// The complaint; it is valid.
    pub complaint: RawComplaint,
    /// What the file says that it is.
    pub labels: Labels,
}

/// The rows of a file, as they are read: memory holds one at a time. A row that is no complaint is an inner `Err`
/// and stops nothing; an outer one is the last item.
pub struct Rows {
    path: PathBuf,
    lines: Lines,
    ahead: ReadAhead,
    kind: Kind,
    layout: Layout,
    columns: Vec<String>,
    /// The same, as they are looked up.
    names: Vec<String>,
    defaults: FileDefaults,
    labelled_by: Vec<LabelColumn>,
    rows: u64,
    broken_off: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    Csv,
    JsonLines,
}

impl Rows {
    /// Opens a file and finds out its layout. Names end in `.csv` or `.jsonl`, with `.gz` behind if they like.
    ///
    /// # Errors
    /// All but [`IntakeError::WriteRejected`].
    pub fn open(path: &Path, defaults: FileDefaults) -> Result<Self, IntakeError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let kind = match name.rsplit_once('.') {
            Some((_, "csv")) => Kind::Csv,
            Some((_, "jsonl" | "ndjson")) => Kind::JsonLines,
            _ => return Err(IntakeError::UnknownKind { path: path.into() }),
        };
        let mut lines = Lines::open(path).map_err(|cause| IntakeError::Open { path: path.into(), cause })?;
        let mut ahead = ReadAhead::default();
        let begun = match kind {
            Kind::Csv => header(&mut lines, &mut ahead),
            Kind::JsonLines => names_of_the_first_objects(&mut lines),
        };
        let columns = begun.map_err(|cause| broken_off(path, &lines, cause))?;
        let names: Vec<String> = columns.iter().map(|column| normalised(column)).collect();
        let Some(layout) = Layout::of(&names) else {
            return Err(IntakeError::MissingColumns { path: path.into(), found: shown(&columns) });
        };
        let columns = match kind {
            Kind::Csv => columns,
            // Objects need not have the same names, so a rejected line stays whole.
            Kind::JsonLines => vec!["record".into()],
        };
        Ok(Self {
            path: path.into(),
            lines,
            ahead,
            kind,
            layout,
            columns,
            names,
            defaults,
            labelled_by: Vec::new(),
            rows: 0,
            broken_off: false,
        })
    }

    /// Also reads labels of a bank's own tasks, each from its column.
    ///
    /// # Errors
    /// A CSV file has no such column. In JSON lines it may be missing from the first objects.
    pub fn labelled_by(mut self, columns: &[LabelColumn]) -> Result<Self, IntakeError> {
        for LabelColumn { task, column } in columns {
            let column = normalised(column);
            if matches!(self.kind, Kind::Csv) && !self.names.contains(&column) {
                let (path, found) = (self.path.clone(), shown(&self.columns));
                return Err(IntakeError::NoLabels { path, task: task.clone(), column, found });
            }
            self.labelled_by.push(LabelColumn { task: task.clone(), column });
        }
        Ok(self)
    }

    /// Whether the file has this column, in any case. Objects of JSON lines may have it.
    pub fn has(&self, column: &str) -> bool {
        matches!(self.kind, Kind::JsonLines) || self.names.contains(&normalised(column))
    }

    /// The file's layout.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The columns of its rejected rows: its own, or `record` for JSON lines.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How far it has been read; the clone of it follows.
    pub fn progress(&self) -> Progress {
        self.lines.progress().clone()
    }

    fn next_row(&mut self) -> io::Result<Option<Result<Row, Rejected>>> {
        let taken = match self.kind {
            Kind::Csv => self.next_csv()?,
            Kind::JsonLines => self.next_json()?,
        };
        Ok(taken.map(|read| {
            self.rows += 1;
            read.map(|(complaint, labels)| Row { number: self.rows, complaint, labels })
        }))
    }

    fn next_csv(&mut self) -> io::Result<Option<ReadRow>> {
        let Some(taken) = next_record(&mut self.lines, &mut self.ahead)? else { return Ok(None) };
        let reason = match taken.broken {
            Some(reason) => Err(reason),
            None if taken.fields.len() != self.names.len() => Err("csv-field-count"),
            None if taken.fields.iter().any(|field| std::str::from_utf8(field).is_err()) => Err("not-utf8"),
            None => read(
                &Fields::Csv { columns: &self.names, record: &taken.fields },
                self.layout,
                &self.defaults,
                &self.labelled_by,
            )
            .and_then(told),
        };
        Ok(Some(reason.map_err(|reason| Rejected { line: taken.line, reason, fields: owned(&taken.fields) })))
    }

    fn next_json(&mut self) -> io::Result<Option<ReadRow>> {
        loop {
            let Some(line) = self.lines.next()? else { return Ok(None) };
            if line.is_blank() {
                continue;
            }
            let read = if line.cut {
                Err("line-too-long")
            } else {
                object(&line.bytes)
                    .and_then(|object| {
                        read(&Fields::Json(&object), self.layout, &self.defaults, &self.labelled_by)
                    })
                    .and_then(told)
            };
            return Ok(Some(read.map_err(|reason| {
                let text = line.bytes.trim_ascii().to_vec();
                Rejected { line: line.number, reason, fields: vec![text] }
            })));
        }
    }
}

/// Refuses what other programs write into a file where a narrative is missing. Of a complaint that comes by itself nobody
/// knows that, and people read it.
fn told(row: (RawComplaint, Labels)) -> Result<(RawComplaint, Labels), &'static str> {
    const NOTHING: [&str; 4] = ["n/a", "nan", "none", "null"];
    let narrative = row.0.narrative.trim();
    match NOTHING.iter().any(|nothing| narrative.eq_ignore_ascii_case(nothing)) {
        true => Err(Invalid::NarrativeBlank.code()),
        false => Ok(row),
    }
}

type ReadRow = Result<(RawComplaint, Labels), Rejected>;

impl Iterator for Rows {
    type Item = Result<Result<Row, Rejected>, IntakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.broken_off {
            return None;
        }
        match self.next_row() {
            Ok(row) => row.map(Ok),
            Err(cause) => {
                self.broken_off = true;
                Some(Err(broken_off(&self.path, &self.lines, cause)))
            }
        }
    }
}

fn broken_off(path: &Path, lines: &Lines, cause: io::Error) -> IntakeError {
    let progress = lines.progress();
    IntakeError::Read {
        path: path.into(),
        line: lines.count(),
        byte: progress.bytes_read(),
        total: progress.total_bytes(),
        cause,
    }
}

/// Takes the header.
fn header(lines: &mut Lines, ahead: &mut ReadAhead) -> io::Result<Vec<String>> {
    let header = next_record(lines, ahead)?.map(|record| record.fields).unwrap_or_default();
    Ok(header.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect())
}

/// The names in the first lines, which are left where they are.
fn names_of_the_first_objects(lines: &mut Lines) -> io::Result<Vec<String>> {
    // Several, because the first may be broken, or lack what the others have.
    const LOOK_AT: usize = 10;
    let mut names = BTreeSet::new();
    for at in 0..LOOK_AT {
        let Some(line) = lines.ahead(at)? else { break };
        if let Ok(object) = object(&line.bytes) {
            names.extend(object.into_iter().map(|(name, _)| name));
        }
    }
    Ok(names.into_iter().collect())
}

/// A line as a JSON object, its names in lower case.
pub(crate) fn object(line: &[u8]) -> Result<Map<String, Value>, &'static str> {
    let text = std::str::from_utf8(line).map_err(|_| "not-utf8")?;
    let object: Map<String, Value> = serde_json::from_str(text).map_err(|_| "json-malformed")?;
    Ok(object.into_iter().map(|(name, value)| (normalised(&name), value)).collect())
}

fn owned(record: &ByteRecord) -> Vec<Vec<u8>> {
    record.iter().map(<[u8]>::to_vec).collect()
}
