//! Where the customer's own words, which are what a model is given, stand in the narrative.
//!
//! Quoted mail, signatures, markup and the like were taken out, and entities became characters. Both texts are compared word by
//! word; what stands in both in the same order is the same, and what was put in another's place stands where that stood.

use std::{iter::once, ops::Range};

use imara_diff::{Algorithm, Diff, InternedInput};
use ombud_models::Stretch;
use unicode_segmentation::UnicodeSegmentation as _;

/// One run of the own text.
struct Piece {
    own: Range<usize>,
    narrative: Range<usize>,
    /// Byte by byte the same; else the one stands for all of the other.
    is_same: bool,
}

/// The two texts laid beside each other.
pub(crate) struct OwnText {
    /// Ascending in both; `None` where the whole narrative is the customer's.
    pieces: Option<Vec<Piece>>,
    /// What was left out, and nothing put in its place.
    left_out: Vec<Range<usize>>,
}

impl OwnText {
    /// Takes time about linear in the texts.
    pub(crate) fn of(own: &str, narrative: &str) -> Self {
        if own == narrative {
            return Self { pieces: None, left_out: Vec::new() };
        }
        let split = |text| str::split_word_bounds(text).collect::<Vec<&str>>();
        let (theirs, ours) = (split(narrative), split(own));
        let mut input = InternedInput::default();
        input.update_before(theirs.iter().copied());
        input.update_after(ours.iter().copied());
        let diff = Diff::compute(Algorithm::Histogram, &input);
        let (in_narrative, in_own) = (ends(&theirs), ends(&ours));
        let (mut pieces, mut left_out, mut last) = (Vec::new(), Vec::new(), (0, 0));
        let mut add = |own: Range<usize>, narrative: Range<usize>, is_same| {
            if !own.is_empty() {
                pieces.push(Piece { own, narrative, is_same });
            } else if !narrative.is_empty() {
                left_out.push(narrative);
            }
        };
        for hunk in diff.hunks() {
            let (before, after) = (bytes(&in_narrative, &hunk.before), bytes(&in_own, &hunk.after));
            add(last.1..after.start, last.0..before.start, true);
            last = (before.end, after.end);
            add(after, before, false);
        }
        add(last.1..own.len(), last.0..narrative.len(), true);
        Self { pieces: Some(pieces), left_out }
    }

    /// Where a stretch of the own text stands in the narrative; several ranges where something between its parts was left
    /// out. Never none: of what was put in, an empty range at its place.
    pub(crate) fn in_narrative(&self, stretch: Stretch) -> Vec<Range<usize>> {
        let Some(pieces) = &self.pieces else { return once(stretch.start..stretch.end).collect() };
        let first = pieces.partition_point(|piece| piece.own.end <= stretch.start);
        let overlapped = pieces[first..].iter().take_while(|piece| piece.own.start < stretch.end);
        let ranges: Vec<Range<usize>> = overlapped
            .map(|piece| {
                if !piece.is_same {
                    return piece.narrative.clone();
                }
                let start = stretch.start.max(piece.own.start) - piece.own.start;
                let end = stretch.end.min(piece.own.end) - piece.own.start;
                piece.narrative.start + start..piece.narrative.start + end
            })
            .collect();
        if !ranges.is_empty() {
            return ranges;
        }
        let at = pieces[..first].last().map_or(0, |piece| piece.narrative.end);
        once(at..at).collect()
    }

    /// What of the narrative no model is given; ascending.
    pub(crate) fn left_out(&self) -> &[Range<usize>] {
        &self.left_out
    }
}

/// Where each part ends, after a zero.
fn ends(parts: &[&str]) -> Vec<usize> {
    let mut ends = Vec::with_capacity(parts.len() + 1);
    ends.push(0);
    for part in parts {
        ends.push(ends[ends.len() - 1] + part.len());
    }
    ends
}

fn bytes(ends: &[usize], parts: &Range<u32>) -> Range<usize> {
    ends[parts.start as usize]..ends[parts.end as usize]
}

#[cfg(test)]
mod tests {
    use ombud_models::Reading;

    use super::*;

    /// What of `narrative` the word `word` of its own text is.
    fn found<'a>(narrative: &'a str, word: &str) -> Vec<&'a str> {
        let reading = Reading::of(narrative, "und");
        let start = reading.text().find(word).unwrap();
        let own = OwnText::of(reading.text(), narrative);
        let ranges = own.in_narrative(Stretch { start, end: start + word.len() });
        ranges.into_iter().map(|range| &narrative[range]).collect()
    }

    #[test]
    fn the_words_of_a_plain_narrative_stand_where_they_stand() {
        assert_eq!(found("My card was charged twice.", "charged"), ["charged"]);
    }

    #[test]
    fn words_after_quoted_mail_are_not_those_in_it() {
        let mail = "On 3 Nov 2026 the bank wrote:\n> Your card is blocked.\nMy card is not.\n> Please call us.\nI did, four times.";
        let own = OwnText::of(Reading::of(mail, "und").text(), mail);
        assert_eq!(found(mail, "card"), ["card"]);
        let at = mail.find("My card").unwrap() + 3;
        let start = Reading::of(mail, "und").text().find("card").unwrap();
        assert_eq!(own.in_narrative(Stretch { start, end: start + 4 }), vec![at..at + 4]);
        let left_out: Vec<&str> = own.left_out().iter().map(|range| &mail[range.clone()]).collect();
        assert!(left_out.iter().any(|part| part.contains("blocked")), "{left_out:?}");
        assert!(left_out.iter().all(|part| !part.contains("four")), "{left_out:?}");
    }

    #[test]
    fn what_stands_for_markup_stands_at_its_place() {
        let html = "<p>my <b>deb</b>it card &amp; me, I won&#39;t pay</p>";
        assert_eq!(found(html, "card"), ["card"]);
        assert!(found(html, "debit").concat().contains("deb</b>it"));
        assert!(found(html, "won't").concat().contains("won&#39;t"));
    }

    #[test]
    fn a_stretch_over_what_was_left_out_has_several_parts() {
        let narrative = "one two three four";
        let own = OwnText::of("one four", narrative);
        let ranges = own.in_narrative(Stretch { start: 0, end: 8 });
        let parts: Vec<&str> = ranges.into_iter().map(|range| &narrative[range]).collect();
        assert_eq!(parts.concat(), "one four");
        assert_eq!(own.in_narrative(Stretch { start: 8, end: 8 }).len(), 1);
    }
}
