//! A file of results to which one line is added after the other, so that a run which ended early goes on where it was.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write},
    path::Path,
};

use anyhow::{Context, Result};
use serde_json::Value;

/// Results of complaints by row, each of a kind.
pub(crate) struct Lines {
    file: File,
    known: BTreeSet<(u64, String)>,
    read: Vec<Value>,
}

impl Lines {
    /// Opens the file, which need not be there. A last line that was cut off is dropped.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(|| format!("read {}", path.display())),
        };
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let read = text[..whole].lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        file.set_len(whole as u64)?;
        let known = read.iter().filter_map(key).collect();
        Ok(Self { file, known, read })
    }

    /// Whether there is a line of that kind about the row.
    pub(crate) fn has(&self, row: u64, kind: &str) -> bool {
        self.known.contains(&(row, kind.to_owned()))
    }

    /// What was there when it was opened.
    pub(crate) fn read(&self) -> &[Value] {
        &self.read
    }

    pub(crate) fn add(&mut self, line: &Value) -> Result<()> {
        writeln!(self.file, "{line}")?;
        self.known.extend(key(line));
        Ok(())
    }
}

fn key(line: &Value) -> Option<(u64, String)> {
    Some((line["row"].as_u64()?, line["kind"].as_str()?.to_owned()))
}
