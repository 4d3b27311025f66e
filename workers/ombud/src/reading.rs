//! The complaints of one file, in its order; rows that are no complaint go to the file of rejected rows on the way.

use std::path::Path;

use anyhow::Result;
use ombud_intake::{FileDefaults, IntakeError, Progress, RejectedWriter, Row, Rows, rejected_path};

/// What is left of a file to read.
pub(crate) struct Reading {
    rows: Rows,
    rejects: RejectedWriter,
    broken_off: Option<IntakeError>,
}

/// How the reading of a file ended.
#[derive(Debug)]
pub(crate) struct Read {
    /// Rows that are no complaint.
    pub(crate) rejected: u64,
    /// The file broke off before its end; what came before is good.
    pub(crate) broken_off: Option<IntakeError>,
}

impl Reading {
    /// Opens `path`, and puts away what an earlier reading rejected.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let rows = Rows::open(path, FileDefaults::of(path)?)?;
        let rejects = RejectedWriter::create(rejected_path(path), rows.columns())?;
        Ok(Self { rows, rejects, broken_off: None })
    }

    /// How far the file has been read.
    pub(crate) fn progress(&self) -> Progress {
        self.rows.progress()
    }

    /// The next complaint; `None` at the end, or where the file breaks off.
    pub(crate) fn next(&mut self) -> Result<Option<Row>> {
        for row in &mut self.rows {
            match row {
                Ok(Ok(row)) => return Ok(Some(row)),
                Ok(Err(rejected)) => self.rejects.write(&rejected)?,
                Err(broken_off) => self.broken_off = Some(broken_off),
            }
        }
        Ok(None)
    }

    /// Makes durable what was rejected.
    pub(crate) fn finish(self) -> Result<Read> {
        Ok(Read { rejected: self.rejects.finish()?, broken_off: self.broken_off })
    }
}
