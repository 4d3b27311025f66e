//! An encoder behind [`Model`]: one tokenizer for all threads, one replica a thread over shared weights.

use std::fs;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use ombud_models::{Artefact, Classifier, ClassifyError, Input, LoadError, Logits, Model, Prepared};
use tch::{Kind, TchError, Tensor};

use super::config::Config;
use super::network::Network;
use super::text::Text;
use super::unfit::Unfit;
use super::weights;
use crate::tuning;

/// Tokens, padding included, that go through the network at once. Larger passes compute no more per second, but
/// pad more: on lengths of 40 to 257 a fifth fewer texts a second at 4,096. Smaller ones fill the kernels badly.
const TOKENS_PER_PASS: usize = 1_024;

/// Loads the encoder of an artefact.
///
/// # Errors
/// A file is missing or broken, it is no supported classifier, or it contradicts `ombud.json`.
pub(crate) fn load(artefact: &Artefact) -> Result<Arc<dyn Model>, LoadError> {
    let model = read(artefact).map_err(|unfit| LoadError {
        model_id: artefact.manifest.model_id.clone(),
        dir: artefact.dir.display().to_string(),
        what: unfit.to_string(),
    })?;
    Ok(Arc::new(model))
}

fn read(artefact: &Artefact) -> Result<Encoder, Unfit> {
    let text_of =
        |file| fs::read_to_string(artefact.dir.join(file)).map_err(|e: std::io::Error| Unfit::file(file, e));
    let config = Config::parse(&text_of("config.json")?)?;

    let [head] = artefact.manifest.heads.as_slice() else {
        return Err(Unfit::Heads(artefact.manifest.heads.len()));
    };
    if head.labels != config.labels {
        return Err(Unfit::Labels {
            task: head.task.clone(),
            found: config.labels,
            expected: head.labels.clone(),
        });
    }

    let longest = config.longest_text();
    let max_tokens =
        artefact.manifest.max_tokens.map_or(longest, |n| usize::try_from(n).unwrap_or(usize::MAX));
    let text = Text::new(&text_of("tokenizer.json")?, config.vocabulary, max_tokens, longest)?;
    let network = weights::read(&artefact.dir.join("model.safetensors"), &config)?;
    Ok(Encoder { text, pad: config.pad, network: Mutex::new(network) })
}

/// A loaded encoder.
struct Encoder {
    text: Text,
    pad: u32,
    /// Tensors may move between threads but not be shared by reference, so they are shared by count: the lock
    /// is held only while a replica takes its own handles on the weights.
    network: Mutex<Network>,
}

impl Model for Encoder {
    fn prepare(&self, narrative: &str) -> Prepared {
        self.text.prepare(narrative)
    }

    fn replica(&self) -> Box<dyn Classifier> {
        let network = self.network.lock().unwrap_or_else(PoisonError::into_inner).share();
        Box::new(Replica { network, pad: self.pad })
    }
}

/// One thread's hold on the weights.
struct Replica {
    network: Network,
    pad: u32,
}

impl Classifier for Replica {
    fn classify(&mut self, batch: &[&Prepared]) -> Result<Vec<Logits>, ClassifyError> {
        let failed = |what: String| ClassifyError { model: "encoder", rows: batch.len(), what };
        let mut texts = Vec::with_capacity(batch.len());
        for (row, prepared) in batch.iter().enumerate() {
            match &prepared.input {
                Input::Tokens(ids) if !ids.is_empty() => texts.push((row, ids.as_slice())),
                Input::Tokens(_) => return Err(failed(format!("row {row} has no tokens"))),
                Input::Columns { .. } => return Err(failed(format!("row {row} was prepared for a bag"))),
            }
        }
        texts.sort_by_key(|(_, ids)| ids.len());

        tuning::one_thread();
        let mut answers = vec![Logits::new(); batch.len()];
        let lengths: Vec<usize> = texts.iter().map(|(_, ids)| ids.len()).collect();
        for pass in passes(&lengths, TOKENS_PER_PASS) {
            let texts = &texts[pass];
            let rows = self.score(texts).map_err(|e| failed(e.to_string()))?;
            for ((row, _), logits) in texts.iter().zip(rows) {
                answers[*row] = vec![logits];
            }
        }
        Ok(answers)
    }
}

impl Replica {
    /// Logits of texts that ascend in length.
    fn score(&self, texts: &[(usize, &[u32])]) -> Result<Vec<Vec<f32>>, TchError> {
        let shortest = texts.first().map_or(0, |(_, ids)| ids.len());
        let longest = texts.last().map_or(0, |(_, ids)| ids.len());
        let mut padded = Vec::with_capacity(texts.len() * longest);
        for (_, ids) in texts {
            padded.extend(ids.iter().copied().map(i64::from));
            padded.extend(std::iter::repeat_n(i64::from(self.pad), longest - ids.len()));
        }
        tch::no_grad(|| {
            let shape = [texts.len() as i64, longest as i64];
            let ids = Tensor::f_from_slice(&padded)?.f_view(shape)?;
            let padding = if shortest == longest { None } else { Some(ended(texts, longest)?) };
            let logits = self.network.logits(&ids, padding.as_ref())?;
            Vec::<Vec<f32>>::try_from(logits)
        })
    }
}

/// True where a text has ended. By length, not by id: a narrative may spell the padding token out.
fn ended(texts: &[(usize, &[u32])], longest: usize) -> Result<Tensor, TchError> {
    let lengths: Vec<i64> = texts.iter().map(|(_, ids)| ids.len() as i64).collect();
    let lengths = Tensor::f_from_slice(&lengths)?.f_unsqueeze(1)?;
    Tensor::f_arange(longest as i64, (Kind::Int64, tch::Device::Cpu))?.f_ge_tensor(&lengths)
}

/// Cuts texts that ascend in length into passes of at most `budget` tokens, padding included; a longer text
/// goes alone.
fn passes(lengths: &[usize], budget: usize) -> Vec<Range<usize>> {
    let mut passes = Vec::new();
    let mut start = 0;
    for (text, length) in lengths.iter().enumerate() {
        if text > start && (text + 1 - start) * length > budget {
            passes.push(start..text);
            start = text;
        }
    }
    if start < lengths.len() {
        passes.push(start..lengths.len());
    }
    passes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_keeps_to_its_budget_with_padding_counted() {
        assert_eq!(passes(&[1, 2, 3, 4], 8), [0..2, 2..4]);
        assert_eq!(passes(&[2, 2, 9, 9], 8), [0..2, 2..3, 3..4]);
        assert!(passes(&[], 8).is_empty());
    }
}
