//! What a folder that Python's transformers wrote must hold to be read here, and how to fix it where it doesn't.

use std::path::Path;
use std::{fs, io};

#[cfg(feature = "hub")]
use crate::hub_name::FileName;
use crate::weight_files::{INDEX, WEIGHTS, WeightFiles, WeightFilesError};

/// Its sizes and its labels.
pub(crate) const CONFIG: &str = "config.json";
/// Its vocabulary and how it cuts text.
const TOKENIZER: &str = "tokenizer.json";
/// What is read where it is there, besides the above.
#[cfg(feature = "hub")]
const WELCOME: [&str; 3] = ["tokenizer_config.json", "special_tokens_map.json", "README.md"];
/// What is learned beside a model's own weights, and is none without them.
const ADAPTER: [&str; 2] = ["adapter_model.safetensors", "adapter_model.bin"];

/// What keeps a folder from being read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FolderFault {
    /// Nothing says what it is.
    #[error("it has no {CONFIG}: name a folder that `save_pretrained` wrote, or a model of the hub")]
    Config,
    /// It is what was learned beside another model's weights, which it lacks.
    #[error(
        "it has {found} alone, an adapter without its model: make them one in Python, \
         `model.merge_and_unload().save_pretrained(DIR)`"
    )]
    Model {
        /// The adapter.
        found: String,
    },
    /// Its weights are of a kind that is not read here, or there are none.
    #[error(
        "it has no {WEIGHTS}{}: save it as safetensors in Python, `model.save_pretrained(DIR)`",
        found.as_ref().map(|file| format!(" but {file}")).unwrap_or_default()
    )]
    Weights {
        /// What is there instead.
        found: Option<String>,
    },
    /// Its weights are in several files, and not all are there or can be.
    #[error(transparent)]
    WeightFiles(#[from] WeightFilesError),
    /// Its tokenizer is of a kind that is not read here, or there is none.
    #[error(
        "it has no {TOKENIZER}{}: make it in Python, \
         `AutoTokenizer.from_pretrained(DIR, use_fast=True).save_pretrained(DIR)`",
        found.as_ref().map(|file| format!(" but {file}, which only Python reads")).unwrap_or_default()
    )]
    Tokenizer {
        /// What is there instead.
        found: Option<String>,
    },
}

impl FolderFault {
    /// What a folder with the files `names` lacks, as far as names tell.
    pub fn among<S: AsRef<str>>(names: &[S]) -> Option<Self> {
        let has = |name: &str| names.iter().any(|other| other.as_ref() == name);
        let first = |some: &[&str]| some.iter().find(|name| has(name)).map(|name| (*name).to_owned());
        let has_weights = has(WEIGHTS) || has(INDEX);
        if !has_weights && let Some(found) = first(&ADAPTER) {
            return Some(Self::Model { found });
        }
        if !has(CONFIG) {
            return Some(Self::Config);
        }
        if !has_weights {
            let others =
                ["pytorch_model.bin", "pytorch_model.bin.index.json", "tf_model.h5", "flax_model.msgpack"];
            return Some(Self::Weights { found: first(&others) });
        }
        if !has(TOKENIZER) {
            let found = first(&["vocab.txt", "vocab.json", "sentencepiece.bpe.model", "spiece.model"]);
            return Some(Self::Tokenizer { found });
        }
        None
    }

    /// What `folder` lacks.
    ///
    /// # Errors
    /// It can't be listed.
    pub fn in_folder(folder: &Path) -> io::Result<Option<Self>> {
        let names = fs::read_dir(folder)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<io::Result<Vec<String>>>()?;
        Ok(Self::among(&names).or_else(|| WeightFiles::in_folder(folder).err().map(Self::WeightFiles)))
    }
}

/// The files to fetch of a model that has `names`; files that an index names come on top.
#[cfg(feature = "hub")]
pub(crate) fn wanted(names: &[FileName]) -> impl Iterator<Item = &FileName> {
    let find = |wanted: &str| names.iter().find(|name| name.as_str() == wanted);
    let weights = find(WEIGHTS).or_else(|| find(INDEX));
    [CONFIG, TOKENIZER].into_iter().chain(WELCOME).filter_map(find).chain(weights)
}

/// The files of `folder` without which it is not read here.
#[cfg(feature = "hub")]
pub(crate) fn needed(folder: &Path) -> Result<Vec<String>, WeightFilesError> {
    let mut needed = vec![CONFIG.to_owned(), TOKENIZER.to_owned()];
    match WeightFiles::in_folder(folder)? {
        None => needed.push(WEIGHTS.to_owned()),
        Some(weights) => {
            needed.push(INDEX.to_owned());
            needed.extend(weights.files().iter().map(ToString::to_string));
        }
    }
    Ok(needed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(names: &[&str]) -> String {
        FolderFault::among(names).map(|lacking| lacking.to_string()).unwrap_or_default()
    }

    #[test]
    fn whatever_is_missing_is_named_with_its_fix() {
        assert_eq!(refusal(&[CONFIG, WEIGHTS, TOKENIZER, "README.md"]), "");
        assert!(refusal(&[WEIGHTS, TOKENIZER]).contains("save_pretrained"));
        let pickled = refusal(&[CONFIG, "pytorch_model.bin", TOKENIZER]);
        assert!(
            pickled.starts_with("it has no model.safetensors but pytorch_model.bin: save it as"),
            "{pickled}"
        );
        assert_eq!(refusal(&[CONFIG, INDEX, TOKENIZER]), "");
        let adapter = refusal(&["adapter_config.json", "adapter_model.safetensors", TOKENIZER]);
        assert!(adapter.contains("merge_and_unload"), "{adapter}");
        assert_eq!(refusal(&[CONFIG, WEIGHTS, "adapter_model.bin", TOKENIZER]), "");
        let slow = refusal(&[CONFIG, WEIGHTS, "vocab.txt"]);
        assert!(
            slow.contains("vocab.txt, which only Python reads: make it") && slow.contains("use_fast"),
            "{slow}"
        );
        assert!(refusal(&[CONFIG, WEIGHTS]).starts_with("it has no tokenizer.json: make it"));
    }
}
