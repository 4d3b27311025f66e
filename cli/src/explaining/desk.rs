//! What the console asks: with what the log has about strategies and models, whoever explains needs neither.

use std::{collections::BTreeSet, thread, time::Duration};

use anyhow::Result;
use crossbeam_channel::{bounded, select};
use ombud_console::{ExplainDesk, ExplainRefusal};
use ombud_contract::records::{ModelVersion, TimestampMs};
use ombud_explain::{ExplainJob, Explanation, jobs_of};
use ombud_launch::{config::Settings, shutdown::Shutdown};
use ombud_store::CaseEvent;

#[cfg(feature = "torch")]
use {
    super::{child::OwnChild, opened::ShelfModels},
    ombud_explain::{ExplainError, Explainer},
    ombud_models::Stop,
    ombud_torch::LIBTORCH_VERSION,
    std::sync::{Arc, Mutex, PoisonError},
};

use super::{client::ExplainClient, protocol::Question};
use crate::{
    log::backend::{READER, View},
    registry::read_registry,
    strategies::read_feed,
};

/// Who computes.
#[derive(Clone)]
pub(crate) enum Explains {
    /// A process of its own, somewhere.
    Elsewhere(ExplainClient),
    /// A child of this process, which starts it when it is needed.
    #[cfg(feature = "torch")]
    Child(Arc<OwnChild>),
    /// This process, one question at a time: a command, for whose result somebody waits.
    #[cfg(feature = "torch")]
    Here(Arc<Mutex<Explainer<ShelfModels>>>),
}

impl Explains {
    /// Whom the settings name; `None` where they name nobody.
    pub(crate) fn named(settings: &Settings) -> Option<Self> {
        let named = &settings.explain;
        let timeout = Duration::from_secs(named.timeout_s);
        (!named.address.is_empty())
            .then(|| Self::Elsewhere(ExplainClient::new(&named.address, named.secret.clone(), timeout)))
    }

    /// This process, with models from where serving has them.
    #[cfg(feature = "torch")]
    pub(crate) fn here(settings: &Settings) -> Self {
        let (models, libtorch) = (ShelfModels::of(settings, Stop::never()), LIBTORCH_VERSION.to_owned());
        Self::Here(Arc::new(Mutex::new(Explainer { models, libtorch, stop: Stop::never() })))
    }

    fn ask(&self, question: Question) -> Result<Vec<Explanation>, ExplainRefusal> {
        match self {
            Self::Elsewhere(client) => client.ask(question),
            #[cfg(feature = "torch")]
            Self::Child(child) => child.ask(question),
            #[cfg(feature = "torch")]
            Self::Here(explainer) => {
                let mut explainer = explainer.lock().unwrap_or_else(PoisonError::into_inner);
                explainer.models.know(question.models);
                explainer.explain_all(&question.jobs).map_err(refusal)
            }
        }
    }
}

#[cfg(feature = "torch")]
fn refusal(error: ExplainError) -> ExplainRefusal {
    let (code, text) = (error.code().to_owned(), error.to_string());
    match error {
        ExplainError::ModelGone { .. } => ExplainRefusal::ModelGone(text),
        ExplainError::Model { .. } | ExplainError::Stopped => ExplainRefusal::Outage(text),
        _ => ExplainRefusal::Refused { code, error: text },
    }
}

/// Explanations for the console of this process.
pub(crate) struct ServedExplanations {
    view: View,
    settings: Settings,
    by: Explains,
    stop: Shutdown,
}

impl ServedExplanations {
    /// Of what `view` has, until `stop`.
    pub(crate) fn new(view: View, settings: &Settings, by: Explains, stop: Shutdown) -> Self {
        Self { view, settings: settings.clone(), by, stop }
    }

    /// What the registry has about the versions that `jobs` are about.
    fn models(&self, jobs: &[ExplainJob]) -> Result<Vec<ModelVersion>> {
        let named = jobs.iter().flat_map(|job| &job.predictions);
        let named: BTreeSet<(&str, &str)> =
            named.map(|one| (one.model_id.as_str(), one.model_version.as_str())).collect();
        let registry = read_registry(&mut self.view.reader(READER)?, &self.settings.topics.prefix)?;
        Ok(named.into_iter().filter_map(|(model, version)| registry.get(model, version).cloned()).collect())
    }
}

impl ExplainDesk for ServedExplanations {
    fn jobs(
        &self,
        events: &[CaseEvent],
        as_of: Option<TimestampMs>,
    ) -> Result<Vec<ExplainJob>, ExplainRefusal> {
        let feed = read_feed(&self.view, &self.settings)
            .map_err(|error| ExplainRefusal::Outage(format!("read models.strategy: {error:#}")))?;
        jobs_of(events, feed.strategies(), as_of)
            .map_err(|error| ExplainRefusal::NothingDecided(format!("explain it: {error}")))
    }

    fn explain(&self, jobs: &[ExplainJob]) -> Result<Vec<Explanation>, ExplainRefusal> {
        let outage = |what: &str| ExplainRefusal::Outage(what.to_owned());
        let models = self
            .models(jobs)
            .map_err(|error| ExplainRefusal::Outage(format!("read models.registry: {error:#}")))?;
        let question = Question { issued_at_ms: 0, jobs: jobs.to_vec(), models };
        // On a thread of its own, which ends by its own bound: a request can't be broken off, and nobody waits for it on a stop.
        let ((answer, answered), by) = (bounded(1), self.by.clone());
        let ask = move || {
            // Nobody waits any more where the process stops.
            let _ = answer.send(by.ask(question));
        };
        if let Err(error) = thread::Builder::new().name("explain-ask".to_owned()).spawn(ask) {
            return Err(ExplainRefusal::Outage(format!("start a thread: {error}")));
        }
        select! {
            recv(answered) -> answer => answer.unwrap_or_else(|_| Err(outage("explain it: it panicked"))),
            recv(self.stop.channel()) -> _ => Err(outage("explain it: the process stops; ask again")),
        }
    }
}
