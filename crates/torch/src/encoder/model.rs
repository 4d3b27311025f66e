//! An encoder behind [`Model`]: one tokenizer for all threads, one replica a thread over shared weights.

use std::fs;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use ombud_models::{
    Artefact, BatchBudget, Blame, Classifier, ClassifyError, HostFault, Input, LoadError, Logits, Model,
    Prepared, Summing, Trace, cut_by_length,
};
use tch::{Kind, TchError, Tensor};

use super::alignment::align;
use super::config::Config;
use super::error::EncoderError;
use super::network::Network;
use super::text::Text;
use super::trace::EncoderTrace;
use super::weights::Weights;
use crate::{blame, tuning};

/// Tokens, padding included, that go through the network at once. Larger passes compute no more per second, but
/// pad more: on lengths of 40 to 257 a fifth fewer texts a second at 4,096. Smaller ones fill the kernels badly.
pub(crate) const TOKENS_PER_PASS: usize = 1_024;

/// Loads the encoder of an artefact.
///
/// # Errors
/// A file is missing or broken, it is no supported classifier, or it contradicts `ombud.json`.
pub(crate) fn load(artefact: &Artefact) -> Result<Arc<dyn Model>, LoadError> {
    let model = read(artefact).map_err(|error| LoadError {
        model_id: artefact.manifest.model_id.clone(),
        dir: artefact.dir.display().to_string(),
        what: error.to_string(),
        blame: error.blame(),
    })?;
    Ok(Arc::new(model))
}

fn read(artefact: &Artefact) -> Result<Encoder, EncoderError> {
    let text_of =
        |file| fs::read_to_string(artefact.dir.join(file)).map_err(|error| EncoderError::io(file, error));
    let json = text_of("config.json")?;
    let config = Config::parse(&json)?;
    let text = Text::new(
        &text_of("tokenizer.json")?,
        &config,
        artefact.manifest.max_tokens.map(|n| usize::try_from(n).unwrap_or(usize::MAX)),
        artefact.manifest.cleaning,
    )?;
    let weights = Weights::open(&artefact.dir.join("model.safetensors"), &config)?;
    let heads = artefact.manifest.heads.as_slice();
    let network = if weights.has_heads() {
        weights.with_heads(heads.iter().map(|head| (head.task.as_str(), head.network_labels().len())))?
    } else {
        let [head] = heads else { return Err(EncoderError::Heads(heads.len())) };
        let found = Config::labels(&json)?;
        if head.network_labels() != found {
            let expected = head.network_labels().into_iter().map(str::to_owned).collect();
            return Err(EncoderError::Labels { task: head.task.clone(), found, expected });
        }
        weights.classifier(found.len())?
    };
    let sums = heads.iter().map(Summing::of).collect();
    Ok(Encoder { sums, ..Encoder::new(text, config.pad, network) })
}

/// A loaded encoder.
pub(crate) struct Encoder {
    text: Text,
    pad: u32,
    /// Tensors may move between threads but not be shared by reference, so they are shared by count: the lock
    /// is held only while a replica takes its own handles on the weights.
    network: Mutex<Network>,
    /// For each head how its labels are summed; `None`, or nothing at all, where they are ours.
    sums: Arc<[Option<Summing>]>,
}

impl Encoder {
    /// One whose labels are ours.
    pub(crate) fn new(text: Text, pad: u32, network: Network) -> Self {
        Self { text, pad, network: Mutex::new(network), sums: Arc::from([]) }
    }

    fn share(&self) -> Replica {
        let network = self.network.lock().unwrap_or_else(PoisonError::into_inner).share();
        Replica { network, pad: self.pad, sums: Arc::clone(&self.sums) }
    }
}

impl Model for Encoder {
    fn prepare(&self, narrative: &str) -> Prepared {
        self.text.prepare(narrative)
    }

    fn replica(&self) -> Box<dyn Classifier> {
        Box::new(self.share())
    }

    /// A batch is a pass.
    fn budget(&self) -> BatchBudget {
        BatchBudget { tokens: TOKENS_PER_PASS, ..BatchBudget::UNBOUNDED }
    }

    fn trace(&self, narrative: &str) -> Result<Option<Box<dyn Trace>>, ClassifyError> {
        let mut replica = self.share();
        let served = replica.classify(&[&self.prepare(narrative)])?.swap_remove(0);
        let aligned = align(&self.text, narrative);
        let Replica { network, pad, sums } = replica;
        Ok(Some(Box::new(EncoderTrace::new(network, pad, sums, aligned, served)?)))
    }
}

