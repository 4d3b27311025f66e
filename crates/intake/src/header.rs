//! Where a table's header is and what separates its fields: whatever gives columns that are known, and nothing else.

use std::io;

use crate::{
    columns::{KnownColumns, is_like_a_name, normalised},
    lines::Lines,
    quoting::{Dialect, ReadAhead, next_record},
    survey::Script,
};

/// What separates fields, where the file does not say it itself.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// So far from the first line a header may be, below titles and empty lines.
const LOOK_AT_LINES: usize = 10;
const LOOK_AT_BYTES: usize = 1 << 20;

/// The first line of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) dialect: Dialect,
    /// Lines before it.
    pub(crate) below: u64,
    /// The first of them says what separates fields.
    pub(crate) is_said: bool,
}

/// Finds the header in the first lines, which stay where they are. Where there is none, the columns of the first line alone as they
/// look most like some: what is below may be what customers wrote.
pub(crate) fn find_header(
    lines: &mut Lines,
    script: Script,
    known: &KnownColumns,
) -> io::Result<Result<Header, Vec<String>>> {
    let said = match lines.ahead(0)? {
        Some(line) => said_delimiter(&line.bytes),
        None => None,
    };
    let delimiters = said.map_or(DELIMITERS.to_vec(), |delimiter| vec![delimiter]);
    let mut closest: Option<(usize, Vec<String>)> = None;
    for below in usize::from(said.is_some())..LOOK_AT_LINES {
        match lines.ahead(below)? {
            Some(line) if line.is_blank() => continue,
            Some(_) => {}
            None => break,
        }
        let text = text_from(lines, below)?;
        let is_first = closest.is_none();
        let mut best: Option<(usize, Dialect)> = None;
        for delimiter in &delimiters {
            let dialect =
                Dialect { delimiter: *delimiter, line_end: script.line_end, backslash: script.backslash };
            let columns = columns_of(&text, dialect)?;
            let names: Vec<String> = columns.iter().map(|column| normalised(column)).collect();
            let count = known.count(&names);
            if known.begins_a_table(&names) && best.is_none_or(|(most, _)| count > most) {
                best = Some((count, dialect));
            }
            let likeness =
                count + usize::from(columns.len() > 1 && columns.iter().all(|name| is_like_a_name(name)));
            if is_first && closest.as_ref().is_none_or(|(most, _)| likeness > *most) {
                closest = Some((likeness, columns));
            }
        }
        if let Some((_, dialect)) = best {
            return Ok(Ok(Header { dialect, below: below as u64, is_said: said.is_some() }));
        }
    }
    Ok(Err(closest.map(|(_, columns)| columns).unwrap_or_default()))
}

/// The columns of the record with which `lines` go on.
pub(crate) fn take_columns(
    lines: &mut Lines,
    ahead: &mut ReadAhead,
    dialect: Dialect,
) -> io::Result<Vec<String>> {
    let record = next_record(lines, ahead, dialect)?.map(|record| record.fields).unwrap_or_default();
    let text = |field| String::from_utf8_lossy(field).trim_start_matches('\u{FEFF}').to_owned();
    Ok(record.iter().map(text).collect())
}

/// Excel's first line `sep=;`.
fn said_delimiter(line: &[u8]) -> Option<u8> {
    let text = line.trim_ascii_end().strip_prefix(b"\"").unwrap_or(line.trim_ascii_end());
    let (begins, rest) = text.split_at_checked(4)?;
    match rest {
        [delimiter] | [delimiter, b'"'] if begins.eq_ignore_ascii_case(b"sep=") => Some(*delimiter),
        // A tab at the end of a line was trimmed away.
        [] if begins.eq_ignore_ascii_case(b"sep=") => Some(b'\t'),
        _ => None,
    }
}

/// Some lines from one on: a header may have line ends within its quotes.
fn text_from(lines: &mut Lines, below: usize) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for at in below..below + LOOK_AT_LINES {
        match lines.ahead(at)? {
            Some(line) if text.len() + line.bytes.len() <= LOOK_AT_BYTES => text.extend(&line.bytes),
            _ => break,
        }
    }
    Ok(text)
}

fn columns_of(text: &[u8], dialect: Dialect) -> io::Result<Vec<String>> {
    let mut lines = Lines::new(Box::new(io::Cursor::new(text.to_vec())), dialect.line_end);
    take_columns(&mut lines, &mut ReadAhead::default(), dialect)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::COMPLAINTS;

    fn found(content: &str) -> Result<(char, u64), Vec<String>> {
        let mut lines = Lines::new(Box::new(io::Cursor::new(content.as_bytes().to_vec())), b'\n');
        let script = Script { encoding: None, line_end: b'\n', backslash: false };
        let header = find_header(&mut lines, script, &COMPLAINTS).unwrap();
        header.map(|header| (char::from(header.dialect.delimiter), header.below))
    }

    #[test]
    fn the_separator_is_the_one_that_gives_known_columns() {
        for (content, expected) in [
            ("complaint_id,narrative\n", (',', 0)),
            ("complaint_id;narrative;amount, in euro\n1;text;3,50\n", (';', 0)),
            ("complaint_id\tnarrative\n", ('\t', 0)),
            ("\"complaint_id \"|\" narrative\"\n", ('|', 0)),
            ("narrative\nHe paid; then left, twice\n", (',', 0)),
            ("sep=;\r\ncomplaint_id;narrative\r\n", (';', 1)),
            ("\"SEP=^\"\ncomplaint_id^narrative\n", ('^', 1)),
            ("sep=\t\ncomplaint_id\tnarrative\n", ('\t', 1)),
            ("Complaints, March\n\ncomplaint_id;narrative\n", (';', 2)),
            ("complaint_id,\"Consumer complaint\nnarrative\"\n", (',', 0)),
        ] {
            assert_eq!(found(content), Ok(expected), "{content:?}");
        }
    }

    #[test]
    fn where_no_column_is_known_the_likest_header_is_told() {
        assert_eq!(
            found("id;text;language\n1;a, b;en\n"),
            Err(vec!["id".into(), "text".into(), "language".into()])
        );
        let headless = "1,\"Twice; and nobody; calls; me\",en\nHe paid; and left\n";
        assert_eq!(found(headless).unwrap_err().len(), 3, "what is within quotes stays together");
        assert_eq!(found(""), Err(Vec::new()));
    }
}
