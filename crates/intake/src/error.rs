//! Why a file as a whole can't be read; a row that is no complaint is a [`crate::Rejected`] instead.

use std::{io, path::PathBuf};

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
    /// It is a folder.
    #[error("read {}: it is a folder; name a file in it", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// What comes through a pipe can't be kept to be read again.
    #[error("keep what {} gives in a temporary file in {} (TMPDIR says where)", path.display(), folder.display())]
    Spool {
        /// The pipe, or `-`.
        path: PathBuf,
        /// Where temporary files are.
        folder: PathBuf,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// It holds no text.
    #[error("read rows from {}: it is {what}, not text; {way_out}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is, with its article.
        what: &'static str,
        /// How to get text from it.
        way_out: &'static str,
    },
    /// There is nothing in it, not even a header.
    #[error("find {what} in {}: it is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// What it was to hold.
        what: &'static str,
    },
    /// None of its columns, or of its objects' names, is one that it must have.
    #[error("find {what} in {}: its columns are {found}; {needed}", path.display())]
    MissingColumns {
        /// The file.
        path: PathBuf,
        /// What it was to hold.
        what: &'static str,
        /// The columns that it has, for a person to read.
        found: String,
        /// Those that it must have.
        needed: &'static str,
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
    /// Its dates are dates in several orders.
    #[error(
        "read the dates of {}: line {line} has {date}, which may be {orders}, and no row tells which: say it with --dates, or \
         set intake.dates",
        path.display()
    )]
    AmbiguousDates {
        /// The file.
        path: PathBuf,
        /// The first such line.
        line: u64,
        /// The date on it.
        date: String,
        /// Those that are left.
        orders: String,
    },
    /// Its dates contradict each other.
    #[error(
        "read the dates of {}: line {no_month_first} has {date}, which can't be month-first, and line {no_day_first} has \
         {other}, which can't be day-first: say the order with --dates, or set intake.dates; rows in another are then rejected",
        path.display()
    )]
    MixedDates {
        /// The file.
        path: PathBuf,
        /// The first line with a date that is not month-first.
        no_month_first: u64,
        /// The date on it.
        date: String,
        /// The first line with a date that is not day-first.
        no_day_first: u64,
        /// The date on it.
        other: String,
    },
    /// It doesn't say when its complaints were received.
    #[error(
        "tell when the complaints in {} were received: it has no {column}{meant}; call the column that says it so, or say \
         --received-at file (its time of change), --received-at now, or --received-at 2026-01-31",
        path.display()
    )]
    NoDates {
        /// The file.
        path: PathBuf,
        /// The column that would say it.
        column: &'static str,
        /// What may be that column, misspelt; for a person to read.
        meant: String,
    },
}
