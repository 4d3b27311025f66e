//! `ombud models add` and `retire`: a version is verified here, put where workers find it, and made known.

use std::{io::Write, path::Path, sync::Arc};

use anyhow::{Context, Result, bail, ensure};
use ombud_launch::config::Settings;
use ombud_models::{Artefact, ArtefactError, Hub, LoadModel, MANIFEST, ModelStore, probe};
use ombud_stream::SystemClock;
use ombud_torch::Libtorch;

use super::change::{Change, Changed, Changing};
use crate::{ask_up, publish::Publisher, work::IN_FLIGHT, world::World};

/// Verifies `source`, a folder or `OWNER/NAME[@REVISION]` of the hub, and registers it.
pub(crate) fn add(source: &str, settings: &Settings, out: &mut impl Write) -> Result<()> {
    let shelf = ModelStore::new(settings.data.join("models"));
    let change = if Path::new(source).is_dir() {
        verified(Path::new(source), source, settings, &shelf, (None, None))?
    } else {
        from_hub(source, settings, &shelf)?
    };
    say(&changed(&change, settings, &shelf)?, out)
}

/// Retires `named`, MODEL@VERSION.
pub(crate) fn retire(named: &str, settings: &Settings, out: &mut impl Write) -> Result<()> {
    let Some((model_id, version)) = named.split_once('@') else {
        bail!("retire {named}: say MODEL@VERSION, as `ombud models list` has them");
    };
    let change = Change::Retire { model_id: model_id.to_owned(), version: version.to_owned() };
    let shelf = ModelStore::new(settings.data.join("models"));
    say(&changed(&change, settings, &shelf)?, out)
}

fn from_hub(source: &str, settings: &Settings, shelf: &ModelStore) -> Result<Change> {
    let (id, revision) = source.split_once('@').unwrap_or((source, "main"));
    let hub = Hub::from_env();
    let (commit, names) = hub.files(id, revision)?;
    ensure!(names.iter().any(|name| name == MANIFEST), foreign(source));
    let wanted: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .filter(|name| !name.split('/').any(|p| p.starts_with('.')))
        .collect();
    let arriving = tempfile::tempdir().context("make a folder to fetch into")?;
    // The commit, not the branch: what is registered never moves.
    hub.fetch_files(id, &commit, &wanted, arriving.path())?;
    verified(arriving.path(), source, settings, shelf, (Some(id.to_owned()), Some(commit)))
}

/// Loads and probes what lies in `dir`, and puts it on the shelf and into the shared folder.
fn verified(
    dir: &Path,
    source: &str,
    settings: &Settings,
    shelf: &ModelStore,
    (hub_id, hub_revision): (Option<String>, Option<String>),
) -> Result<Change> {
    let artefact = match Artefact::open(dir) {
        Err(ArtefactError::Missing { file: MANIFEST, .. }) => bail!(foreign(source)),
        opened => opened?,
    };
    let model = Libtorch.load(&artefact)?;
    if let Err(rejection) = probe(&artefact, model.as_ref()) {
        bail!("add {source}: {rejection}");
    }
    shelf.add(&artefact).context("put the model on the shelf")?;
    if !settings.shared_models.as_os_str().is_empty() {
        let shared = ModelStore::new(&settings.shared_models);
        shared.add(&artefact).context("put the model into the folder `shared_models`")?;
    }
    let (model_id, version) = (artefact.manifest.model_id, artefact.version);
    Ok(Change::Add { model_id, version, hub_id, hub_revision })
}

fn foreign(source: &str) -> String {
    format!(
        "add {source}: it has no {MANIFEST}; make an artefact of it first, `ombud models import {source}`"
    )
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

fn say(changed: &Changed, out: &mut impl Write) -> Result<()> {
    let state = format!("{:?}", changed.state).to_lowercase();
    let already = if changed.already { "already " } else { "" };
    writeln!(out, "{}@{}: {already}{state}", changed.model_id, changed.version)?;
    Ok(())
}
