//! Where one CSV record ends and the next begins, such that a broken one does not take its neighbours with it.
//!
//! A quote that is never closed would swallow every row after it. So records are cut here, line by line; one that
//! breaks the rules of quoting gives up its first line only, and the lines after it are read again.

use std::io;

use csv::{ByteRecord, ReaderBuilder, Terminator};

use crate::lines::{Line, Lines, MAX_LINE_BYTES};

/// One record, or what is left of one.
pub(crate) struct Record {
    /// Where it begins.
    pub(crate) line: u64,
    pub(crate) fields: ByteRecord,
    /// Which rule of quoting or size it breaks.
    pub(crate) broken: Option<&'static str>,
}

/// The next record that is not a blank line; `None` at the end.
pub(crate) fn next_record(lines: &mut Lines) -> io::Result<Option<Record>> {
    let first = loop {
        match lines.next()? {
            Some(line) if line.is_blank() => {}
            Some(line) => break line,
            None => return Ok(None),
        }
    };
    if first.cut {
        return Ok(Some(Record {
            line: first.number,
            fields: ByteRecord::new(),
            broken: Some("line-too-long"),
        }));
    }
    let mut at = Quoting::FieldStart;
    let mut sloppy = at.read(&first.bytes);
    if !at.is_open() {
        // Sloppy quotes within one line hurt nobody else; the CSV reader makes the best of them.
        return record(first.number, &first.bytes, None).map(Some);
    }
    let mut rest: Vec<Line> = Vec::new();
    let mut size = first.bytes.len();
    while at.is_open() && size <= MAX_LINE_BYTES {
        let Some(line) = lines.next()? else { break };
        sloppy |= at.read(&line.bytes);
        size += line.bytes.len();
        rest.push(line);
    }
    if at.is_open() || sloppy {
        lines.give_back(rest.into_iter());
        return record(first.number, &first.bytes, Some("quote-unclosed")).map(Some);
    }
    let mut whole = first.bytes;
    for line in rest {
        whole.extend_from_slice(&line.bytes);
    }
    record(first.number, &whole, None).map(Some)
}

fn record(line: u64, bytes: &[u8], broken: Option<&'static str>) -> io::Result<Record> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        // Line ends within quotes stay as they are, and a lone carriage return ends nothing.
        .terminator(Terminator::Any(b'\n'))
        .buffer_capacity(bytes.len().clamp(1, 64 << 10))
        .from_reader(bytes);
    let mut fields = ByteRecord::new();
    reader.read_byte_record(&mut fields)?;
    Ok(Record { line, fields, broken })
}

/// Where in a record the reader stands, as far as quotes go (RFC 4180).
#[derive(Clone, Copy, PartialEq)]
enum Quoting {
    FieldStart,
    Plain,
    Quoted,
    /// A quote within quotes: it ends the field, or the next character is a quote too.
    QuotedQuote,
}

impl Quoting {
    fn is_open(self) -> bool {
        self == Self::Quoted
    }

    /// Moves over a line; tells whether a closing quote was followed by text.
    fn read(&mut self, line: &[u8]) -> bool {
        let mut sloppy = false;
        for byte in line {
            *self = match (*self, byte) {
                (Self::Quoted, b'"') => Self::QuotedQuote,
                (Self::Quoted, _) | (Self::FieldStart | Self::QuotedQuote, b'"') => Self::Quoted,
                (_, b',') => Self::FieldStart,
                (Self::QuotedQuote, b'\r' | b'\n') => Self::QuotedQuote,
                (Self::QuotedQuote, _) => {
                    sloppy = true;
                    Self::Plain
                }
                _ => Self::Plain,
            };
        }
        sloppy
    }
}
