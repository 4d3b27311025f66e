//! Where a worker finds the artefact that a strategy names: its own shelf, the shared folder, then the hub. What comes
//! from elsewhere is put on the shelf, whole and verified, before it is loaded.

use std::path::Path;

use ombud_contract::records::ModelVersion;

use crate::artefact::{Artefact, ArtefactError};
#[cfg(feature = "hub")]
use crate::hub::Hub;
#[cfg(feature = "hub")]
use crate::hub_name::{FileName, NameError, RepoId, Revision};
use crate::rejection::{Blame, Fault, Hindrance, HostFault, ServingFailure};
use crate::shelf::ModelStore;
use crate::stop::Stop;

/// The places of one process.
#[derive(Clone, Debug)]
pub struct Sources {
    shelf: ModelStore,
    shared: Option<ModelStore>,
    #[cfg(feature = "hub")]
    hub: Hub,
}

impl Sources {
    /// `shelf` is this process's own; `shared` a folder that several hosts mount, filled by `ombud models add`. The hub is
    /// the one that the environment names.
    pub fn new(shelf: ModelStore, shared: Option<&Path>) -> Self {
        Self {
            shelf,
            shared: shared.map(ModelStore::new),
            #[cfg(feature = "hub")]
            hub: Hub::from_env(),
        }
    }

    /// Fetches from `hub` instead.
    #[cfg(feature = "hub")]
    #[must_use]
    pub fn with_hub(self, hub: Hub) -> Self {
        Self { hub, ..self }
    }

    /// The shelf.
    pub fn shelf(&self) -> &ModelStore {
        &self.shelf
    }

    /// The artefact of one version, verified byte for byte, from this process's shelf. `known` is the
    /// registry's record of it, which names the hub. A fetch from there ends by its own deadlines, or when `stop` is requested.
    ///
    /// # Errors
    /// See [`ServingFailure`]: what is offered as this version and is something else is rejected.
    pub fn obtain(
        &self,
        model_id: &str,
        version: &str,
        known: Option<&ModelVersion>,
        stop: &Stop,
    ) -> Result<Artefact, ServingFailure> {
        let mut missed = Vec::new();
        match self.shelf.get(model_id, version) {
            Ok(Some(artefact)) => return Ok(artefact),
            Ok(None) => {}
            Err(error) => match error.blame() {
                // The version's own bytes are the same everywhere, and so is a name: where they are no artefact, no host has one.
                blame @ Blame::Version(Fault::Manifest | Fault::Record) => {
                    return Err(ServingFailure::new(blame, with_causes(&error)));
                }
                // A damaged copy is this host's fault, not the model's: a whole one replaces it.
                Blame::Version(_) => missed.push(Hindrance::new(HostFault::Damaged, with_causes(&error))),
                Blame::Host(fault) => missed.push(Hindrance::new(fault, with_causes(&error))),
            },
        }
        if let Some(shared) = &self.shared {
            // The shared folder is filled by renaming whole folders: what differs there was put there so. It is read
            // twice, because one worker's failed read would reject the version for all workers.
            let read = || shared.get(model_id, version);
            let elsewhere = known.is_some_and(|known| known.hub_id.is_some());
            match read().or_else(|_| read()) {
                Ok(Some(artefact)) => return self.shelve(&artefact),
                Ok(None) => missed.push(Hindrance::new(HostFault::Absent, "it isn't in the shared folder")),
                Err(error) => match error.blame() {
                    Blame::Version(Fault::ContentDiffers) if elsewhere => {
                        missed.push(Hindrance::new(HostFault::Damaged, with_causes(&error)));
                    }
                    blame @ Blame::Version(_) => return Err(ServingFailure::new(blame, with_causes(&error))),
                    Blame::Host(fault) => missed.push(Hindrance::new(fault, with_causes(&error))),
                },
            }
        }
        match known.and_then(|known| Some((known, known.hub_id.as_deref()?))) {
            Some((known, hub_id)) => self.fetch_from_hub(known, hub_id, missed, stop),
            None if missed.is_empty() => Err(ServingFailure::Hindered(Hindrance::new(
                HostFault::Absent,
                "it isn't in the model store, and the registry names no hub: `ombud models add` its folder again",
            ))),
            None => Err(hindered(missed)),
        }
    }

