//! What a folder that Python's transformers wrote must hold to be read here, and the mend where it doesn't.

use std::path::Path;
use std::{fs, io};

#[cfg(feature = "hub")]
use crate::hub_name::FileName;

/// Its sizes and its labels.
pub(crate) const CONFIG: &str = "config.json";
/// Its vocabulary and how it cuts text.
const TOKENIZER: &str = "tokenizer.json";
/// Its weights, in one file that runs no code when it is read.
pub(crate) const WEIGHTS: &str = "model.safetensors";
/// Without one of these it is not read here.
#[cfg(feature = "hub")]
pub(crate) const NEEDED: [&str; 3] = [CONFIG, TOKENIZER, WEIGHTS];
/// What is read where it is there.
#[cfg(feature = "hub")]
const WELCOME: [&str; 3] = ["tokenizer_config.json", "special_tokens_map.json", "README.md"];

/// What keeps a folder from being read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lacking {
    /// Nothing says what it is.
    #[error("it has no {CONFIG}: name a folder that `save_pretrained` wrote, or a model of the hub")]
    Config,
    /// Its weights are of a kind that is not read here, or there are none.
    #[error("it has no {WEIGHTS}{}: {mend}", found.as_ref().map(|file| format!(" but {file}")).unwrap_or_default())]
    Weights {
        /// What is there instead.
        found: Option<String>,
        /// How to make the missing file.
        mend: &'static str,
    },
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

impl Lacking {
    /// What a folder with the files `names` lacks.
    pub fn among<S: AsRef<str>>(names: &[S]) -> Option<Self> {
        let has = |name: &str| names.iter().any(|other| other.as_ref() == name);
        let first = |some: &[&str]| some.iter().find(|name| has(name)).map(|name| (*name).to_owned());
        if !has(CONFIG) {
            return Some(Self::Config);
        }
        if !has(WEIGHTS) {
            let sharded = first(&["model.safetensors.index.json"]);
            let mend = match sharded {
                Some(_) => "save it in one file, `model.save_pretrained(DIR, max_shard_size=\"50GB\")`",
                None => "save it as safetensors in Python, `model.save_pretrained(DIR)`",
            };
            let others =
                ["pytorch_model.bin", "pytorch_model.bin.index.json", "tf_model.h5", "flax_model.msgpack"];
            return Some(Self::Weights { found: sharded.or_else(|| first(&others)), mend });
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
        Ok(Self::among(&names))
    }
}

/// The files to fetch of a model that has `names`.
#[cfg(feature = "hub")]
pub(crate) fn wanted(names: &[FileName]) -> impl Iterator<Item = &FileName> {
    let all = NEEDED.into_iter().chain(WELCOME);
    all.filter_map(move |wanted| names.iter().find(|name| name.as_str() == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(names: &[&str]) -> String {
        Lacking::among(names).map(|lacking| lacking.to_string()).unwrap_or_default()
    }

    #[test]
    fn whatever_is_missing_is_named_with_its_mend() {
        assert_eq!(refusal(&[CONFIG, WEIGHTS, TOKENIZER, "README.md"]), "");
        assert!(refusal(&[WEIGHTS, TOKENIZER]).contains("save_pretrained"));
        let pickled = refusal(&[CONFIG, "pytorch_model.bin", TOKENIZER]);
        assert!(
            pickled.starts_with("it has no model.safetensors but pytorch_model.bin: save it as"),
            "{pickled}"
        );
        let sharded = refusal(&[CONFIG, "model.safetensors.index.json", TOKENIZER]);
        assert!(sharded.contains("max_shard_size"), "{sharded}");
        let slow = refusal(&[CONFIG, WEIGHTS, "vocab.txt"]);
        assert!(
            slow.contains("vocab.txt, which only Python reads: make it") && slow.contains("use_fast"),
            "{slow}"
        );
        assert!(refusal(&[CONFIG, WEIGHTS]).starts_with("it has no tokenizer.json: make it"));
    }
}
