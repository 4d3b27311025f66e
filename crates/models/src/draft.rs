//! A folder that is there whole, or not at all.

use std::path::{Path, PathBuf};
use std::{fs, io, process};

use serde::Serialize;

/// Why a folder can't be written.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// It holds something else.
    #[error("write to {}: there is something that is not ours; name another folder or empty it", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// A file or folder can't be read or written.
    #[error("read or write {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Refuses a folder that holds something, but not the file `ours`. What takes long asks before it begins.
///
/// # Errors
/// It holds something else, or can't be read.
pub fn check_free(out: &Path, ours: &str) -> Result<(), DraftError> {
    let taken = match fs::read_dir(out) {
        Ok(mut entries) => entries.next().is_some() && !out.join(ours).is_file(),
        Err(source) if source.kind() == io::ErrorKind::NotFound => false,
        Err(source) => return Err(file(out)(source)),
    };
    if taken { Err(DraftError::Occupied { path: out.to_owned() }) } else { Ok(()) }
}

/// A folder in the making, beside the place where it will be; gone when it is dropped before.
pub struct Draft {
    partial: PathBuf,
    out: PathBuf,
}

impl Draft {
    /// Begins a folder that will be `out`, and may replace one that holds a file `ours`.
    ///
    /// # Errors
    /// `out` holds something else, or the folder can't be made.
    pub fn begin(out: &Path, ours: &str) -> Result<Self, DraftError> {
        check_free(out, ours)?;
        let draft = Self { partial: beside(out, "partial"), out: out.to_owned() };
        remove(&draft.partial)?;
        fs::create_dir_all(&draft.partial).map_err(file(&draft.partial))?;
        Ok(draft)
    }

    /// Where it is made.
    pub fn folder(&self) -> &Path {
        &self.partial
    }

    /// Writes a file of that name.
    ///
    /// # Errors
    /// It can't be written.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<(), DraftError> {
        let path = self.partial.join(name);
        fs::write(&path, content).map_err(file(&path))
    }

    /// Writes `value` as JSON, and returns what it has written.
    ///
    /// # Errors
    /// It can't be written.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<String, DraftError> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| file(&self.partial.join(name))(error.into()))?
            + "\n";
        self.write(name, &text)?;
        Ok(text)
    }

    /// Copies `name` from `dir`, what a link there leads to included.
    ///
    /// # Errors
    /// It can't be copied.
    pub fn copy(&self, dir: &Path, name: &str) -> Result<(), DraftError> {
        let from = dir.join(name);
        fs::copy(&from, self.partial.join(name)).map(drop).map_err(file(&from))
    }

    /// Moves it to its place.
    ///
    /// # Errors
    /// A folder can't be moved or removed.
    pub fn publish(self) -> Result<(), DraftError> {
        let old = beside(&self.out, "old");
        remove(&old)?;
        match fs::rename(&self.out, &old) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(file(&self.out)(source)),
            _ => {}
        }
        fs::rename(&self.partial, &self.out).map_err(file(&self.out))?;
        remove(&old)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Hidden, and of this process alone: what can't be removed is in nobody's way.
        let _ = fs::remove_dir_all(&self.partial);
    }
}

fn file(path: &Path) -> impl FnOnce(io::Error) -> DraftError {
    let path = path.to_owned();
    move |source| DraftError::File { path, source }
}

/// Two processes write beside each other; the last one to finish wins.
fn beside(out: &Path, what: &str) -> PathBuf {
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    out.with_file_name(format!(".{name}.{what}-{}", process::id()))
}

fn remove(folder: &Path) -> Result<(), DraftError> {
    match fs::remove_dir_all(folder) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(file(folder)(source)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_not_published_leaves_nothing_behind() {
        let parent = tempfile::tempdir().unwrap();
        let draft = Draft::begin(&parent.path().join("out"), "mark").unwrap();
        draft.write("mark", "").unwrap();
        drop(draft);
        assert!(names(parent.path()).is_empty());
    }

    #[test]
    fn one_of_ours_is_replaced_whole_and_anything_else_is_left() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        for file in ["first", "second"] {
            let draft = Draft::begin(&out, "mark").unwrap();
            draft.write("mark", "").unwrap();
            draft.write(file, "").unwrap();
            draft.publish().unwrap();
        }
        assert_eq!(names(&out), ["mark", "second"]);
        assert_eq!(names(parent.path()), ["out"]);
        assert!(matches!(Draft::begin(&out, "other mark"), Err(DraftError::Occupied { .. })));
    }
}
