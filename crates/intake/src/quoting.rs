//! Where one CSV record ends and the next begins, such that a broken one does not take its neighbours with it.
//!
//! A quote that is never closed would swallow every row after it. So records are cut here, line by line; one that
//! breaks the rules of quoting gives up its first line only, and the lines after it are records of their own. Where many lines
//! open a quote that none closes, what the first of them found out ahead holds for the others: [`ReadAhead`].

use std::{borrow::Cow, io};

use csv::ByteRecord;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

use crate::lines::{Line, Lines, MAX_LINE_BYTES};

/// How a file writes its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// What separates fields.
    pub(crate) delimiter: u8,
    /// What ends a line.
    pub(crate) line_end: u8,
    /// A quote within quotes is written `\"` (Spark, MySQL), not `""`.
    pub(crate) backslash: bool,
}

/// The fields of one record, or what is left of them.
pub(crate) struct FieldsOfRecord {
    /// Where it begins.
    pub(crate) line: u64,
    pub(crate) fields: ByteRecord,
    /// Which rule of quoting or size it breaks.
    pub(crate) broken: Option<&'static str>,
}

/// What is known of the lines ahead, from looking where a quote ends. A line leaves an open quote open, or ends it, whichever
/// line opened it; so each line is looked at ahead once, and a file takes as long as it is.
#[derive(Default)]
pub(crate) struct ReadAhead {
    /// So many lines from the next one on leave an open quote open,
    lines: usize,
    /// and have so many bytes.
    bytes: usize,
    /// The line behind them ends it, and goes on with text: no record ends there.
    sloppy: bool,
    /// What cuts records into fields, made with the first.
    fields: Option<Box<FieldReader>>,
    /// Bytes that were looked at for their quotes.
    #[cfg(test)]
    seen: usize,
}

/// Cuts one record after the other into fields.
struct FieldReader {
    dialect: Dialect,
    reader: Reader,
    /// The text of a record's fields, one behind the other, and where each ends.
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl ReadAhead {
    fn take(&mut self, lines: &mut Lines) -> io::Result<Option<Line>> {
        let line = lines.next()?;
        if let Some(line) = &line {
            match self.lines.checked_sub(1) {
                Some(left) => {
                    self.lines = left;
                    self.bytes -= line.bytes.len();
                }
                None => self.sloppy = false,
            }
        }
        Ok(line)
    }

    /// How many lines from the next one on belong to a record with an open quote that has `size` bytes before them; `None`
    /// where it is never closed as it should be.
    fn find_end(&mut self, lines: &mut Lines, dialect: Dialect, size: usize) -> io::Result<Option<usize>> {
        while !self.sloppy && size + self.bytes <= MAX_LINE_BYTES {
            let Some(line) = lines.ahead(self.lines)? else { break };
            let mut at = Quoting::Quoted;
            self.sloppy = self.look(&mut at, dialect, &line.bytes);
            if !self.sloppy && !at.is_open() {
                return Ok(Some(self.lines + 1));
            }
            if !self.sloppy {
                self.lines += 1;
                self.bytes += line.bytes.len();
            }
        }
        Ok(None)
    }

    fn record(
        &mut self,
        line: u64,
        bytes: &[u8],
        dialect: Dialect,
        broken: Option<&'static str>,
    ) -> FieldsOfRecord {
        let bytes = bytes.strip_suffix(&[dialect.line_end]).unwrap_or(bytes);
        // Of a file that was twice translated from Unix to Windows there are two.
        let end = bytes.iter().rposition(|byte| *byte != b'\r').map_or(0, |last| last + 1);
        let bytes = match dialect.backslash {
            true => Cow::Owned(with_doubled_quotes(&bytes[..end], dialect)),
            false => Cow::Borrowed(&bytes[..end]),
        };
        let made = self.fields.take().filter(|made| made.dialect == dialect);
        let fields =
            self.fields.insert(made.unwrap_or_else(|| Box::new(FieldReader::of(dialect)))).fields(&bytes);
        FieldsOfRecord { line, fields, broken }
    }

    fn look(&mut self, at: &mut Quoting, dialect: Dialect, line: &[u8]) -> bool {
        #[cfg(test)]
        {
            self.seen += line.len();
        }
        at.read(dialect, line)
    }
}

/// The next record that is not a blank line; `None` at the end.
pub(crate) fn next_record(
    lines: &mut Lines,
    ahead: &mut ReadAhead,
    dialect: Dialect,
) -> io::Result<Option<FieldsOfRecord>> {
    let first = loop {
        match ahead.take(lines)? {
            Some(line) if line.is_blank() => {}
            Some(line) => break line,
            None => return Ok(None),
        }
    };
    if first.cut {
        return Ok(Some(FieldsOfRecord {
            line: first.number,
            fields: ByteRecord::new(),
            broken: Some("line-too-long"),
        }));
    }
    let mut at = Quoting::FieldStart;
    let sloppy = ahead.look(&mut at, dialect, &first.bytes);
    if !at.is_open() {
        // Sloppy quotes within one line hurt nobody else; the CSV reader makes the best of them.
        return Ok(Some(ahead.record(first.number, &first.bytes, dialect, None)));
    }
    let rest = if sloppy { None } else { ahead.find_end(lines, dialect, first.bytes.len())? };
    let Some(rest) = rest else {
        return Ok(Some(ahead.record(first.number, &first.bytes, dialect, Some("quote-unclosed"))));
    };
    let mut whole = first.bytes;
    for _ in 0..rest {
        if let Some(line) = ahead.take(lines)? {
            whole.extend_from_slice(&line.bytes);
        }
    }
    Ok(Some(ahead.record(first.number, &whole, dialect, None)))
}

impl FieldReader {
    fn of(dialect: Dialect) -> Self {
        let mut builder = ReaderBuilder::new();
        // Line ends within quotes stay as they are, and another one than the file's ends nothing.
        builder.delimiter(dialect.delimiter).terminator(Terminator::Any(dialect.line_end));
        Self { dialect, reader: builder.build(), text: Vec::new(), ends: vec![0; 32] }
    }

