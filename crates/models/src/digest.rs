//! Which files an artefact's version covers, and the one number that stands for all of them.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ombud_contract::records::FileDigest;
use sha2::{Digest, Sha256};

use crate::artefact::{ArtefactError, CARD};

/// Bytes that are read at once; weights are too large to be held in memory whole.
const CHUNK_BYTES: usize = 128 * 1024;
/// A folder that is deeper than this is not a model.
const MAX_DEPTH: usize = 8;

/// Digests of all files under `dir` that the version covers, sorted by name.
///
/// # Errors
/// Something can't be read, is neither file nor folder, or leads out of `dir`.
pub(crate) fn digest_folder(dir: &Path) -> Result<Vec<FileDigest>, ArtefactError> {
    // Symlinks are judged against the real folder: `dir` itself may be a link.
    let root = dir.canonicalize().map_err(|source| ArtefactError::Read { path: dir.to_owned(), source })?;
    let mut files = Vec::new();
    collect(&root, &root, "", 0, &mut files)?;
    files.sort_by(|a: &FileDigest, b| a.name.cmp(&b.name));
    Ok(files)
}

fn collect(
    root: &Path,
    folder: &Path,
    prefix: &str,
    depth: usize,
    files: &mut Vec<FileDigest>,
) -> Result<(), ArtefactError> {
    let unreadable = |source| ArtefactError::Read { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        let refuse = |what| Err(ArtefactError::Unacceptable { path: path.clone(), what });
        let Ok(name) = entry.file_name().into_string() else {
            return refuse("its name is not UTF-8");
        };
        if name.starts_with('.') || (prefix.is_empty() && name == CARD) {
            continue;
        }
        let name = format!("{prefix}{name}");
        let kind = entry.file_type().map_err(|source| ArtefactError::Read { path: path.clone(), source })?;
        if kind.is_dir() {
            if depth == MAX_DEPTH {
                return refuse("folders are nested too deep for a model");
            }
            collect(root, &path, &format!("{name}/"), depth + 1, files)?;
        } else if kind.is_file() {
            files.push(digest_file(&path, name)?);
        } else if kind.is_symlink() {
            let target = resolve(&path)?;
            if !target.starts_with(root) {
                return refuse("the link leads out of the artefact's folder: put the file itself there");
            }
            if !target.is_file() {
                return refuse("the link leads to no file: put the files themselves there");
            }
            files.push(digest_file(&target, name)?);
        } else {
            return refuse("it is neither a file nor a folder");
        }
    }
    Ok(())
}

fn resolve(link: &Path) -> Result<PathBuf, ArtefactError> {
    link.canonicalize().map_err(|source| ArtefactError::Read { path: link.to_owned(), source })
}

/// The digest of one file, under `name`.
///
/// # Errors
/// It can't be read.
pub fn digest_file(path: &Path, name: String) -> Result<FileDigest, ArtefactError> {
    let unreadable = |source| ArtefactError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let (sha256, bytes) = digest_stream(file, |_| Ok(())).map_err(unreadable)?;
    Ok(FileDigest { name, sha256, bytes })
}

/// SHA-256 (hex) and length of what `from` gives; each chunk also goes to `each`, so that a copy is digested
/// as it is written.
///
/// # Errors
/// Those of `from` and of `each`.
pub fn digest_stream(
    mut from: impl Read,
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<(String, i64)> {
    let mut hasher = Sha256::new();
    let mut bytes = 0_i64;
    let mut chunk = vec![0_u8; CHUNK_BYTES];
    loop {
        let read = match from.read(&mut chunk) {
            Ok(0) => return Ok((hex::encode(hasher.finalize()), bytes)),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&chunk[..read]);
        each(&chunk[..read])?;
        bytes += read as i64;
    }
}

/// The version: SHA-256 (hex) over name, digest and size of each file; every part is preceded by its length, so
/// that no two lists give the same bytes.
pub(crate) fn version_of(files: &[FileDigest]) -> String {
    let mut hasher = Sha256::new();
    for file in files {
        for part in [file.name.as_bytes(), file.sha256.as_bytes(), &file.bytes.to_be_bytes()] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
    }
    hex::encode(hasher.finalize())
}
