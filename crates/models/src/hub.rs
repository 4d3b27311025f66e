//! A model of Python's transformers by its place: a folder, or a name on the hub, which is fetched once into the
//! cache that Python shares.

mod cache;
mod error;
mod named;
mod timeouts;
mod transfer;

use std::path::{Path, PathBuf};
use std::{env, fs};

pub use error::HubError;
use named::Named;
use ombud_stream::without_user;
pub use timeouts::HubTimeouts;
use tracing::warn;
use transfer::with_hub;

use crate::hub_name::{Commit, FileName, RepoId, Revision};
use crate::pretrained::FolderFault;
use crate::stop::Stop;

/// The folder that holds config.json, tokenizer.json and the weights of `id_or_folder`: a folder as it is, else
/// `owner/name` or `owner/name@REVISION` on the hub that the environment names. See [`Hub::from_env`].
///
/// # Errors
/// See [`HubError`].
pub fn fetch(id_or_folder: &str, revision: Option<&str>) -> Result<PathBuf, HubError> {
    Hub::from_env().fetch(id_or_folder, revision)
}

/// What to call a folder that [`fetch`] gave: `owner/name@COMMIT` of one from the hub, else the folder's name alone; its
/// path is of no use elsewhere, and private.
pub fn called(folder: &Path) -> String {
    let last = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let snapshots = folder.parent().filter(|parent| parent.ends_with("snapshots"));
    let repo = snapshots.and_then(Path::parent).map(last);
    match repo.as_deref().and_then(|repo| repo.strip_prefix("models--")) {
        Some(id) => format!("{}@{}", id.replace("--", "/"), last(folder)),
        None if folder.file_name().is_some() => last(folder),
        None => last(&folder.canonicalize().unwrap_or_default()),
    }
}

/// Where models are fetched from, and where they are kept.
#[derive(Clone)]
pub struct Hub {
    /// The address that names and files are under.
    pub endpoint: String,
    /// The cache, as Python lays it out: `models--OWNER--NAME/snapshots/COMMIT/`.
    pub cache: PathBuf,
    /// What private models ask for.
    pub token: Option<Token>,
    /// Whether only the cache may be looked at.
    pub offline: bool,
    /// How long it may take.
    pub timeouts: HubTimeouts,
}

/// A secret, which is never shown.
#[derive(Clone)]
pub struct Token(pub String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

// Its address may hold a password.
impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub")
            .field("endpoint", &without_user(&self.endpoint))
            .field("cache", &self.cache)
            .field("token", &self.token)
            .field("offline", &self.offline)
            .field("timeouts", &self.timeouts)
            .finish()
    }
}

impl Hub {
    /// As Python has it: `HF_ENDPOINT`, `HF_HUB_CACHE` or `HF_HOME`, `HF_TOKEN` or the file of `hf auth login`, and
    /// `HF_HUB_OFFLINE`.
    pub fn from_env() -> Self {
        let said = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let home = said("HF_HOME").map_or_else(
            || match said("XDG_CACHE_HOME") {
                Some(caches) => Path::new(&caches).join("huggingface"),
                None => env::home_dir().unwrap_or_default().join(".cache/huggingface"),
            },
            PathBuf::from,
        );
        let cache = said("HF_HUB_CACHE").map_or_else(|| home.join("hub"), PathBuf::from);
        let kept = || std::fs::read_to_string(home.join("token")).ok().map(|token| token.trim().to_owned());
        let yes = |value: String| matches!(value.to_lowercase().as_str(), "1" | "true" | "yes" | "on");
        Self {
            endpoint: said("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".to_owned()),
            cache,
            token: said("HF_TOKEN").or_else(kept).filter(|token| !token.is_empty()).map(Token),
            offline: said("HF_HUB_OFFLINE").is_some_and(yes),
            timeouts: HubTimeouts::default(),
        }
    }