    fn fields(&mut self, record: &[u8]) -> ByteRecord {
        self.reader.reset();
        // Fields are no longer than what they are written as.
        self.text.resize(record.len().max(1), 0);
        let (mut read, mut written, mut fields) = (0, 0, 0);
        loop {
            let (result, input, output, ends) =
                self.reader.read_record(&record[read..], &mut self.text[written..], &mut self.ends[fields..]);
            (read, written, fields) = (read + input, written + output, fields + ends);
            match result {
                // The end of the input, which the next call gets, ends the last field.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.text.resize(2 * self.text.len(), 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        let mut record = ByteRecord::with_capacity(written, fields);
        let mut start = 0;
        for end in &self.ends[..fields] {
            record.push_field(&self.text[start..*end]);
            start = *end;
        }
        record
    }
}

/// Within quotes, `\"` as `""`. Backslashes right before a quote stand for half as many; others are themselves.
fn with_doubled_quotes(bytes: &[u8], dialect: Dialect) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    let (mut at, mut backslashes) = (Quoting::FieldStart, 0_usize);
    for byte in bytes {
        let is_quoted = at.is_open();
        let is_escaped = is_quoted && *byte == b'"' && backslashes % 2 == 1;
        if is_quoted && *byte == b'"' {
            text.truncate(text.len() - backslashes.div_ceil(2));
        }
        if is_escaped {
            text.push(b'"');
        } else {
            at.read(Dialect { backslash: false, ..dialect }, &[*byte]);
        }
        text.push(*byte);
        backslashes = if *byte == b'\\' { backslashes + 1 } else { 0 };
    }
    text
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

    /// Moves over a line; returns whether a closing quote was followed by text.
    fn read(&mut self, dialect: Dialect, line: &[u8]) -> bool {
        let mut sloppy = false;
        // Whether an odd number of backslashes stands right before.
        let mut escapes = false;
        for byte in line {
            let is_escaped = dialect.backslash && escapes && *self == Self::Quoted;
            escapes = *byte == b'\\' && !escapes;
            *self = match (*self, *byte) {
                (Self::Quoted, b'"') if is_escaped => Self::Quoted,
                (Self::Quoted, b'"') => Self::QuotedQuote,
                (Self::Quoted, _) | (Self::FieldStart | Self::QuotedQuote, b'"') => Self::Quoted,
                (_, byte) if byte == dialect.delimiter => Self::FieldStart,
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

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Dialect = Dialect { delimiter: b',', line_end: b'\n', backslash: false };

    /// The records of `content`: first line, whether it is broken, fields. And how many bytes were looked at.
    fn records(content: &[u8]) -> (Vec<(u64, bool, usize)>, usize) {
        let mut lines = Lines::new(Box::new(io::Cursor::new(content.to_vec())), b'\n');
        let (mut ahead, mut records) = (ReadAhead::default(), Vec::new());
        while let Some(record) = next_record(&mut lines, &mut ahead, USUAL).unwrap() {
            records.push((record.line, record.broken.is_some(), record.fields.len()));
        }
        (records, ahead.seen)
    }

    #[test]
    fn backslashes_before_a_quote_stand_for_half_as_many_and_others_for_themselves() {
        let fields = |text: &str| -> Vec<String> {
            let dialect = Dialect { backslash: true, ..USUAL };
            let mut lines = Lines::new(Box::new(io::Cursor::new(text.as_bytes().to_vec())), b'\n');
            let record = next_record(&mut lines, &mut ReadAhead::default(), dialect).unwrap().unwrap();
            assert_eq!(record.broken, None, "{text}");
            record.fields.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect()
        };
        assert_eq!(fields(r#"1,"She said \"no\", twice","x""#), ["1", r#"She said "no", twice"#, "x"]);
        assert_eq!(fields(r#""C:\new\\","\\\"so\\\"""#), [r"C:\new\", r#"\"so\""#]);
        assert_eq!(fields("\"two \\\"lines\\\"\nhere\",C:\\\n"), ["two \"lines\"\nhere", "C:\\"]);
    }

    #[test]
    fn quotes_that_every_line_opens_and_none_closes_take_work_that_grows_as_the_file_does() {
        const LINES: usize = 12_000;
        // Each closes the quote that is open before it and opens another; the last line of a file may do what it likes.
        for last in ["", "x\"y\n", "x\"y,\"\n"] {
            let content = ["x\",\"\n".repeat(LINES), last.to_owned()].concat();
            let (records, seen) = records(content.as_bytes());
            assert!(
                records.len() >= LINES && records[..LINES].iter().all(|(_, broken, _)| *broken),
                "{last:?}"
            );
            assert!(seen <= 2 * content.len(), "{seen} bytes were looked at, of {}", content.len());
        }
        // A long line that ends them all badly is looked at ahead once as well.
        let content = ["x\",\"\n".repeat(LINES / 2), format!("\"y{}\n", "z".repeat(LINES))].concat();
        let (_, seen) = records(content.as_bytes());
        assert!(seen <= 2 * content.len(), "{seen} bytes were looked at, of {}", content.len());
    }

    #[test]
    fn a_quote_that_is_longer_than_a_line_may_be_costs_its_own_line_alone() {
        let line = format!("x\",\"{}\n", "z".repeat(1 << 20));
        let content = [line.repeat(20), "x\"\nlast,row\n".to_owned()].concat();
        let (records, seen) = records(content.as_bytes());
        // From the sixth on what is left before the line that closes it is below the bound.
        assert!(records[..5].iter().all(|(_, broken, _)| *broken), "{records:?}");
        assert_eq!(records[5..], [(6, false, 16), (22, false, 2)]);
        assert!(seen <= 2 * content.len(), "{seen} bytes were looked at, of {}", content.len());
    }

    #[test]
    fn a_record_of_several_lines_behind_an_unclosed_quote_is_whole() {
        let (records, _) = records(b"a,\"open\nb,\"two\nlines\"\nc,\"\"\"three\n\nlines\"\n");
        assert_eq!(records, [(1, true, 2), (2, false, 2), (4, false, 2)]);
    }
}
