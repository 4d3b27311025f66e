//! Rows that are not taken, the file beside the original that they go to, and why there are so many of them.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use crate::{
    error::IntakeError,
    reasons::{field_of, fix},
    source::STDIN,
};

/// A row that is no complaint, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The line on which it begins, counted from 1.
    pub line: u64,
    /// Why: a code of `ombud_contract::validate::Invalid`, or one of the file's own: `csv-field-count`,
    /// `quote-unclosed`, `header-repeated`, `line-too-long`, `not-utf8`, `json-malformed`, `json-nan`, `narrative-is-a-number`,
    /// `-a-flag`, `-a-list` or `-an-object`, `id-is-a-list` or `-an-object`, `id-with-several-narratives`, `received-at-malformed`,
    /// `received-at-missing`, `received-at-ambiguous`, `received-at-in-another-order`, the same but the missing one with
    /// `regulator-sent-at-` or `notice-at-`, `submission-malformed`, `flag-malformed`, `attributes-malformed`. [`crate::fix`]
    /// says what to do.
    pub reason: &'static str,
    /// Its fields as bytes, under [`crate::Rows::columns`]. Personal: not for logs.
    pub fields: Vec<Vec<u8>>,
}

/// Where the rejected rows of `file` go: `FILE.rejected.csv`; those of stdin (`-`) or of another pipe to `stdin.rejected.csv` in
/// the working directory, for nothing can lie beside it.
pub fn rejected_path(file: &Path) -> PathBuf {
    let is_pipe = file == Path::new(STDIN)
        || fs::metadata(file).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
    let mut name = if is_pipe { "stdin".into() } else { file.as_os_str().to_owned() };
    name.push(".rejected.csv");
    name.into()
}

/// Why a row is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// A code that stays the same.
    pub code: Cow<'static, str>,
    /// The field that it is about.
    pub field: Cow<'static, str>,
    /// What would be right.
    pub fix: Cow<'static, str>,
}

impl Reason {
    /// What is known of a code of [`Rejected::reason`].
    fn of(code: &'static str) -> Self {
        Self { code: code.into(), field: field_of(code).into(), fix: fix(code).unwrap_or_default().into() }
    }
}

/// Writes rejected rows to a CSV file of their own, which is there only if there are any.
#[derive(Debug)]
pub struct RejectedWriter {
    path: PathBuf,
    columns: Vec<String>,
    writer: Option<csv::Writer<File>>,
    rejections: Rejections,
}

impl RejectedWriter {
    /// Will write to `path`, with the original's columns behind `line`, `reason`, `field` and `mend`; removes what an earlier run
    /// left there.
    ///
    /// # Errors
    /// There is a file already, and it can't be removed.
    pub fn create(path: PathBuf, columns: &[String]) -> Result<Self, IntakeError> {
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                Err(IntakeError::WriteRejected { path, cause })
            }
            _ => {
                let rejections = Rejections::listed_in(path.display().to_string());
                Ok(Self { path, columns: columns.to_vec(), writer: None, rejections })
            }
        }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// The file can't be made or written.
    pub fn write(&mut self, rejected: &Rejected) -> Result<(), IntakeError> {
        self.write_for(&Reason::of(rejected.reason), rejected)
    }

    /// Adds a row that is not taken for another reason than its own.
    ///
    /// # Errors
    /// As [`RejectedWriter::write`].
    pub fn write_for(&mut self, reason: &Reason, rejected: &Rejected) -> Result<(), IntakeError> {
        self.add(reason, rejected)
            .map_err(|cause| IntakeError::WriteRejected { path: self.path.clone(), cause })
    }

    /// Makes sure that all is written; returns how many there were, and why.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn finish(mut self) -> Result<Rejections, IntakeError> {
        let flushed = self.writer.as_mut().map_or(Ok(()), csv::Writer::flush);
        flushed.map_err(|cause| IntakeError::WriteRejected { path: self.path, cause })?;
        Ok(self.rejections)
    }

    fn add(&mut self, reason: &Reason, rejected: &Rejected) -> io::Result<()> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => {
                // A record with too many fields is rejected for it, so rows differ in length.
                let mut writer = csv::WriterBuilder::new().flexible(true).from_path(&self.path)?;
                let ours = ["line", "reason", "field", "mend"].into_iter();
                writer.write_record(ours.chain(self.columns.iter().map(String::as_str)))?;
                none.insert(writer)
            }
        };
        let Reason { code, field, fix } = reason;
        for said in [rejected.line.to_string().as_str(), code, field, fix] {
            writer.write_field(said)?;
        }
        writer.write_record(&rejected.fields)?;
        self.rejections.note(code, fix);
        Ok(())
    }
}

/// How many rows were rejected, and for which reasons. Displayed, it is what a person reads at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejections {
    /// Where all of them are listed.
    listed_in: String,
    count: u64,
    /// By code: how often, and what to do.
    reasons: BTreeMap<String, (u64, String)>,
}

impl Rejections {
    /// None so far, of a list that is found at `place`: a path, or a command.
    pub fn listed_in(place: String) -> Self {
        Self { listed_in: place, ..Self::default() }
    }

    /// One more, for the reason with this code.
    pub fn note(&mut self, code: &str, fix: &str) {
        self.count += 1;
        match self.reasons.get_mut(code) {
            Some((count, _)) => *count += 1,
            None => {
                self.reasons.insert(code.to_owned(), (1, fix.to_owned()));
            }
        }
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count
    }
}

impl fmt::Display for Rejections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 3;
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        let (rows, are) = if self.count == 1 { ("row", "is") } else { ("rows", "are") };
        writeln!(f, "{} {rows} {are} rejected:", self.count)?;
        for (code, (count, fix)) in reasons.iter().take(SHOWN) {
            writeln!(f, "{count:>7}  {code}: {fix}")?;
        }
        let others: u64 = reasons.iter().skip(SHOWN).map(|(_, (count, _))| count).sum();
        if others > 0 {
            writeln!(f, "{others:>7}  for other reasons")?;
        }
        writeln!(f, "each with its line and what to do: {}", self.listed_in)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_most_frequent_reasons_are_told_with_the_mend_and_the_place_of_the_rest() {
        let mut rejections = Rejections::listed_in("complaints.csv.rejected.csv".to_owned());
        for (code, times) in [("a", 1), ("b", 3), ("c", 2), ("d", 4), ("e", 1)] {
            (0..times).for_each(|_| rejections.note(code, "fix it"));
        }
        let expected = "11 rows are rejected:\n      4  d: fix it\n      3  b: fix it\n      2  c: fix it\n\
            \u{20}     2  for other reasons\neach with its line and what to do: complaints.csv.rejected.csv\n";
        assert_eq!(rejections.to_string(), expected);
        let mut one = Rejections::listed_in("x".to_owned());
        one.note("a", "fix it");
        assert!(one.to_string().starts_with("1 row is rejected:\n      1  a: fix it\neach"), "{one}");
    }
}
