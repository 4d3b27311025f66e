//! A model of Python's transformers by its place: a folder, or a name on the hub, which is fetched once into the
//! cache that Python shares.

use std::env;
use std::fs::File;
use std::path::{Path, PathBuf};

use hf_hub::api::sync::{Api, ApiBuilder, ApiError};
use hf_hub::{Cache, Repo, RepoType};
use tracing::warn;

use crate::digest::digest_stream;
use crate::pretrained::{CONFIG, Lacking, WEIGHTS, wanted};

/// Downloads that break are begun again so many times, where they broke.
const RETRIES: usize = 3;

/// The folder that holds config.json, tokenizer.json and model.safetensors of `id_or_folder`: a folder as it is, else
/// `owner/name` or `owner/name@REVISION` on the hub that the environment names. See [`Hub::from_env`].
///
/// # Errors
/// See [`HubError`].
pub fn fetch(id_or_folder: &str, revision: Option<&str>) -> Result<PathBuf, HubError> {
    Hub::from_env().fetch(id_or_folder, revision)
}

/// What to call a folder that [`fetch`] gave: `owner/name@COMMIT` of one from the hub, else the folder's name alone; its
/// path is of no use elsewhere, and nobody's business.
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
#[derive(Clone, Debug)]
pub struct Hub {
    /// The address that names and files are under.
    pub endpoint: String,
    /// The cache, as Python lays it out: `models--OWNER--NAME/snapshots/COMMIT/`.
    pub cache: PathBuf,
    /// What private models ask for.
    pub token: Option<Token>,
    /// Whether only the cache may be looked at.
    pub offline: bool,
}

/// A secret, which is never shown.
#[derive(Clone)]
pub struct Token(pub String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
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
        }
    }

    /// See [`fetch`].
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
        if !is_hub_id(id) {
            return Err(HubError::NoFolder { path: path.to_owned() });
        }
        let named = Named { hub: self, id, revision };
        if self.offline {
            return named.cached();
        }
        match named.download() {
            Err(HubError::Unreachable { what, .. }) if named.cached().is_ok() => {
                warn!(
                    model = named.id,
                    revision = named.revision,
                    what,
                    "the hub is out of reach: the cache is used"
                );
                named.cached()
            }
            downloaded => downloaded,
        }
    }

    /// Copies `names`, the files of an artefact of Ombud, of `id` at `revision` into the folder `into`: out of the cache
    /// where it has them, else from the hub. What they hold is the caller's to verify.
    ///
    /// # Errors
    /// See [`HubError`].
    pub fn fetch_files(&self, id: &str, revision: &str, names: &[&str], into: &Path) -> Result<(), HubError> {
        if !is_hub_id(id) {
            return Err(HubError::NoFolder { path: id.into() });
        }
        let named = Named { hub: self, id, revision };
        let repo = named.cache().repo(named.repo(revision));
        let api = if self.offline { None } else { Some(named.api()?) };
        for name in names.iter().filter(|name| is_inside(name)) {
            let cached = repo.get(name).or_else(|| Some(repo.pointer_path(revision).join(name)));
            let path = match (cached.filter(|path| path.is_file()), &api) {
                (Some(path), _) => path,
                (None, Some(api)) => {
                    api.repo(named.repo(revision)).get(name).map_err(|error| named.failed(&error))?
                }
                (None, None) => return Err(named.not_cached()),
            };
            let target = into.join(name);
            let unwritable = |source| HubError::Read { path: target.clone(), source };
            if let Some(folder) = target.parent() {
                std::fs::create_dir_all(folder).map_err(unwritable)?;
            }
            std::fs::copy(&path, &target).map_err(unwritable)?;
        }
        Ok(())
    }

    /// Takes `names` of `id` at `revision` out of the cache, so that they are fetched from the hub again: somebody has
    /// found that they are not what they should be.
    ///
    /// # Errors
    /// One can't be removed.
    pub fn forget(&self, id: &str, revision: &str, names: &[&str]) -> Result<(), HubError> {
        if !is_hub_id(id) {
            return Err(HubError::NoFolder { path: id.into() });
        }
        let named = Named { hub: self, id, revision };
        let repo = named.cache().repo(named.repo(revision));
        for name in names.iter().filter(|name| is_inside(name)) {
            let cached = repo.get(name).unwrap_or_else(|| repo.pointer_path(revision).join(name));
            // What it points to as well: both are there once for all revisions that have the file.
            let blob = cached.canonicalize().ok();
            for path in [Some(cached), blob].into_iter().flatten() {
                match std::fs::remove_file(&path) {
                    Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                        return Err(HubError::Read { path, source });
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// The commit that `revision` of `id` is now, and the files that it has.
    ///
    /// # Errors
    /// See [`HubError`]. Without a way to the hub there is none.
    pub fn files(&self, id: &str, revision: &str) -> Result<(String, Vec<String>), HubError> {
        if !is_hub_id(id) {
            return Err(HubError::NoFolder { path: id.into() });
        }
        let named = Named { hub: self, id, revision };
        if self.offline {
            return Err(named.not_cached());
        }
        named.listing(&named.api()?)
    }
}

/// Whether a file's name, which may come from a record, leads to a place under the folder that it is put in.
fn is_inside(name: &str) -> bool {
    Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)))
}

