//! The rows of one file: records -> complaints with their labels, or rejected rows.

use std::path::{Path, PathBuf};

use ombud_contract::records::RawComplaint;

use crate::{
    columns::normalised,
    error::IntakeError,
    file_defaults::FileDefaults,
    labels::{LabelColumn, Labels},
    layout::{COMPLAINTS, Layout},
    notes::Note,
    preview::Preview,
    read::read,
    record::Record,
    rejected::Rejected,
    source::Progress,
    table::Table,
};

/// One complaint of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Counts the file's rows from 1, rejected ones too.
    pub number: u64,
    /// The line on which it begins, counted from 1.
    pub line: u64,
    /// The complaint; it is valid.
    pub complaint: RawComplaint,
    /// What the file says that it is.
    pub labels: Labels,
}

/// The rows of a file, as they are read: memory holds one at a time. A row that is no complaint is an inner `Err`
/// and stops nothing; an outer one is the last item.
pub struct Rows {
    path: PathBuf,
    table: Table,
    layout: Layout,
    preview: Preview,
    language: Option<String>,
    labelled_by: Vec<LabelColumn>,
    rows: u64,
}

impl Rows {
    /// Opens a file and finds out how it is written and its layout; `-` is stdin. It is read through for that, and for what
    /// only a whole file tells: the order of its dates, and ids that stand for several complaints.
    ///
    /// # Errors
    /// All but [`IntakeError::WriteRejected`].
    pub fn open(path: &Path, defaults: FileDefaults) -> Result<Self, IntakeError> {
        let table = Table::open(path, &COMPLAINTS)?;
        // A list without elements has no names.
        let layout = Layout::of(table.names()).unwrap_or(Layout::Own);
        let preview = Preview::of(table.again()?, path, layout, &defaults)?;
        let (path, language) = (path.into(), defaults.language);
        Ok(Self { path, table, layout, preview, language, labelled_by: Vec::new(), rows: 0 })
    }

    /// Also reads labels of a bank's own tasks, each from its column.
    ///
    /// # Errors
    /// A table has no such column. In JSON it may be missing from the first objects.
    pub fn labelled_by(mut self, columns: &[LabelColumn]) -> Result<Self, IntakeError> {
        for LabelColumn { task, column } in columns {
            let column = normalised(column);
            if !self.has(&column) {
                let (path, found) = (self.path.clone(), COMPLAINTS.shown(self.table.columns()));
                return Err(IntakeError::NoLabels { path, task: task.clone(), column, found });
            }
            self.labelled_by.push(LabelColumn { task: task.clone(), column });
        }
        Ok(self)
    }

    /// Whether the file has this column, in any spelling. Objects of JSON may have it.
    pub fn has(&self, column: &str) -> bool {
        self.table.is_json() || self.table.names().contains(&normalised(column))
    }

    /// Whether its records are JSON objects, which need not have the same names.
    pub fn is_json(&self) -> bool {
        self.table.is_json()
    }

    /// The file's layout.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The columns of its rejected rows: its own, or `record` for JSON.
    pub fn columns(&self) -> &[String] {
        self.table.columns()
    }

    /// The columns as they are looked up; of JSON, names of the first objects.
    pub fn names(&self) -> &[String] {
        self.table.names()
    }

    /// What the file does otherwise than most.
    pub fn notes(&self) -> &[Note] {
        self.table.notes()
    }

    /// How far it has been read; the clone of it follows.
    pub fn progress(&self) -> Progress {
        self.table.progress()
    }

    fn row(&mut self, record: Record) -> Result<Row, Rejected> {
        let Preview { calendar, shared } = &self.preview;
        let line = record.line();
        match read(&record.fields(), self.layout, calendar, self.language.as_deref(), &self.labelled_by) {
            Ok((complaint, _)) if shared.has(&complaint.complaint_id) => {
                Err(record.reject("id-with-several-narratives"))
            }
            Ok((complaint, labels)) => Ok(Row { number: self.rows, line, complaint, labels }),
            Err(reason) => Err(record.reject(reason)),
        }
    }
}

impl Iterator for Rows {
    type Item = Result<Result<Row, Rejected>, IntakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = match self.table.next()? {
            Ok(record) => record,
            Err(broken_off) => return Some(Err(broken_off)),
        };
        self.rows += 1;
        Some(Ok(record.and_then(|record| self.row(record))))
    }
}
