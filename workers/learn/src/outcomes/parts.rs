//! The three files of a set, while they are written: to learn from, to calibrate on, and the audit sample.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ombud_contract::records::TimestampMs;
use ombud_intake::{LabelColumn, Labels, Rows};
use ombud_models::{ISSUE, Kind, PRODUCT, VULNERABLE};
use sha2::{Digest, Sha256};

use super::Likeness;
use crate::train::{LearnError, Task};

pub(super) const TRAIN: &str = "train.csv";
pub(super) const VALIDATION: &str = "validation.csv";
pub(super) const AUDIT: &str = "audit.csv";

/// Where a task's labels stand in a set: in a column of its name.
pub(super) struct Column {
    pub(super) task: String,
    kind: Kind,
    /// Where they stand in the files.
    source: String,
}

impl Column {
    pub(super) fn of(task: &Task, sources: &BTreeMap<String, String>) -> Self {
        let source = sources.get(&task.name).unwrap_or(&task.name).clone();
        Self { task: task.name.clone(), kind: task.kind, source }
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
#[derive(Clone, Copy)]
pub(super) enum Part {
    Train = 0,
    Validation = 1,
    Audit = 2,
}

impl Part {
    /// A tenth is held out; copies go the same way.
    pub(super) fn held_out_or_not(alike: &Likeness, seed: u64) -> Self {
        let drawn = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(alike).finalize();
        if drawn[0] % 10 == 0 { Self::Validation } else { Self::Train }
    }
}

/// The files, while they are written.
pub(super) struct Parts<'a> {
    columns: &'a [Column],
    writers: [csv::Writer<fs::File>; 3],
    paths: [PathBuf; 3],
    rows: [usize; 3],
}

impl<'a> Parts<'a> {
    pub(super) fn open(dir: &Path, columns: &'a [Column]) -> Result<Self, LearnError> {
        let paths = [TRAIN, VALIDATION, AUDIT].map(|name| dir.join(name));
        let header = ["complaint_id", "received_at", "narrative"].into_iter();
        let header: Vec<&str> = header.chain(columns.iter().map(|column| column.task.as_str())).collect();
        let open = |path: &PathBuf| {
            let mut writer = csv::Writer::from_path(path)?;
            writer.write_record(&header).map(|()| writer)
        };
        let [train, validation, audit] =
            paths.each_ref().map(|path| open(path).map_err(|error| unwritten(path, error)));
        Ok(Self { columns, writers: [train?, validation?, audit?], paths, rows: [0; 3] })
    }

    pub(super) fn write(
        &mut self,
        part: Part,
        (complaint_id, received_at, narrative): (&str, TimestampMs, &str),
        label: impl Fn(&Column) -> Option<String>,
    ) -> Result<(), LearnError> {
        let received_at = jiff::Timestamp::from_millisecond(received_at).unwrap_or_default().to_string();
        let text = [complaint_id.to_owned(), received_at, narrative.to_owned()].into_iter();
        let record: Vec<String> =
            text.chain(self.columns.iter().map(|column| label(column).unwrap_or_default())).collect();
        let at = part as usize;
        self.rows[at] += 1;
        self.writers[at].write_record(&record).map_err(|error| unwritten(&self.paths[at], error))
    }

    /// Gives how many rows each has.
    pub(super) fn finish(mut self) -> Result<[usize; 3], LearnError> {
        for (writer, path) in self.writers.iter_mut().zip(&self.paths) {
            writer.flush().map_err(|source| LearnError::File { path: path.clone(), source })?;
        }
        Ok(self.rows)
    }
}

fn unwritten(path: &Path, error: csv::Error) -> LearnError {
    LearnError::File { path: path.to_owned(), source: error.into() }
}
