//! A file of records with named fields, however it is written: delimited text or JSON, packed or not, in any encoding that is
//! known for sure or given.

mod detect;

use std::{
    collections::{BTreeSet, HashSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use csv::ByteRecord;
use encoding_rs::{MACINTOSH, UTF_16BE, UTF_16LE};

use crate::{
    columns::{KnownColumns, normalised},
    documents::{Documents, find_records},
    error::IntakeError,
    header::{Header, find_header, take_columns},
    lines::{Line, Lines},
    nesting::{self, Step},
    notes::Note,
    quoting::{Dialect, ReadAhead, next_record},
    record::Record,
    rejected::Rejected,
    source::Progress,
    text::{Text, broken_off},
};
use detect::{is_blank, is_json, is_named, is_named_json, is_one_a_line, names_on_lines};

/// The records of a file, as they are read: memory holds one at a time. A record that can't be read is an inner `Err` and stops
/// nothing; an outer one is the last item.
pub struct Table {
    path: PathBuf,
    text: Arc<Text>,
    shape: Shape,
    records: Records,
    columns: Vec<String>,
    names: Arc<[String]>,
    notes: Vec<Note>,
    progress: Progress,
    is_broken_off: bool,
}

/// How its records are to be told apart.
#[derive(Clone)]
enum Shape {
    Delimited(Header),
    JsonLines,
    /// The objects at a place of a JSON text.
    Documents(Vec<Step>),
}

enum Records {
    Delimited { lines: Lines, ahead: ReadAhead, dialect: Dialect },
    JsonLines(Lines),
    Documents(Documents),
}

impl Table {
    /// Opens a file and finds out how it is written; `-` is stdin. It is read through for that, and again for its records.
    ///
    /// # Errors
    /// All but [`IntakeError::WriteRejected`], [`IntakeError::NoLabels`] and those of a file's dates.
    pub fn open(path: &Path, known: &KnownColumns) -> Result<Self, IntakeError> {
        let text = Text::open(path)?;
        let mut head = text.lines(&text.progress())?;
        let failed = |lines: &Lines, cause| broken_off(path, lines.count(), &text.progress(), cause);
        if is_blank(&mut head).map_err(|cause| failed(&head, cause))? {
            return Err(IntakeError::Empty { path: path.into(), what: known.what });
        }
        let is_json = is_json(&mut head).map_err(|cause| failed(&head, cause))?;
        let header = match is_json {
            true => Err(Vec::new()),
            false => find_header(&mut head, text.script, known).map_err(|cause| failed(&head, cause))?,
        };
        match header {
            Ok(header) => Self::delimited(path, text, header, known),
            // By its name it is JSON, though its first line is not.
            Err(_) if is_json || is_named_json(path) => Self::json(path, text, &mut head, known),
            Err(columns) => Err(missing(path, known, &columns)),
        }
    }

    /// The same records from the first one on, without finding out again how the file is written.
    ///
    /// # Errors
    /// The file breaks off before the first record.
    pub fn again(&self) -> Result<Self, IntakeError> {
        let progress = self.text.progress();
        let (records, _) = begin(&self.path, &self.text, &self.shape, &progress)?;
        Ok(Self {
            path: self.path.clone(),
            text: Arc::clone(&self.text),
            shape: self.shape.clone(),
            records,
            columns: self.columns.clone(),
            names: Arc::clone(&self.names),
            notes: self.notes.clone(),
            progress,
            is_broken_off: false,
        })
    }

    fn delimited(path: &Path, text: Text, header: Header, known: &KnownColumns) -> Result<Self, IntakeError> {
        let progress = text.progress();
        let shape = Shape::Delimited(header);
        let (records, columns) = begin(path, &text, &shape, &progress)?;
        let names: Arc<[String]> = columns.iter().map(|column| normalised(column)).collect();
        let mut notes = notes_of(&text);
        let delimiter = char::from(header.dialect.delimiter);
        if delimiter != ',' && !(delimiter == '\t' && is_named(path, &["tsv", "tab"])) {
            notes.push(Note::Delimiter(delimiter));
        }
        if header.dialect.backslash {
            notes.push(Note::BackslashQuotes);
        }
        if header.below > u64::from(header.is_said) {
            notes.push(Note::HeaderBelow(header.below + 1));
        }
        let mut seen = HashSet::new();
        let doubled: BTreeSet<&String> = names.iter().filter(|name| !seen.insert(*name)).collect();
        let is_read = |name: &&String| known.all.contains(&name.as_str());
        notes.extend(doubled.into_iter().filter(is_read).cloned().map(Note::DoubledColumn));
        notes.extend(misspelt(&names, known));
        let (path, text) = (path.into(), Arc::new(text));
        Ok(Self { path, text, shape, records, columns, names, notes, progress, is_broken_off: false })
    }

    fn json(path: &Path, text: Text, head: &mut Lines, known: &KnownColumns) -> Result<Self, IntakeError> {
        let progress = text.progress();
        let failed = |lines: u64, cause| broken_off(path, lines, &progress, cause);
        let on_lines = names_on_lines(head).map_err(|cause| failed(head.count(), cause))?;
        let one_a_line = is_one_a_line(head).map_err(|cause| failed(head.count(), cause))?;
        let mut notes = notes_of(&text);
        let (shape, names) = if one_a_line && known.begins_a_table(&on_lines) {
            (Shape::JsonLines, on_lines)
        } else {
            let found = find_records(text.read(&text.progress())?, known);
            let found = found.map_err(|cause| failed(head.count(), cause))?;
            let names: Vec<String> = found.names.into_iter().collect();
            match found.path.or(found.is_empty_list.then(Vec::new)) {
                None if names.is_empty() => {
                    let (path, what, needed) = (path.into(), known.what, known.needed);
                    let found = "none, for its first lines hold no JSON object".to_owned();
                    return Err(IntakeError::MissingColumns { path, what, found, needed });
                }
                // Names of records and of what surrounds them alike.
                None => return Err(missing(path, known, &names)),
                Some(at) if at.is_empty() && one_a_line => (Shape::JsonLines, names),
                Some(at) => (Shape::Documents(at), names),
            }
        };
        if let Shape::Documents(at) = &shape {
            notes.push(Note::JsonAt(nesting::shown(at)));
        }
        notes.extend(misspelt(&names, known));
        let (records, columns) = begin(path, &text, &shape, &progress)?;
        let (path, text, names) = (path.into(), Arc::new(text), names.into());
        Ok(Self { path, text, shape, records, columns, names, notes, progress, is_broken_off: false })
    }

    /// The columns of its rejected records: its own, or `record` for JSON.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Its columns as they are looked up, see [`normalised`]; of JSON, names of the first objects.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether its records are JSON objects, which need not have the same names.
    pub fn is_json(&self) -> bool {
        !matches!(self.records, Records::Delimited { .. })
    }

    /// What it does otherwise than most files.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// How far it has been read; the clone of it follows.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    fn next_record(&mut self) -> io::Result<Option<Result<Record, Rejected>>> {
        match &mut self.records {
            Records::Delimited { lines, ahead, dialect } => {
                let Some(taken) = next_record(lines, ahead, *dialect)? else { return Ok(None) };
                let (line, cells) = (taken.line, taken.fields);
                Ok(Some(match taken.broken {
                    Some(reason) => Err(rejected(line, reason, &cells)),
                    None => Record::delimited(line, &self.names, cells),
                }))
            }
            Records::JsonLines(lines) => loop {
                let Some(line) = lines.next()? else { return Ok(None) };
                if !line.is_blank() {
                    return Ok(Some(json(&line)));
                }
            },
            Records::Documents(documents) => Ok(documents.next()?.map(|text| json(&text))),
        }
    }
}

impl Iterator for Table {
    type Item = Result<Result<Record, Rejected>, IntakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_broken_off {
            return None;
        }
        match self.next_record() {
            Ok(record) => record.map(Ok),
            Err(cause) => {
                self.is_broken_off = true;
                let lines = match &self.records {
                    Records::Delimited { lines, .. } | Records::JsonLines(lines) => lines.count(),
                    Records::Documents(documents) => documents.count(),
                };
                Some(Err(broken_off(&self.path, lines, &self.progress, cause)))
            }
        }
    }
}