    /// See [`fetch`]. For commands: a signal ends it.
    ///
    /// # Errors
    /// See [`HubError`].
    pub fn fetch(&self, id_or_folder: &str, revision: Option<&str>) -> Result<PathBuf, HubError> {
        let path = Path::new(id_or_folder);
        if path.is_dir() {
            return folder(path, revision);
        }
        let (id, revision) = match (id_or_folder.split_once('@'), revision) {
            (Some((id, revision)), None) => (id, revision),
            (_, revision) => (id_or_folder, revision.unwrap_or("main")),
        };
        let Ok(id) = RepoId::parse(id) else {
            return Err(HubError::NoFolder { path: path.to_owned() });
        };
        let revision = Revision::parse(revision)?;
        let named = Named { hub: self, id: &id, revision: &revision };
        if self.offline {
            return named.cached();
        }
        match with_hub(self, &Stop::never(), |transfer| named.download(transfer)) {
            Err(away @ (HubError::Unreachable { .. } | HubError::TimedOut { .. })) => {
                let cached = named.cached();
                if cached.is_ok() {
                    warn!(model = %id, %revision, error = %away, "the cache is used");
                }
                cached.map_err(|_| away)
            }
            downloaded => downloaded,
        }
    }

    /// Copies `names`, the files of an artefact of Ombud, of `id` at `revision` into the folder `into`: out of the cache
    /// where it has them, else from the hub. The caller must verify what they hold. Ends early when `stop` is requested.
    ///
    /// # Errors
    /// See [`HubError`].
    pub fn fetch_files(
        &self,
        id: &RepoId,
        revision: &Revision,
        names: &[FileName],
        into: &Path,
        stop: &Stop,
    ) -> Result<(), HubError> {
        let named = Named { hub: self, id, revision };
        let (cache, commit) = (named.cache(), named.cache().commit(revision));
        let copy = |fetch: &dyn Fn(&FileName) -> Result<PathBuf, HubError>| -> Result<(), HubError> {
            for name in names {
                let cached = commit.as_ref().and_then(|commit| cache.file(commit, name));
                let path = cached.map_or_else(|| fetch(name), Ok)?;
                let target = into.join(name.as_str());
                let unwritable = |source| HubError::Read { path: target.clone(), source };
                if let Some(folder) = target.parent() {
                    fs::create_dir_all(folder).map_err(unwritable)?;
                }
                fs::copy(&path, &target).map_err(unwritable)?;
            }
            Ok(())
        };
        if self.offline {
            return copy(&|_| Err(named.not_cached()));
        }
        with_hub(self, stop, |transfer| copy(&|name| named.fetched(transfer, revision, name)))
    }

    /// Takes `names` of `id` at `revision` out of the cache, so that they are fetched from the hub again, because
    /// they are not what they should be.
    ///
    /// # Errors
    /// One can't be removed.
    pub fn forget(&self, id: &RepoId, revision: &Revision, names: &[FileName]) -> Result<(), HubError> {
        let cache = Named { hub: self, id, revision }.cache();
        let Some(commit) = cache.commit(revision) else { return Ok(()) };
        let forgotten = names.iter().try_for_each(|name| cache.forget(&commit, name));
        forgotten.map_err(|source| HubError::Read { path: self.cache.clone(), source })
    }

    /// The commit that `revision` of `id` is now, and the files that it has. For commands: a signal ends it.
    ///
    /// # Errors
    /// See [`HubError`]. It needs a connection to the hub.
    pub fn files(&self, id: &RepoId, revision: &Revision) -> Result<(Commit, Vec<FileName>), HubError> {
        let named = Named { hub: self, id, revision };
        if self.offline {
            return Err(named.not_cached());
        }
        with_hub(self, &Stop::never(), |transfer| named.listing(transfer))
    }
}

fn folder(path: &Path, revision: Option<&str>) -> Result<PathBuf, HubError> {
    if let Some(revision) = revision {
        return Err(HubError::RevisionOfFolder { path: path.to_owned(), revision: revision.to_owned() });
    }
    match FolderFault::in_folder(path) {
        Ok(None) => Ok(path.to_owned()),
        Ok(Some(lacking)) => Err(HubError::FolderFault { place: path.display().to_string(), lacking }),
        Err(source) => Err(HubError::Read { path: path.to_owned(), source }),
    }
}
