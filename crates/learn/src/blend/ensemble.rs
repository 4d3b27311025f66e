//! The joint answer of the members, once they are weighted.

use std::collections::BTreeMap;

use ombud_measure::evaluate::ScoredRow;
use ombud_models::{Head, Logits, Manifest};
use ombud_torch::blend::{Fusion, Plan};

use super::members::{BlendMember, MemberLogits};
use super::weigh::WeighedHead;
use crate::train::LearnError;
use crate::train::folds::Truths;
use crate::train::heads::Adjustment;

/// The members, with the answers of each to the validation rows.
pub(super) struct Ensemble<'a> {
    pub(super) heads: &'a [Head],
    pub(super) members: &'a [BlendMember],
    pub(super) said: &'a MemberLogits,
}

impl Ensemble<'_> {
    /// The description of the blend that lies in its folder.
    pub(super) fn fusion(&self, weighed: &[WeighedHead], cascade: Option<&BTreeMap<String, f64>>) -> Fusion {
        let heads = self.heads.iter().zip(weighed);
        Fusion {
            members: self.members.iter().map(|member| member.name.clone()).collect(),
            heads: heads.map(|(head, weighed)| (head.task.clone(), weighed.fused.clone())).collect(),
            cascade: cascade.cloned(),
        }
    }

    /// By row, as it will serve.
    pub(super) fn answer(&self, fusion: &Fusion) -> Result<Vec<Logits>, LearnError> {
        let manifests: Vec<&Manifest> = self.members.iter().map(BlendMember::manifest).collect();
        let plan = Plan::new(self.heads, fusion, &manifests)?;
        let answer = |(row, first): (usize, &Logits)| {
            plan.fast(first).unwrap_or_else(|| plan.fuse(&self.said.of(row)))
        };
        Ok(self.said.first().iter().enumerate().map(answer).collect())
    }

    /// By task, what `weighed` makes of the rows that carry a label in `truths`.
    pub(super) fn scored(
        &self,
        weighed: &[WeighedHead],
        cascade: Option<&BTreeMap<String, f64>>,
        truths: &Truths,
    ) -> Result<Vec<Vec<ScoredRow>>, LearnError> {
        let rows = self.answer(&self.fusion(weighed, cascade))?;
        let scored = |(place, (weighed, truths)): (usize, (&WeighedHead, &Vec<Option<usize>>))| {
            Adjustment::none(place, weighed.outright.as_ref()).scored(&rows, truths)
        };
        Ok(weighed.iter().zip(truths).enumerate().map(scored).collect())
    }
}
