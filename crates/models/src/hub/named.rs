//! One model of the hub: what the cache does not have of it is fetched into the cache.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::cache::ModelCache;
use super::transfer::{Failure, Transfer};
use super::{Hub, HubError};
use crate::digest::digest_stream;
use crate::hub_name::{Commit, FileName, RepoId, Revision, WeightFileName};
use crate::pretrained::{FolderFault, wanted};
use crate::weight_files::{INDEX, WeightFiles, WeightFilesError};

/// What the names of files of weights end with.
const WEIGHTS_END: &str = ".safetensors";
/// The largest file that is fetched: more than any model that runs here.
const LARGEST_FILE: u64 = 32 << 30;
/// What errors call the list of a model's files.
const LISTING: &str = "the list of files";

/// One model of the hub.
pub(super) struct Named<'a> {
    pub(super) hub: &'a Hub,
    pub(super) id: &'a RepoId,
    pub(super) revision: &'a Revision,
}

impl Named<'_> {
    /// Fetches what the cache does not have of the commit that the revision is now.
    pub(super) fn download(&self, transfer: &Transfer<'_>) -> Result<PathBuf, HubError> {
        let (commit, names) = self.listing(transfer)?;
        if let Some(lacking) = FolderFault::among(&names) {
            return Err(HubError::FolderFault { place: self.place(), lacking });
        }
        for name in wanted(&names) {
            let path = self.file(transfer, &commit, name)?;
            if name.as_str() == INDEX {
                for file in self.weight_files(&path, &names)? {
                    self.file(transfer, &commit, file)?;
                }
            }
        }
        let written = self.cache().refer(self.revision, &commit);
        written.map_err(|source| HubError::Read { path: self.hub.cache.clone(), source })?;
        self.cached()
    }

    /// The commit that the revision is now, and its files.
    pub(super) fn listing(&self, transfer: &Transfer<'_>) -> Result<(Commit, Vec<FileName>), HubError> {
        let listed = || -> Result<_, Failure> {
            let place = format!("api/models/{}/revision/{}", self.id, in_address(self.revision));
            let listing = transfer.listing(&place)?;
            let names = listing.siblings.iter().map(|sibling| FileName::parse(&sibling.rfilename));
            Ok((Commit::parse(&listing.sha)?, names.collect::<Result<Vec<_>, _>>()?))
        };
        listed().map_err(|failure| self.failed(transfer, LISTING, failure))
    }

    /// Of the model's files those that the index at `path` names.
    fn weight_files<'n>(&self, path: &Path, names: &'n [FileName]) -> Result<Vec<&'n FileName>, HubError> {
        let of = |weights: WeightFiles| {
            let listed = |file: &WeightFileName| names.iter().find(|name| name.as_str() == file.as_str());
            let files = weights.files().iter();
            files.map(|file| listed(file).ok_or_else(|| WeightFilesError::Missing(file.clone()))).collect()
        };
        WeightFiles::read(path).and_then(of).map_err(|error| HubError::FolderFault {
            place: self.place(),
            lacking: FolderFault::WeightFiles(error),
        })
    }

    /// Fetches a file that the cache does not have; gives its place.
    fn file(&self, transfer: &Transfer<'_>, commit: &Commit, name: &FileName) -> Result<PathBuf, HubError> {
        let cache = self.cache();
        let path = match cache.file(commit, name) {
            Some(path) => path,
            None => self.fetched(transfer, &commit.into(), name)?,
        };
        // Large files are named by their SHA-256: what came is what was published, or it goes.
        let Some(promised) = ModelCache::promised(&path).filter(|_| name.as_str().ends_with(WEIGHTS_END))
        else {
            return Ok(path);
        };
        let unreadable = |source| HubError::Read { path: path.clone(), source };
        let (sha256, _) =
            digest_stream(File::open(&path).map_err(unreadable)?, |_| Ok(())).map_err(unreadable)?;
        if sha256 != promised {
            cache.forget(commit, name).map_err(unreadable)?;
            return Err(HubError::Damaged { place: self.place(), name: name.to_string() });
        }
        Ok(path)
    }

    /// Fetches the file `name` of `revision` into the cache, where it lies then.
    pub(super) fn fetched(
        &self,
        transfer: &Transfer<'_>,
        revision: &Revision,
        name: &FileName,
    ) -> Result<PathBuf, HubError> {
        self.fetch_into_cache(transfer, revision, name)
            .map_err(|failure| self.failed(transfer, name.as_str(), failure))
    }

    fn fetch_into_cache(
        &self,
        transfer: &Transfer<'_>,
        revision: &Revision,
        name: &FileName,
    ) -> Result<PathBuf, Failure> {
        let url = format!("{}/{}/resolve/{}/{name}", transfer.endpoint(), self.id, in_address(revision));
        let remote = transfer.remote(&url)?;
        if Commit::parse(revision.as_str()).is_ok_and(|asked| asked != remote.commit) {
            return Err(Failure::Odd(format!(
                "it answers {revision} with another commit, {}",
                remote.commit
            )));
        }
        if remote.bytes > LARGEST_FILE {
            return Err(Failure::Odd(format!(
                "its {name} has {} bytes, and at most {LARGEST_FILE} are fetched",
                remote.bytes
            )));
        }
        let cache = self.cache();
        let slot = cache.slot(&remote.blob).map_err(Failure::File)?;
        let slot = slot.ok_or_else(|| Failure::Odd(format!("somebody else fetches {name} now")))?;
        if let Some(part) = slot.part().map_err(Failure::File)? {
            transfer.download(&url, name.as_str(), remote.bytes, part)?;
            slot.finish().map_err(Failure::File)?;
        }
        let path = cache.point(&remote.commit, name, &remote.blob).map_err(Failure::File)?;
        cache.refer(revision, &remote.commit).map_err(Failure::File)?;
        Ok(path)
    }

    /// The snapshot that the cache has of the revision, if it is whole.
    pub(super) fn cached(&self) -> Result<PathBuf, HubError> {
        let cache = self.cache();
        let whole = cache.commit(self.revision).and_then(|commit| cache.whole(&commit));
        whole.ok_or_else(|| self.not_cached())
    }

    pub(super) fn not_cached(&self) -> HubError {
        HubError::NotCached { place: self.place(), cache: self.hub.cache.clone() }
    }

    pub(super) fn cache(&self) -> ModelCache {
        ModelCache::new(&self.hub.cache, self.id)
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
            // The hub answers the same for a private model and for one that does not exist.
            Failure::Http(ureq::Error::StatusCode(401 | 403)) => HubError::Refused { place, endpoint },
            Failure::Http(ureq::Error::StatusCode(404)) => HubError::NotFound { place, endpoint },
            Failure::Http(ureq::Error::Timeout(ureq::Timeout::Global)) => {
                let (waited, of) = (self.hub.timeouts.whole, "for all files together".to_owned());
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

/// `revision` as a part of an address.
fn in_address(revision: &Revision) -> String {
    revision.as_str().replace('/', "%2F")
}
