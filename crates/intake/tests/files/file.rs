//! Files to read in tests, and what came of reading them.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use ombud_intake::{DateOrder, FileDefaults, IntakeError, Rejected, Row, Rows, Undated};
use tempfile::TempDir;

/// 2020-01-01, the time of every test's file.
pub(crate) const FILE_TIME: i64 = 1_577_836_800_000;

/// A folder that goes away with its files.
pub(crate) struct Folder(TempDir);

impl Folder {
    #[expect(clippy::unwrap_used, reason = "only tests make one")]
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    #[expect(clippy::unwrap_used, reason = "only tests write one")]
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

#[expect(clippy::unwrap_used, reason = "writing to memory")]
pub(crate) fn gzip(content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content.as_ref()).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn open(path: &Path) -> Result<Rows, IntakeError> {
    open_with(path, None, Undated::ReceivedAt(FILE_TIME))
}

pub(crate) fn open_with(
    path: &Path,
    dates: Option<DateOrder>,
    undated: Undated,
) -> Result<Rows, IntakeError> {
    Rows::open(path, FileDefaults { dates, undated, language: None })
}

/// Everything that a whole file gives.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Taken {
    pub(crate) rows: Vec<Row>,
    pub(crate) rejected: Vec<Rejected>,
}

impl Taken {
    pub(crate) fn ids(&self) -> Vec<&str> {
        self.rows.iter().map(|row| row.complaint.complaint_id.as_str()).collect()
    }

    pub(crate) fn reasons(&self) -> Vec<(u64, &str)> {
        self.rejected.iter().map(|rejected| (rejected.line, rejected.reason)).collect()
    }
}

pub(crate) fn take(rows: Rows) -> Result<Taken, IntakeError> {
    let mut taken = Taken::default();
    for row in rows {
        match row? {
            Ok(row) => taken.rows.push(row),
            Err(rejected) => taken.rejected.push(rejected),
        }
    }
    Ok(taken)
}

/// What a file of this name and content gives to whoever learns from it.
#[expect(clippy::unwrap_used, reason = "files that can't be read have tests of their own")]
pub(crate) fn examples(name: &str, content: impl AsRef<[u8]>) -> Taken {
    let folder = Folder::new();
    take(open_with(&folder.file(name, content), None, Undated::Unimportant(FILE_TIME)).unwrap()).unwrap()
}

/// What a file of this name and content gives.
#[expect(clippy::unwrap_used, reason = "files that can't be read have tests of their own")]
pub(crate) fn taken(name: &str, content: impl AsRef<[u8]>) -> Taken {
    let folder = Folder::new();
    take(open(&folder.file(name, content)).unwrap()).unwrap()
}
