//! Gathered cases on disk, until it is known which of them are copies and which labels are enough.

use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use super::gather::Case;
use crate::train::LearnError;

/// A case a line, in a folder that nobody else may read.
pub(super) struct Spill {
    path: PathBuf,
    writer: BufWriter<File>,
}

impl Spill {
    /// An empty one in `folder`.
    pub(super) fn begin(folder: &Path) -> Result<Self, LearnError> {
        let path = folder.join("cases.jsonl");
        let file = File::create(&path).map_err(|source| LearnError::File { path: path.clone(), source })?;
        Ok(Self { path, writer: BufWriter::new(file) })
    }

    pub(super) fn write(&mut self, case: &Case) -> Result<(), LearnError> {
        let line = serde_json::to_writer(&mut self.writer, case).map_err(io::Error::from);
        line.and_then(|()| self.writer.write_all(b"\n")).map_err(|source| self.failed(source))
    }

    /// Gives every case to `each`, in the order in which they were written.
    pub(super) fn read(
        &mut self,
        mut each: impl FnMut(Case) -> Result<(), LearnError>,
    ) -> Result<(), LearnError> {
        self.writer.flush().map_err(|source| self.failed(source))?;
        let file = File::open(&self.path).map_err(|source| self.failed(source))?;
        for line in BufReader::new(file).lines() {
            let case = line.and_then(|line| Ok(serde_json::from_str(&line)?));
            each(case.map_err(|source| self.failed(source))?)?;
        }
        Ok(())
    }

    /// Takes it away.
    pub(super) fn remove(self) -> Result<(), LearnError> {
        fs::remove_file(&self.path).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> LearnError {
        LearnError::File { path: self.path.clone(), source }
    }
}
