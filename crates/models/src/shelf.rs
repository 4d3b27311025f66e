//! The shelf: models by content in the data folder, so that a version that last month's strategy named still serves
//! after `models/` has changed.
//!
//! `DIR/<model_id>/<version>/` is there complete or not at all, and is verified each time it is used.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use ombud_contract::records::FileDigest;

use crate::artefact::{Artefact, ArtefactError, CARD};
use crate::digest::{digest_folder, digest_stream};
use crate::manifest::is_model_id;

/// What a version was made of when it was put on the shelf; hidden, so that it is not part of the version.
const CONTENTS: &str = ".contents.json";

/// Names of versions whose trial on this host passed. Beside the models and not among a version's files, where the maker of
/// the model could have put it.
const PASSED: &str = ".passed";

/// The models that this data folder holds.
#[derive(Clone, Debug)]
pub struct ModelStore {
    dir: PathBuf,
}

impl ModelStore {
    /// The shelf in `dir`, which is made when the first model is added.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Copies `artefact` in, unless it is there already and whole; gives its folder. One process adds at a time,
    /// others wait.
    ///
    /// # Errors
    /// The artefact changed since it was opened, or the copy can't be written; nothing is left behind then.
    pub fn add(&self, artefact: &Artefact) -> Result<PathBuf, ArtefactError> {
        let model_id = &artefact.manifest.model_id;
        let home = self.home(model_id, &artefact.version)?;
        let parent = self.dir.join(model_id);
        fs::create_dir_all(&parent).map_err(writing(&parent))?;
        let _one_at_a_time = self.lock()?;
        if Artefact::verify(&home, &artefact.version).is_ok() {
            return Ok(home);
        }
        // The lock makes this name ours; what lies there is from a process that died while copying.
        let arriving = parent.join(format!(".arriving-{}", artefact.version));
        remove(&arriving)?;
        if let Err(error) = copy(artefact, &arriving).and_then(|()| self.let_read(&arriving)) {
            remove(&arriving)?;
            return Err(error);
        }
        // A damaged version is replaced by the whole one.
        remove(&home)?;
        fs::rename(&arriving, &home).map_err(writing(&home))?;
        sync_folder(&parent)?;
        sync_folder(&self.dir)?;
        Ok(home)
    }

    /// Makes `arriving`, and the model's folder around it, readable for everyone who may read the shelf: this process writes
    /// for itself alone, and the folder `shared_models` is for other hosts and users.
    fn let_read(&self, arriving: &Path) -> Result<(), ArtefactError> {
        let mode = |path: &Path| fs::metadata(path).map(|found| found.permissions().mode());
        let share = || -> io::Result<()> {
            let readers = mode(&self.dir)? & 0o055;
            let folder = |path: &Path| {
                let is = mode(path)?;
                // It may be another user's, who made it readable.
                if is & readers == readers {
                    return Ok(());
                }
                fs::set_permissions(path, fs::Permissions::from_mode(is | readers))
            };
            let mut folders = vec![arriving.to_owned()];
            while let Some(within) = folders.pop() {
                for entry in fs::read_dir(&within)? {
                    let entry = entry?;
                    if entry.file_type()?.is_dir() {
                        folders.push(entry.path());
                    } else {
                        let file = mode(&entry.path())? | (readers & 0o044);
                        fs::set_permissions(entry.path(), fs::Permissions::from_mode(file))?;
                    }
                }
                folder(&within)?;
            }
            arriving.parent().map_or(Ok(()), folder)
        };
        share().map_err(writing(arriving))
    }

    /// The version, verified byte for byte; `None` when it is not on the shelf.
    ///
    /// # Errors
    /// The names can't name a folder, or the copy was changed: [`ArtefactError::Differs`] names the files.
    pub fn get(&self, model_id: &str, version: &str) -> Result<Option<Artefact>, ArtefactError> {
        let home = self.home(model_id, version)?;
        if !home.try_exists().map_err(|source| ArtefactError::Read { path: home.clone(), source })? {
            return Ok(None);
        }
        Artefact::verify(&home, version).map(Some).map_err(|error| match error {
            ArtefactError::Differs { dir, expected, found, what } => {
                let what = differences(&home).unwrap_or(what);
                ArtefactError::Differs { dir, expected, found, what }
            }
            other => other,
        })
    }

