//! Where a fine-tuning starts: a folder in Hugging Face's layout, with or without a classifier on it.

use std::fs;
use std::path::{Path, PathBuf};

use ombud_models::{Cleaning, Input};
use tch::Tensor;

use super::error::TuneError;
use crate::encoder::config::Config;
use crate::encoder::network::{Linear, Network};
use crate::encoder::text::Text;
use crate::encoder::weights::{Weights, files_in};

/// An encoder to train on from, and how it reads text.
pub struct Base {
    pub(super) dir: PathBuf,
    pub(super) config: Config,
    pub(super) config_json: String,
    pub(super) tokenizer_json: String,
    pub(super) text: Text,
    pub(super) max_tokens: usize,
    pub(super) cleaning: Option<Cleaning>,
}

impl Base {
    /// Opens a folder with `config.json`, `tokenizer.json` and `model.safetensors`, or the files of its index. Texts are
    /// cleaned, and of a long one `max_tokens` are read.
    ///
    /// # Errors
    /// A file is missing or broken, its architecture does not run here, or it has too few positions.
    pub fn open(dir: &Path, max_tokens: usize, cleaning: Option<Cleaning>) -> Result<Self, TuneError> {
        let read = |file: &str| {
            let path = dir.join(file);
            fs::read_to_string(&path).map_err(TuneError::file(path))
        };
        let (config_json, tokenizer_json) = (read("config.json")?, read("tokenizer.json")?);
        let config = Config::parse(&config_json).map_err(TuneError::base(dir))?;
        let text =
            Text::new(&tokenizer_json, &config, Some(max_tokens), cleaning).map_err(TuneError::base(dir))?;
        Ok(Self { dir: dir.to_owned(), config, config_json, tokenizer_json, text, max_tokens, cleaning })
    }

    /// The files that decide what comes of a training.
    ///
    /// # Errors
    /// Its weights are in several files, and not all are there.
    pub fn files(&self) -> Result<Vec<PathBuf>, TuneError> {
        let mut files = ["config.json", "tokenizer.json"].map(|file| self.dir.join(file)).to_vec();
        files.extend(files_in(&self.dir).map_err(TuneError::base(&self.dir))?);
        Ok(files)
    }

    /// The ids that the model reads of a narrative.
    pub fn read(&self, narrative: &str) -> Vec<u32> {
        match self.text.prepare(narrative).input {
            Input::Tokens(ids) => ids,
            Input::Columns { .. } | Input::Members(_) => unreachable!("a tokenizer gives tokens"),
        }
    }

    /// The body, and the layer that stands on the first token, where the base has one.
    pub(super) fn network(&self) -> Result<(Network, Option<Linear>), TuneError> {
        let open = || Weights::open_in(&self.dir, &self.config);
        let body = open().and_then(Weights::body).map_err(TuneError::base(&self.dir))?;
        let pooler = open().and_then(Weights::pooler).map_err(TuneError::base(&self.dir))?;
        Ok((body, pooler))
    }

    /// Another hold on what a model needs to read text.
    pub(super) fn text(&self) -> Result<Text, TuneError> {
        Text::new(&self.tokenizer_json, &self.config, Some(self.max_tokens), self.cleaning)
            .map_err(TuneError::base(&self.dir))
    }

    pub(super) fn hidden(&self) -> i64 {
        self.config.hidden
    }

    pub(super) fn zeros(&self, size: &[i64]) -> Result<Tensor, TuneError> {
        Ok(Tensor::f_zeros(size, (tch::Kind::Float, tch::Device::Cpu))?)
    }
}