/// One thread's hold on the weights.
struct Replica {
    network: Network,
    pad: u32,
    sums: Arc<[Option<Summing>]>,
}

impl Classifier for Replica {
    fn classify(&mut self, batch: &[&Prepared]) -> Result<Vec<Logits>, ClassifyError> {
        let failed =
            |what: String, blame: Blame| ClassifyError { model: "encoder", rows: batch.len(), what, blame };
        // Prepared for another model: a defect here, not in the weights.
        let foreign = |what: String| failed(what, Blame::Host(HostFault::Compute));
        let mut texts = Vec::with_capacity(batch.len());
        for (row, prepared) in batch.iter().enumerate() {
            match &prepared.input {
                Input::Tokens(ids) if !ids.is_empty() => texts.push((row, ids.as_slice())),
                Input::Tokens(_) => return Err(foreign(format!("row {row} has no tokens"))),
                Input::Columns { .. } => return Err(foreign(format!("row {row} was prepared for a bag"))),
                Input::Members(_) => return Err(foreign(format!("row {row} was prepared for a blend"))),
            }
        }
        texts.sort_by_key(|(_, ids)| ids.len());

        tuning::one_thread();
        let mut answers = vec![Logits::new(); batch.len()];
        let lengths: Vec<usize> = texts.iter().map(|(_, ids)| ids.len()).collect();
        for pass in passes(&lengths, TOKENS_PER_PASS) {
            let texts = &texts[pass];
            let rows = self.score(texts).map_err(|e| failed(e.to_string(), blame::of(&e)))?;
            for ((row, _), mut logits) in texts.iter().zip(rows) {
                for (logits, sum) in logits.iter_mut().zip(self.sums.iter()) {
                    if let Some(sum) = sum {
                        *logits = sum.sum(logits);
                    }
                }
                answers[*row] = logits;
            }
        }
        Ok(answers)
    }
}

impl Replica {
    /// For each text for each head its logits; the texts ascend in length.
    fn score(&self, texts: &[(usize, &[u32])]) -> Result<Vec<Logits>, TchError> {
        let texts: Vec<&[u32]> = texts.iter().map(|(_, ids)| *ids).collect();
        let (ids, padding) = padded(&texts, self.pad)?;
        tch::no_grad(|| rows(&self.network.logits(&ids, padding.as_ref())?, texts.len()))
    }
}

/// Ids, `[texts, longest]`, and true where a text has ended; `None` where all are of one length.
pub(crate) fn padded(texts: &[&[u32]], pad: u32) -> Result<(Tensor, Option<Tensor>), TchError> {
    let lengths: Vec<usize> = texts.iter().map(|ids| ids.len()).collect();
    let longest = lengths.iter().copied().max().unwrap_or(0);
    let mut padded = Vec::with_capacity(texts.len() * longest);
    for ids in texts {
        padded.extend(ids.iter().copied().map(i64::from));
        padded.extend(std::iter::repeat_n(i64::from(pad), longest - ids.len()));
    }
    let ids = Tensor::f_from_slice(&padded)?.f_view([texts.len() as i64, longest as i64])?;
    Ok((ids, ended(&lengths)?))
}

/// True where a text has ended; `None` where all are of one length. By length, not by id: a narrative may spell
/// the padding token out.
pub(crate) fn ended(lengths: &[usize]) -> Result<Option<Tensor>, TchError> {
    let longest = lengths.iter().copied().max().unwrap_or(0);
    if lengths.iter().all(|length| *length == longest) {
        return Ok(None);
    }
    let lengths: Vec<i64> = lengths.iter().map(|length| *length as i64).collect();
    let lengths = Tensor::f_from_slice(&lengths)?.f_unsqueeze(1)?;
    Ok(Some(Tensor::f_arange(longest as i64, (Kind::Int64, tch::Device::Cpu))?.f_ge_tensor(&lengths)?))
}

/// From `[texts, labels]` a head to logits a text.
pub(crate) fn rows(heads: &[Tensor], texts: usize) -> Result<Vec<Logits>, TchError> {
    let mut rows = vec![Logits::with_capacity(heads.len()); texts];
    for head in heads {
        for (row, logits) in rows.iter_mut().zip(Vec::<Vec<f32>>::try_from(head)?) {
            row.push(logits);
        }
    }
    Ok(rows)
}

/// Cuts texts that ascend in length into passes of at most `budget` tokens, padding included; a longer text
/// goes alone.
pub(crate) fn passes(lengths: &[usize], budget: usize) -> Vec<Range<usize>> {
    cut_by_length(lengths, BatchBudget { tokens: budget, ..BatchBudget::UNBOUNDED })
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
