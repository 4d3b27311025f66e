//! From bytes of a narrative to code points, in which places are given.

use std::ops::Range;

use crate::document::Place;

/// The places of one narrative.
pub(crate) struct CodePoints {
    /// Where each character begins; `None` where each is one byte.
    starts: Option<Vec<usize>>,
}

impl CodePoints {
    pub(crate) fn of(narrative: &str) -> Self {
        let starts = || narrative.char_indices().map(|(at, _)| at).collect();
        Self { starts: (!narrative.is_ascii()).then(starts) }
    }

    /// The place of a range of bytes; a character that it cuts counts as a part of it.
    pub(crate) fn place(&self, bytes: &Range<usize>) -> Place {
        let Some(starts) = &self.starts else { return Place { start: bytes.start, end: bytes.end } };
        let start = starts.partition_point(|start| *start <= bytes.start).saturating_sub(1);
        let end = starts.partition_point(|start| *start < bytes.end);
        // Behind the last character there is none that it could cut.
        let past_the_end = starts.last().is_none_or(|last| bytes.start > *last) && bytes.is_empty();
        let start = if past_the_end { starts.len() } else { start };
        Place { start, end: end.max(start) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_characters_and_not_bytes() {
        let narrative = "né à 💳 Bank";
        let points = CodePoints::of(narrative);
        let at = narrative.find("Bank").unwrap();
        assert_eq!(points.place(&(at..narrative.len())), Place { start: 7, end: 11 });
        assert_eq!(points.place(&(0..3)), Place { start: 0, end: 2 });
        assert_eq!(points.place(&(narrative.len()..narrative.len())), Place { start: 11, end: 11 });
        assert_eq!(CodePoints::of("plain").place(&(1..3)), Place { start: 1, end: 3 });
        assert_eq!(CodePoints::of("").place(&(0..0)), Place { start: 0, end: 0 });
    }
}
