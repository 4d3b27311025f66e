//! What can go wrong with the folder and the file, each with what to do.

use std::path::PathBuf;

use ombud_stream::Outage;

use crate::loss::Loss;

/// Why the embedded log could not be opened or used. Completes "failed to ...".
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// Another process has the folder.
    #[error("open {dir}: {holder} is using it; stop that one, or name another folder with --data")]
    Locked {
        /// The folder.
        dir: PathBuf,
        /// `process 123`, as far as it has said.
        holder: String,
    },
    /// There is nothing to read yet.
    #[error("read {path}: there is no log yet; run `ombud up` first, or name its folder with --data")]
    Absent {
        /// The file.
        path: PathBuf,
    },
    /// Nothing may be written beside the log, and it can't be read without that.
    #[error(
        "read the log in {dir}: nothing may be written there, and it is in use or its journal is not folded in yet; read it as \
         a user who may write there, or copy the folder to where you may"
    )]
    Journal {
        /// The folder.
        dir: PathBuf,
    },
    /// Somebody else's SQLite file.
    #[error("open {path}: it is not an ombud log; name another folder with --data")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Written by a newer build.
    #[error(
        "open {path}: it has format {found} and this build knows up to {known}; run the newer ombud on it"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest that this build knows.
        known: i64,
    },
    /// The log holds less than it had acknowledged.
    #[error(
        "open the log in {dir}: {loss}; put a backup back with `ombud restore`, or go on without what is lost with \
         `ombud repair --accept-loss`"
    )]
    Lost {
        /// The folder.
        dir: PathBuf,
        /// What is lost.
        loss: Loss,
    },
    /// A topic's partition count is fixed for life.
    #[error(
        "open topic {topic} with {asked} partitions: it has {found}, for life; \
         set partitions = {found}, or name another folder with --data"
    )]
    Partitions {
        /// The topic.
        topic: String,
        /// The count that was asked for.
        asked: i32,
        /// The count that it has.
        found: i32,
    },
    /// A topic that the log was not opened with.
    #[error("find topic {topic}: the log in this folder has no such topic")]
    NoTopic {
        /// The topic.
        topic: String,
    },
    /// The log opened, and then did not answer.
    #[error(transparent)]
    Unreadable(Outage),
    /// The file system refused.
    #[error("{action}")]
    Io {
        /// What was tried.
        action: String,
        /// Why it failed.
        #[source]
        cause: std::io::Error,
    },
    /// SQLite refused.
    #[error("{action}")]
    Sql {
        /// What was tried.
        action: String,
        /// Why it failed.
        #[source]
        cause: rusqlite::Error,
    },
}

/// Names what SQLite failed to do.
pub(crate) fn sql(action: impl Into<String>) -> impl FnOnce(rusqlite::Error) -> LocalError {
    let action = action.into();
    move |cause| LocalError::Sql { action, cause }
}

/// Whether the disk is full: nothing of the transaction is there, and it may be tried again once there is room.
pub(crate) fn is_full(cause: &rusqlite::Error) -> bool {
    use rusqlite::{ErrorCode::DiskFull, ffi::SQLITE_IOERR_SHMSIZE};
    let Some(error) = cause.sqlite_error() else { return false };
    // The journal's index grows by whole blocks, and has a code of its own.
    error.code == DiskFull || error.extended_code == SQLITE_IOERR_SHMSIZE
}

/// The outage that a failed statement is: fatal where the file itself is beyond retrying.
pub(crate) fn outage(action: impl Into<String>, cause: impl std::borrow::Borrow<rusqlite::Error>) -> Outage {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, ReadOnly};
    let cause = cause.borrow();
    let text = cause.to_string();
    match cause.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase | ReadOnly) => Outage::fatal(action, text),
        _ => Outage::passing(action, text),
    }
}
