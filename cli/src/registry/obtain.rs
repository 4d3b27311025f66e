//! The artefact of a registered version, from wherever a worker would have it.

use anyhow::{Result, anyhow};
use ombud_launch::config::Settings;
use ombud_models::{Artefact, ModelStore, Registry, Sources, Stop};

/// Finds it on the shelf of the data folder, in the shared folder or on the hub.
pub(crate) fn obtain(
    model_id: &str,
    version: &str,
    registry: &Registry,
    settings: &Settings,
) -> Result<Artefact> {
    let shared = &settings.shared_models;
    let shared = (!shared.as_os_str().is_empty()).then_some(shared.as_path());
    let sources = Sources::new(ModelStore::new(settings.data.join("models")), shared);
    sources
        .obtain(model_id, version, registry.get(model_id, version), &Stop::never())
        .map_err(|why| anyhow!("get model {model_id}@{version}: {why}"))
}
