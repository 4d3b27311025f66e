//! A model tried on a few texts: that it answers with numbers, and what Python has to answer as well.

use ombud_models::{Artefact, Input, LoadModel, Prepared};
use serde::Serialize;

use crate::error::ExchangeError;

/// Made up for this: short and long, empty, and with what tokenizers stumble over.
const TEXTS: [&str; 7] = [
    "The bank charged me a late fee although the payment was made three days before it was due.",
    "my mortgage servicer lost the insurance papers",
    "",
    "Señor Müller's naïve café — 贷款 was paid \u{1f4b3} off",
    "I am 81 years old, live on a fixed income and can't pay twice. Please call my daughter; she has power of attorney.",
    "They keep calling my work about a loan that isn't mine.\n\nI wrote to them on 3 March, 4 April and 5 May: no answer!",
    "[SEP] </s> {$300.00} XX/XX/XXXX",
];
/// Longer than any encoder reads.
const MANY_TIMES: usize = 120;

/// What a model answered to one text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Answered {
    /// What it read, special tokens included.
    pub(super) input_ids: Vec<u32>,
    /// In the order of the head's logits; temperature is not applied.
    pub(super) logits: Vec<f32>,
}

/// What the head of `task` answers to each text.
///
/// # Errors
/// The artefact can't serve, has no such head, or answers with what is no number.
pub(super) fn probe(
    artefact: &Artefact,
    task: &str,
    models: &dyn LoadModel,
) -> Result<Vec<Answered>, ExchangeError> {
    let long = TEXTS.concat().repeat(MANY_TIMES);
    let texts: Vec<&str> = TEXTS.into_iter().chain([long.as_str()]).collect();
    let wrong = |what: String| ExchangeError::Probe {
        model_id: artefact.manifest.model_id.clone(),
        texts: texts.len(),
        what,
    };
    let Some((place, head)) = artefact.manifest.head(task) else {
        return Err(wrong(format!("it has no head for {task}")));
    };
    let model = models.load(artefact)?;
    let prepared: Vec<Prepared> = texts.iter().map(|text| model.prepare(text)).collect();
    let scored = model.replica().classify(&prepared.iter().collect::<Vec<_>>())?;
    let mut answers = Vec::with_capacity(texts.len());
    for (prepared, mut logits) in prepared.into_iter().zip(scored) {
        let Input::Tokens(input_ids) = prepared.input else {
            return Err(wrong("it reads no tokens".to_owned()));
        };
        let logits = if place < logits.len() { logits.swap_remove(place) } else { Vec::new() };
        if logits.len() != head.outputs() {
            return Err(wrong(format!("it answers with {} logits for {}", logits.len(), head.outputs())));
        }
        if let Some(logit) = logits.iter().find(|logit| !logit.is_finite()) {
            return Err(wrong(format!("it answers with {logit}: its weights are broken")));
        }
        answers.push(Answered { input_ids, logits });
    }
    Ok(answers)
}
