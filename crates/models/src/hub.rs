//! A model of Python's transformers by its place: a folder, or a name on the hub, which is fetched once into the
//! cache that Python shares.

mod error;
mod patience;
mod transfer;

use std::env;
use std::fs::{self, File, TryLockError};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

pub use error::HubError;
use hf_hub::{Cache, Repo, RepoType};
use ombud_stream::without_user;
pub use patience::Patience;
use tracing::warn;
use transfer::{Failure, Transfer, with_hub};

use crate::digest::digest_stream;
use crate::pretrained::{CONFIG, Lacking, WEIGHTS, wanted};
use crate::stop::Stop;

/// What errors call the list of a model's files.
const LISTING: &str = "the list of files";

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
    pub patience: Patience,
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
            .field("patience", &self.patience)
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
            patience: Patience::default(),
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
        if !is_hub_id(id) {
            return Err(HubError::NoFolder { path: path.to_owned() });
        }
        let named = Named { hub: self, id, revision };
        if self.offline {
            return named.cached();
        }
        match with_hub(self, &Stop::never(), |transfer| named.download(transfer)) {
            Err(away @ (HubError::Unreachable { .. } | HubError::TimedOut { .. })) => {
                let cached = named.cached();
                if cached.is_ok() {
                    warn!(model = named.id, revision = named.revision, error = %away, "the cache is used");
                }
                cached.map_err(|_| away)
            }
            downloaded => downloaded,
        }
    }

    /// Copies `names`, the files of an artefact of Ombud, of `id` at `revision` into the folder `into`: out of the cache
    /// where it has them, else from the hub. What they hold is the caller's to verify. Ends early when `stop` says so.
    ///
    /// # Errors
    /// See [`HubError`].
    pub fn fetch_files(
        &self,
        id: &str,
        revision: &str,
        names: &[&str],
        into: &Path,
        stop: &Stop,
    ) -> Result<(), HubError> {
        if !is_hub_id(id) {
            return Err(HubError::NoFolder { path: id.into() });
        }
        let named = Named { hub: self, id, revision };
        let repo = named.cache().repo(named.repo(revision));
        let copy = |fetch: &dyn Fn(&str) -> Result<PathBuf, HubError>| -> Result<(), HubError> {
            for name in names.iter().filter(|name| is_inside(name)) {
                let cached = repo.get(name).unwrap_or_else(|| repo.pointer_path(revision).join(name));
                let path = if cached.is_file() { cached } else { fetch(name)? };
                let target = into.join(name);
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

    /// The commit that `revision` of `id` is now, and the files that it has. For commands: a signal ends it.
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
        with_hub(self, &Stop::never(), |transfer| named.listing(transfer))
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
    fn download(&self, transfer: &Transfer<'_>) -> Result<PathBuf, HubError> {
        let (commit, names) = self.listing(transfer)?;
        if let Some(lacking) = Lacking::among(&names) {
            return Err(HubError::Lacking { place: self.place(), lacking });
        }
        for name in wanted(&names) {
            self.file(transfer, &commit, name)?;
        }
        let repo = self.cache().repo(self.repo(self.revision));
        let written = repo.create_ref(&commit);
        written.map_err(|source| HubError::Read { path: self.hub.cache.clone(), source })?;
        self.cached()
    }

    /// The commit that the revision is now, and its files.
    fn listing(&self, transfer: &Transfer<'_>) -> Result<(String, Vec<String>), HubError> {
        let place = format!("api/{}", self.repo(self.revision).api_url());
        let listing = transfer.listing(&place).map_err(|failure| self.failed(transfer, LISTING, failure))?;
        if listing.sha.is_empty() || !listing.sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(self.unreachable(format!("it answers with the commit {:?}", listing.sha)));
        }
        Ok((listing.sha, listing.siblings.into_iter().map(|sibling| sibling.rfilename).collect()))
    }

    fn file(&self, transfer: &Transfer<'_>, commit: &str, name: &str) -> Result<(), HubError> {
        let cached = self.cache().repo(self.repo(commit)).pointer_path(commit).join(name);
        let path = if cached.is_file() { cached } else { self.fetched(transfer, commit, name)? };
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
            fs::remove_file(&blob).and_then(|()| fs::remove_file(&path)).map_err(unreadable)?;
            return Err(HubError::Damaged { place: self.place(), name: name.to_owned() });
        }
        Ok(())
    }

    /// Fetches the file `name` of `revision` into the cache, where it lies then.
    fn fetched(&self, transfer: &Transfer<'_>, revision: &str, name: &str) -> Result<PathBuf, HubError> {
        self.fetch_into_cache(transfer, revision, name)
            .map_err(|failure| self.failed(transfer, name, failure))
    }

    fn fetch_into_cache(
        &self,
        transfer: &Transfer<'_>,
        revision: &str,
        name: &str,
    ) -> Result<PathBuf, Failure> {
        let repo = self.repo(revision);
        let url = format!("{}/{}/resolve/{}/{name}", transfer.endpoint(), repo.url(), repo.url_revision());
        let remote = transfer.remote(&url)?;
        let cache = self.cache().repo(repo);
        let (blob, pointer) = (cache.blob_path(&remote.etag), cache.pointer_path(&remote.commit).join(name));
        for folder in [blob.parent(), pointer.parent()].into_iter().flatten() {
            fs::create_dir_all(folder).map_err(Failure::File)?;
        }
        let lock = File::create(blob.with_extension("lock")).map_err(Failure::File)?;
        lock.try_lock().map_err(|refused| match refused {
            TryLockError::WouldBlock => Failure::Odd(format!("somebody else fetches {name} now")),
            TryLockError::Error(error) => Failure::File(error),
        })?;
        if !blob.is_file() {
            let part = blob.with_extension("part");
            transfer.download(&url, name, remote.bytes, &part)?;
            fs::rename(&part, &blob).map_err(Failure::File)?;
        }
        point(&pointer, name, &remote.etag).map_err(Failure::File)?;
        cache.create_ref(&remote.commit).map_err(Failure::File)?;
        Ok(pointer)
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

    /// `failure` of what was done with `file`, said in full.
    fn failed(&self, transfer: &Transfer<'_>, file: &str, failure: Failure) -> HubError {
        let (file, place, endpoint) = (file.to_owned(), self.place(), self.hub.endpoint.clone());
        match failure {
            Failure::File(source) => HubError::Read { path: self.hub.cache.clone(), source },
            _ if transfer.is_stopped() => HubError::Stopped { file, place, endpoint },
            // The hub does not tell a private model from none.
            Failure::Http(ureq::Error::StatusCode(401 | 403)) => HubError::Refused { place, endpoint },
            Failure::Http(ureq::Error::StatusCode(404)) => HubError::NotFound { place, endpoint },
            Failure::Http(ureq::Error::Timeout(ureq::Timeout::Global)) => {
                let (waited, of) = (self.hub.patience.whole, "for all files together".to_owned());
                HubError::TimedOut { file, place, endpoint, waited, of }
            }
            Failure::Http(ureq::Error::Timeout(phase)) => {
                let (waited, of) = (transfer.silence(), format!("of silence ({phase})"));
                HubError::TimedOut { file, place, endpoint, waited, of }
            }
            Failure::Http(error) => self.unreachable(format!("{file}: {error}")),
            Failure::Odd(what) => self.unreachable(what),
        }
    }

    fn unreachable(&self, what: String) -> HubError {
        HubError::Unreachable { place: self.place(), endpoint: self.hub.endpoint.clone(), what }
    }
}

/// Makes `pointer`, a file of a snapshot, a link to the blob `etag`, as Python does.
fn point(pointer: &Path, name: &str, etag: &str) -> std::io::Result<()> {
    if pointer.is_file() {
        return Ok(());
    }
    if pointer.is_symlink() {
        // To a blob that is gone.
        fs::remove_file(pointer)?;
    }
    // From snapshots/COMMIT/NAME, which may lie in folders of its own.
    let ups = "../".repeat(1 + Path::new(name).components().count());
    symlink(format!("{ups}blobs/{etag}"), pointer)
}
