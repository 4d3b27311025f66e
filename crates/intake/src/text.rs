//! A file as text in UTF-8, from the beginning as often as it is wanted.

use std::{
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use encoding_rs_io::DecodeReaderBytesBuilder;

use crate::{
    error::IntakeError,
    foreign::foreign,
    lines::Lines,
    source::{Progress, Source},
    survey::{Script, Survey, utf_16},
    unpacked::unpacked,
};

const BUFFER_BYTES: usize = 64 << 10;

/// A file whose encoding, line ends and quotes are known.
pub(crate) struct Text {
    path: PathBuf,
    source: Source,
    pub(crate) script: Script,
}

impl Text {
    /// Reads the file through once, to learn how it is written.
    pub(crate) fn open(path: &Path) -> Result<Self, IntakeError> {
        let source = Source::open(path)?;
        let failed = |cause| IntakeError::Open { path: path.into(), cause };
        let (start, bytes) = unpacked(source.read(&source.progress())).map_err(failed)?;
        if let Some(foreign) = foreign(&start) {
            let (what, way_out) = (foreign.what, foreign.way_out);
            return Err(IntakeError::Foreign { path: path.into(), what, way_out });
        }
        let encoding = utf_16(&start);
        let mut survey = Survey::default();
        let mut text = decoded(bytes, encoding);
        loop {
            let n = match text.fill_buf() {
                Ok(bytes) => {
                    survey.look(bytes);
                    bytes.len()
                }
                // What came before is good, and the reading of the rows says where it breaks off.
                Err(_) => 0,
            };
            if n == 0 {
                break;
            }
            text.consume(n);
        }
        Ok(Self { path: path.into(), source, script: survey.conclude(encoding) })
    }

    /// To follow a reading of its own.
    pub(crate) fn progress(&self) -> Progress {
        self.source.progress()
    }

    /// Its text, from the beginning. Bytes that are no UTF-8 in a file that is stay what they are.
    pub(crate) fn read(&self, progress: &Progress) -> Result<Box<dyn BufRead + Send>, IntakeError> {
        let bytes = unpacked(self.source.read(progress));
        let (_, bytes) = bytes.map_err(|cause| IntakeError::Open { path: self.path.clone(), cause })?;
        Ok(decoded(bytes, self.script.encoding))
    }

    /// The same in lines.
    pub(crate) fn lines(&self, progress: &Progress) -> Result<Lines, IntakeError> {
        Ok(Lines::new(self.read(progress)?, self.script.line_end))
    }
}

fn decoded(
    bytes: impl Read + Send + 'static,
    encoding: Option<&'static encoding_rs::Encoding>,
) -> Box<dyn BufRead + Send> {
    match encoding {
        None => Box::new(BufReader::with_capacity(BUFFER_BYTES, bytes)),
        Some(encoding) => {
            let text =
                DecodeReaderBytesBuilder::new().encoding(Some(encoding)).bom_override(true).build(bytes);
            Box::new(BufReader::with_capacity(BUFFER_BYTES, text))
        }
    }
}

/// What a reading that fails says: how far it came.
pub(crate) fn broken_off(path: &Path, line: u64, progress: &Progress, cause: io::Error) -> IntakeError {
    IntakeError::Read {
        path: path.into(),
        line,
        byte: progress.bytes_read(),
        total: progress.total_bytes(),
        cause,
    }
}
