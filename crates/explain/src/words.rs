//! From the parts that a trace follows to the words of the narrative: a part's share goes to the words that it overlaps.

use std::ops::Range;

use ombud_models::Stretch;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::{
    code_points::CodePoints,
    document::{Place, WordShare},
    own_text::OwnText,
};

/// The words of one narrative, with what each has earned so far.
pub(crate) struct Words<'a> {
    own: &'a OwnText,
    /// In bytes of the narrative; ascending, apart.
    words: Vec<Range<usize>>,
    shares: Vec<f64>,
    collides: Vec<bool>,
}

impl<'a> Words<'a> {
    pub(crate) fn of(narrative: &str, own: &'a OwnText) -> Self {
        let words: Vec<Range<usize>> =
            narrative.unicode_word_indices().map(|(at, word)| at..at + word.len()).collect();
        Self { own, shares: vec![0.0; words.len()], collides: vec![false; words.len()], words }
    }

    /// Shares `value` out: evenly over the stretches, and that of each evenly over the words that it overlaps; where it
    /// overlaps none, to the nearest. `false`, and nothing is shared out, where there is no word.
    #[must_use]
    pub(crate) fn add(&mut self, stretches: &[Stretch], value: f64, collides: bool) -> bool {
        if self.words.is_empty() || stretches.is_empty() {
            return false;
        }
        let each = value / stretches.len() as f64;
        for stretch in stretches {
            let words = self.overlapped(*stretch);
            let each = each / words.len() as f64;
            for word in words {
                self.shares[word] += each;
                self.collides[word] |= collides;
            }
        }
        true
    }

    /// The words that a stretch of the own text overlaps, by their number: at least one.
    fn overlapped(&self, stretch: Stretch) -> Vec<usize> {
        let ranges = self.own.in_narrative(stretch);
        let mut overlapped = Vec::new();
        for range in &ranges {
            let first = self.words.partition_point(|word| word.end <= range.start);
            let words = self.words[first..].iter().take_while(|word| word.start < range.end);
            overlapped.extend(first..first + words.count());
        }
        overlapped.dedup();
        if overlapped.is_empty() {
            overlapped.push(self.nearest(ranges.first().map_or(0, |range| range.start)));
        }
        overlapped
    }

    /// Of two that are as near the one before: it is the word that a full stop ends.
    fn nearest(&self, at: usize) -> usize {
        let after = self.words.partition_point(|word| word.start < at);
        let Some(before) = after.checked_sub(1) else { return 0 };
        let is_after = self
            .words
            .get(after)
            .is_some_and(|word| word.start - at < at.saturating_sub(self.words[before].end));
        if is_after { after } else { before }
    }

    /// Every word with a share, in the narrative's order.
    pub(crate) fn shares(&self, points: &CodePoints) -> Vec<WordShare> {
        let earned = self.words.iter().zip(&self.shares).filter(|(_, share)| **share != 0.0);
        earned.map(|(word, share)| WordShare { place: points.place(word), value: *share }).collect()
    }

    /// Words whose share another may have earned.
    pub(crate) fn collisions(&self, points: &CodePoints) -> Vec<Place> {
        let collided = self.words.iter().zip(&self.collides).filter(|(_, collides)| **collides);
        collided.map(|(word, _)| points.place(word)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stretch(text: &str, part: &str) -> Stretch {
        let start = text.find(part).unwrap();
        Stretch { start, end: start + part.len() }
    }

    fn shared(text: &str, parts: &[(&[&str], f64)]) -> Vec<(String, f64)> {
        let (own, points) = (OwnText::of(text, text), CodePoints::of(text));
        let mut words = Words::of(text, &own);
        for (stretches, value) in parts {
            let stretches: Vec<Stretch> = stretches.iter().map(|part| stretch(text, part)).collect();
            assert!(words.add(&stretches, *value, false));
        }
        let chars: Vec<char> = text.chars().collect();
        let word = |place: Place| chars[place.start..place.end].iter().collect();
        words.shares(&points).into_iter().map(|share| (word(share.place), share.value)).collect()
    }

    #[test]
    fn an_n_gram_is_split_evenly_over_its_words_and_its_places() {
        let text = "fees again, late fees";
        let shares = shared(text, &[(&["fees", "late fees"], 4.0), (&["again, late"], 2.0)]);
        assert_eq!(
            shares,
            [("fees".into(), 2.0), ("again".into(), 1.0), ("late".into(), 2.0), ("fees".into(), 1.0)]
        );
    }

    #[test]
    fn pieces_of_a_word_are_summed_and_signs_go_to_the_nearest_word() {
        let text = "  « Überweisung » fehlt!";
        let shares = shared(
            text,
            &[(&["Über"], 1.0), (&["weisung"], 2.0), (&["»"], 4.0), (&["!"], 8.0), (&["  «"], 16.0)],
        );
        assert_eq!(shares, [("Überweisung".into(), 23.0), ("fehlt".into(), 8.0)]);
    }

    #[test]
    fn without_a_word_there_is_nobody_to_earn_a_share() {
        let own = OwnText::of("?!", "?!");
        assert!(!Words::of("?!", &own).add(&[Stretch { start: 0, end: 2 }], 1.0, false));
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in "[a-zé !.\n💳-]{1,80}x", cuts in prop::collection::vec((0_usize..82, 0_usize..82, -9.0_f64..9.0), 1..20)) {
            let own = OwnText::of(&text, &text);
            let mut words = Words::of(&text, &own);
            let at = |cut: usize| (0..=cut.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            let mut all = 0.0;
            for (one, other, value) in cuts {
                let (start, end) = (at(one.min(other)), at(one.max(other)));
                let stretches = [Stretch { start, end }, Stretch { start: 0, end: start }];
                prop_assert!(words.add(&stretches, value, false));
                all += value;
            }
            let sum: f64 = words.shares(&CodePoints::of(&text)).iter().map(|share| share.value).sum();
            prop_assert!((sum - all).abs() < 1e-9, "{} of {}", sum, all);
        }
    }
}
