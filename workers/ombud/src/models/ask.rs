//! A change of the registry, asked of a running `up` or made on brokers; `ombud models retire` is nothing more.

use std::{io::Write, sync::Arc};

use anyhow::{Result, anyhow, bail};
use ombud_contract::{access::Operation, catalogue::Topic};
use ombud_launch::config::Settings;
use ombud_models::{ModelName, ModelStore};
use ombud_stream::SystemClock;

use super::{
    change::{Change, Changed, Changing},
    registry,
};
use crate::{
    ask_up,
    publish::Publisher,
    work::IN_FLIGHT,
    world::{READER, View, World},
};

/// Retires `named`: MODEL@ and the first digits of a version.
pub(crate) fn retire(named: &str, settings: &Settings, out: &mut impl Write) -> Result<()> {
    if !named.contains('@') {
        bail!("retire {named}: say MODEL@VERSION, as `ombud models list` has them");
    }
    let name: ModelName = named.parse().map_err(|what| anyhow!("retire {named}: {what}"))?;
    let registry = registry(&mut View::open(settings)?.reader(READER)?, &settings.topics.prefix)?;
    let meant = name.find(&registry).map_err(|what| anyhow!("retire {named}: {what}"))?;
    let change = Change::Retire { model_id: meant.model_id.clone(), version: meant.version.clone() };
    let shelf = ModelStore::new(settings.data.join("models"));
    say(&changed(&change, settings, &shelf)?, out)
}

/// Has it made by a running `up`, or makes it on brokers.
pub(super) fn changed(change: &Change, settings: &Settings, shelf: &ModelStore) -> Result<Changed> {
    if settings.kafka_bootstrap.is_empty() {
        return ask_up::post(settings, super::PATH, change);
    }
    let world = World::brokers(settings, &[(Topic::Registry, Operation::Write)])?;
    let (view, prefix) = (world.view(), settings.topics.prefix.as_str());
    let changing = Changing { view: &view, shelf, prefix, clock: Arc::new(SystemClock), by: "ombud models" };
    changing.make(change, &mut Publisher::new(world.sink(IN_FLIGHT)?))
}

pub(super) fn say(changed: &Changed, out: &mut impl Write) -> Result<()> {
    let state = format!("{:?}", changed.state).to_lowercase();
    let already = if changed.already { "already " } else { "" };
    writeln!(out, "{}@{}: {already}{state}", changed.model_id, changed.version)?;
    Ok(())
}
