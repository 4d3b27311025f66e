//! A model that serves, and why one can't.

use std::sync::Arc;

use ombud_contract::{records::Arm, taxonomy::Taxonomy};
use ombud_models::{Artefact, Head, Model, Reads};

/// A loaded, probed model.
pub struct Served {
    /// What it was made of.
    pub artefact: Artefact,
    /// The label tree of each head.
    pub(crate) taxonomies: Vec<&'static Taxonomy>,
    /// What it reads.
    pub(crate) reads: Reads,
    /// What answers.
    pub model: Arc<dyn Model>,
}

impl Served {
    /// The place of `task` among the artefact's heads.
    pub(crate) fn head(&self, task: &str) -> Option<(usize, &Head)> {
        self.artefact.manifest.head(task)
    }

    /// Each head with its label tree.
    pub(crate) fn heads(&self) -> impl Iterator<Item = (&Head, &Taxonomy)> {
        self.artefact.manifest.heads.iter().zip(self.taxonomies.iter().copied())
    }
}

/// A model that can't serve, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("serve model {model_id}@{version}: {why}")]
pub struct Unserved {
    /// The model's name.
    pub model_id: String,
    /// Its version.
    pub version: String,
    /// What is wrong, and how to fix it.
    pub why: String,
    /// Whether it may serve later, as it is: this host or the way to the model is at fault.
    pub may_pass: bool,
}

impl Unserved {
    /// The version of `arm` can't serve, for this reason.
    pub(crate) fn of(arm: &Arm, why: impl Into<String>, may_pass: bool) -> Self {
        let (model_id, version) = (arm.model_id.clone(), arm.model_version.clone());
        Self { model_id, version, why: why.into(), may_pass }
    }
}
