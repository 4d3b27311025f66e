//! The models that answered, opened again.

use std::sync::Arc;

use ombud_models::{Artefact, Model};

use crate::error::{ExplainError, OpenError};

/// A model that can be asked.
#[derive(Clone)]
pub struct OpenedModel {
    /// What it says about itself.
    pub artefact: Arc<Artefact>,
    /// Its weights.
    pub model: Arc<dyn Model>,
}

/// Where models come from. Called once a version and call of [`crate::Explainer::explain_all`]; whoever implements it keeps
/// what it may need again.
pub trait OpenModels {
    /// Opens `version`, whose content is checked. May take seconds.
    ///
    /// # Errors
    /// [`OpenError::Gone`] where nobody has it any more; else [`OpenError::Failed`].
    fn open(&mut self, model_id: &str, version: &str) -> Result<OpenedModel, OpenError>;
}

/// The models of one call, each opened once.
#[derive(Default)]
pub(crate) struct OpenedModels {
    opened: Vec<(String, String, Result<OpenedModel, OpenError>)>,
}

impl OpenedModels {
    /// Opens a version that was not asked for yet.
    pub(crate) fn open(&mut self, models: &mut dyn OpenModels, model_id: &str, version: &str) {
        if self.find(model_id, version).is_none() {
            let opened = models.open(model_id, version).and_then(|opened| {
                let found = &opened.artefact.version;
                let differs = || OpenError::Failed(format!("version {found} came instead"));
                if found == version { Ok(opened) } else { Err(differs()) }
            });
            self.opened.push((model_id.to_owned(), version.to_owned(), opened));
        }
    }

    /// One that was opened.
    pub(crate) fn get(&self, model_id: &str, version: &str) -> Result<&OpenedModel, ExplainError> {
        let (model_id_of, version_of) = (model_id.to_owned(), version.to_owned());
        match self.find(model_id, version) {
            Some(Ok(opened)) => Ok(opened),
            Some(Err(OpenError::Gone(what))) => Err(ExplainError::ModelGone {
                model_id: model_id_of,
                version: version_of,
                what: what.clone(),
            }),
            Some(Err(OpenError::Failed(what))) => {
                Err(ExplainError::Model { model_id: model_id_of, version: version_of, what: what.clone() })
            }
            None => {
                let what = "it was not opened".to_owned();
                Err(ExplainError::Model { model_id: model_id_of, version: version_of, what })
            }
        }
    }

    fn find(&self, model_id: &str, version: &str) -> Option<&Result<OpenedModel, OpenError>> {
        let found = self.opened.iter().find(|(id, of, _)| id == model_id && of == version);
        found.map(|(_, _, opened)| opened)
    }
}
