//! The data folder: the lock that keeps it to one process, where its file lies, and who may look into it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use crate::error::LocalError;

/// The SQLite file of a folder.
pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join("ombud.db")
}

/// Takes the folder for this process until the file is dropped; the system lets go of it when the process dies.
pub(crate) fn lock(dir: &Path) -> Result<File, LocalError> {
    let io = |action: &str| {
        let action = format!("{action} {}", dir.display());
        move |cause| LocalError::Io { action, cause }
    };
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io("create folder"))?;
    let mut options = OpenOptions::new();
    let mut file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(dir.join("lock"))
        .map_err(io("open the lock of"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::Error(cause)) => return Err(io("lock")(cause)),
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            // A holder that was quick has not written its id yet: then it stays unnamed.
            let holder = match file.read_to_string(&mut pid) {
                Ok(_) if !pid.trim().is_empty() => format!("process {}", pid.trim()),
                _ => "another process".into(),
            };
            return Err(LocalError::Locked { dir: dir.into(), holder });
        }
    }
    file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(io("write the lock of"))?;
    keep_private(dir);
    Ok(file)
}

/// Takes from everybody else what an older build let them read of the folder, which holds what customers wrote. A folder that
/// is not ours to close (a mounted volume, `/tmp`, one that holds other things as well) stays as it is, and our files in it are
/// closed.
fn keep_private(dir: &Path) {
    const OURS: [&str; 10] = [
        "lock",
        "ombud.db",
        "ombud.db-wal",
        "ombud.db-shm",
        "marks",
        "operator.token",
        "models",
        "desk.db",
        "desk.db-wal",
        "desk.db-shm",
    ];
    let is_ours = |name: &str| {
        OURS.contains(&name)
            || ["damaged-", "replaced-", "worklist"].iter().any(|mark| name.starts_with(mark))
    };
    let holds_ours_alone = fs::read_dir(dir).is_ok_and(|mut entries| {
        entries.all(|entry| entry.is_ok_and(|entry| entry.file_name().to_str().is_some_and(is_ours)))
    });
    close(dir, holds_ours_alone);
    OURS.iter().for_each(|name| close(&dir.join(name), true));
}

/// Takes `path` from everybody but its owner, if it `may` be taken from others.
fn close(path: &Path, may: bool) {
    const OTHERS: u32 = 0o077;
    const STICKY: u32 = 0o1000;
    let Ok(found) = fs::metadata(path) else { return };
    let mode = found.permissions().mode();
    if mode & OTHERS == 0 {
        return;
    }
    if !may || mode & STICKY != 0 {
        tracing::warn!(path = %path.display(), "others may look into the data folder: give it one of its own");
        return;
    }
    match fs::set_permissions(path, fs::Permissions::from_mode(mode & !OTHERS)) {
        Ok(()) => tracing::warn!(path = %path.display(), "closed to other users"),
        Err(cause) => {
            tracing::warn!(path = %path.display(), %cause, "others may read it: take that from them")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_folder_that_an_older_build_left_open_is_closed_and_a_new_one_is_made_so() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (dir.path().join("old"), dir.path().join("new"));
        fs::create_dir(&old).unwrap();
        fs::write(path(&old), "").unwrap();
        for (path, open) in [(&old, 0o755), (&path(&old), 0o644)] {
            set(path, open);
        }
        let _locks = (lock(&old).unwrap(), lock(&new).unwrap());
        assert_eq!((mode(&old), mode(&path(&old)), mode(&new)), (0o700, 0o600, 0o700));
    }

    #[test]
    fn a_folder_that_holds_other_things_as_well_stays_open_and_our_files_in_it_are_closed() {
        let dir = tempfile::tempdir().unwrap();
        let orders = dir.path().join("orders.csv");
        fs::write(&orders, "").unwrap();
        fs::write(path(dir.path()), "").unwrap();
        for (path, open) in [(dir.path(), 0o755), (&path(dir.path()), 0o644), (&orders, 0o644)] {
            set(path, open);
        }
        let _lock = lock(dir.path()).unwrap();
        assert_eq!((mode(dir.path()), mode(&path(dir.path())), mode(&orders)), (0o755, 0o600, 0o644));
    }

    #[test]
    fn a_folder_of_everybodys_stays_and_our_files_in_it_are_closed() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(path(dir.path()), "").unwrap();
        set(dir.path(), 0o1777);
        set(&path(dir.path()), 0o644);
        let _lock = lock(dir.path()).unwrap();
        assert_eq!((mode(dir.path()), mode(&path(dir.path()))), (0o1777, 0o600));
    }
}
