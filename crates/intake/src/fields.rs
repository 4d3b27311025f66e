//! One record's fields by name, whether they came as CSV or as JSON.

use std::borrow::Cow;

use csv::ByteRecord;
use serde_json::{Map, Number, Value};

/// Whether a text is what programs write where there is nothing: pandas, SQL, spreadsheets.
pub(crate) fn says_nothing(text: &str) -> bool {
    const NOTHING: [&str; 12] =
        ["", "nan", "-nan", "nat", "none", "null", "n/a", "na", "<na>", "#n/a", "#na", "\\n"];
    let text = text.trim();
    NOTHING.iter().any(|nothing| text.eq_ignore_ascii_case(nothing))
}

/// A record that can be asked for its fields.
pub(crate) enum Fields<'r> {
    /// Of CSV: the columns, and one field each in UTF-8. What says nothing is empty.
    Csv { columns: &'r [String], record: &'r ByteRecord },
    /// Of JSON.
    Json(&'r Map<String, Value>),
}

impl<'r> Fields<'r> {
    /// The field called `name` (normalised), trimmed; `None` where there is no such column. A JSON null is empty.
    pub(crate) fn get(&self, name: &str) -> Option<Cow<'r, str>> {
        self.raw(name).map(|text| match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        })
    }

    /// The same; `None` also where the field is empty.
    pub(crate) fn filled(&self, name: &str) -> Option<Cow<'r, str>> {
        self.get(name).filter(|text| !text.is_empty())
    }

    /// The field as it came, white space and all.
    pub(crate) fn raw(&self, name: &str) -> Option<Cow<'r, str>> {
        match self {
            Self::Csv { columns, record } => {
                let at = columns.iter().position(|column| column == name)?;
                let text = std::str::from_utf8(record.get(at)?).unwrap_or_default();
                Some(Cow::Borrowed(if says_nothing(text) { "" } else { text }))
            }
            Self::Json(object) => Some(match object.get(name)? {
                Value::Null => Cow::Borrowed(""),
                Value::String(text) => Cow::Borrowed(text),
                Value::Number(number) => Cow::Owned(whole(number)),
                other => Cow::Owned(other.to_string()),
            }),
        }
    }

    /// The type of the field called `name`, where JSON has something else than a text there.
    pub(crate) fn other_type(&self, name: &str) -> Option<OtherType> {
        let Self::Json(object) = self else { return None };
        match object.get(name)? {
            Value::Null | Value::String(_) => None,
            Value::Bool(_) => Some(OtherType::Bool),
            Value::Number(_) => Some(OtherType::Number),
            Value::Array(_) => Some(OtherType::List),
            Value::Object(_) => Some(OtherType::Object),
        }
    }
}

/// A number as JSON writes it, but without a fraction of zero: a program that turns a whole column into floats, because some
/// numbers are missing, means 910000 by 910000.0.
fn whole(number: &Number) -> String {
    /// Beyond it, neighbouring integers share one float.
    const EXACT_BELOW: f64 = 9_007_199_254_740_992.0;
    match number.as_f64().filter(|_| number.is_f64()) {
        Some(float) if float.fract() == 0.0 && float.abs() < EXACT_BELOW => format!("{float:.0}"),
        _ => number.to_string(),
    }
}

/// The type of a JSON value that is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtherType {
    Bool,
    Number,
    List,
    Object,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_whole_is_written_so() {
        let object: Map<String, Value> =
            serde_json::from_str(r#"{"float": 910000.0, "large": 2.02611E+12, "half": 1.5, "whole": -7}"#)
                .unwrap();
        let said = |name| Fields::Json(&object).get(name).unwrap().into_owned();
        let names = ["float", "large", "half", "whole"];
        assert_eq!(names.map(said), ["910000", "2026110000000", "1.5", "-7"]);
    }

    #[test]
    fn what_programs_write_for_nothing_says_nothing() {
        for text in ["", "  ", "nan", "NaN", "NaT", " None ", "NULL", "N/A", "NA", "<NA>", "#N/A", "\\N"] {
            assert!(says_nothing(text), "{text}");
        }
        for text in ["no", "0", "none of it", "-", "nano"] {
            assert!(!says_nothing(text), "{text}");
        }
    }
}
