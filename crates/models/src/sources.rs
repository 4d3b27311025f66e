//! Where a worker finds the artefact that a strategy names: its own shelf, the shared folder, then the hub. What comes
//! from elsewhere is put on the shelf, whole and verified, before anybody loads it.

use std::path::Path;

use ombud_contract::records::ModelVersion;

use crate::artefact::{Artefact, ArtefactError};
#[cfg(feature = "hub")]
use crate::hub::Hub;
use crate::rejection::{Fault, Rejection};
use crate::shelf::ModelStore;

/// The places of one process.
#[derive(Clone, Debug)]
pub struct Sources {
    shelf: ModelStore,
    shared: Option<ModelStore>,
    #[cfg(feature = "hub")]
    hub: Hub,
}

/// Why an artefact is not at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unobtained {
    /// What is offered under this version is not it: nobody needs to try again.
    Rejected(Rejection),
    /// Nobody has it at the moment, or a place does not answer: trying again may help.
    Later(String),
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

    /// The artefact of one version, verified byte for byte, from this process's shelf. `known`: what the registry says
    /// of it, which names the hub.
    ///
    /// # Errors
    /// See [`Unobtained`].
    pub fn obtain(
        &self,
        model_id: &str,
        version: &str,
        known: Option<&ModelVersion>,
    ) -> Result<Artefact, Unobtained> {
        let mut missed = Vec::new();
        match self.shelf.get(model_id, version) {
            Ok(Some(artefact)) => return Ok(artefact),
            Ok(None) => {}
            // Bytes that are the version's own and still no artefact are the same everywhere.
            Err(error) if error.fault() == Some(Fault::Manifest) => return Err(unobtained(&error)),
            // A damaged copy is this host's fault, not the model's: a whole one replaces it.
            Err(error) => missed.push(chain(&error)),
        }
        if let Some(shared) = &self.shared {
            // The shared folder is filled by renaming whole folders: what differs there was offered so. Read a second
            // time, because one worker's bad reading would reject the version for all of them.
            let read = || shared.get(model_id, version);
            let elsewhere = known.is_some_and(|known| known.hub_id.is_some());
            match read().or_else(|_| read()) {
                Ok(Some(artefact)) => return self.shelve(&artefact),
                Ok(None) => missed.push("it isn't in the shared folder".to_owned()),
                Err(error) => match error.fault() {
                    Some(Fault::ContentDiffers) if elsewhere => missed.push(chain(&error)),
                    Some(_) => return Err(unobtained(&error)),
                    None => missed.push(chain(&error)),
                },
            }
        }
        match known.and_then(|known| Some((known, known.hub_id.as_deref()?))) {
            Some((known, hub_id)) => self.fetch_from_hub(known, hub_id, missed),
            None if missed.is_empty() => Err(Unobtained::Later(
                "it isn't in the model store, and the registry names no hub: `ombud models add` its folder again"
                    .to_owned(),
            )),
            None => Err(Unobtained::Later(missed.join("; "))),
        }
    }

    #[cfg(feature = "hub")]
    fn fetch_from_hub(
        &self,
        known: &ModelVersion,
        hub_id: &str,
        mut missed: Vec<String>,
    ) -> Result<Artefact, Unobtained> {
        let revision = known.hub_revision.as_deref().unwrap_or("main");
        let names: Vec<&str> = known.files.iter().map(|file| file.name.as_str()).collect();
        let arriving =
            self.shelf.arriving(&known.version).map_err(|error| Unobtained::Later(chain(&error)))?;
        let mut fetch = || match self.hub.fetch_files(hub_id, revision, &names, arriving.path()) {
            Ok(()) => Ok(Artefact::verify(arriving.path(), &known.version)),
            Err(error) => {
                missed.push(chain(&error));
                Err(Unobtained::Later(missed.join("; ")))
            }
        };
        let artefact = match fetch()? {
            // Out of the cache, whose copy may be damaged: what the hub itself has now counts.
            Err(error) if error.fault() == Some(Fault::ContentDiffers) => {
                tracing::warn!(hub_id, revision, error = chain(&error), "fetched again");
                let forgotten = self.hub.forget(hub_id, revision, &names);
                forgotten.map_err(|error| Unobtained::Later(chain(&error)))?;
                fetch()?
            }
            verified => verified,
        };
        let artefact = artefact.map_err(|error| unobtained(&error))?;
        self.shelve(&artefact)
    }

    #[cfg(not(feature = "hub"))]
    fn fetch_from_hub(
        &self,
        _: &ModelVersion,
        hub_id: &str,
        mut missed: Vec<String>,
    ) -> Result<Artefact, Unobtained> {
        missed.push(format!("this build fetches nothing from the hub, where it is {hub_id}"));
        Err(Unobtained::Later(missed.join("; ")))
    }

    fn shelve(&self, artefact: &Artefact) -> Result<Artefact, Unobtained> {
        let later = |error: ArtefactError| Unobtained::Later(chain(&error));
        let home = self.shelf.add(artefact).map_err(later)?;
        Artefact::verify(&home, &artefact.version).map_err(later)
    }
}

fn unobtained(error: &ArtefactError) -> Unobtained {
    match error.fault() {
        Some(fault) => Unobtained::Rejected(Rejection::new(fault, chain(error))),
        None => Unobtained::Later(chain(error)),
    }
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}
