//! One record's fields by name, whether they came as CSV or as JSON.

use std::borrow::Cow;

use csv::ByteRecord;
use serde_json::{Map, Value};

/// The columns of a file: trimmed and in lower case, as they are looked up.
pub(crate) fn normalised(column: &str) -> String {
    column.trim().to_lowercase()
}

/// A record that can be asked for its fields.
pub(crate) enum Fields<'r> {
    /// Of CSV: the columns, and one field each in UTF-8.
    Csv { columns: &'r [String], record: &'r ByteRecord },
    /// Of JSON.
    Json(&'r Map<String, Value>),
}

impl Fields<'_> {
    /// The field called `name` (in lower case), trimmed; `None` where there is no such column. A JSON null is empty.
    pub(crate) fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.raw(name).map(|text| match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        })
    }

    /// The same, but nothing where there is nothing in it either.
    pub(crate) fn filled(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).filter(|text| !text.is_empty())
    }

    /// The field as it came, white space and all.
    pub(crate) fn raw(&self, name: &str) -> Option<Cow<'_, str>> {
        match self {
            Self::Csv { columns, record } => {
                let at = columns.iter().position(|column| column == name)?;
                Some(Cow::Borrowed(std::str::from_utf8(record.get(at)?).unwrap_or_default()))
            }
            Self::Json(object) => Some(match object.get(name)? {
                Value::Null => Cow::Borrowed(""),
                Value::String(text) => Cow::Borrowed(text),
                other => Cow::Owned(other.to_string()),
            }),
        }
    }
}