fn folder(path: &Path, revision: Option<&str>) -> Result<PathBuf, HubError> {
    if let Some(revision) = revision {
        return Err(HubError::RevisionOfFolder { path: path.to_owned(), revision: revision.to_owned() });
    }
    match Lacking::in_folder(path) {
        Ok(None) => Ok(path.to_owned()),
        Ok(Some(lacking)) => Err(HubError::Lacking { place: path.display().to_string(), lacking }),
        Err(source) => Err(HubError::Read { path: path.to_owned(), source }),
    }
}

/// `name`, or `owner/name`; it becomes a part of addresses and of the cache's paths.
fn is_hub_id(id: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    id.split('/').count() <= 2 && id.split('/').all(part) && !id.contains("..") && !id.contains("--")
}

/// One model of the hub.
struct Named<'a> {
    hub: &'a Hub,
    id: &'a str,
    revision: &'a str,
}

impl Named<'_> {
    /// Fetches what the cache does not have of the commit that the revision is now.
    fn download(&self) -> Result<PathBuf, HubError> {
        let api = self.api()?;
        let (commit, names) = self.listing(&api)?;
        if let Some(lacking) = Lacking::among(&names) {
            return Err(HubError::Lacking { place: self.place(), lacking });
        }
        for name in wanted(&names) {
            self.file(&api, &commit, name)?;
        }
        let repo = self.cache().repo(self.repo(self.revision));
        let written = repo.create_ref(&commit);
        written.map_err(|source| HubError::Read { path: self.hub.cache.clone(), source })?;
        self.cached()
    }

    fn api(&self) -> Result<Api, HubError> {
        ApiBuilder::from_cache(self.cache())
            .with_endpoint(self.hub.endpoint.trim_end_matches('/').to_owned())
            .with_token(self.hub.token.clone().map(|token| token.0))
            .with_retries(RETRIES)
            .build()
            .map_err(|error| self.failed(&error))
    }

    /// The commit that the revision is now, and its files.
    fn listing(&self, api: &Api) -> Result<(String, Vec<String>), HubError> {
        let info = api.repo(self.repo(self.revision)).info().map_err(|error| self.failed(&error))?;
        if info.sha.is_empty() || !info.sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(self.unreachable(format!("it answers with the commit {:?}", info.sha)));
        }
        Ok((info.sha, info.siblings.into_iter().map(|sibling| sibling.rfilename).collect()))
    }

    fn file(&self, api: &Api, commit: &str, name: &str) -> Result<(), HubError> {
        let path = api.repo(self.repo(commit)).get(name).map_err(|error| self.failed(&error))?;
        if name != WEIGHTS {
            return Ok(());
        }
        let unreadable = |source| HubError::Read { path: path.clone(), source };
        // Large files are named by their SHA-256: what came is what was published, or it goes.
        let blob = path.canonicalize().map_err(unreadable)?;
        let named = blob.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (sha256, _) =
            digest_stream(File::open(&blob).map_err(unreadable)?, |_| Ok(())).map_err(unreadable)?;
        if named.len() == sha256.len() && named != sha256 {
            std::fs::remove_file(&blob).and_then(|()| std::fs::remove_file(&path)).map_err(unreadable)?;
            return Err(HubError::Damaged { place: self.place(), name: name.to_owned() });
        }
        Ok(())
    }

    /// The snapshot that the cache has of the revision, if it is whole.
    fn cached(&self) -> Result<PathBuf, HubError> {
        // A commit is its own revision, and has no file of refs where Python fetched it.
        let repo = self.cache().repo(self.repo(self.revision));
        let by_ref = repo.get(CONFIG);
        let config = by_ref.unwrap_or_else(|| repo.pointer_path(self.revision).join(CONFIG));
        match config.parent() {
            Some(snapshot) if matches!(Lacking::in_folder(snapshot), Ok(None)) => Ok(snapshot.to_owned()),
            _ => Err(self.not_cached()),
        }
    }

    fn not_cached(&self) -> HubError {
        HubError::NotCached { place: self.place(), cache: self.hub.cache.clone() }
    }

    fn cache(&self) -> Cache {
        Cache::new(self.hub.cache.clone())
    }

    fn repo(&self, revision: &str) -> Repo {
        Repo::with_revision(self.id.to_owned(), RepoType::Model, revision.to_owned())
    }

    fn place(&self) -> String {
        format!("{} at {}", self.id, self.revision)
    }

    fn failed(&self, error: &ApiError) -> HubError {
        let status = match error {
            ApiError::RequestError(request) => match **request {
                ureq::Error::StatusCode(status) => Some(status),
                _ => None,
            },
            _ => None,
        };
        let (place, endpoint) = (self.place(), self.hub.endpoint.clone());
        match status {
            // The hub does not tell a private model from none.
            Some(401 | 403) => HubError::Refused { place, endpoint },
            Some(404) => HubError::NotFound { place, endpoint },
            _ => self.unreachable(error.to_string()),
        }
    }

    fn unreachable(&self, what: String) -> HubError {
        HubError::Unreachable { place: self.place(), endpoint: self.hub.endpoint.clone(), what }
    }
}

