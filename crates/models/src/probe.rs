//! Whether a loaded model may serve: it answers strange texts with finite numbers, one a label, and golden inputs as
//! its artefact says.

use std::{fs, io::ErrorKind, path::Path};

use serde::{Deserialize, Serialize};

use crate::artefact::Artefact;
use crate::classifier::Model;
use crate::head::Head;
use crate::logits::Logits;
use crate::rejection::{Blame, Fault, HostFault, ServingFailure};

/// Texts that every model must answer with finite numbers before it serves: ordinary, empty, and strange.
const PROBES: [&str; 3] =
    ["I was charged twice and nobody calls me back.", "", "\u{fe0f}\u{200d}XXXX {$1.00}"];
/// The golden inputs of an artefact; a hashed file like any other.
pub const GOLDEN: &str = "golden.json";
/// How far a logit may lie from the golden one: kernels of other processors add up in another order.
const TOLERANCE: f32 = 1e-3;

/// A text that is no customer's complaint, and the logits that it must get.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenInput {
    /// A public or made-up text.
    pub text: String,
    /// For each head its logits, [`Head::outputs`] of them.
    pub logits: Logits,
}

/// Asks `model`, made of `artefact`, the probes and its golden inputs.
///
/// # Errors
/// A wrong answer rejects the version; what this host can't read or compute rejects nothing.
pub fn probe(artefact: &Artefact, model: &dyn Model) -> Result<(), ServingFailure> {
    answers_to(artefact, model, &PROBES)?;
    let golden = golden_inputs(artefact)?;
    let texts: Vec<&str> = golden.iter().map(|input| input.text.as_str()).collect();
    if texts.is_empty() {
        return Ok(());
    }
    for (at, (input, logits)) in golden.iter().zip(answers_to(artefact, model, &texts)?).enumerate() {
        if let Some(what) = disagreement(&input.logits, &logits) {
            return Err(broken(Fault::Golden, format!("{GOLDEN} input {at}: {what}")));
        }
    }
    Ok(())
}

/// All texts that [`probe`] asks of what lies in `dir`: the golden ones where they can be read.
pub fn probe_texts(dir: &Path) -> Vec<String> {
    let golden: Vec<GoldenInput> = fs::read(dir.join(GOLDEN))
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default();
    PROBES.iter().map(|text| (*text).to_owned()).chain(golden.into_iter().map(|input| input.text)).collect()
}

fn broken(fault: Fault, what: impl Into<String>) -> ServingFailure {
    ServingFailure::new(Blame::Version(fault), what)
}

fn golden_inputs(artefact: &Artefact) -> Result<Vec<GoldenInput>, ServingFailure> {
    if !artefact.files.iter().any(|file| file.name == GOLDEN) {
        return Ok(Vec::new());
    }
    let path = artefact.dir.join(GOLDEN);
    let wrong = |what: String| broken(Fault::Golden, format!("{GOLDEN}: {what}"));
    let text = fs::read_to_string(path).map_err(|error| match error.kind() {
        ErrorKind::InvalidData => wrong(error.to_string()),
        _ => ServingFailure::new(Blame::Host(HostFault::of_io(&error)), format!("read {GOLDEN}: {error}")),
    })?;
    // serde_json's message quotes no text of the input, only places.
    serde_json::from_str(&text).map_err(|error| wrong(format!("{error}; a list of text and logits is right")))
}

/// Logits of each of `texts`, which are one finite number a label of each head.
fn answers_to(artefact: &Artefact, model: &dyn Model, texts: &[&str]) -> Result<Vec<Logits>, ServingFailure> {
    let prepared: Vec<_> = texts.iter().map(|text| model.prepare(text)).collect();
    let batch: Vec<_> = prepared.iter().collect();
    let classified = model.replica().classify(&batch);
    let answers = classified.map_err(|error| ServingFailure::new(error.blame, error.to_string()))?;
    if answers.len() != batch.len() {
        let what = format!("{} probes gave {} answers", batch.len(), answers.len());
        return Err(broken(Fault::Unloadable, what));
    }
    let wanted: Vec<usize> = artefact.manifest.heads.iter().map(Head::outputs).collect();
    for logits in &answers {
        let got: Vec<usize> = logits.iter().map(Vec::len).collect();
        if got != wanted {
            let what = format!("its heads give {got:?} logits, its labels number {wanted:?}");
            return Err(broken(Fault::LabelCount, what));
        }
        if logits.iter().flatten().any(|logit| !logit.is_finite()) {
            let what = "a probe gave logits that are not finite: its weights are broken";
            return Err(broken(Fault::NotFinite, what));
        }
    }
    Ok(answers)
}

/// Where `got` leaves what was `expected`, if it does.
fn disagreement(expected: &Logits, got: &Logits) -> Option<String> {
    let sizes = |logits: &Logits| logits.iter().map(Vec::len).collect::<Vec<_>>();
    if sizes(expected) != sizes(got) {
        return Some(format!("{:?} logits are expected, it gives {:?}", sizes(expected), sizes(got)));
    }
    let pairs = || expected.iter().flatten().zip(got.iter().flatten());
    let (expected, got) = pairs().find(|(expected, got)| (*expected - *got).abs() > TOLERANCE)?;
    Some(format!("the logit {expected} is expected within {TOLERANCE}, it gives {got}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logit_that_lies_too_far_off_or_is_missing_disagrees() {
        let expected = vec![vec![0.5, -1.0], vec![2.0]];
        assert_eq!(disagreement(&expected, &vec![vec![0.5005, -1.0], vec![2.0]]), None);
        assert!(disagreement(&expected, &vec![vec![0.502, -1.0], vec![2.0]]).is_some());
        assert!(disagreement(&expected, &vec![vec![0.5], vec![2.0]]).is_some());
    }
}
