//! A change of the registry: asked of a running `up`, or made on brokers. `ombud models retire` is no more than that.

use std::{io::Write, sync::Arc};

use anyhow::{Result, anyhow, bail};
use ombud_contract::{access::Operation, catalogue::Topic};
use ombud_launch::config::Settings;
use ombud_models::{ModelName, ModelStore};
use ombud_stream::SystemClock;

use super::{
    change::{ChangeOutcome, RegistryChange, RegistryEditor},
    read_registry,
};
use crate::{
    log::{
        backend::{Backend, READER, View},
        publish::{IN_FLIGHT, Publisher},
    },
    running_up,
};

/// Retires `named`: MODEL@ and the first digits of a version.
pub(crate) fn retire(named: &str, settings: &Settings, out: &mut impl Write) -> Result<()> {
    if !named.contains('@') {
        bail!("retire {named}: say MODEL@VERSION, as `ombud models list` has them");
    }
    let name: ModelName = named.parse().map_err(|what| anyhow!("retire {named}: {what}"))?;
    let registry = read_registry(&mut View::open(settings)?.reader(READER)?, &settings.topics.prefix)?;
    let meant = name.find(&registry).map_err(|what| anyhow!("retire {named}: {what}"))?;
    let change = RegistryChange::Retire { model_id: meant.model_id.clone(), version: meant.version.clone() };
    let shelf = ModelStore::new(settings.data.join("models"));
    print_outcome(&make_change(&change, settings, &shelf)?, out)
}

/// Asks a running `up` to make it, or makes it on brokers.
pub(super) fn make_change(
    change: &RegistryChange,
    settings: &Settings,
    shelf: &ModelStore,
) -> Result<ChangeOutcome> {
    if settings.kafka_bootstrap.is_empty() {
        return running_up::post(settings, super::PATH, change);
    }
    let backend = Backend::brokers(settings, &[(Topic::Registry, Operation::Write)])?;
    let (view, prefix) = (backend.view(), settings.topics.prefix.as_str());
    let changing =
        RegistryEditor { view: &view, shelf, prefix, clock: Arc::new(SystemClock), by: "ombud models" };
    // The record is what says it: whoever may write there is no user of the console.
    changing.make(change, &mut Publisher::new(backend.sink(IN_FLIGHT)?), |_| Ok(()))
}

pub(super) fn print_outcome(changed: &ChangeOutcome, out: &mut impl Write) -> Result<()> {
    let state = format!("{:?}", changed.state).to_lowercase();
    let already = if changed.already { "already " } else { "" };
    writeln!(out, "{}@{}: {already}{state}", changed.model_id, changed.version)?;
    Ok(())
}
