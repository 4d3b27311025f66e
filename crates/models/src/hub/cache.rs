//! The part of the cache that one model has, and the only code that joins names to its paths, writes there or deletes
//! there. Nothing outside the cache is touched: a link that leads out is refused.
//!
//! CACHE/models--OWNER--NAME/: refs/REVISION holds a commit; snapshots/COMMIT/FILE is a link to blobs/CONTENT

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::hub_name::{Commit, FileName, RepoId, Revision};
use crate::pretrained::{FolderFault, needed};

/// The name of a content in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Blob(String);

impl Blob {
    /// Of what the hub tags as `etag`. As Python has it where it is a SHA-1 or a SHA-256, else by the tag's own digest: a
    /// hub may choose any tag. `None` of no tag.
    pub(super) fn tagged(etag: &str) -> Option<Self> {
        let etag = etag.trim_start_matches("W/").trim_matches('"');
        let is_digest = matches!(etag.len(), 40 | 64)
            && etag.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        match etag {
            "" => None,
            digest if is_digest => Some(Self(digest.to_owned())),
            other => Some(Self(format!("etag-{}", hex::encode(Sha256::digest(other))))),
        }
    }

    /// The SHA-256 that its content must have, where the hub says one.
    pub(super) fn sha256(&self) -> Option<&str> {
        (self.0.len() == 64).then_some(self.0.as_str())
    }
}

/// One model in the cache.
pub(super) struct ModelCache {
    root: PathBuf,
    model: PathBuf,
}

impl ModelCache {
    /// Of the model `id`, in the cache `root`, as Python lays it out.
    pub(super) fn new(root: &Path, id: &RepoId) -> Self {
        let model = root.join(format!("models--{}", id.as_str().replace('/', "--")));
        Self { root: root.to_owned(), model }
    }

    /// The commit that `revision` was when it was fetched last; a commit is its own, and has no file of refs where
    /// Python fetched it.
    pub(super) fn commit(&self, revision: &Revision) -> Option<Commit> {
        let path = self.reference(revision);
        let said = self.inside(&path).and_then(|()| fs::read_to_string(&path)).unwrap_or_default();
        Commit::parse(said.trim()).or_else(|_| Commit::parse(revision.as_str())).ok()
    }

    /// The folder of `commit`, where all that is needed of it is there.
    pub(super) fn whole(&self, commit: &Commit) -> Option<PathBuf> {
        let folder = self.snapshot(commit);
        let Ok(None) = FolderFault::in_folder(&folder) else { return None };
        let needed = needed(&folder).ok()?;
        needed.iter().all(|name| self.inside(&folder.join(name)).is_ok()).then_some(folder)
    }

    /// The file `name` of `commit`, where it is there.
    pub(super) fn file(&self, commit: &Commit, name: &FileName) -> Option<PathBuf> {
        let path = self.snapshot(commit).join(name.as_str());
        (self.inside(&path).is_ok() && path.is_file()).then_some(path)
    }

    /// The SHA-256 that `file`, which [`Self::file`] gave, must have, where the hub said one.
    pub(super) fn promised(file: &Path) -> Option<String> {
        let content = file.canonicalize().ok()?;
        Some(Blob::tagged(content.file_name()?.to_str()?)?.sha256()?.to_owned())
    }

