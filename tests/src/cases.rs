//! Inputs as others bring them, with what is expected of each: `expected.toml` in each folder of tests/cases.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::repository;

/// One input, and what comes of it. What is left out is not asked about, but for reasons: of those, all are named.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What is promised of it, as a sentence.
    pub it: String,
    /// The input, in the folder of its kind; of a shared one, in the folder of shared cases.
    pub file: PathBuf,
    /// It lies beside the repository.
    #[serde(default)]
    pub shared: bool,
    /// What reads it.
    #[serde(default)]
    pub run: Run,
    /// Said behind the file.
    #[serde(default)]
    pub words: Vec<String>,
    /// Of a folder that is imported: what its config.json says otherwise.
    #[serde(default)]
    pub config: BTreeMap<String, Value>,
    /// Of a folder that is imported: what its files are called instead.
    #[serde(default)]
    pub renamed: BTreeMap<String, String>,
    /// It comes through a pipe.
    #[serde(default)]
    pub stdin: bool,
    /// The exit code.
    pub exit: i32,
    /// Of the result in JSON: counts by their name there.
    #[serde(default)]
    pub counts: BTreeMap<String, u64>,
    /// All reasons for which rows are rejected, and how often each.
    #[serde(default)]
    pub rejected: BTreeMap<String, u64>,
    /// All that `check` notes besides, and how often each. That the language is unknown is only looked for if it is named.
    #[serde(default)]
    pub noted: BTreeMap<String, u64>,
    /// Words on stderr.
    #[serde(default)]
    pub stderr: Vec<String>,
    /// Words on stdout.
    #[serde(default)]
    pub stdout: Vec<String>,
    /// What is printed nowhere.
    #[serde(default)]
    pub hides: Vec<String>,
    /// By complaint, fields of its record in complaints.raw, a time as text. All complaints are named if any is.
    #[serde(default)]
    pub raw: BTreeMap<String, BTreeMap<String, Value>>,
    /// By complaint, fields of its route.
    #[serde(default)]
    pub routes: BTreeMap<String, BTreeMap<String, Value>>,
}

/// The command that reads an input.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Run {
    /// `ombud check FILE --json`
    #[default]
    Check,
    /// `ombud up FILE --once --json`, in a data folder of its own
    Up,
    /// `ombud feedback --file FILE --json`, beside an `up` that has decided `complaints.csv`
    Feedback,
    /// `ombud learn FILE`
    Learn,
    /// `ombud models import FOLDER`
    Import,
}

#[derive(Deserialize)]
struct Expected {
    /// Empty where the list is of records that only brokers show: a promise on brokers reads that one.
    #[serde(default)]
    case: Vec<Case>,
}

/// The folder of inputs of a kind.
pub fn folder_of(kind: &str) -> PathBuf {
    repository().join("tests/cases").join(kind)
}

/// The cases of a kind whose inputs the repository carries.
///
/// # Errors
/// A list can't be read, or an input is missing.
pub fn cases(kind: &str) -> Result<Vec<Case>> {
    let (all, folder) = (read(kind)?, folder_of(kind));
    let own = all.into_iter().filter(|case| !case.shared).map(|case| case.in_folder(&folder));
    own.collect()
}

/// The cases of all kinds whose inputs lie beside the repository. A promise that reads them has `shared_cases` in its name, so
/// that scripts/test can name what it leaves out where they are missing.
///
/// # Errors
/// A list can't be read, or an input is missing.
pub fn shared_cases() -> Result<Vec<Case>> {
    let mut kinds: Vec<String> = Vec::new();
    for entry in fs::read_dir(folder_of(""))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            kinds.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    kinds.sort();
    let folder = repository().join("../shared/cases");
    let mut shared = Vec::new();
    for kind in kinds {
        for case in read(&kind)?.into_iter().filter(|case| case.shared) {
            shared.push(case.in_folder(&folder)?);
        }
    }
    ensure!(!shared.is_empty(), "no case is shared");
    Ok(shared)
}

fn read(kind: &str) -> Result<Vec<Case>> {
    let list = folder_of(kind).join("expected.toml");
    let text = fs::read_to_string(&list).with_context(|| format!("read {}", list.display()))?;
    let expected: Expected = toml::from_str(&text).with_context(|| format!("read {}", list.display()))?;
    Ok(expected.case)
}

impl Case {
    fn in_folder(mut self, folder: &Path) -> Result<Self> {
        self.file = folder.join(self.file);
        ensure!(self.file.exists(), "{} is missing", self.file.display());
        Ok(self)
    }
}
