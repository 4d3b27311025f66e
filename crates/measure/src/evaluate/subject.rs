//! Who is evaluated: loaded models, and which of their heads answer which tasks.

use std::sync::Arc;

use ombud_contract::records::{Role, Strategy};
use ombud_contract::taxonomy::Taxonomy;
use ombud_models::{Artefact, Head, LoadModel, Model, Reads};
use serde::Serialize;

use super::error::EvaluateError;

/// A loaded model, and what it is asked.
#[derive(Clone)]
pub struct Subject {
    pub(crate) model: Arc<dyn Model>,
    pub(crate) heads: Vec<SubjectHead>,
    /// What it reads.
    pub(crate) reads: Reads,
    pub(crate) evaluated: EvaluatedModel,
}

/// A model that was evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EvaluatedModel {
    /// Its name.
    pub model_id: String,
    /// SHA-256 of its content.
    pub version: String,
    /// The tasks that it answered here.
    pub tasks: Vec<String>,
}

/// A head, its place in the model's logits and its label tree.
#[derive(Clone)]
pub(crate) struct SubjectHead {
    pub(crate) place: usize,
    pub(crate) head: Head,
    pub(crate) taxonomy: &'static Taxonomy,
}

impl Subject {
    /// Loads `artefact`, to be asked everything that it answers.
    ///
    /// # Errors
    /// It doesn't load, or a label set of it is unknown.
    pub fn whole(artefact: &Artefact, loader: &dyn LoadModel) -> Result<Self, EvaluateError> {
        Self::asked(artefact, loader, |_| true)
    }

    /// Loads the champions of `strategy`, each to be asked the tasks that it is champion of: of a task's deciding
    /// arms the one with the largest share, of equal ones the first.
    ///
    /// # Errors
    /// A champion is not among `artefacts`, or doesn't load.
    pub fn champions(
        strategy: &Strategy,
        artefacts: &[Artefact],
        loader: &dyn LoadModel,
    ) -> Result<Vec<Self>, EvaluateError> {
        let champions = champions_of(strategy);
        for (task, model_id, version) in &champions {
            if !artefacts.iter().any(|a| a.manifest.model_id == *model_id && a.version == *version) {
                return Err(EvaluateError::NoChampion {
                    task: (*task).to_owned(),
                    model_id: (*model_id).to_owned(),
                });
            }
        }
        let asked = |artefact: &&Artefact, task: &str| {
            champions
                .iter()
                .any(|(t, id, v)| *t == task && *id == artefact.manifest.model_id && *v == artefact.version)
        };
        artefacts
            .iter()
            .filter(|artefact| artefact.tasks().iter().any(|task| asked(artefact, task)))
            .map(|artefact| Self::asked(artefact, loader, |task| asked(&artefact, task)))
            .collect()
    }

    /// Its name, its version and the tasks that it is asked.
    pub fn evaluated(&self) -> &EvaluatedModel {
        &self.evaluated
    }

    /// What answers.
    pub(crate) fn model(&self) -> &dyn Model {
        self.model.as_ref()
    }

    /// What it is asked.
    pub(crate) fn heads(&self) -> &[SubjectHead] {
        &self.heads
    }

    /// The place of `task` among what it is asked.
    pub(crate) fn place(&self, task: &str) -> Option<usize> {
        self.heads.iter().position(|asked| asked.head.task == task)
    }

    fn asked(
        artefact: &Artefact,
        loader: &dyn LoadModel,
        asks: impl Fn(&str) -> bool,
    ) -> Result<Self, EvaluateError> {
        let manifest = &artefact.manifest;
        let mut heads = Vec::new();
        for (place, head) in manifest.heads.iter().enumerate().filter(|(_, head)| asks(&head.task)) {
            let taxonomy = Taxonomy::by_label_set(&head.label_set).ok_or_else(|| {
                EvaluateError::LabelSet { task: head.task.clone(), label_set: head.label_set.clone() }
            })?;
            heads.push(SubjectHead { place, head: head.clone(), taxonomy });
        }
        Ok(Self {
            model: loader.load(artefact)?,
            reads: manifest.reads(),
            evaluated: EvaluatedModel {
                model_id: manifest.model_id.clone(),
                version: artefact.version.clone(),
                tasks: heads.iter().map(|asked| asked.head.task.clone()).collect(),
            },
            heads,
        })
    }
}

/// Task, model and version of each task's champion.
pub(crate) fn champions_of(strategy: &Strategy) -> Vec<(&str, &str, &str)> {
    strategy
        .tasks
        .iter()
        .filter_map(|task| {
            let deciding = task.arms.iter().enumerate().filter(|(_, arm)| arm.role == Role::Deciding);
            // Of equal shares the earlier arm is the greater.
            let (_, arm) =
                deciding.max_by_key(|(place, arm)| (arm.basis_points, std::cmp::Reverse(*place)))?;
            Some((task.task.as_str(), arm.model_id.as_str(), arm.model_version.as_str()))
        })
        .collect()
}
