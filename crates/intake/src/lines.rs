//! A text as lines of bounded length.

use std::{
    collections::VecDeque,
    io::{self, BufRead},
};

/// The longest line, and the most lines that one quoted field may hold together: far above any narrative that is
/// accepted, so that one that is too large is still reported with its own reason.
pub(crate) const MAX_LINE_BYTES: usize = 16 << 20;

const BYTE_ORDER_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];

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

/// The lines of one text.
pub(crate) struct Lines {
    input: Box<dyn BufRead + Send>,
    /// The byte that ends a line.
    end: u8,
    /// Lines that were looked at, and not taken yet.
    ahead: VecDeque<Line>,
    /// How many lines were read from the text.
    read: u64,
}

impl Lines {
    /// The lines of `input`, which `end` ends.
    pub(crate) fn new(input: Box<dyn BufRead + Send>, end: u8) -> Self {
        Self { input, end, ahead: VecDeque::new(), read: 0 }
    }

    /// How many lines were read from the text so far.
    pub(crate) fn count(&self) -> u64 {
        self.read
    }

    /// The next line; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line>> {
        match self.ahead.pop_front() {
            Some(line) => Ok(Some(line)),
            None => self.read_line(),
        }
    }

    /// The line that many lines behind the next one, which all stay where they are; `None` past the end.
    pub(crate) fn ahead(&mut self, by: usize) -> io::Result<Option<&Line>> {
        while self.ahead.len() <= by {
            match self.read_line()? {
                Some(line) => self.ahead.push_back(line),
                None => return Ok(None),
            }
        }
        Ok(self.ahead.get(by))
    }

    fn read_line(&mut self) -> io::Result<Option<Line>> {
        let mut line = Line { number: self.read + 1, bytes: Vec::new(), cut: false };
        loop {
            let buffer = self.input.fill_buf()?;
            let end = buffer.iter().position(|byte| *byte == self.end).map(|at| at + 1);
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
