//! What logits of the validation rows are worth: the blend's, the cascade's, each member's.

use std::collections::BTreeMap;

use ombud_measure::evaluate::{ScoredRow, figures};
use ombud_models::{Family, Head, Logits};

use super::members::{BlendMember, MemberLogits, voices};
use crate::train::evidence_score::EvidenceScore;
use crate::train::heads::{Adjustment, CalibratedHead};
use crate::train::{LearnError, Targets, Task};

/// By member that knows a task: its figures where it answers alone.
pub(super) type FiguresAlone = BTreeMap<String, BTreeMap<String, f64>>;

/// Holds what is measured against.
pub(super) struct Judge<'a> {
    pub(super) tasks: &'a [Task],
    pub(super) heads: &'a [Head],
    pub(super) members: &'a [BlendMember],
    /// By task, what each row is.
    pub(super) truths: &'a [Vec<Option<usize>>],
    pub(super) said: &'a MemberLogits,
    /// By task, the evidence in narratives beside what the members answer.
    pub(super) outright: &'a [Option<&'a EvidenceScore>],
}

impl Judge<'_> {
    /// Every head with its figures, from `rows`, and its thresholds, from `unfitted`: by task, the scores of rows that
    /// did not weigh what scored them.
    pub(super) fn calibrate(
        &self,
        rows: &[Logits],
        targets: &Targets,
        unfitted: Vec<Vec<ScoredRow>>,
    ) -> Result<Vec<CalibratedHead>, LearnError> {
        let head = |(place, (task, unfitted)): (usize, (&Task, Vec<ScoredRow>))| {
            let truths = &self.truths[place];
            Adjustment::none(place, self.outright[place]).head(task, targets, rows, truths, unfitted)
        };
        self.tasks.iter().zip(unfitted).enumerate().map(head).collect()
    }

    /// Accuracies, and the areas under the precision-recall curves of flags.
    pub(super) fn figures(&self, rows: &[Logits]) -> BTreeMap<String, f64> {
        let all = (0..self.heads.len()).flat_map(|place| self.figures_at(place, place, rows));
        all.filter(|(name, _)| name.ends_with(".accuracy") || name.ends_with(".pr_auc")).collect()
    }

    /// By task.
    pub(super) fn each_alone(&self) -> Result<Vec<FiguresAlone>, LearnError> {
        let task = |(place, head): (usize, &Head)| {
            let of = |voice: ombud_torch::blend::Voice| {
                let rows: Vec<Logits> = (0..self.said.rows())
                    .map(|row| vec![narrow(voice.log_probabilities(&self.said.of(row)))])
                    .collect();
                (self.members[voice.member()].name.clone(), self.figures_at(place, 0, &rows))
            };
            Ok(voices(self.members, head)?.into_iter().map(of).collect())
        };
        self.heads.iter().enumerate().map(task).collect()
    }

    /// The first member's log-probabilities, by row, by task; `None` where it can't begin a cascade.
    pub(super) fn first_alone(&self) -> Result<Option<Vec<Logits>>, LearnError> {
        if self.members.first().is_none_or(|first| first.manifest().family != Family::Bag) {
            return Ok(None);
        }
        let mut first = Vec::new();
        for head in self.heads {
            match voices(self.members, head)?.into_iter().find(|voice| voice.member() == 0) {
                Some(voice) => first.push(voice),
                None => return Ok(None),
            }
        }
        let row = |logits: &Logits| -> Logits {
            first.iter().map(|voice| narrow(voice.log_probabilities(&[logits]))).collect()
        };
        Ok(Some(self.said.first().iter().map(row).collect()))
    }

    /// Of the task at `place`, whose logits stand at `at` in the rows.
    fn figures_at(&self, place: usize, at: usize, rows: &[Logits]) -> BTreeMap<String, f64> {
        let (head, truths) = (&self.heads[place], &self.truths[place]);
        let report = Adjustment::none(at, self.outright[place]).report_of(head, rows, truths);
        report.map(|report| figures(&head.task, &report)).unwrap_or_default()
    }
}

/// As serving gives them.
fn narrow(logits: Vec<f64>) -> Vec<f32> {
    logits.into_iter().map(|logit| logit as f32).collect()
}
