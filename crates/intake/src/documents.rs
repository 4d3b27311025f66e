//! The records of JSON that is not one object a line: a list, an answer of a search, objects over several lines. Wherever the
//! first narrative stands, its object is a record, and every object that stands there too.

use std::{
    collections::BTreeSet,
    io::{self, BufRead},
};

use crate::{
    columns::{KnownColumns, normalised},
    lines::{Line, MAX_LINE_BYTES},
    nesting::{Event, Nesting, Step},
};

/// Elasticsearch puts a record's fields under this name, beside its own.
pub(crate) const SOURCE: &str = "_source";

/// An object within another may have a narrative too: a record's history, say. For so many bytes
/// behind the first one, an outer one is still looked for.
const LOOK_ON_BYTES: usize = 1 << 20;
/// The most names that are shown of a file without records.
const MOST_NAMES: usize = 30;

/// Where the records of a JSON text stand.
#[derive(Debug, Default)]
pub(crate) struct Whereabouts {
    /// `None`: no object in it has any name that is known.
    pub(crate) path: Option<Vec<Step>>,
    /// Names of its objects.
    pub(crate) names: BTreeSet<String>,
    /// It is a list without elements.
    pub(crate) is_empty_list: bool,
}

/// Finds out where the records of `input` stand.
pub(crate) fn find_records(mut input: impl BufRead, known: &KnownColumns) -> io::Result<Whereabouts> {
    let mut found = Whereabouts { is_empty_list: true, ..Whereabouts::default() };
    let mut nesting = Nesting::default();
    let mut left = usize::MAX;
    loop {
        let buffer = input.fill_buf()?;
        let taken = buffer.len();
        if taken == 0 || left == 0 {
            return Ok(found);
        }
        for byte in buffer {
            found.is_empty_list &= byte.is_ascii_whitespace() || b"[]\xEF\xBB\xBF".contains(byte);
            match nesting.read(*byte) {
                Ok(Event::Key) => {
                    let name = normalised(&String::from_utf8_lossy(nesting.key()));
                    let is_record = known.any_of.contains(&name.as_str());
                    let path = if is_record { record_path(&nesting) } else { Vec::new() };
                    if is_record && found.path.as_ref().is_none_or(|best| path.len() < best.len()) {
                        left = left.min(LOOK_ON_BYTES);
                        found.path = Some(path);
                    }
                    if found.names.len() < MOST_NAMES {
                        found.names.insert(name);
                    }
                }
                Ok(_) => {}
                Err(_) => return Ok(found),
            }
        }
        if found.path.is_some() {
            left = left.saturating_sub(taken);
        }
        input.consume(taken);
    }
}

/// The steps to the object that a record is: the innermost one, or the one whose `_source` it is.
fn record_path(nesting: &Nesting) -> Vec<Step> {
    let mut path = nesting.path();
    path.pop_if(|step| *step == Step::Key(SOURCE.into()));
    path
}

/// The objects at one path of a JSON text, as they are read: memory holds one at a time.
pub(crate) struct Documents {
    input: Box<dyn BufRead + Send>,
    path: Vec<Step>,
    line_end: u8,
    nesting: Nesting,
    /// Line ends that were read.
    lines: u64,
    /// The object that is being read.
    open: Option<Line>,
}

impl Documents {
    /// Of `input`, the objects at `path`.
    pub(crate) fn new(input: Box<dyn BufRead + Send>, path: Vec<Step>, line_end: u8) -> Self {
        Self { input, path, line_end, nesting: Nesting::default(), lines: 0, open: None }
    }

    /// How many lines were read so far.
    pub(crate) fn count(&self) -> u64 {
        self.lines
    }

