//! The complaints of one file, in its order; rows that are no complaint go to the file of rejected rows on the way.

use std::path::Path;

use anyhow::Result;
use ombud_intake::{
    FileDefaults, IntakeError, Progress, RejectedWriter, Rejections, Row, Rows, rejected_path,
};
use tracing::warn;

/// A file of complaints that is being read.
pub(crate) struct ComplaintFile {
    rows: Rows,
    rejects: RejectedWriter,
    broken_off: Option<IntakeError>,
}

/// How reading a file ended.
#[derive(Debug)]
pub(crate) struct ReadOutcome {
    /// Rows that are no complaint, and why.
    pub(crate) rejections: Rejections,
    /// The file broke off before its end; what came before is good.
    pub(crate) broken_off: Option<IntakeError>,
}

impl ComplaintFile {
    /// Opens `path`, and puts away what an earlier reading rejected.
    pub(crate) fn open(path: &Path, defaults: FileDefaults) -> Result<Self> {
        let rows = Rows::open(path, defaults)?;
        for note in rows.notes() {
            warn!(file = %path.display(), %note, "file is read in the format that was detected");
        }
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
    pub(crate) fn finish(self) -> Result<ReadOutcome> {
        Ok(ReadOutcome { rejections: self.rejects.finish()?, broken_off: self.broken_off })
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use super::*;

    fn read(path: &Path) -> (Vec<String>, ReadOutcome) {
        let mut reading = ComplaintFile::open(path, FileDefaults::of(path).unwrap()).unwrap();
        let mut ids = Vec::new();
        while let Some(row) = reading.next().unwrap() {
            ids.push(row.complaint.complaint_id);
        }
        (ids, reading.finish().unwrap())
    }

    fn file(dir: &tempfile::TempDir, name: &str, content: &[u8]) -> PathBuf {
        let path = dir.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    #[test]
    fn rows_that_are_no_complaint_are_counted_and_put_away_and_their_neighbours_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let rows = "complaint_id,narrative\nc-1,They charged me.\nc-2,  \nc-3,Nobody calls.\n";
        let (ids, ended) = read(&file(&dir, "complaints.csv", rows.as_bytes()));
        assert_eq!(ids, ["c-1", "c-3"]);
        assert_eq!((ended.rejections.count(), ended.broken_off.is_none()), (1, true));
        let rejected = fs::read_to_string(dir.path().join("complaints.csv.rejected.csv")).unwrap();
        assert!(rejected.contains("c-2") && !rejected.contains("c-1"), "{rejected}");
    }

    #[test]
    fn a_file_that_is_read_again_leaves_nothing_of_what_was_rejected_before() {
        let dir = tempfile::tempdir().unwrap();
        read(&file(&dir, "complaints.csv", b"complaint_id,narrative\nc-2,  \n"));
        let (_, ended) = read(&file(&dir, "complaints.csv", b"complaint_id,narrative\nc-2,Nobody calls.\n"));
        assert_eq!(ended.rejections.count(), 0);
        assert!(!dir.path().join("complaints.csv.rejected.csv").exists());
    }

    #[test]
    fn what_comes_before_the_place_where_a_file_breaks_off_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let whole = include_bytes!("../../../examples/complaints-sample.csv.gz");
        let (all, _) = read(&file(&dir, "whole.csv.gz", whole));
        let (some, ended) = read(&file(&dir, "cut.csv.gz", &whole[..whole.len() / 2]));
        assert!(!some.is_empty() && some.len() < all.len(), "{} of {}", some.len(), all.len());
        assert_eq!(some, all[..some.len()]);
        assert!(ended.broken_off.is_some());
    }
}
