//! `ombud models add`: a version is verified here, put where workers find it, and made known.

use std::{io::Write, path::Path};

use anyhow::{Context, Result, bail, ensure};
use ombud_launch::config::Settings;
use ombud_models::{
    Artefact, ArtefactError, Hub, LoadModel, MANIFEST, ModelStore, NameError, RepoId, Revision, Stop, probe,
};

use super::{
    ask::{make_change, print_outcome},
    change::{ChangeOutcome, RegistryChange},
};
use crate::trial::TrialLoader;

/// Verifies `source`, a folder or `OWNER/NAME[@REVISION]` of the hub, and registers it.
pub(crate) fn add(source: &str, settings: &Settings, out: &mut impl Write) -> Result<()> {
    let shelf = ModelStore::new(settings.data.join("models"));
    let change = if Path::new(source).is_dir() {
        verified(Path::new(source), source, settings, &shelf, (None, None))?
    } else {
        from_hub(source, settings, &shelf)?
    };
    print_outcome(&make_change(&change, settings, &shelf)?, out)
}

/// Verifies the artefact in `dir` and registers it.
pub(crate) fn register(dir: &Path, settings: &Settings) -> Result<ChangeOutcome> {
    let shelf = ModelStore::new(settings.data.join("models"));
    let change = verified(dir, &dir.display().to_string(), settings, &shelf, (None, None))?;
    make_change(&change, settings, &shelf)
}

fn from_hub(source: &str, settings: &Settings, shelf: &ModelStore) -> Result<RegistryChange> {
    let (id, revision) = source.split_once('@').unwrap_or((source, "main"));
    let named = || Ok::<_, NameError>((RepoId::parse(id)?, Revision::parse(revision)?));
    let (id, revision) = named().with_context(|| format!("add {source}: it is no folder"))?;
    let hub = Hub::from_env();
    let (commit, mut names) = hub.files(&id, &revision)?;
    ensure!(names.iter().any(|name| name.as_str() == MANIFEST), foreign(source));
    names.retain(|name| !name.as_str().split('/').any(|part| part.starts_with('.')));
    let arriving = tempfile::tempdir().context("make a folder to fetch into")?;
    // The commit, not the branch: what is registered never moves.
    hub.fetch_files(&id, &Revision::from(&commit), &names, arriving.path(), &Stop::never())?;
    verified(arriving.path(), source, settings, shelf, (Some(id.to_string()), Some(commit.to_string())))
}

/// Loads and probes what lies in `dir`, and puts it on the shelf and into the shared folder.
fn verified(
    dir: &Path,
    source: &str,
    settings: &Settings,
    shelf: &ModelStore,
    (hub_id, hub_revision): (Option<String>, Option<String>),
) -> Result<RegistryChange> {
    let artefact = match Artefact::open(dir) {
        Err(ArtefactError::Missing { file: MANIFEST, .. }) => bail!(foreign(source)),
        opened => opened?,
    };
    let model = TrialLoader::of(settings).load(&artefact)?;
    if let Err(why) = probe(&artefact, model.as_ref()) {
        bail!("add {source}: {why}");
    }
    shelf.add(&artefact).context("put the model on the shelf")?;
    if !settings.shared_models.as_os_str().is_empty() {
        let shared = ModelStore::new(&settings.shared_models);
        shared.add(&artefact).context("put the model into the folder `shared_models`")?;
    }
    let (model_id, version) = (artefact.manifest.model_id, artefact.version);
    Ok(RegistryChange::Add { model_id, version, hub_id, hub_revision })
}

fn foreign(source: &str) -> String {
    format!(
        "add {source}: it has no {MANIFEST}; make an artefact of it first, `ombud models import {source}`"
    )
}
