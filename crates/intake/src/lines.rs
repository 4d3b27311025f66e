//! A file as lines of bounded length, decompressed on the way, with a count of how far it was read.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use flate2::bufread::MultiGzDecoder;

/// The longest line, and the most lines that one quoted field may hold together: far above any narrative that is
/// accepted, so that one that is too large is still told by its own reason.
pub(crate) const MAX_LINE_BYTES: usize = 16 << 20;

const GZIP_MAGIC: &[u8] = &[0x1F, 0x8B];
const BYTE_ORDER_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];

/// How far a file has been read; a clone follows along, for a progress bar on another thread.
#[derive(Clone, Debug)]
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

/// One line, with what ended it.
pub(crate) struct Line {
    /// Counted from 1.
    pub(crate) number: u64,
    pub(crate) bytes: Vec<u8>,
    /// Longer than [`MAX_LINE_BYTES`]: only its beginning was kept.
    pub(crate) cut: bool,
}

impl Line {
    pub(crate) fn is_blank(&self) -> bool {
        self.bytes.iter().all(u8::is_ascii_whitespace)
    }
}

/// The lines of one file.
pub(crate) struct Lines {
    input: Box<dyn BufRead + Send>,
    progress: Progress,
    /// Lines that were looked at, and not taken yet.
    ahead: VecDeque<Line>,
    /// How many lines were read from the file.
    read: u64,
}

impl Lines {
    /// Opens a file; gzip is known by its first bytes, whatever its name.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let progress = Progress { read: Arc::default(), total: file.metadata()?.len() };
        let mut input = BufReader::new(Counted { file, read: Arc::clone(&progress.read) });
        let input: Box<dyn BufRead + Send> = if input.fill_buf()?.starts_with(GZIP_MAGIC) {
            Box::new(BufReader::with_capacity(64 << 10, MultiGzDecoder::new(input)))
        } else {
            Box::new(input)
        };
        Ok(Self { input, progress, ahead: VecDeque::new(), read: 0 })
    }

    pub(crate) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// How many lines were read from the file so far.
    pub(crate) fn count(&self) -> u64 {
        self.read
    }

    /// The next line; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line>> {
        match self.ahead.pop_front() {
            Some(line) => Ok(Some(line)),
            None => self.of_file(),
        }
    }

    /// The line that many lines behind the next one, which all stay where they are; `None` past the end.
    pub(crate) fn ahead(&mut self, by: usize) -> io::Result<Option<&Line>> {
        while self.ahead.len() <= by {
            match self.of_file()? {
                Some(line) => self.ahead.push_back(line),
                None => return Ok(None),
            }
        }
        Ok(self.ahead.get(by))
    }

    fn of_file(&mut self) -> io::Result<Option<Line>> {
        let mut line = Line { number: self.read + 1, bytes: Vec::new(), cut: false };
        loop {
            let buffer = self.input.fill_buf()?;
            let end = buffer.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
            let taken = end.unwrap_or(buffer.len());
            let room = MAX_LINE_BYTES - line.bytes.len();
            line.cut |= taken > room;
            line.bytes.extend_from_slice(&buffer[..taken.min(room)]);
            self.input.consume(taken);
            if end.is_some() || taken == 0 {
                break;
            }
        }
        if line.bytes.is_empty() {
            return Ok(None);
        }
        self.read += 1;
        if self.read == 1 && line.bytes.starts_with(BYTE_ORDER_MARK) {
            line.bytes.drain(..BYTE_ORDER_MARK.len());
        }
        Ok(Some(line))
    }
}

/// Counts what is read from the file itself.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}
