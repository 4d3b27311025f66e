//! `ombud evaluate --answers`: every answer about every complaint, one JSON object a line.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use ombud_measure::evaluate::{ListedAnswer, Subject, list};

/// Asks `subjects` about the complaints of `data` and writes what they answer to `file`.
pub(crate) fn write(
    subjects: &[Subject],
    review_below: &BTreeMap<String, f32>,
    data: &Path,
    file: &Path,
) -> Result<()> {
    let failed = || format!("write the answers to {}", file.display());
    let mut lines = BufWriter::new(File::create(file).with_context(failed)?);
    list(subjects, review_below, data, |listed: ListedAnswer| -> Result<()> {
        writeln!(lines, "{}", serde_json::to_string(&listed)?).with_context(failed)
    })?;
    lines.flush().with_context(failed)
}
