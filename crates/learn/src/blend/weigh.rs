//! How much each member counts in each task, fitted on rows that none of them has learned from.

use std::collections::BTreeMap;

use ombud_models::{Head, Kind};
use ombud_torch::bag::{Hint, HintHead};
use ombud_torch::blend::{FusedHead, FusedHint, Voice, Weighing};
use serde::Serialize;

use super::members::{self, BlendMember, MemberLogits};
use super::recipe::HintRecipe;
use crate::train::evidence_score::EvidenceScore;
use crate::train::examples::Data;
use crate::train::folds::Truths;
use crate::train::{LearnError, Task};

/// Where the search for a hint's strength begins; the bag's own has about this strength.
const EXPECTED_HINT: f64 = 0.25;

/// Where the search for the strength of explicit evidence begins: its odds as they were counted.
const EXPECTED_OUTRIGHT: f64 = 1.0;

/// One task, weighed.
pub(super) struct WeighedHead {
    pub(super) fused: FusedHead,
    /// Of a flag: the evidence in narratives, with the strength at which it counts beside the members.
    pub(super) outright: Option<EvidenceScore>,
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

/// What is weighed by, but for the labels of the rows.
pub(super) struct Scales<'a> {
    heads: &'a [Head],
    members: &'a [BlendMember],
    said: &'a MemberLogits,
    hint: Option<(&'a HintRecipe, Hint)>,
    /// By task, the evidence in narratives, as counted on the training files.
    outright: Vec<Option<EvidenceScore>>,
}

impl<'a> Scales<'a> {
    /// Counts on the training files of `data` what one task's label says about another's, and the evidence in narratives.
    pub(super) fn new(
        tasks: &[Task],
        heads: &'a [Head],
        members: &'a [BlendMember],
        said: &'a MemberLogits,
        hint: Option<&'a HintRecipe>,
        data: &Data,
    ) -> Self {
        let place = |task: &str| heads.iter().position(|head| head.task == task);
        let count = |recipe: &'a HintRecipe| {
            let (from, to) = (place(&recipe.from)?, place(&recipe.to)?);
            let pairs = data.train.iter().filter_map(|row| Some((row.labels[from]?, row.labels[to]?)));
            let head = |place: usize| HintHead { place, labels: heads[place].labels.len() };
            Some((recipe, Hint::count(head(from), head(to), pairs, recipe.smoothing)))
        };
        let outright =
            tasks.iter().enumerate().map(|(place, task)| EvidenceScore::learn(task, place, data)).collect();
        Self { heads, members, said, hint: hint.and_then(count), outright }
    }

    /// Weighs every task by `truths`, by task, by row; the one that hints before the one that listens.
    pub(super) fn weigh(&self, truths: &Truths) -> Result<Vec<WeighedHead>, LearnError> {
        let listener = self.hint.as_ref().map(|(_, hint)| hint.to);
        let mut weighed: Vec<Option<WeighedHead>> = Vec::new();
        for (to, truths) in truths.iter().enumerate() {
            weighed.push(if listener == Some(to) { None } else { Some(self.task(to, None, truths)?) });
        }
        if let Some((recipe, hint)) = &self.hint
            && let Some(believed) = &weighed[hint.from]
        {
            let heard = Some((*recipe, hint, &believed.fused));
            weighed[hint.to] = Some(self.task(hint.to, heard, &truths[hint.to])?);
        }
        Ok(weighed.into_iter().flatten().collect())
    }

    fn task(
        &self,
        place: usize,
        hint: Option<(&HintRecipe, &Hint, &FusedHead)>,
        truths: &[Option<usize>],
    ) -> Result<WeighedHead, LearnError> {
        let head = &self.heads[place];
        let voices = members::voices(self.members, head)?;
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
        let outright = self.outright[place].as_ref().filter(|_| hint.is_none());
        if let Some(outright) = outright {
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
        // Where rows are few the fit stays near what was expected, and a member alone may be slightly better.
        let best = (0..voices.len()).min_by(|a, b| alone[*a].total_cmp(&alone[*b]));
        if let Some(best) = best.filter(|best| alone[*best] < found.loss(&terms, &targets)) {
            found = only(best, expected.len());
        }
        Ok(WeighedHead {
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
fn weighing(fused: &FusedHead, members: &[BlendMember]) -> Weighing {
    let weights = members.iter().filter_map(|member| fused.weights.get(&member.name).copied());
    Weighing { weights: weights.collect(), shift: fused.shift.clone() }
}

/// To six places: more is noise, and a person may want to read it.
fn round(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}
