//! The position of a shard: one commit that holds three positions, and its metadata as a short string.
//!
//! `2;epoch;fp;rl;off:read_ms,off:read_ms;clock` rides in the metadata of the raw group's commit, so all of it moves at
//! once. Layout 1 had no clock. Joiners that know no other refuse layout 2, and must: they can't compare its revisions.

use std::{fmt::Write as _, num::ParseIntError};

/// What a shard commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Fr: every raw record below is routed, or needs no route.
    pub raw: i64,
    /// What goes into the commit's metadata.
    pub meta: Meta,
}

/// The part of a [`Position`] that travels as the commit's metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Numbers the owners of the shard.
    pub epoch: i64,
    /// fp: every prediction below is in a route, or needs none.
    pub predictions: i64,
    /// rl: where the next owner has to read routed from.
    pub routed: i64,
    /// When bulk records were read, so that a restart does not prolong their wait.
    pub marks: Vec<Mark>,
    /// The greatest append time below the commit's raw offset, as the shard counted it; 0 where none is known. What the
    /// next owner numbers is not less, though the log's clock went back.
    pub clock: i64,
}

/// Every raw record below `offset` had been read by `read_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// One past the last record that the mark speaks of.
    pub offset: i64,
    /// Milliseconds since the Unix epoch.
    pub read_at: i64,
}

/// Metadata that no joiner wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetaError {
    /// Another layout: written by a newer version, or by another program in the same group.
    #[error("read the joiner's commit: layout {found:?} where 1 and 2 are known")]
    Layout {
        /// What stands in its place.
        found: String,
    },
    /// A part is missing.
    #[error("read the joiner's commit: {field} is missing")]
    Missing {
        /// The part.
        field: &'static str,
    },
    /// A part is no number.
    #[error("read the joiner's commit: {field} is no number")]
    Number {
        /// The part.
        field: &'static str,
        /// How it is none.
        #[source]
        source: ParseIntError,
    },
}

impl Meta {
    /// As it stands in a commit.
    pub fn encode(&self) -> String {
        let mut text = format!("2;{};{};{};", self.epoch, self.predictions, self.routed);
        for (i, mark) in self.marks.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            // Writing to a String can't fail.
            let _ = write!(text, "{comma}{}:{}", mark.offset, mark.read_at);
        }
        let _ = write!(text, ";{}", self.clock);
        text
    }

    /// Reads what [`Meta::encode`] wrote.
    ///
    /// # Errors
    /// The text is no joiner's: somebody else commits in this group.
    pub fn parse(text: &str) -> Result<Self, MetaError> {
        let mut parts = text.split(';');
        let layout = parts.next().unwrap_or_default();
        if !["1", "2"].contains(&layout) {
            return Err(MetaError::Layout { found: layout.chars().take(16).collect() });
        }
        let mut next = |field| number(field, parts.next());
        let (epoch, predictions, routed) = (next("epoch")?, next("fp")?, next("rl")?);
        let marks = parts.next().ok_or(MetaError::Missing { field: "marks" })?;
        let marks = marks.split(',').filter(|mark| !mark.is_empty()).map(|mark| {
            let (offset, read_at) = mark.split_once(':').ok_or(MetaError::Missing { field: "read time" })?;
            Ok(Mark { offset: number("mark", Some(offset))?, read_at: number("read time", Some(read_at))? })
        });
        let marks = marks.collect::<Result<_, MetaError>>()?;
        let clock = if layout == "1" { 0 } else { number("clock", parts.next())? };
        Ok(Self { epoch, predictions, routed, marks, clock })
    }
}

fn number(field: &'static str, text: Option<&str>) -> Result<i64, MetaError> {
    let text = text.ok_or(MetaError::Missing { field })?;
    text.parse().map_err(|source| MetaError::Number { field, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_reads_back_as_it_was_written() {
        let mut meta = Meta { epoch: 12, predictions: 3_456, routed: 789, marks: Vec::new(), clock: 77 };
        assert_eq!(meta.encode(), "2;12;3456;789;;77");
        assert_eq!(Meta::parse(&meta.encode()), Ok(meta.clone()));
        meta.marks = vec![Mark { offset: 7, read_at: 1_700_000_000_000 }, Mark { offset: 9, read_at: 5 }];
        assert_eq!(Meta::parse(&meta.encode()), Ok(meta));
    }

    #[test]
    fn a_commit_of_the_layout_before_has_no_clock() {
        let marks = vec![Mark { offset: 7, read_at: 5 }];
        let meta = Meta { epoch: 12, predictions: 3, routed: 4, marks, clock: 0 };
        assert_eq!(Meta::parse("1;12;3;4;7:5"), Ok(meta));
    }

    #[test]
    fn a_commit_of_somebody_else_is_refused_by_what_is_wrong_with_it() {
        assert_eq!(
            Meta::parse("").unwrap_err().to_string(),
            r#"read the joiner's commit: layout "" where 1 and 2 are known"#
        );
        assert_eq!(Meta::parse("1;2").unwrap_err().to_string(), "read the joiner's commit: fp is missing");
        assert_eq!(
            Meta::parse("1;2;x;4;").unwrap_err().to_string(),
            "read the joiner's commit: fp is no number"
        );
        assert_eq!(
            Meta::parse("1;2;3;4;5").unwrap_err().to_string(),
            "read the joiner's commit: read time is missing"
        );
        assert_eq!(
            Meta::parse("2;2;3;4;").unwrap_err().to_string(),
            "read the joiner's commit: clock is missing"
        );
    }
}
