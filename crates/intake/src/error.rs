//! Why a file as a whole can't be read; a row that is no complaint is a [`crate::Rejected`] instead.

use std::{io, path::PathBuf};

use crate::layout::NEEDED;

/// A file that can't be read, or not any further.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// It isn't there, or may not be read.
    #[error("open {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// Its name doesn't say what it holds.
    #[error("tell what {} holds: its name should end in .csv, .csv.gz, .jsonl or .jsonl.gz", path.display())]
    UnknownKind {
        /// The file.
        path: PathBuf,
    },
    /// It has none of the three layouts.
    #[error("find complaints in {}: its columns are {found}; {NEEDED}", path.display())]
    MissingColumns {
        /// The file.
        path: PathBuf,
        /// The columns that it has, for a person to read.
        found: String,
    },
    /// It lacks the column that a task's labels were to come from.
    #[error("find the labels of task {task} in {}: it has no column {column}; its columns are {found}", path.display())]
    NoLabels {
        /// The file.
        path: PathBuf,
        /// The task.
        task: String,
        /// The column that was named.
        column: String,
        /// The columns that it has, for a person to read.
        found: String,
    },
    /// It breaks off: damaged, cut short, or the disk says no. What came before is good.
    #[error("read {} past line {line} (byte {byte} of {total}): is it cut short or damaged?", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The last line that was read whole, counted from 1 after decompression.
        line: u64,
        /// How far the file was read, before decompression.
        byte: u64,
        /// Its size.
        total: u64,
        /// What the system or the decompression says.
        #[source]
        cause: io::Error,
    },
    /// The file of rejected rows can't be written.
    #[error("write rejected rows to {}", path.display())]
    WriteRejected {
        /// The file of rejected rows.
        path: PathBuf,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
}