    /// The text of the next object with the line on which it begins; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return match self.nesting.is_outside() {
                    true => Ok(None),
                    false => Err(io::ErrorKind::UnexpectedEof.into()),
                };
            }
            let mut taken = 0;
            let mut whole = None;
            for byte in buffer {
                taken += 1;
                self.lines += u64::from(*byte == self.line_end);
                let event = self.nesting.read(*byte).map_err(|_| {
                    io::Error::new(io::ErrorKind::InvalidData, "a bracket closes what it did not open")
                })?;
                if event == Event::ObjectBegan && self.open.is_none() && self.nesting.is_at(&self.path) {
                    self.open = Some(Line { number: self.lines + 1, bytes: Vec::new(), cut: false });
                }
                if let Some(open) = &mut self.open {
                    match open.bytes.len() < MAX_LINE_BYTES {
                        true => open.bytes.push(*byte),
                        false => open.cut = true,
                    }
                    if event == Event::ObjectEnded && self.nesting.depth() == self.path.len() {
                        whole = self.open.take();
                        break;
                    }
                }
            }
            self.input.consume(taken);
            if whole.is_some() {
                return Ok(whole);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::{layout::COMPLAINTS, nesting::shown};

    /// Where the records stand, and the line and text of each.
    fn records(text: &str) -> (String, Vec<(u64, String)>) {
        let found = find_records(Cursor::new(text), &COMPLAINTS).unwrap();
        let path = found.path.unwrap();
        let at = shown(&path);
        let mut documents = Documents::new(Box::new(Cursor::new(text.to_owned().into_bytes())), path, b'\n');
        let mut records = Vec::new();
        while let Some(record) = documents.next().unwrap() {
            records.push((record.number, String::from_utf8(record.bytes).unwrap()));
        }
        (at, records)
    }

    #[test]
    fn records_are_the_objects_that_stand_where_the_first_narrative_does() {
        let (a, b) = (
            r#"{"narrative": "a } ] \" {"}"#,
            r#"{"id": 2, "history": [{"narrative": "old"}], "narrative": "b"}"#,
        );
        let of_source = r#"{"_id": "7", "_source": {"complaint_what_happened": "c"}}"#;
        for (text, at) in [
            (format!("[{a},\n{b}]"), "[]"),
            (
                format!("{{\"took\": 3, \"hits\": {{\"total\": {{\"value\": 2}}, \"hits\": [{a},\n{b}]}}}}"),
                "hits.hits[]",
            ),
            (format!("{a}\n{b}\n"), ""),
            (format!("{{\"data\": {{\"rows\": [[{a},\n{b}]]}}}}"), "data.rows[][]"),
            (format!("{{\"complaint\": {a}}}{{\"complaint\":\n{b}}}"), "complaint"),
        ] {
            let expected = vec![(1, a.to_owned()), (2, b.to_owned())];
            assert_eq!(records(&text), (at.to_owned(), expected), "{text}");
        }
        assert_eq!(records(&format!("[{b}]")), ("[]".into(), vec![(1, b.into())]), "not its history");
        assert_eq!(records(&format!("[{of_source}]")), ("[]".into(), vec![(1, of_source.into())]));
    }

    #[test]
    fn a_text_without_narratives_tells_the_names_that_it_has() {
        let found = find_records(Cursor::new(r#"{"data": [{"text": "x"}]}"#), &COMPLAINTS).unwrap();
        assert_eq!((found.path, found.is_empty_list), (None, false));
        assert_eq!(found.names.into_iter().collect::<Vec<_>>(), ["data", "text"]);
        assert!(find_records(Cursor::new(" [\n]\n"), &COMPLAINTS).unwrap().is_empty_list);
    }

    #[test]
    fn a_text_that_is_cut_or_whose_brackets_do_not_match_gives_what_came_before() {
        for (rest, kind) in
            [(", {\"narrative\": \"b", io::ErrorKind::UnexpectedEof), ("}", io::ErrorKind::InvalidData)]
        {
            let text = format!("[{{\"narrative\": \"a\"}}{rest}").into_bytes();
            let mut documents = Documents::new(Box::new(Cursor::new(text)), vec![Step::Each], b'\n');
            assert!(documents.next().unwrap().is_some());
            assert_eq!(documents.next().err().map(|error| error.kind()), Some(kind));
        }
    }
}