/// The records from the first one on, and their columns.
fn begin(
    path: &Path,
    text: &Text,
    shape: &Shape,
    progress: &Progress,
) -> Result<(Records, Vec<String>), IntakeError> {
    // Objects need not have the same names, so a rejected one stays whole.
    let of_json = || vec!["record".to_owned()];
    match shape {
        Shape::JsonLines => Ok((Records::JsonLines(text.lines(progress)?), of_json())),
        Shape::Documents(at) => {
            let documents = Documents::new(text.read(progress)?, at.clone(), text.script.line_end);
            Ok((Records::Documents(documents), of_json()))
        }
        Shape::Delimited(header) => {
            let (mut lines, mut ahead) = (text.lines(progress)?, ReadAhead::default());
            let mut columns = || -> io::Result<Vec<String>> {
                for _ in 0..header.below {
                    lines.next()?;
                }
                take_columns(&mut lines, &mut ahead, header.dialect)
            };
            let columns = columns().map_err(|cause| broken_off(path, lines.count(), progress, cause))?;
            Ok((Records::Delimited { lines, ahead, dialect: header.dialect }, columns))
        }
    }
}

fn json(line: &Line) -> Result<Record, Rejected> {
    let text = line.bytes.trim_ascii().to_vec();
    match line.cut {
        true => Err(Rejected { line: line.number, reason: "line-too-long", fields: vec![text] }),
        false => Record::json(line.number, text),
    }
}

fn rejected(line: u64, reason: &'static str, cells: &ByteRecord) -> Rejected {
    Rejected { line, reason, fields: cells.iter().map(<[u8]>::to_vec).collect() }
}

fn missing(path: &Path, known: &KnownColumns, columns: &[String]) -> IntakeError {
    let (what, needed) = (known.what, known.needed);
    IntakeError::MissingColumns { path: path.into(), what, found: known.shown(columns), needed }
}

fn notes_of(text: &Text) -> Vec<Note> {
    let mut notes = Vec::new();
    if let Some(encoding) = text.script.encoding {
        notes.push(Note::Encoding(match () {
            () if encoding == UTF_16LE || encoding == UTF_16BE => "UTF-16",
            () if encoding == MACINTOSH => "Mac Roman",
            () => "Windows-1252",
        }));
    }
    if text.script.line_end == b'\r' {
        notes.push(Note::CarriageReturns);
    }
    notes
}

/// Columns that would be lost for a letter: what is not read is no fault, and whose name is nearly one that is missing is one.
fn misspelt(names: &[String], known: &KnownColumns) -> Vec<Note> {
    let is_missing = |nearest: &&str| !names.iter().any(|name| name == nearest);
    let unknown: BTreeSet<&String> = names.iter().filter(|name| !known.has(name)).collect();
    let meant = unknown.into_iter().filter_map(|column| {
        let nearest = known.nearest(column).filter(is_missing)?;
        Some(Note::Misspelt { column: column.clone(), nearest })
    });
    meant.collect()
}
