//! How much each member counts in each task, fitted on rows that none of them has learned from.

use std::collections::BTreeMap;

use ombud_models::{Head, Kind};
use ombud_torch::bag::Hint;
use ombud_torch::blend::{FusedHead, FusedHint, Voice, Weighing};
use serde::Serialize;

use super::members::{self, Member, Said};
use super::recipe::HintRecipe;
use crate::train::examples::Data;
use crate::train::outright::Outright;
use crate::train::{LearnError, Task};

/// Where the search for a hint's strength begins; the bag's own came out there.
const EXPECTED_HINT: f64 = 0.25;

/// Where the search for the strength of what is said outright begins: what was counted, as it is.
const EXPECTED_OUTRIGHT: f64 = 1.0;

/// One task, weighed.
pub(super) struct Weighed {
    pub(super) fused: FusedHead,
    /// Of a flag: what is said outright, with the strength at which it counts beside the members.
    pub(super) outright: Option<Outright>,
    pub(super) losses: Losses,
}

/// Mean negative log-likelihoods of the true labels of the validation rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Losses {
    /// Of the blend.
    pub fused: f64,
    /// Of each member that knows the task, as it is calibrated.
    pub alone: BTreeMap<String, f64>,
}

/// What is weighed by.
pub(super) struct Scales<'a> {
    pub(super) tasks: &'a [Task],
    pub(super) heads: &'a [Head],
    pub(super) members: &'a [Member],
    pub(super) data: &'a Data,
    pub(super) said: &'a Said,
    pub(super) hint: Option<&'a HintRecipe>,
}

impl Scales<'_> {
    /// Weighs every task, the one that hints before the one that listens.
    pub(super) fn weigh(&self) -> Result<Vec<Weighed>, LearnError> {
        let place = |task: &str| self.heads.iter().position(|head| head.task == task);
        let hinting = self.hint.and_then(|hint| Some((hint, place(&hint.from)?, place(&hint.to)?)));
        let mut weighed: Vec<Option<Weighed>> = Vec::new();
        for to in 0..self.heads.len() {
            let listens = hinting.is_some_and(|(_, _, listener)| listener == to);
            weighed.push(if listens { None } else { Some(self.task(to, None)?) });
        }
        if let Some((recipe, from, to)) = hinting
            && let Some(believed) = &weighed[from]
        {
            let hint = self.count(recipe, from, to);
            weighed[to] = Some(self.task(to, Some((recipe, &hint, &believed.fused)))?);
        }
        Ok(weighed.into_iter().flatten().collect())
    }

    /// Counted on the rows of the training files that carry both labels.
    fn count(&self, recipe: &HintRecipe, from: usize, to: usize) -> Hint {
        let pairs = self.data.train.iter().filter_map(|row| Some((row.labels[from]?, row.labels[to]?)));
        let labels = (self.heads[from].labels.len(), self.heads[to].labels.len());
        Hint::count((from, to), labels, pairs, recipe.smoothing)
    }

    fn task(
        &self,
        place: usize,
        hint: Option<(&HintRecipe, &Hint, &FusedHead)>,
    ) -> Result<Weighed, LearnError> {
        let head = &self.heads[place];
        let voices = members::voices(self.members, head)?;
        let truths = self.data.truths(place);
        let labelled = truths.iter().enumerate().filter_map(|(row, truth)| Some((row, (*truth)?)));
        let (rows, targets): (Vec<usize>, Vec<usize>) = labelled.unzip();
        if rows.is_empty() {
            let (task, rows) = (head.task.clone(), truths.len());
            return Err(LearnError::NothingToCalibrate { task, rows });
        }
        let mut terms: Vec<Vec<Vec<f64>>> = rows.iter().map(|row| self.terms(&voices, *row)).collect();
        let even = 1.0 / voices.len() as f64;
        let mut expected = vec![even; voices.len()];
        if let Some((_, hint, from)) = hint {
            let hinting = members::voices(self.members, &self.heads[hint.from])?;
            let weighing = weighing(from, self.members);
            for (row, terms) in rows.iter().zip(&mut terms) {
                let believed = weighing.fuse(&self.terms(&hinting, *row));
                let believed: Vec<f32> = believed.into_iter().map(|logit| logit as f32).collect();
                terms.push(hint.terms(&believed).into_iter().map(f64::from).collect());
            }
            expected.push(EXPECTED_HINT);
        }
        let outright = Outright::learn(&self.tasks[place], place, self.data).filter(|_| hint.is_none());
        if let Some(outright) = &outright {
            for (row, terms) in rows.iter().zip(&mut terms) {
                terms.push(vec![0.0, outright.adds()[*row]]);
            }
            expected.push(EXPECTED_OUTRIGHT);
        }
        // A flag's two labels are far from equally frequent, and independent voices count that twice.
        let mut found = Weighing::fit(&terms, &targets, &expected, head.kind == Kind::Flag);
        found.weights.iter_mut().chain(&mut found.shift).for_each(|number| *number = round(*number));
        let alone: Vec<f64> =
            (0..voices.len()).map(|voice| only(voice, expected.len()).loss(&terms, &targets)).collect();
        // Where rows are few the fit stays near what was expected, and a member alone may be a trifle better.
        let best = (0..voices.len()).min_by(|a, b| alone[*a].total_cmp(&alone[*b]));
        if let Some(best) = best.filter(|best| alone[*best] < found.loss(&terms, &targets)) {
            found = only(best, expected.len());
        }
        Ok(Weighed {
            losses: Losses {
                fused: found.loss(&terms, &targets),
                alone: self.names(&voices).zip(alone).collect(),
            },
            outright: outright.and_then(|outright| outright.times(found.weights[voices.len()])),
            fused: FusedHead {
                weights: self.names(&voices).zip(found.weights.iter().copied()).collect(),
                shift: found.shift,
                hint: hint.map(|(recipe, hint, _)| FusedHint {
                    from: recipe.from.clone(),
                    strength: found.weights[voices.len()] as f32,
                    given: hint
                        .given
                        .chunks_exact(self.heads[hint.from].labels.len())
                        .map(<[f32]>::to_vec)
                        .collect(),
                }),
            },
        })
    }

    fn names(&self, voices: &[Voice]) -> impl Iterator<Item = String> {
        voices.iter().map(|voice| self.members[voice.member()].name.clone())
    }

    fn terms(&self, voices: &[Voice], row: usize) -> Vec<Vec<f64>> {
        let said = self.said.of(row);
        voices.iter().map(|voice| voice.log_probabilities(&said)).collect()
    }
}

/// One voice as it is, of `terms` in all.
fn only(voice: usize, terms: usize) -> Weighing {
    let weights = (0..terms).map(|term| if term == voice { 1.0 } else { 0.0 }).collect();
    Weighing { weights, shift: Vec::new() }
}

/// As serving weighs, without the hint.
fn weighing(fused: &FusedHead, members: &[Member]) -> Weighing {
    let weights = members.iter().filter_map(|member| fused.weights.get(&member.name).copied());
    Weighing { weights: weights.collect(), shift: fused.shift.clone() }
}

/// To six places: more is noise, and a person may want to read it.
fn round(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}
