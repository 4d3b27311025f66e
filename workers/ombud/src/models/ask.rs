//! A change of the registry, asked of a running `up` or made on brokers; `ombud models retire` is nothing more.

use std::{io::Write, sync::Arc};

use anyhow::{Result, bail};
use ombud_launch::config::Settings;
use ombud_models::ModelStore;
use ombud_stream::SystemClock;

use super::change::{Change, Changed, Changing};
use crate::{ask_up, publish::Publisher, work::IN_FLIGHT, world::World};

/// Retires `named`, MODEL@VERSION.
pub(crate) fn retire(named: &str, settings: &Settings, out: &mut impl Write) -> Result<()> {
    let Some((model_id, version)) = named.split_once('@') else {
        bail!("retire {named}: say MODEL@VERSION, as `ombud models list` has them");
    };
    let change = Change::Retire { model_id: model_id.to_owned(), version: version.to_owned() };
    let shelf = ModelStore::new(settings.data.join("models"));
    say(&changed(&change, settings, &shelf)?, out)
}

/// Has it made by a running `up`, or makes it on brokers.
pub(super) fn changed(change: &Change, settings: &Settings, shelf: &ModelStore) -> Result<Changed> {
    if settings.kafka_bootstrap.is_empty() {
        return ask_up::post(settings, super::PATH, change);
    }
    let world = World::brokers(settings)?;
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
