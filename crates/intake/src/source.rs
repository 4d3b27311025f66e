//! A file as bytes that can be read more than once: what comes through a pipe is kept in a nameless file first.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use crate::error::IntakeError;

/// How a command line names stdin.
pub const STDIN: &str = "-";

/// How far a file has been read; a clone follows along, for a progress bar on another thread.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    read: Arc<AtomicU64>,
    total: u64,
}

impl Progress {
    /// Bytes of the file that were read, before decompression.
    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The file's size in bytes.
    pub fn total_bytes(&self) -> u64 {
        self.total
    }
}

/// A file, or all that came through a pipe.
pub(crate) struct Source {
    file: Arc<File>,
    size: u64,
    changed: SystemTime,
}

/// A pipe gives its bytes once, and a command reads them several times: to digest, to tell the encoding, to send. Each has no
/// name and only its owner may read it; it is gone when the process is, however that ends. It may take what the disk has.
static SPOOLED: Mutex<BTreeMap<PathBuf, Arc<File>>> = Mutex::new(BTreeMap::new());

impl Source {
    /// Opens the file at `path`; `-` is stdin, and any other pipe is read to its end, too.
    pub(crate) fn open(path: &Path) -> Result<Self, IntakeError> {
        let failed = |cause| IntakeError::Open { path: path.into(), cause };
        let file = if path == Path::new(STDIN) {
            spooled(path, || Ok(Box::new(io::stdin())))?
        } else {
            let kind = std::fs::metadata(path).map_err(failed)?.file_type();
            if kind.is_dir() {
                return Err(IntakeError::Folder { path: path.into() });
            }
            match kind.is_file() {
                true => Arc::new(File::open(path).map_err(failed)?),
                false => spooled(path, || Ok(Box::new(File::open(path)?)))?,
            }
        };
        let metadata = file.metadata().map_err(failed)?;
        let changed = metadata.modified().map_err(failed)?;
        Ok(Self { file, size: metadata.len(), changed })
    }

    /// When it was changed; of a pipe, when it ended.
    pub(crate) fn changed(&self) -> SystemTime {
        self.changed
    }

    /// To follow a reading from its beginning.
    pub(crate) fn progress(&self) -> Progress {
        Progress { read: Arc::default(), total: self.size }
    }

    /// Its bytes from the first on, whatever else was read of it; `progress` follows.
    pub(crate) fn read(&self, progress: &Progress) -> SourceBytes {
        SourceBytes { file: Arc::clone(&self.file), at: 0, progress: progress.clone() }
    }
}

fn spooled(path: &Path, open: impl FnOnce() -> io::Result<Box<dyn Read>>) -> Result<Arc<File>, IntakeError> {
    let mut known = SPOOLED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(file) = known.get(path) {
        return Ok(Arc::clone(file));
    }
    let mut pipe = open().map_err(|cause| IntakeError::Open { path: path.into(), cause })?;
    let mut spool = || {
        let mut file = tempfile::tempfile()?;
        io::copy(&mut pipe, &mut file)?;
        Ok(Arc::new(file))
    };
    let file = spool().map_err(|cause| IntakeError::Spool {
        path: path.into(),
        folder: std::env::temp_dir(),
        cause,
    })?;
    known.insert(path.into(), Arc::clone(&file));
    Ok(file)
}

/// The bytes of a source; each reading has a place of its own in the file.
pub(crate) struct SourceBytes {
    file: Arc<File>,
    at: u64,
    progress: Progress,
}

impl Read for SourceBytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(buffer, self.at)?;
        self.at += n as u64;
        self.progress.read.store(self.at, Ordering::Relaxed);
        Ok(n)
    }
}

/// The bytes of a file, or of stdin for `-`, as they are: for a digest, beside the reading of its rows.
///
/// # Errors
/// It can't be opened, or is a folder.
pub fn bytes_of(path: &Path) -> Result<impl Read + Send, IntakeError> {
    let source = Source::open(path)?;
    let progress = source.progress();
    Ok(source.read(&progress))
}
