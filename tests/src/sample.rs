//! The complaints that promises send: the repository's sample, as often as one needs it, and the test split.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use csv::{Reader, StringRecord, Writer};
use flate2::read::MultiGzDecoder;

use crate::repository;

/// The sample that the repository carries.
pub fn sample() -> PathBuf {
    repository().join("examples/complaints-sample.csv.gz")
}

/// A split of the data sets that lie beside the repository: `train`, `validation` or `test`. A promise that reads one has
/// `data_sets` in its name, so that scripts/test can name what it leaves out where they are missing.
///
/// # Errors
/// They are missing.
pub fn data_set(split: &str) -> Result<PathBuf> {
    let file = repository().join("../shared/data/complaints").join(format!("{split}.csv.gz"));
    ensure!(file.is_file(), "{} is missing: put the data sets beside the repository", file.display());
    Ok(file)
}

/// Writes the sample `times` times to `file`, each time under other complaint ids. Returns the number of complaints.
///
/// # Errors
/// The sample can't be read, or the file can't be written.
pub fn sample_times(times: usize, file: &Path) -> Result<u64> {
    let mut rows = Reader::from_reader(MultiGzDecoder::new(File::open(sample()).context("open the sample")?));
    let mut header = rows.headers()?.clone();
    header.trim();
    let id = header.iter().position(|name| name == "complaint_id").context("the sample has ids")?;
    let rows: Vec<StringRecord> = rows.records().collect::<Result<_, _>>()?;
    let mut copies = Writer::from_path(file)?;
    copies.write_record(&header)?;
    let mut written = 0;
    for time in 0..times {
        for row in &rows {
            let renamed = row.iter().enumerate().map(|(at, field)| match at {
                at if at == id => format!("{field}-{time}"),
                _ => field.to_owned(),
            });
            copies.write_record(renamed)?;
            written += 1;
        }
    }
    copies.flush()?;
    Ok(written)
}
