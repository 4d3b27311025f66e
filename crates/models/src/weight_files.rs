//! Weights in several files: what `model.safetensors.index.json` says about them. The file comes from outside, so
//! the names in it are parsed, and all of it is bounded.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use crate::hub_name::{NameError, WeightFileName};

/// Weights in one file, which runs no code when it is read.
pub(crate) const WEIGHTS: &str = "model.safetensors";
/// What replaces it where the weights are in several files.
pub(crate) const INDEX: &str = "model.safetensors.index.json";
/// The largest index: a model of a hundred thousand tensors has less.
const LARGEST_INDEX: u64 = 16 << 20;
/// The most files: `save_pretrained` writes some gigabytes into each.
const MOST_FILES: usize = 256;
/// What all files together may have: more than any encoder that runs here.
const MOST_BYTES: u64 = 32 << 30;

/// The files of a model whose weights are not in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightFiles {
    files: Vec<WeightFileName>,
}

/// Why weights in several files can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeightFilesError {
    /// The index is not an index.
    #[error("{INDEX} is no list of weights: {0}; save the model again, `model.save_pretrained(DIR)`")]
    Broken(String),
    /// It names something that is not a file of weights.
    #[error("{INDEX} names a file: {0}")]
    Name(#[from] NameError),
    /// It names too many.
    #[error(
        "{INDEX} names {found} files, and at most {MOST_FILES} are read; save it in larger ones, `max_shard_size=\"5GB\"`"
    )]
    TooMany {
        /// How many.
        found: usize,
    },
    /// It names a file that is not there.
    #[error("{INDEX} names {0}, which is not there: bring all of its files")]
    Missing(WeightFileName),
    /// They are too large.
    #[error("the files of {INDEX} have {found} bytes, and at most {MOST_BYTES} are read")]
    TooLarge {
        /// How many bytes.
        found: u64,
    },
    /// A file can't be read.
    #[error("{file} can't be read: {what}")]
    Unread {
        /// Which.
        file: String,
        /// Why.
        what: String,
    },
}

#[derive(Deserialize)]
struct Index {
    /// Tensor to file.
    weight_map: BTreeMap<String, String>,
}

impl WeightFiles {
    /// The files of `folder`, after a check that all are there; `None` where its weights are in one file.
    ///
    /// # Errors
    /// See [`WeightFilesError`].
    pub fn in_folder(folder: &Path) -> Result<Option<Self>, WeightFilesError> {
        if folder.join(WEIGHTS).exists() {
            return Ok(None);
        }
        let named = Self::read(&folder.join(INDEX))?;
        let mut bytes = 0_u64;
        for name in &named.files {
            let Ok(file) = fs::metadata(folder.join(name.as_str())) else {
                return Err(WeightFilesError::Missing(name.clone()));
            };
            bytes = bytes.saturating_add(file.len());
        }
        if bytes > MOST_BYTES {
            return Err(WeightFilesError::TooLarge { found: bytes });
        }
        Ok(Some(named))
    }

    /// The files that the index `path` names.
    ///
    /// # Errors
    /// See [`WeightFilesError`].
    pub(crate) fn read(path: &Path) -> Result<Self, WeightFilesError> {
        let unread = |error: std::io::Error| WeightFilesError::Unread {
            file: INDEX.to_owned(),
            what: error.to_string(),
        };
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(LARGEST_INDEX + 1).read_to_string(&mut text))
            .map_err(unread)?;
        if text.len() as u64 > LARGEST_INDEX {
            return Err(WeightFilesError::Broken(format!("it has more than {LARGEST_INDEX} bytes")));
        }
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, WeightFilesError> {
        // serde_json's message would quote the text; the line alone is enough.
        let index: Index = serde_json::from_str(text).map_err(|error| {
            WeightFilesError::Broken(format!("line {} has no weight_map of names", error.line()))
        })?;
        let names: BTreeSet<&String> = index.weight_map.values().collect();
        if names.is_empty() {
            return Err(WeightFilesError::Broken("its weight_map is empty".to_owned()));
        }
        if names.len() > MOST_FILES {
            return Err(WeightFilesError::TooMany { found: names.len() });
        }
        let files = names.into_iter().map(|name| WeightFileName::parse(name)).collect::<Result<_, _>>()?;
        Ok(Self { files })
    }

    /// Their names, each once.
    pub fn files(&self) -> &[WeightFileName] {
        &self.files
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(files: &[&str]) -> String {
        let map: BTreeMap<String, &str> =
            files.iter().enumerate().map(|(at, file)| (format!("tensor.{at}"), *file)).collect();
        serde_json::json!({"metadata": {"total_size": 8}, "weight_map": map}).to_string()
    }

    #[test]
    fn each_file_is_named_once_and_must_be_there() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors");
        fs::write(dir.path().join(INDEX), index(&[two, one, two])).unwrap();
        fs::write(dir.path().join(one), "").unwrap();
        let missing = WeightFiles::in_folder(dir.path()).unwrap_err().to_string();
        assert!(missing.contains(&format!("names {two}, which is not there")), "{missing}");
        fs::write(dir.path().join(two), "").unwrap();
        let weights = WeightFiles::in_folder(dir.path()).unwrap().unwrap();
        assert_eq!(weights.files().iter().map(WeightFileName::as_str).collect::<Vec<_>>(), [one, two]);
        // One file with all of them counts, as in Python.
        fs::write(dir.path().join(WEIGHTS), "").unwrap();
        assert_eq!(WeightFiles::in_folder(dir.path()).unwrap(), None);
    }

    #[test]
    fn an_index_leads_nowhere_else_and_has_an_end() {
        for name in
            ["../model.safetensors", "/etc/passwd", "a/b.safetensors", "model.bin", ".safetensors", ""]
        {
            assert!(matches!(WeightFiles::parse(&index(&[name])), Err(WeightFilesError::Name(_))), "{name}");
        }
        let many: Vec<String> = (0..=MOST_FILES).map(|at| format!("m-{at}.safetensors")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(
            WeightFiles::parse(&index(&many)),
            Err(WeightFilesError::TooMany { found: MOST_FILES + 1 })
        );
        for broken in ["{", "{}", "[]", r#"{"weight_map": {}}"#, r#"{"weight_map": {"a": 1}}"#] {
            assert!(matches!(WeightFiles::parse(broken), Err(WeightFilesError::Broken(_))), "{broken}");
        }
    }
}
