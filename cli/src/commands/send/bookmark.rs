//! How far a file was sent: a small file in the data folder, which only moves past rows that are durable in the log.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use ombud_intake::bytes_of;
use ombud_models::digest_stream;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What is sent to where: another content, topic or cluster has a bookmark of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SendJob {
    /// SHA-256 of the file, hex.
    pub(crate) file_sha256: String,
    /// As backfill.
    pub(crate) bulk: bool,
    /// To which topic.
    pub(crate) topic: String,
    /// Of which cluster: its addresses, or the URL that takes complaints.
    pub(crate) cluster: String,
}

/// The content of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct BookmarkFile {
    /// Its name in files that are there already.
    #[serde(rename = "errand")]
    job: SendJob,
    reached: SendProgress,
}

/// How far it came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SendProgress {
    /// Every complaint up to this row of the file is durable; rows count from 1.
    pub(crate) row: u64,
    /// So is the rest: the file was read to its end.
    pub(crate) done: bool,
    /// The last offset of each partition: a log that ends before is another one.
    #[serde(default)]
    pub(crate) last: BTreeMap<i32, i64>,
}

/// Where it is kept.
#[derive(Debug)]
pub(crate) struct Bookmark {
    path: PathBuf,
    job: SendJob,
}

impl Bookmark {
    /// The bookmark of `job` under the folder `data`.
    pub(crate) fn new(data: &Path, job: SendJob) -> Self {
        let SendJob { file_sha256, bulk, topic, cluster } = &job;
        let name = hex::encode(Sha256::digest(format!("{file_sha256}\n{bulk}\n{topic}\n{cluster}")));
        Self { path: data.join("sent").join(format!("{name}.json")), job }
    }

    /// How far it came; nothing where it never began.
    pub(crate) fn read(&self) -> Result<SendProgress> {
        let text = match fs::read(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(SendProgress::default()),
            text => text.with_context(|| format!("read {}", self.path.display()))?,
        };
        let page: BookmarkFile = serde_json::from_slice(&text).with_context(|| {
            format!("read {}: remove it, or say --from-start to begin again", self.path.display())
        })?;
        Ok(if page.job == self.job { page.reached } else { SendProgress::default() })
    }

    /// Keeps `reached`, durably before it returns.
    pub(crate) fn write(&self, reached: &SendProgress) -> Result<()> {
        let page = BookmarkFile { job: self.job.clone(), reached: reached.clone() };
        let write = || -> io::Result<()> {
            let folder = self.path.parent().unwrap_or(Path::new("."));
            fs::create_dir_all(folder)?;
            // Renamed over the old one: a crash leaves either.
            let fresh = self.path.with_extension("fresh");
            let mut file = File::create(&fresh)?;
            file.write_all(&serde_json::to_vec(&page)?)?;
            file.sync_all()?;
            fs::rename(&fresh, &self.path)?;
            File::open(folder)?.sync_all()
        };
        write().with_context(|| format!("write {}", self.path.display()))
    }
}

/// SHA-256 of the file's bytes, hex.
pub(crate) fn digest(path: &Path) -> Result<String> {
    let digested = digest_stream(bytes_of(path)?, |_| Ok(()));
    let (sha256, _) = digested.with_context(|| format!("read {}", path.display()))?;
    Ok(sha256)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(cluster: &str) -> SendJob {
        SendJob {
            file_sha256: "ab".into(),
            bulk: true,
            topic: "complaints.raw".into(),
            cluster: cluster.into(),
        }
    }

    #[test]
    fn what_was_reached_is_found_again_for_the_same_job_only() {
        let data = tempfile::tempdir().unwrap();
        let bookmark = Bookmark::new(data.path(), job("one:9092"));
        assert_eq!(bookmark.read().unwrap(), SendProgress::default());
        let reached = SendProgress { row: 7, done: false, last: [(0, 41)].into() };
        bookmark.write(&SendProgress { row: 3, ..SendProgress::default() }).unwrap();
        bookmark.write(&reached).unwrap();
        assert_eq!(Bookmark::new(data.path(), job("one:9092")).read().unwrap(), reached);
        assert_eq!(Bookmark::new(data.path(), job("two:9092")).read().unwrap(), SendProgress::default());
    }

    #[test]
    fn a_damaged_bookmark_is_reported_with_its_fix() {
        let data = tempfile::tempdir().unwrap();
        let bookmark = Bookmark::new(data.path(), job("one:9092"));
        bookmark.write(&SendProgress::default()).unwrap();
        fs::write(&bookmark.path, "{").unwrap();
        assert!(bookmark.read().unwrap_err().to_string().contains("--from-start"));
    }

    #[test]
    fn the_digest_is_that_of_the_bytes() {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join("file");
        fs::write(&path, "abc").unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest(&path).unwrap(), abc);
    }
}
