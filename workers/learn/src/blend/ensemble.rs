//! What members say together, once they are weighed.

use std::collections::BTreeMap;

use ombud_models::{Head, Logits, Manifest};
use ombud_torch::blend::{Fusion, Plan};

use super::members::{Member, Said};
use super::weigh::Weighed;
use crate::evaluate::Scored;
use crate::train::LearnError;
use crate::train::folds::Truths;
use crate::train::heads::Adjustment;

/// The members, and what each of them says about the validation rows.
pub(super) struct Ensemble<'a> {
    pub(super) heads: &'a [Head],
    pub(super) members: &'a [Member],
    pub(super) said: &'a Said,
}

impl Ensemble<'_> {
    /// What the blend's folder says of it.
    pub(super) fn fusion(&self, weighed: &[Weighed], cascade: Option<&BTreeMap<String, f64>>) -> Fusion {
        let heads = self.heads.iter().zip(weighed);
        Fusion {
            members: self.members.iter().map(|member| member.name.clone()).collect(),
            heads: heads.map(|(head, weighed)| (head.task.clone(), weighed.fused.clone())).collect(),
            cascade: cascade.cloned(),
        }
    }

    /// By row, as it will serve.
    pub(super) fn answer(&self, fusion: &Fusion) -> Result<Vec<Logits>, LearnError> {
        let manifests: Vec<&Manifest> = self.members.iter().map(Member::manifest).collect();
        let plan = Plan::new(self.heads, fusion, &manifests)?;
        let answer = |(row, first): (usize, &Logits)| {
            plan.fast(first).unwrap_or_else(|| plan.fuse(&self.said.of(row)))
        };
        Ok(self.said.first().iter().enumerate().map(answer).collect())
    }

    /// By task, what `weighed` makes of the rows that carry a label in `truths`.
    pub(super) fn scored(
        &self,
        weighed: &[Weighed],
        cascade: Option<&BTreeMap<String, f64>>,
        truths: &Truths,
    ) -> Result<Vec<Vec<Scored>>, LearnError> {
        let rows = self.answer(&self.fusion(weighed, cascade))?;
        let scored = |(place, (weighed, truths)): (usize, (&Weighed, &Vec<Option<usize>>))| {
            Adjustment::none(place, weighed.outright.as_ref()).scored(&rows, truths)
        };
        Ok(weighed.iter().zip(truths).enumerate().map(scored).collect())
    }
}