    #[cfg(feature = "hub")]
    fn fetch_from_hub(
        &self,
        known: &ModelVersion,
        hub_id: &str,
        mut missed: Vec<Hindrance>,
        stop: &Stop,
    ) -> Result<Artefact, ServingFailure> {
        // Anyone who may write to the registry chooses these names, so they are parsed before a path is made of them.
        let (hub_id, revision, names) = named(known, hub_id).map_err(|error| {
            ServingFailure::new(Blame::Version(Fault::Record), format!("models.registry says to {error}"))
        })?;
        let arriving = self.shelf.arriving(&known.version).map_err(|error| of_this_host(&error))?;
        let mut fetch = || match self.hub.fetch_files(&hub_id, &revision, &names, arriving.path(), stop) {
            Ok(()) => Ok(Artefact::verify(arriving.path(), &known.version)),
            Err(error) => {
                missed.push(Hindrance::new(error.fault(), with_causes(&error)));
                Err(hindered(std::mem::take(&mut missed)))
            }
        };
        let artefact = match fetch()? {
            // It came from the cache, whose copy may be damaged: what counts is what the hub has now.
            Err(error) if error.blame() == Blame::Version(Fault::ContentDiffers) => {
                tracing::warn!(%hub_id, %revision, error = with_causes(&error), "fetched again");
                let forgotten = self.hub.forget(&hub_id, &revision, &names);
                forgotten.map_err(|error| {
                    ServingFailure::Hindered(Hindrance::new(error.fault(), with_causes(&error)))
                })?;
                fetch()?
            }
            verified => verified,
        };
        let artefact = artefact.map_err(|error| ServingFailure::new(error.blame(), with_causes(&error)))?;
        self.shelve(&artefact)
    }

    #[cfg(not(feature = "hub"))]
    fn fetch_from_hub(
        &self,
        _: &ModelVersion,
        hub_id: &str,
        mut missed: Vec<Hindrance>,
        _: &Stop,
    ) -> Result<Artefact, ServingFailure> {
        let what = format!("this build fetches nothing from the hub, where it is {hub_id}");
        missed.push(Hindrance::new(HostFault::Build, what));
        Err(hindered(missed))
    }

    fn shelve(&self, artefact: &Artefact) -> Result<Artefact, ServingFailure> {
        let home = self.shelf.add(artefact).map_err(|error| of_this_host(&error))?;
        Artefact::verify(&home, &artefact.version).map_err(|error| of_this_host(&error))
    }
}

/// Where the hub has the version, and which files of it.
#[cfg(feature = "hub")]
fn named(known: &ModelVersion, hub_id: &str) -> Result<(RepoId, Revision, Vec<FileName>), NameError> {
    let names = known.files.iter().map(|file| FileName::parse(&file.name)).collect::<Result<_, _>>()?;
    let revision = Revision::parse(known.hub_revision.as_deref().unwrap_or("main"))?;
    Ok((RepoId::parse(hub_id)?, revision, names))
}

/// What was missed at each place, in the order of asking: the last one asked gives the code.
fn hindered(missed: Vec<Hindrance>) -> ServingFailure {
    let fault = missed.last().map_or(HostFault::Absent, |last| last.fault);
    let what: Vec<String> = missed.into_iter().map(|one| one.what).collect();
    ServingFailure::Hindered(Hindrance::new(fault, what.join("; ")))
}

/// An error with content that was verified before: whatever it is, the version is not at fault.
fn of_this_host(error: &ArtefactError) -> ServingFailure {
    let fault = match error.blame() {
        Blame::Version(_) => HostFault::Damaged,
        Blame::Host(fault) => fault,
    };
    ServingFailure::Hindered(Hindrance::new(fault, with_causes(error)))
}

/// An error and its causes in one line.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}
