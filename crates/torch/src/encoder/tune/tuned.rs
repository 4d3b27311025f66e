//! What a fine-tuning leaves: weights to store, and a model made of exactly what is stored.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use ombud_models::Model;
use tch::{TchError, Tensor};

use super::base::Base;
use super::error::TuneError;
use super::recipe::HeadTuning;
use super::state::Point;
use crate::encoder::model::Encoder;
use crate::encoder::network::Network;
use crate::encoder::save;
use crate::encoder::weights::Weights;

/// A fine-tuned encoder.
pub struct Tuned {
    pub(super) network: Network,
    pub(super) heads: Vec<HeadTuning>,
    /// All judgements, in their order.
    pub points: Vec<Point>,
    /// The one whose weights these are.
    pub best: usize,
    /// Steps that were made.
    pub steps: usize,
    /// Examples learned from in a second, waits for judgements and checkpoints left out; of this process alone.
    pub examples_per_second: f64,
}

/// How the body's matrices are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// In single precision.
    Float,
    /// In a byte a weight, with a step a row.
    Int8,
}

/// The files of an encoder, in memory.
pub struct Stored<'a> {
    base: &'a Base,
    heads: &'a [HeadTuning],
    tensors: Vec<(String, Tensor)>,
}

impl Tuned {
    /// # Errors
    /// libtorch said no.
    pub fn store<'a>(&'a self, base: &'a Base, storage: Storage) -> Result<Stored<'a>, TuneError> {
        let mut network = self.network.share();
        for (head, tuning) in network.heads.iter_mut().zip(&self.heads) {
            if tuning.flag {
                head.answer.weight = below_zeros(&head.answer.weight)?;
                head.answer.bias = below_zeros(&head.answer.bias)?;
            }
        }
        let tasks: Vec<String> = self.heads.iter().map(|head| head.task.clone()).collect();
        let tensors = save::tensors(&network, &base.config, &tasks)?;
        let tensors = match storage {
            Storage::Float => tensors,
            Storage::Int8 => save::in_bytes(tensors)?,
        };
        Ok(Stored { base, heads: &self.heads, tensors })
    }
}

/// Of a flag's one answer two: a first that is always zero, and itself.
fn below_zeros(answer: &Tensor) -> Result<Tensor, TchError> {
    Tensor::f_cat(&[&answer.f_zeros_like()?, answer], 0)
}

impl Stored<'_> {
    /// A model of these weights.
    ///
    /// # Errors
    /// libtorch said no.
    pub fn model(&self) -> Result<Arc<dyn Model>, TuneError> {
        let tensors =
            self.tensors.iter().map(|(name, tensor)| (name.clone(), tensor.shallow_clone())).collect();
        let heads = self.heads.iter().map(|head| (head.task.as_str(), head.labels));
        let network = Weights::of(tensors, &self.base.config)
            .with_heads(heads)
            .map_err(TuneError::base(&self.base.dir))?;
        Ok(Arc::new(Encoder::new(self.base.text()?, self.base.config.pad, network)))
    }

    /// Adds `shift` to the logits of a task, one number a label.
    ///
    /// # Errors
    /// libtorch said no.
    pub fn shift(&mut self, task: &str, shift: &[f32]) -> Result<(), TuneError> {
        let name = format!("{}.bias", crate::encoder::names::head(task));
        for (_, bias) in self.tensors.iter_mut().filter(|(found, _)| *found == name) {
            *bias = bias.f_add(&Tensor::f_from_slice(shift)?)?;
        }
        Ok(())
    }

    /// Writes `config.json`, `tokenizer.json` and `model.safetensors` into `dir`.
    ///
    /// # Errors
    /// The folder can't be written.
    pub fn save(&self, dir: &Path) -> Result<(), TuneError> {
        for (file, text) in
            [("config.json", &self.base.config_json), ("tokenizer.json", &self.base.tokenizer_json)]
        {
            let path = dir.join(file);
            fs::write(&path, text).map_err(TuneError::file(&path))?;
        }
        Ok(Tensor::write_safetensors(&self.tensors, dir.join("model.safetensors"))?)
    }
}
