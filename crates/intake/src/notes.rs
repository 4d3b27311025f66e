//! What a file is read as, where that is not the usual thing: people read it, for they may know better.

use std::fmt;

/// One thing that a file does otherwise than most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Fields are separated by something else than commas.
    Delimiter(char),
    /// It is not in UTF-8.
    Encoding(&'static str),
    /// Lines end in a carriage return alone.
    CarriageReturns,
    /// A quote within quotes is written with a backslash.
    BackslashQuotes,
    /// The header stands on this line, and what is above it is passed over.
    HeaderBelow(u64),
    /// Its records are the objects at this place of a JSON text.
    JsonAt(String),
    /// A column that is read stands there more than once.
    DoubledColumn(String),
    /// A column that is not read has nearly the name of one that is, and that one is missing.
    Misspelt {
        /// As it is looked up.
        column: String,
        /// The one that was probably meant.
        nearest: &'static str,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delimiter('\t') => f.write_str("its fields are separated by tabs"),
            Self::Delimiter(delimiter) => {
                write!(f, "its fields are separated by {}", delimiter.escape_debug())
            }
            Self::Encoding(encoding) => write!(f, "its text is read as {encoding}, for it is not in UTF-8"),
            Self::CarriageReturns => f.write_str("its lines end in a carriage return alone"),
            Self::BackslashQuotes => f.write_str("a quote within quotes is written \\\" in it"),
            Self::HeaderBelow(line) => {
                write!(f, "its header is on line {line}; what is above it is passed over")
            }
            Self::JsonAt(path) if path.is_empty() => {
                f.write_str("its records are JSON objects, not one on each line")
            }
            Self::JsonAt(path) => write!(f, "its records are the objects at {path}"),
            Self::DoubledColumn(column) => {
                write!(f, "it has the column {} more than once; the first one is read", column.escape_debug())
            }
            Self::Misspelt { column, nearest } => {
                write!(f, "its column {} is not read; was {nearest} meant?", column.escape_debug())
            }
        }
    }
}
