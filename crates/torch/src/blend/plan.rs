//! A fusion that fits its members: from each member's logits to the blend's. Plain numbers, no tensors.

use std::collections::BTreeMap;

use ombud_models::{Family, Head, Logits, Manifest};

use super::error::FusionError;
use super::fusion::{FusedHead, FusedHint, Fusion};
use super::voice::Voice;
use super::weighing::Weighing;
use crate::bag::Hint;

/// A checked [`Fusion`].
#[derive(Clone, Debug)]
pub struct Plan {
    heads: Vec<Choir>,
    /// Given when all heads are fused, each by a head that gets none.
    hints: Vec<Hint>,
    cascade: Option<Vec<Sure>>,
}

/// The votes on one task.
#[derive(Clone, Debug)]
pub(super) struct Choir {
    pub(super) voices: Vec<Voice>,
    pub(super) weighing: Weighing,
}

/// When the first member's answer to a task stands.
#[derive(Clone, Debug)]
struct Sure {
    voice: Voice,
    threshold: f64,
}

impl Plan {
    /// Fits `fusion` to the blend's heads and its members, which stand in the fusion's order.
    ///
    /// # Errors
    /// [`FusionError`] names the field or the member that doesn't fit.
    pub fn new(heads: &[Head], fusion: &Fusion, members: &[&Manifest]) -> Result<Self, FusionError> {
        if let Some(task) = fusion.heads.keys().find(|task| heads.iter().all(|head| head.task != **task)) {
            return Err(FusionError::UnknownTask(task.clone()));
        }
        let named: Vec<(&str, &Manifest)> =
            fusion.members.iter().map(String::as_str).zip(members.iter().copied()).collect();
        let mut choirs = Vec::new();
        let mut hints = Vec::new();
        for (to, head) in heads.iter().enumerate() {
            let fused = fusion.heads.get(&head.task).ok_or_else(|| FusionError::NoHead(head.task.clone()))?;
            choirs.push(choir(head, fused, &named)?);
            if let Some(hint) = &fused.hint {
                hints.push(checked_hint(hint, to, heads, fusion)?);
            }
        }
        let cascade = match &fusion.cascade {
            Some(thresholds) => Some(cascade(thresholds, heads, named.first().copied())?),
            None => None,
        };
        Ok(Self { heads: choirs, hints, cascade })
    }

    /// The blend's logits of one text, `answers` being those of each member.
    pub fn fuse(&self, answers: &[&Logits]) -> Logits {
        let fuse = |choir: &Choir| {
            let said: Vec<Vec<f64>> =
                choir.voices.iter().map(|voice| voice.log_probabilities(answers)).collect();
            choir.weighing.fuse(&said).into_iter().map(|logit| logit as f32).collect()
        };
        let mut logits: Logits = self.heads.iter().map(fuse).collect();
        self.hints.iter().for_each(|hint| hint.give(&mut logits));
        logits
    }

    /// The first member's answer in the blend's words, where the cascade lets it stand; else the others must be asked.
    pub fn fast(&self, first: &Logits) -> Option<Logits> {
        let mut logits = Logits::new();
        for sure in self.cascade.as_ref()? {
            let said = sure.voice.log_probabilities(&[first]);
            if confidence(&said) < sure.threshold {
                return None;
            }
            logits.push(said.into_iter().map(|log_p| log_p as f32).collect());
        }
        Some(logits)
    }

    /// How an answer comes about to a text that all members see, ...
    pub(super) fn of_all(&self) -> (Vec<Choir>, &[Hint]) {
        (self.heads.clone(), &self.hints)
    }

    /// ... and to one that [`Self::fast`] answers: by the first member alone, without a shift and without hints.
    pub(super) fn of_first(&self) -> (Vec<Choir>, &[Hint]) {
        let alone = |sure: &Sure| Choir {
            voices: vec![sure.voice.clone()],
            weighing: Weighing { weights: vec![1.0], shift: Vec::new() },
        };
        (self.cascade.iter().flatten().map(alone).collect(), &[])
    }
}

/// The probability of the likeliest label.
fn confidence(log_probabilities: &[f64]) -> f64 {
    log_probabilities.iter().copied().fold(f64::NEG_INFINITY, f64::max).exp()
}

