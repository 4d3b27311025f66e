//! A change of the registry: a version is added, or retired. Asked of a running `up`, or done here on brokers.

use anyhow::{Context, Result, bail};
use ombud_contract::{
    catalogue::Topic,
    records::{ModelEvaluation, ModelState, ModelVersion},
};
use ombud_models::{
    ModelStore, Registry, RepoId, Revision, Strategies, StrategyFeed, evaluated, model_version_record,
    registry_key,
};
use ombud_stream::{Clock, Sink};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

use super::read_registry;
use crate::log::{
    backend::{READER, View},
    publish::{Publisher, outgoing},
};

/// What is asked for, as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum RegistryChange {
    /// What lies on the shelf under this version may be named by a strategy.
    Add { model_id: String, version: String, hub_id: Option<String>, hub_revision: Option<String> },
    /// No strategy may name it any more.
    Retire { model_id: String, version: String },
    /// What it was measured to be worth.
    Evaluate { model_id: String, version: String, evaluation: ModelEvaluation },
}

impl RegistryChange {
    /// As console.audit has it.
    #[cfg_attr(not(feature = "torch"), allow(dead_code, reason = "only `up` serves it, and it runs models"))]
    pub(crate) fn action(&self) -> &'static str {
        match self {
            Self::Add { .. } => "model-added",
            Self::Retire { .. } => "model-retired",
            Self::Evaluate { .. } => "model-evaluated",
        }
    }
}

/// The version after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChangeOutcome {
    pub(crate) model_id: String,
    pub(crate) version: String,
    pub(crate) state: ModelState,
    /// It had that state already: nothing was appended.
    pub(crate) already: bool,
}

/// Makes changes.
pub(crate) struct RegistryEditor<'a> {
    pub(crate) view: &'a View,
    pub(crate) shelf: &'a ModelStore,
    pub(crate) prefix: &'a str,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) by: &'a str,
}

impl RegistryEditor<'_> {
    /// Appends what `change` asks for, and waits until it is durable. `before` is called with the record, and without it
    /// nothing is appended.
    pub(crate) fn make<S: Sink<()>>(
        &self,
        change: &RegistryChange,
        publisher: &mut Publisher<S>,
        before: impl FnOnce(&ModelVersion) -> Result<()>,
    ) -> Result<ChangeOutcome> {
        let registry = read_registry(&mut self.view.reader(READER)?, self.prefix)?;
        let now = self.clock.now_ms();
        let (known, next) = match change {
            RegistryChange::Add { model_id, version, hub_id, hub_revision } => {
                // It may come from anybody: it must be a place on a hub before anybody reads it out of the registry.
                hub_id.as_deref().map(RepoId::parse).transpose().context("register the model")?;
                hub_revision.as_deref().map(Revision::parse).transpose().context("register the model")?;
                let artefact = self.shelf.get(model_id, version)?;
                let artefact = artefact
                    .with_context(|| format!("find {model_id}@{version} on the shelf of this data folder"))?;
                let hub = (hub_id.clone(), hub_revision.clone());
                let record = model_version_record(&artefact, self.by, now);
                let record = ModelVersion { hub_id: hub.0, hub_revision: hub.1, ..record };
                let known = registry.get(model_id, version).cloned();
                let next = added(known.as_ref(), &record, self.by, now);
                (known.unwrap_or(record), next)
            }
            RegistryChange::Retire { model_id, version } => {
                let topic = Topic::Strategy.name(self.prefix);
                let reader = self.view.reader(READER)?;
                let mut feed =
                    StrategyFeed::new(reader, &topic, Arc::clone(&self.clock)).max_age(Duration::MAX);
                feed.refresh()?;
                retired(&registry, feed.strategies(), (model_id, version), self.by, now)?
            }
            RegistryChange::Evaluate { model_id, version, evaluation } => {
                let known = registry.get(model_id, version);
                let known = known.with_context(|| {
                    format!("record the evaluation: {model_id}@{version} is not registered; add it with `ombud models add`")
                })?;
                (known.clone(), evaluated(known, evaluation.clone()))
            }
        };
        let already = next.is_none();
        let record = next.unwrap_or(known);
        if !already {
            let topic: Arc<str> = Topic::Registry.name(self.prefix).into();
            let key = registry_key(&record.model_id, &record.version);
            before(&record)?;
            publisher.send(outgoing(&topic, &key, &record)?)?;
            publisher.flush()?;
        }
        Ok(ChangeOutcome { model_id: record.model_id, version: record.version, state: record.state, already })
    }
}

