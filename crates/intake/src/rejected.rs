//! Rows that are no complaint, and the file beside the original that they go to.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use crate::error::IntakeError;

/// A row that is no complaint, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The line on which it begins, counted from 1.
    pub line: u64,
    /// Why: a code of `ombud_contract::validate::Invalid`, or one of the file's own: `csv-field-count`,
    /// `quote-unclosed`, `line-too-long`, `not-utf8`, `json-malformed`, `received-at-malformed`,
    /// `submission-malformed`, `flag-malformed`, `attributes-malformed`.
    pub reason: &'static str,
    /// Its fields as bytes, under [`crate::Rows::columns`]. Personal: not for logs.
    pub fields: Vec<Vec<u8>>,
}

/// Where the rejected rows of `file` go: `FILE.rejected.csv`.
pub fn rejected_path(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".rejected.csv");
    name.into()
}

/// Writes rejected rows to a CSV file of their own, which is there only if there are any.
#[derive(Debug)]
pub struct RejectedWriter {
    path: PathBuf,
    columns: Vec<String>,
    writer: Option<csv::Writer<File>>,
    count: u64,
}

impl RejectedWriter {
    /// Will write to `path`, with the original's columns; removes what an earlier run left there.
    ///
    /// # Errors
    /// There is a file already, and it can't be removed.
    pub fn create(path: PathBuf, columns: &[String]) -> Result<Self, IntakeError> {
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                Err(IntakeError::WriteRejected { path, cause })
            }
            _ => Ok(Self { path, columns: columns.to_vec(), writer: None, count: 0 }),
        }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// The file can't be made or written.
    pub fn write(&mut self, rejected: &Rejected) -> Result<(), IntakeError> {
        self.add(rejected).map_err(|cause| IntakeError::WriteRejected { path: self.path.clone(), cause })
    }

    /// Makes sure that all is written; tells how many there were.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn finish(mut self) -> Result<u64, IntakeError> {
        let flushed = self.writer.as_mut().map_or(Ok(()), csv::Writer::flush);
        flushed.map_err(|cause| IntakeError::WriteRejected { path: self.path, cause })?;
        Ok(self.count)
    }

    fn add(&mut self, rejected: &Rejected) -> io::Result<()> {
        if self.writer.is_none() {
            // A record with too many fields is rejected for it, so rows differ in length.
            let mut writer = csv::WriterBuilder::new().flexible(true).from_path(&self.path)?;
            writer.write_record(
                ["line", "reason"].into_iter().chain(self.columns.iter().map(String::as_str)),
            )?;
            self.writer = Some(writer);
        }
        if let Some(writer) = &mut self.writer {
            writer.write_field(rejected.line.to_string())?;
            writer.write_field(rejected.reason)?;
            writer.write_record(&rejected.fields)?;
        }
        self.count += 1;
        Ok(())
    }
}