    /// Whether the trial of `artefact`'s version has passed on this host.
    pub fn has_passed(&self, artefact: &Artefact) -> bool {
        self.dir.join(PASSED).join(&artefact.version).is_file()
    }

    /// Records that the trial of `artefact`'s version has passed on this host, so that it is not repeated. A missing data
    /// folder is not created for that.
    ///
    /// # Errors
    /// It can't be written.
    pub fn pass(&self, artefact: &Artefact) -> Result<(), ArtefactError> {
        if !self.dir.parent().is_some_and(Path::exists) {
            return Ok(());
        }
        let passed = self.dir.join(PASSED);
        fs::create_dir_all(&passed).map_err(writing(&passed))?;
        let file = passed.join(&artefact.version);
        fs::write(&file, []).map_err(writing(&file))
    }

    /// A folder for a version that is still on its way, from which [`ModelStore::add`] takes it; removed when it is
    /// dropped.
    ///
    /// # Errors
    /// It can't be made.
    #[cfg(feature = "hub")]
    pub(crate) fn arriving(&self, version: &str) -> Result<Arriving, ArtefactError> {
        // Two processes of one data folder may fetch the same version.
        let folder = self.dir.join(format!(".fetching-{version}-{}", std::process::id()));
        remove(&folder)?;
        fs::create_dir_all(&folder).map_err(writing(&folder))?;
        Ok(Arriving(folder))
    }

    /// Removes the versions that `unused` says are not needed; gives them. A version that is still arriving is left alone.
    ///
    /// # Errors
    /// The shelf can't be listed or a folder can't be removed; each version is whole or gone all the same.
    pub fn collect(
        &self,
        unused: impl Fn(&str, &str) -> bool,
    ) -> Result<Vec<(String, String)>, ArtefactError> {
        if !self.dir.is_dir() {
            return Ok(Vec::new());
        }
        let _one_at_a_time = self.lock()?;
        let mut gone = self.versions()?;
        gone.retain(|(model_id, version)| unused(model_id, version));
        for (model_id, version) in &gone {
            let parent = self.dir.join(model_id);
            // Renamed first, so that no reader finds half of it.
            let leaving = parent.join(format!(".leaving-{version}"));
            remove(&leaving)?;
            fs::rename(parent.join(version), &leaving).map_err(writing(&leaving))?;
            remove(&leaving)?;
        }
        Ok(gone)
    }

    /// Every version on the shelf, as model and version; none is verified.
    ///
    /// # Errors
    /// The shelf can't be listed.
    pub fn versions(&self) -> Result<Vec<(String, String)>, ArtefactError> {
        let mut versions = Vec::new();
        if !self.dir.is_dir() {
            return Ok(versions);
        }
        for model_id in folders(&self.dir)?.into_iter().filter(|name| is_model_id(name)) {
            let kept = folders(&self.dir.join(&model_id))?.into_iter().filter(|name| is_version(name));
            versions.extend(kept.map(|version| (model_id.clone(), version)));
        }
        versions.sort();
        Ok(versions)
    }

    // Both names may come from a record, so neither may lead out of the shelf.
    pub(crate) fn home(&self, model_id: &str, version: &str) -> Result<PathBuf, ArtefactError> {
        if !is_version(version) || !is_model_id(model_id) {
            return Err(ArtefactError::Name { model_id: model_id.to_owned(), version: version.to_owned() });
        }
        Ok(self.dir.join(model_id).join(version))
    }

    fn lock(&self) -> Result<File, ArtefactError> {
        let path = self.dir.join(".lock");
        let file = File::create(&path).map_err(writing(&path))?;
        file.lock().map_err(writing(&path))?;
        Ok(file)
    }
}

/// See [`ModelStore::arriving`].
#[cfg(feature = "hub")]
pub(crate) struct Arriving(PathBuf);

#[cfg(feature = "hub")]
impl Arriving {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

#[cfg(feature = "hub")]
impl Drop for Arriving {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.0) {
            tracing::warn!(%error, "a fetched folder could not be removed");
        }
    }
}