/// A model that can't be had.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// Neither a folder nor a name of the hub.
    #[error("open {}: there is no such folder, and a model of the hub is called `owner/name`", path.display())]
    NoFolder {
        /// What was named.
        path: PathBuf,
    },
    /// A folder is what it is.
    #[error("take revision {revision} of {}: a folder has none; leave it out, or name a model of the hub", path.display())]
    RevisionOfFolder {
        /// The folder.
        path: PathBuf,
        /// What was asked for.
        revision: String,
    },
    /// It can't be read here.
    #[error("use {place}: {lacking}")]
    Lacking {
        /// The folder, or the model and its revision.
        place: String,
        /// What it lacks, and the mend.
        lacking: Lacking,
    },
    /// There is none of this name.
    #[error("find {place} on {endpoint}: it has none; look at name and revision")]
    NotFound {
        /// The model and its revision.
        place: String,
        /// The hub.
        endpoint: String,
    },
    /// It is not for everybody.
    #[error(
        "fetch {place} from {endpoint}: it is refused or does not exist; set HF_TOKEN to a token that may read it, \
         and accept its terms on its page"
    )]
    Refused {
        /// The model and its revision.
        place: String,
        /// The hub.
        endpoint: String,
    },
    /// The hub does not answer as one does.
    #[error(
        "fetch {place} from {endpoint}: {what}; where this machine has no way there, name a folder, or set HF_ENDPOINT \
         to a mirror, or HF_HOME to a cache that holds it"
    )]
    Unreachable {
        /// The model and its revision.
        place: String,
        /// The hub.
        endpoint: String,
        /// What went wrong.
        what: String,
    },
    /// What came is not what was published.
    #[error("fetch {name} of {place}: its content does not match its SHA-256; try again")]
    Damaged {
        /// The model and its revision.
        place: String,
        /// The file.
        name: String,
    },
    /// The cache alone was asked.
    #[error("find {place} in {}: it is not there, or not whole; unset HF_HUB_OFFLINE to fetch it", cache.display())]
    NotCached {
        /// The model and its revision.
        place: String,
        /// The cache.
        cache: PathBuf,
    },
    /// A file can't be read or written.
    #[error("read or write {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
