//! The `ombud.toml` of the current folder, which nobody has named: read only where nobody else could have put it there.
//!
//! Who runs a command in somebody else's folder would otherwise send complaints, and tokens, where that one says. A file
//! that is named (`--config`, `OMBUD_CONFIG`) is trusted as it is: a ConfigMap, for one, lies in a folder that all may write.

use std::{
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use config::ConfigError;
use rustix::process::{getegid, geteuid};

use crate::Error;

const FILE: &str = "ombud.toml";
const ROOT: u32 = 0;
const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;

/// The file, where there is one.
///
/// # Errors
/// Others than this user and root may write it or its folder.
pub(super) fn find() -> Result<Option<PathBuf>, Error> {
    let file = PathBuf::from(FILE);
    if !file.is_file() {
        return Ok(None);
    }
    check(&file, Path::new("."))?;
    Ok(Some(file))
}

/// Refuses `file`, which stands in `folder`, where somebody else may write one of them, or what a link leads to.
fn check(file: &Path, folder: &Path) -> Result<(), Error> {
    let unreadable = |cause: io::Error| Error::File {
        path: file.to_owned(),
        cause: Box::new(ConfigError::Foreign(cause.into())),
    };
    let us = Writers { user: geteuid().as_raw(), group: getegid().as_raw() };
    let folder = folder.canonicalize().map_err(unreadable)?;
    let target = file.canonicalize().map_err(unreadable)?;
    for place in [Some(folder.as_path()), target.parent(), Some(target.as_path())].into_iter().flatten() {
        let found = fs::metadata(place).map_err(unreadable)?;
        if let Some(why) = us.distrust(Writers::of(&found), found.mode()) {
            return Err(Error::FoundFile { file: file.to_owned(), place: place.to_owned(), why });
        }
    }
    Ok(())
}

/// A user and a group: ours, or those that a file belongs to.
#[derive(Clone, Copy)]
struct Writers {
    user: u32,
    group: u32,
}

impl Writers {
    fn of(found: &Metadata) -> Self {
        Self { user: found.uid(), group: found.gid() }
    }

    /// Why somebody else may write what belongs to `owners` and has `mode`. Our own group may: where the umask is 002, each
    /// user has one alone.
    fn distrust(self, owners: Self, mode: u32) -> Option<String> {
        if owners.user != self.user && owners.user != ROOT {
            return Some(format!("it belongs to user {}", owners.user));
        }
        let others = mode & OTHERS_WRITE != 0 || mode & GROUP_WRITES != 0 && owners.group != self.group;
        others.then(|| format!("its mode is {:04o}", mode & 0o7777))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    const US: Writers = Writers { user: 1_000, group: 1_000 };
    const FRIENDS: u32 = 100;

    #[test]
    fn only_this_user_and_root_are_trusted() {
        let root = Writers { user: ROOT, group: ROOT };
        for (owners, mode) in [(US, 0o755), (US, 0o664), (US, 0o600), (root, 0o644), (root, 0o755)] {
            assert_eq!(US.distrust(owners, mode), None, "{mode:o}");
        }
        let shared = Writers { group: FRIENDS, ..US };
        let stranger = Writers { user: 1_001, ..US };
        for (owners, mode, why) in [
            (US, 0o777, "its mode is 0777"),
            (root, 0o1777, "its mode is 1777"),
            (US, 0o646, "its mode is 0646"),
            (shared, 0o664, "its mode is 0664"),
            (root, 0o775, "its mode is 0775"),
            (stranger, 0o644, "it belongs to user 1001"),
        ] {
            assert_eq!(US.distrust(owners, mode).as_deref(), Some(why));
        }
        assert_eq!(US.distrust(shared, 0o644), None, "a group that may only read it");
    }

    /// A folder of ours with an `ombud.toml` that nobody else may write.
    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        fs::write(&file, "log = \"warn\"\n").unwrap();
        set_mode(&file, 0o644);
        (folder, file)
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_file_in_a_folder_of_all_is_refused_with_the_place_the_mode_and_both_ways_on() {
        let (folder, file) = folder();
        check(&file, folder.path()).unwrap();
        set_mode(folder.path(), 0o777);
        let refused = check(&file, folder.path()).unwrap_err().to_string();
        let place = folder.path().canonicalize().unwrap();
        for part in [place.to_str().unwrap(), "0777", "chmod go-w", "--config"] {
            assert!(refused.contains(part), "{part}: {refused}");
        }
        set_mode(folder.path(), 0o700);
        set_mode(&file, 0o666);
        assert!(check(&file, folder.path()).unwrap_err().to_string().contains("0666"));
    }

    #[test]
    fn what_a_link_leads_to_is_held_to_the_same() {
        let (folder, _) = folder();
        let (elsewhere, target) = self::folder();
        let link = folder.path().join("link.toml");
        symlink(&target, &link).unwrap();
        check(&link, folder.path()).unwrap();
        set_mode(elsewhere.path(), 0o777);
        assert!(check(&link, folder.path()).unwrap_err().to_string().contains("0777"));
    }
}