fn choir(head: &Head, fused: &FusedHead, members: &[(&str, &Manifest)]) -> Result<Choir, FusionError> {
    let task = &head.task;
    let stranger = fused.weights.keys().find(|named| members.iter().all(|(name, _)| name != named));
    if let Some(member) = stranger {
        return Err(FusionError::UnknownMember { task: task.clone(), member: member.clone() });
    }
    let (mut voices, mut weights) = (Vec::new(), Vec::new());
    for (place, (name, manifest)) in members.iter().enumerate() {
        let Some(weight) = fused.weights.get(*name) else { continue };
        let silent = || FusionError::Silent { task: task.clone(), member: (*name).to_owned() };
        voices.push(Voice::find(place, name, manifest, head)?.ok_or_else(silent)?);
        weights.push(*weight);
    }
    let usable = weights.iter().all(|weight| *weight >= 0.0 && weight.is_finite());
    if !usable || weights.iter().sum::<f64>() <= 0.0 {
        let what = format!("{weights:?} must be 0 or more, and one of them more");
        return Err(FusionError::value(format!("heads.{task}.weights"), what));
    }
    let shift = &fused.shift;
    let all_or_none = shift.is_empty() || shift.len() == head.labels.len();
    if !all_or_none || shift.iter().any(|shift| !shift.is_finite()) {
        let what = format!("it has {} numbers: {} or none, all finite", shift.len(), head.labels.len());
        return Err(FusionError::value(format!("heads.{task}.shift"), what));
    }
    Ok(Choir { voices, weighing: Weighing { weights, shift: shift.clone() } })
}

fn checked_hint(hint: &FusedHint, to: usize, heads: &[Head], fusion: &Fusion) -> Result<Hint, FusionError> {
    let field = |name: &str| format!("heads.{}.hint.{name}", heads[to].task);
    let from = heads.iter().position(|head| head.task == hint.from);
    let hinted = fusion.heads.get(&hint.from).is_none_or(|head| head.hint.is_some());
    let Some(from) = from.filter(|from| *from != to && !hinted) else {
        let what = format!("{:?} is no task of the blend that gets no hint itself", hint.from);
        return Err(FusionError::value(field("from"), what));
    };
    if !hint.strength.is_finite() {
        return Err(FusionError::value(field("strength"), "it must be finite"));
    }
    let (rows, columns) = (heads[to].labels.len(), heads[from].labels.len());
    let fits = hint.given.len() == rows && hint.given.iter().all(|row| row.len() == columns);
    if !fits || hint.given.iter().flatten().any(|p| !(0.0..=1.0).contains(p)) {
        let what = format!("it must be {rows} rows of {columns} probabilities");
        return Err(FusionError::value(field("given"), what));
    }
    Ok(Hint { from, to, strength: hint.strength, given: hint.given.concat() })
}

fn cascade(
    thresholds: &BTreeMap<String, f64>,
    heads: &[Head],
    first: Option<(&str, &Manifest)>,
) -> Result<Vec<Sure>, FusionError> {
    let refuse = |what: String| FusionError::value("cascade", what);
    let Some((name, manifest)) = first.filter(|(_, manifest)| manifest.family == Family::Bag) else {
        // Another family's numbers move a little with the batch, and near a threshold that would change the answer.
        return Err(refuse(
            "its first member must be a bag, whose answers don't depend on the batch".to_owned(),
        ));
    };
    if let Some(task) = thresholds.keys().find(|task| heads.iter().all(|head| head.task != **task)) {
        return Err(refuse(format!("{task} is no task of ombud.json")));
    }
    let sure = |head: &Head| {
        let task = &head.task;
        let threshold = *thresholds.get(task).ok_or_else(|| refuse(format!("{task} has no threshold")))?;
        if !(0.0..=1.0).contains(&threshold) {
            return Err(refuse(format!("{task} is {threshold}: it must lie in 0 to 1")));
        }
        let voice = Voice::find(0, name, manifest, head)?;
        let voice = voice.ok_or_else(|| refuse(format!("member {name} has no head for {task}")))?;
        Ok(Sure { voice, threshold })
    };
    heads.iter().map(sure).collect()
}
