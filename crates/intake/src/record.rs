//! One record of a table, which can be asked for its fields, and the record as it came, to be rejected.

use std::{borrow::Cow, sync::Arc};

use csv::ByteRecord;
use serde_json::{Map, Value};

use crate::{
    columns::normalised,
    documents::SOURCE,
    fields::{Fields, says_nothing},
    rejected::Rejected,
};

/// A record whose fields can be told apart.
#[derive(Clone, Debug)]
pub struct Record {
    line: u64,
    cells: Cells,
}

#[derive(Clone, Debug)]
enum Cells {
    Delimited { names: Arc<[String]>, cells: ByteRecord },
    Json { object: Map<String, Value>, text: Vec<u8> },
}

impl Record {
    /// Cells of a line under the columns `names`; or why they are none.
    pub(crate) fn delimited(
        line: u64,
        names: &Arc<[String]>,
        mut cells: ByteRecord,
    ) -> Result<Self, Rejected> {
        // Some programs end each row with a separator, but not the header.
        if cells.iter().skip(names.len()).all(<[u8]>::is_empty) {
            cells.truncate(names.len());
        }
        let text = |cell| std::str::from_utf8(cell);
        let reason = match () {
            () if cells.iter().any(|cell| text(cell).is_err()) => "not-utf8",
            () if cells.len() != names.len() => "csv-field-count",
            // Files that were put behind each other.
            () if cells
                .iter()
                .zip(&**names)
                .all(|(cell, name)| text(cell).map(normalised).as_ref() == Ok(name)) =>
            {
                "header-repeated"
            }
            () => return Ok(Self { line, cells: Cells::Delimited { names: Arc::clone(names), cells } }),
        };
        Err(Rejected { line, reason, fields: owned(&cells) })
    }

    /// A JSON object; or why it is none.
    pub(crate) fn json(line: u64, text: Vec<u8>) -> Result<Self, Rejected> {
        match object(&text) {
            Ok(object) => {
                let object = fields_of(object)
                    .into_iter()
                    .map(|(name, value)| match value {
                        Value::String(text) if says_nothing(&text) => (name, Value::Null),
                        value => (name, value),
                    })
                    .collect();
                Ok(Self { line, cells: Cells::Json { object, text } })
            }
            Err(reason) => Err(Rejected { line, reason, fields: vec![text] }),
        }
    }

    /// The line on which it begins, counted from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The field called `name` (normalised), trimmed; `None` where there is no such column. What programs write for nothing
    /// (`nan`, `NULL`, `None`, `N/A`, ...) is empty.
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.fields().get(name)
    }

    /// The same, but nothing where it is empty.
    pub fn filled(&self, name: &str) -> Option<Cow<'_, str>> {
        self.fields().filled(name)
    }

    /// The object that a JSON record is, with its names normalised.
    pub fn object(&self) -> Option<&Map<String, Value>> {
        match &self.cells {
            Cells::Delimited { .. } => None,
            Cells::Json { object, .. } => Some(object),
        }
    }

    /// The record as it came, with why it is none of those that are wanted.
    pub fn reject(self, reason: &'static str) -> Rejected {
        let fields = match self.cells {
            Cells::Delimited { cells, .. } => owned(&cells),
            Cells::Json { text, .. } => vec![text],
        };
        Rejected { line: self.line, reason, fields }
    }

    pub(crate) fn fields(&self) -> Fields<'_> {
        match &self.cells {
            Cells::Delimited { names, cells } => Fields::Csv { columns: names, record: cells },
            Cells::Json { object, .. } => Fields::Json(object),
        }
    }
}

/// A text as a JSON object with its names as they stand there.
fn object(text: &[u8]) -> Result<Map<String, Value>, &'static str> {
    let text = std::str::from_utf8(text).map_err(|_| "not-utf8")?;
    serde_json::from_str(text).map_err(|error| match is_nan(text, &error) {
        true => "json-nan",
        false => "json-malformed",
    })
}

/// Python writes `NaN` and `Infinity`, which are no JSON.
fn is_nan(text: &str, error: &serde_json::Error) -> bool {
    let line = error.line().checked_sub(1).and_then(|line| text.split('\n').nth(line)).unwrap_or_default();
    let rest = line.get(error.column().saturating_sub(1)..).unwrap_or_default();
    ["NaN", "Infinity", "-Infinity"].iter().any(|word| rest.starts_with(word))
}

/// A text as a JSON object, its names normalised.
pub(crate) fn posted_object(text: &[u8]) -> Result<Map<String, Value>, &'static str> {
    Ok(with_names(object(text)?))
}

/// The fields of a record of Elasticsearch are under `_source`, with its id beside them.
fn fields_of(mut object: Map<String, Value>) -> Map<String, Value> {
    let Some(Value::Object(source)) = object.get_mut(SOURCE).map(Value::take) else {
        return with_names(object);
    };
    let mut fields = with_names(source);
    if let Some(id) = object.remove("_id").filter(|id| !id.is_null())
        && fields.get("complaint_id").is_none_or(serde_json::Value::is_null)
    {
        fields.insert("complaint_id".into(), id);
    }
    fields
}

fn with_names(object: Map<String, Value>) -> Map<String, Value> {
    object.into_iter().map(|(name, value)| (normalised(&name), value)).collect()
}

fn owned(cells: &ByteRecord) -> Vec<Vec<u8>> {
    cells.iter().map(<[u8]>::to_vec).collect()
}