/// The names of the folders in `folder`.
fn folders(folder: &Path) -> Result<Vec<String>, ArtefactError> {
    let unreadable = |source| ArtefactError::Read { path: folder.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if entry.file_type().map_err(unreadable)?.is_dir() {
            names.extend(entry.file_name().into_string().ok());
        }
    }
    Ok(names)
}

/// A SHA-256 in lower-case hexadecimal.
pub(crate) fn is_version(version: &str) -> bool {
    version.len() == 64 && version.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl Artefact {
    /// Copies its files and its card into the folder `to`, which must not be there yet; durable when it returns.
    ///
    /// # Errors
    /// A file changed since the artefact was opened, or the copy can't be written: what was written stays then.
    pub fn copy_to(&self, to: &Path) -> Result<(), ArtefactError> {
        let mut folders = vec![to.to_owned()];
        fs::create_dir(to).map_err(writing(to))?;
        for file in &self.files {
            let target = to.join(&file.name);
            if let Some(folder) = target.parent().filter(|folder| !folders.iter().any(|made| made == folder))
            {
                fs::create_dir_all(folder).map_err(writing(folder))?;
                folders.push(folder.to_owned());
            }
            let (sha256, bytes) = copy_file(&self.dir.join(&file.name), &target)?;
            if sha256 != file.sha256 || bytes != file.bytes {
                return Err(ArtefactError::Unacceptable {
                    path: self.dir.join(&file.name),
                    what: "it changed while it was copied: try again when nobody writes there",
                });
            }
        }
        let card = self.dir.join(CARD);
        if card.is_file() {
            copy_file(&card, &to.join(CARD))?;
        }
        folders.iter().rev().try_for_each(|folder| sync_folder(folder))
    }
}

fn copy(artefact: &Artefact, to: &Path) -> Result<(), ArtefactError> {
    artefact.copy_to(to)?;
    let contents = to.join(CONTENTS);
    let listed = serde_json::to_vec_pretty(&artefact.files)
        .map_err(|error| ArtefactError::Write { path: contents.clone(), source: error.into() })?;
    write_durably(&contents, |file| file.write_all(&listed))?;
    sync_folder(to)
}

fn copy_file(from: &Path, to: &Path) -> Result<(String, i64), ArtefactError> {
    let source = File::open(from).map_err(|source| ArtefactError::Read { path: from.to_owned(), source })?;
    write_durably(to, |target| digest_stream(source, |chunk| target.write_all(chunk)))
}

fn write_durably<T>(path: &Path, write: impl FnOnce(&mut File) -> io::Result<T>) -> Result<T, ArtefactError> {
    let mut file = File::create(path).map_err(writing(path))?;
    let written = write(&mut file).map_err(writing(path))?;
    file.sync_all().map_err(writing(path))?;
    Ok(written)
}

// A rename lives in its folder: without this it may be gone after a power cut.
fn sync_folder(folder: &Path) -> Result<(), ArtefactError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(writing(folder))
}

fn remove(folder: &Path) -> Result<(), ArtefactError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(writing(folder)(error)),
        _ => Ok(()),
    }
}

fn writing(path: &Path) -> impl FnOnce(io::Error) -> ArtefactError {
    let path = path.to_owned();
    move |source| ArtefactError::Write { path, source }
}

/// What differs from the list that was made when the version came; `None` where that list is gone too.
fn differences(home: &Path) -> Option<String> {
    let listed = fs::read(home.join(CONTENTS)).ok()?;
    let was: Vec<FileDigest> = serde_json::from_slice(&listed).ok()?;
    let is = digest_folder(home).ok()?;
    let find = |files: &[FileDigest], name: &str| files.iter().find(|file| file.name == name).cloned();
    let mut found = Vec::new();
    for file in &was {
        match find(&is, &file.name) {
            None => found.push(format!("{} is missing", file.name)),
            Some(now) if now != *file => found.push(format!("{} was changed", file.name)),
            Some(_) => {}
        }
    }
    found
        .extend(is.iter().filter(|f| find(&was, &f.name).is_none()).map(|f| format!("{} was added", f.name)));
    (!found.is_empty()).then(|| found.join(", "))
}