    /// The place of `blob`, for this process alone until it is dropped; `None` while another one has it.
    pub(super) fn slot(&self, blob: &Blob) -> io::Result<Option<Slot>> {
        let path = self.folder(&self.model.join("blobs"))?.join(&blob.0);
        let (part, lock) = (path.with_extension("part"), path.with_extension("lock"));
        [&path, &part, &lock].into_iter().try_for_each(|path| self.inside(path))?;
        let lock = OpenOptions::new().create(true).append(true).open(lock)?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Slot { blob: path, part, _lock: lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Makes the file `name` of `commit` a link to `blob`, as Python does; gives it.
    pub(super) fn point(&self, commit: &Commit, name: &FileName, blob: &Blob) -> io::Result<PathBuf> {
        let path = self.snapshot(commit).join(name.as_str());
        self.folder(path.parent().unwrap_or(&self.model))?;
        if self.file(commit, name).is_some() {
            return Ok(path);
        }
        if path.is_symlink() {
            // To a blob that is gone, or out of the cache.
            fs::remove_file(&path)?;
        }
        // From snapshots/COMMIT/FILE, which may lie in folders of its own.
        let ups = "../".repeat(1 + name.as_str().split('/').count());
        symlink(format!("{ups}blobs/{}", blob.0), &path)?;
        Ok(path)
    }

    /// Writes down that `revision` is `commit` now.
    pub(super) fn refer(&self, revision: &Revision, commit: &Commit) -> io::Result<()> {
        let path = self.reference(revision);
        self.folder(path.parent().unwrap_or(&self.model))?;
        let mut new = path.clone().into_os_string();
        new.push(".new");
        let new = PathBuf::from(new);
        self.inside(&new)?;
        fs::write(&new, commit.as_str())?;
        fs::rename(&new, &path)
    }

    /// Takes the file `name` of `commit` out, and what it leads to: that is there once for all commits that have the file.
    pub(super) fn forget(&self, commit: &Commit, name: &FileName) -> io::Result<()> {
        let path = self.snapshot(commit).join(name.as_str());
        if !path.is_symlink() && !path.exists() {
            return Ok(());
        }
        self.inside(path.parent().unwrap_or(&self.model))?;
        let blob = path.canonicalize().ok().filter(|_| self.inside(&path).is_ok());
        for path in [Some(path), blob].into_iter().flatten() {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn snapshot(&self, commit: &Commit) -> PathBuf {
        self.model.join("snapshots").join(commit.as_str())
    }

    fn reference(&self, revision: &Revision) -> PathBuf {
        self.model.join("refs").join(revision.as_str())
    }

    /// Makes `folder`, unless it is there.
    fn folder<'a>(&self, folder: &'a Path) -> io::Result<&'a Path> {
        fs::create_dir_all(&self.root)?;
        self.inside(folder)?;
        fs::create_dir_all(folder)?;
        Ok(folder)
    }

    /// Refuses `path` where a link on its way, itself included, leads out of this model's part of the cache. What is not
    /// there yet leads nowhere.
    fn inside(&self, path: &Path) -> io::Result<()> {
        let model = self.root.canonicalize()?.join(self.model.file_name().unwrap_or_default());
        let mut there = path.ancestors().filter(|one| one.symlink_metadata().is_ok());
        let nearest = there.next().unwrap_or(&self.root).canonicalize()?;
        if nearest.starts_with(&model) || model.parent().is_some_and(|root| root == nearest) {
            return Ok(());
        }
        let what = format!("{} leads out of the hub's cache: take the link away", path.display());
        Err(io::Error::new(io::ErrorKind::PermissionDenied, what))
    }
}

/// See [`ModelCache::slot`].
pub(super) struct Slot {
    blob: PathBuf,
    part: PathBuf,
    _lock: File,
}

impl Slot {
    /// What came of the content so far, to be appended to; `None` where all of it is there.
    pub(super) fn part(&self) -> io::Result<Option<File>> {
        if self.blob.is_file() {
            return Ok(None);
        }
        OpenOptions::new().create(true).append(true).open(&self.part).map(Some)
    }

    /// All of it came.
    pub(super) fn finish(&self) -> io::Result<()> {
        fs::rename(&self.part, &self.blob)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn cache(root: &Path) -> (ModelCache, Commit, FileName) {
        let cache = ModelCache::new(root, &RepoId::parse("bank/triage").unwrap());
        (cache, Commit::parse(COMMIT).unwrap(), FileName::parse("config.json").unwrap())
    }

    #[test]
    fn no_tag_of_a_hub_names_a_file_elsewhere() {
        for (etag, prefix) in
            [("\"../../x\"", "etag-"), ("/etc/passwd", "etag-"), ("W/\"0af3-9\"", "etag-"), (COMMIT, "01")]
        {
            let Blob(name) = Blob::tagged(etag).unwrap();
            assert!(name.starts_with(prefix) && !name.contains(['/', '.']), "{etag}: {name}");
        }
        assert_eq!(Blob::tagged("\"\""), None);
        assert_eq!(Blob::tagged(&"a".repeat(64)).unwrap().sha256(), Some("a".repeat(64).as_str()));
        assert_eq!(Blob::tagged("odd").unwrap().sha256(), None);
    }

    #[test]
    fn a_link_that_leads_out_of_the_cache_is_neither_followed_nor_written_through() {
        let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (cache, commit, name) = cache(&dir.path().join("hub"));
        fs::write(outside.path().join("config.json"), "theirs").unwrap();
        fs::create_dir_all(cache.model.join("snapshots")).unwrap();
        symlink(outside.path(), cache.snapshot(&commit)).unwrap();
        symlink(outside.path(), cache.model.join("blobs")).unwrap();
        symlink(outside.path(), cache.model.join("refs")).unwrap();
        let blob = Blob::tagged("odd").unwrap();
        assert!(cache.file(&commit, &name).is_none());
        assert!(cache.slot(&blob).is_err());
        assert!(cache.point(&commit, &name, &blob).is_err());
        assert!(cache.refer(&Revision::parse("main").unwrap(), &commit).is_err());
        assert!(cache.forget(&commit, &name).is_err());
        let there: Vec<_> =
            fs::read_dir(outside.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
        assert_eq!(there, ["config.json"]);
        assert_eq!(fs::read(outside.path().join("config.json")).unwrap(), b"theirs");
    }

    #[test]
    fn what_comes_is_found_by_its_revision_and_forgotten_with_its_content() {
        let dir = tempfile::tempdir().unwrap();
        let (cache, commit, name) = cache(&dir.path().join("hub"));
        let (main, blob) = (Revision::parse("main").unwrap(), Blob::tagged("odd").unwrap());
        assert_eq!(cache.commit(&main), None);
        let slot = cache.slot(&blob).unwrap().unwrap();
        assert!(cache.slot(&blob).unwrap().is_none(), "one process at a time");
        drop(slot.part().unwrap().unwrap());
        slot.finish().unwrap();
        assert!(slot.part().unwrap().is_none());
        let path = cache.point(&commit, &name, &blob).unwrap();
        cache.refer(&main, &commit).unwrap();
        assert_eq!(cache.commit(&main).unwrap(), commit);
        assert_eq!(cache.file(&commit, &name), Some(path.clone()));
        let content = path.canonicalize().unwrap();
        cache.forget(&commit, &name).unwrap();
        assert!(!path.is_symlink() && !content.exists());
        cache.forget(&commit, &name).unwrap();
    }
}