/// What is appended where `record` is added; nothing where it stands there already. One that was rejected or retired is
/// registered again: whoever adds it has verified it since.
fn added(known: Option<&ModelVersion>, record: &ModelVersion, by: &str, now: i64) -> Option<ModelVersion> {
    let Some(known) = known else { return Some(record.clone()) };
    let hub_is_news = record.hub_id.is_some()
        && (&known.hub_id, &known.hub_revision) != (&record.hub_id, &record.hub_revision);
    (known.state != ModelState::Registered || hub_is_news).then(|| ModelVersion {
        hub_id: record.hub_id.clone().or_else(|| known.hub_id.clone()),
        hub_revision: record.hub_revision.clone().or_else(|| known.hub_revision.clone()),
        state: ModelState::Registered,
        state_reason: "added again".to_owned(),
        changed_by: by.to_owned(),
        changed_at: now,
        ..known.clone()
    })
}

/// What stands there, and what is appended where it is retired.
fn retired(
    registry: &Registry,
    strategies: &Strategies,
    (model_id, version): (&str, &str),
    by: &str,
    now: i64,
) -> Result<(ModelVersion, Option<ModelVersion>)> {
    let Some(known) = registry.get(model_id, version) else {
        bail!("retire {model_id}@{version}: it is not registered; `ombud models list` shows what is");
    };
    let in_force_now = strategies.at(now).map_or(0, |strategy| strategy.record.version);
    let in_force = strategies.iter().filter(|strategy| strategy.record.version >= in_force_now);
    let naming = in_force.map(|strategy| &strategy.record).find(|strategy| {
        let mut arms = strategy.tasks.iter().flat_map(|task| &task.arms);
        arms.any(|arm| arm.model_id == model_id && arm.model_version == version)
    });
    if let Some(strategy) = naming {
        bail!(
            "retire {model_id}@{version}: strategy {} names it; publish one that does not first",
            strategy.version
        );
    }
    let next = (known.state != ModelState::Retired).then(|| ModelVersion {
        state: ModelState::Retired,
        state_reason: "retired".to_owned(),
        changed_by: by.to_owned(),
        changed_at: now,
        ..known.clone()
    });
    Ok((known.clone(), next))
}

#[cfg(test)]
mod tests {
    use ombud_models::FirstStrategy;

    use super::*;

    fn version(state: ModelState) -> ModelVersion {
        let example =
            include_str!("../../../schemas/models.registry/examples/valid/only-what-must-be-there.json");
        ModelVersion { state, ..serde_json::from_str(example).unwrap() }
    }

    fn strategies(names: &ModelVersion) -> Strategies {
        let models = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
        let first = FirstStrategy::read(&models.join("strategy.toml"), &models, "me", 0).unwrap();
        let mut strategy = first.record;
        strategy.effective_from = 100;
        for arm in strategy.tasks.iter_mut().flat_map(|task| &mut task.arms) {
            arm.model_id.clone_from(&names.model_id);
            arm.model_version.clone_from(&names.version);
        }
        let mut strategies = Strategies::default();
        strategies.push(strategy).unwrap();
        strategies
    }

    #[test]
    fn what_a_strategy_names_is_not_retired_and_what_none_names_is_once() {
        let model = version(ModelState::Registered);
        let named = (model.model_id.as_str(), model.version.as_str());
        let mut registry = Registry::default();
        let unknown = retired(&registry, &Strategies::default(), named, "me", 7).unwrap_err();
        assert!(unknown.to_string().contains("is not registered"), "{unknown}");
        registry.apply(model.clone());
        // Before it is in force, and after.
        for now in [7, 700] {
            let refused = retired(&registry, &strategies(&model), named, "me", now).unwrap_err();
            assert!(refused.to_string().contains("strategy 1 names it"), "{refused}");
        }
        let next = retired(&registry, &Strategies::default(), named, "me", 7).unwrap().1.unwrap();
        assert_eq!((next.state, next.changed_by.as_str(), next.changed_at), (ModelState::Retired, "me", 7));
        registry.apply(next);
        assert_eq!(retired(&registry, &Strategies::default(), named, "me", 8).unwrap().1, None);
    }

    #[test]
    fn adding_twice_is_adding_once_and_a_rejected_one_gets_another_chance() {
        let (good, bad) = (version(ModelState::Registered), version(ModelState::Rejected));
        assert_eq!(added(None, &good, "me", 7), Some(good.clone()));
        assert_eq!(added(Some(&good), &good, "me", 7), None);
        let again = added(Some(&bad), &good, "me", 7).unwrap();
        assert_eq!((again.state, again.state_reason.as_str()), (ModelState::Registered, "added again"));
    }
}
