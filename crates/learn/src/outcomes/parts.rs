//! The three files of a set, while they are written: to learn from, to calibrate on, and to try models on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ombud_contract::{records::TimestampMs, taxonomy::Taxonomy};
use ombud_intake::{LabelColumn, Labels, Rows};
use ombud_models::{ISSUE, Kind, PRODUCT, VULNERABLE};

use crate::train::{LearnError, Task};

pub(super) const TRAIN: &str = "train.csv";
pub(super) const VALIDATION: &str = "validation.csv";
pub(super) const TRIAL: &str = "trial.csv";

/// Where a task's labels stand in a set: in a column of its name.
pub(super) struct Column {
    pub(super) task: String,
    kind: Kind,
    /// Where they stand in the files.
    source: String,
    /// Labels that it hasn't teach nothing.
    tree: Option<&'static Taxonomy>,
}

impl Column {
    pub(super) fn of(task: &Task, sources: &BTreeMap<String, String>) -> Self {
        let source = sources.get(&task.name).unwrap_or(&task.name).clone();
        Self { task: task.name.clone(), kind: task.kind, source, tree: task.taxonomy() }
    }

    /// Whether a file has such a column, for a choice.
    pub(super) fn is_named(&self, rows: &Rows) -> bool {
        self.kind == Kind::Choice && rows.has(&self.source)
    }

    pub(super) fn named(&self) -> LabelColumn {
        LabelColumn { task: self.task.clone(), column: self.source.clone() }
    }

    pub(super) fn written(&self, label: &str) -> String {
        match self.kind {
            Kind::Flag => (label == "VULNERABLE").to_string(),
            Kind::Choice => label.to_owned(),
        }
    }

    /// Whether a written label is one that the challenger learns.
    fn knows(&self, written: &str) -> bool {
        self.kind == Kind::Flag || self.tree.is_some_and(|tree| tree.has(written))
    }

    pub(super) fn of_row(&self, labels: &Labels) -> Option<String> {
        match self.task.as_str() {
            VULNERABLE => labels.vulnerable.map(|yes| yes.to_string()),
            task => labels.own.get(task).cloned().or_else(|| match task {
                PRODUCT => labels.product.clone(),
                ISSUE => labels.issue.clone(),
                _ => None,
            }),
        }
    }
}

/// Where a complaint goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Train = 0,
    Validation = 1,
    Trial = 2,
}

/// A complaint of a set. Its labels are in the order of the columns, `None` of those that it has not.
pub(super) struct SetRow<'a> {
    pub(super) complaint_id: &'a str,
    pub(super) received_at: TimestampMs,
    pub(super) narrative: &'a str,
    pub(super) labels: &'a [Option<String>],
}

/// The file of a part.
struct PartFile {
    path: PathBuf,
    writer: csv::Writer<fs::File>,
    rows: usize,
    /// By column: rows whose label is one that the challenger learns, and those labels.
    labelled: Vec<(usize, BTreeSet<String>)>,
}

/// The files, while they are written.
pub(super) struct Parts<'a> {
    columns: &'a [Column],
    files: [PartFile; 3],
}

impl<'a> Parts<'a> {
    pub(super) fn open(dir: &Path, columns: &'a [Column]) -> Result<Self, LearnError> {
        let [train, validation, trial] =
            [TRAIN, VALIDATION, TRIAL].map(|name| PartFile::open(dir.join(name), columns));
        Ok(Self { columns, files: [train?, validation?, trial?] })
    }

    pub(super) fn write(&mut self, part: Part, row: &SetRow<'_>) -> Result<(), LearnError> {
        let file = &mut self.files[part as usize];
        for ((column, label), (rows, labels)) in self.columns.iter().zip(row.labels).zip(&mut file.labelled) {
            if let Some(label) = label.as_ref().filter(|label| column.knows(label)) {
                *rows += 1;
                if !labels.contains(label) {
                    labels.insert(label.clone());
                }
            }
        }
        file.rows += 1;
        let received_at = jiff::Timestamp::from_millisecond(row.received_at).unwrap_or_default().to_string();
        let text = [row.complaint_id, &received_at, row.narrative].into_iter();
        let labels = row.labels.iter().map(|label| label.as_deref().unwrap_or_default());
        file.writer.write_record(text.chain(labels)).map_err(|error| unwritten(&file.path, error))
    }

    /// How many rows of a part carry a label of the column at `place`.
    pub(super) fn labelled(&self, part: Part, place: usize) -> usize {
        self.files[part as usize].labelled[place].0
    }

    /// Whether the column at `place` has what it takes to be learned and calibrated: two labels, and rows to calibrate on.
    pub(super) fn teach(&self, place: usize) -> bool {
        self.files[Part::Train as usize].labelled[place].1.len() > 1
            && self.labelled(Part::Validation, place) > 0
    }

    /// Gives how many rows each has.
    pub(super) fn finish(self) -> Result<[usize; 3], LearnError> {
        let mut rows = [0; 3];
        for (mut file, rows) in self.files.into_iter().zip(&mut rows) {
            file.writer.flush().map_err(|source| LearnError::File { path: file.path, source })?;
            *rows = file.rows;
        }
        Ok(rows)
    }
}

impl PartFile {
    fn open(path: PathBuf, columns: &[Column]) -> Result<Self, LearnError> {
        let header = ["complaint_id", "received_at", "narrative"].into_iter();
        let header = header.chain(columns.iter().map(|column| column.task.as_str()));
        let begun = csv::Writer::from_path(&path).and_then(|mut writer| {
            writer.write_record(header)?;
            Ok(writer)
        });
        let writer = begun.map_err(|error| unwritten(&path, error))?;
        Ok(Self { path, writer, rows: 0, labelled: vec![(0, BTreeSet::new()); columns.len()] })
    }
}

fn unwritten(path: &Path, error: csv::Error) -> LearnError {
    LearnError::File { path: path.to_owned(), source: error.into() }
}
