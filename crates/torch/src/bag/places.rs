//! Where in a narrative each of its n-grams stands: grams are cut from folded text, people read the narrative itself.

use std::collections::BTreeMap;
use std::ops::Range;

use ombud_models::Stretch;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use super::features::Hashing;
use super::grams::{fold, split_at_chars};

/// An n-gram with all its places in the narrative, ascending.
pub(super) struct Gram {
    /// Its hashed column.
    pub(super) column: u32,
    pub(super) stretches: Vec<Stretch>,
}

/// The n-grams of `narrative` as [`Hashing::count`] counts them, ascending by column, and where the text stands that is not
/// read.
pub(super) fn grams(hashing: Hashing, narrative: &str) -> (Vec<Gram>, Option<Stretch>) {
    let (read, unread) = split_at_chars(narrative, hashing.max_chars);
    let folded = fold(read);
    let map = Map::of(read, &folded);
    // Grams of one text are one, those that merely share a column are not.
    let mut places: BTreeMap<(u32, Vec<u8>), Vec<Stretch>> = BTreeMap::new();
    hashing.each_gram(&folded, |column, gram, place| {
        places.entry((column, gram.to_vec())).or_default().push(map.stretch(place));
    });
    let gram = |((column, _), stretches): ((u32, Vec<u8>), Vec<Stretch>)| Gram { column, stretches };
    let unread = (!unread.is_empty()).then_some(Stretch { start: read.len(), end: narrative.len() });
    (places.into_iter().map(gram).collect(), unread)
}

/// From folded text back to the text that was folded.
struct Map {
    /// For each byte of the folded text the stretch of the characters that it comes from; empty where both are the same.
    from: Vec<Stretch>,
}

impl Map {
    /// `folded` is what [`fold`] makes of `text`. That is done character by character, but for two things that change no
    /// length: a sigma at the end of a word has a sign of its own, and of accents, which fold to nothing, the order changes.
    fn of(text: &str, folded: &str) -> Self {
        let mut from: Vec<Stretch> = Vec::new();
        if text.is_ascii() {
            return Self { from };
        }
        from.reserve(folded.len());
        for (start, character) in text.char_indices() {
            let lower = character.to_lowercase().nfkd();
            let bytes: usize = lower.filter(|c| canonical_combining_class(*c) == 0).map(char::len_utf8).sum();
            let end = start + character.len_utf8();
            if bytes == 0 {
                // What folds to nothing, an accent, stands with what it stands on.
                let on = from.last().copied();
                from.iter_mut().rev().take_while(|one| Some(**one) == on).for_each(|one| one.end = end);
            }
            from.extend(std::iter::repeat_n(Stretch { start, end }, bytes));
        }
        Self { from }
    }

    /// `place` of the folded text is not empty.
    fn stretch(&self, place: Range<usize>) -> Stretch {
        match (self.from.get(place.start), self.from.get(place.end.saturating_sub(1))) {
            (Some(first), Some(last)) => Stretch { start: first.start, end: last.end },
            _ => Stretch { start: place.start, end: place.end },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HASHING: Hashing = Hashing { max_chars: 200, bits: 12 };

    /// What stands in `text` where its grams that read `gram` stand.
    fn standing<'a>(text: &'a str, gram: &str) -> Vec<&'a str> {
        let folded = fold(text);
        let map = Map::of(text, &folded);
        let mut found = Vec::new();
        HASHING.each_gram(&folded, |_, one, place| {
            if one == gram.as_bytes() {
                let stretch = map.stretch(place);
                found.push(&text[stretch.start..stretch.end]);
            }
        });
        found
    }

    #[test]
    fn a_gram_stands_where_its_characters_come_from() {
        assert_eq!(standing("Señor, the FEE", "fee"), ["FEE", "FEE"]);
        assert_eq!(standing("Señor ﬁne", "senor"), ["Señor", "Señor"]);
        assert_eq!(standing("Señor ﬁne", "senor fine"), ["Señor ﬁne"]);
        assert_eq!(standing("Señor ﬁne", "ine"), ["ﬁne"]);
        assert_eq!(standing("cafe\u{301} bill", "cafe"), ["cafe\u{301}", "cafe\u{301}"]);
        assert_eq!(standing("cafe\u{301} bill", "afe "), ["afe\u{301}"]);
        assert_eq!(standing("🙂 late—fee, 漢字仮", " 漢字"), ["漢字"]);
        assert_eq!(standing("ΟΔΟΣ ΣΑΣ", "οδος"), ["ΟΔΟΣ", "ΟΔΟΣ"]);
        assert_eq!(standing("one, two one two", "one two"), ["one, two", "one two"]);
        assert_eq!(standing("I am", " i "), ["I"]);
    }

    #[test]
    fn grams_ascend_and_what_is_past_the_limit_is_named() {
        let hashing = Hashing { max_chars: 7, bits: 12 };
        let (grams, unread) = grams(hashing, "é twé t and more");
        assert!(grams.is_sorted_by_key(|gram| gram.column));
        let counted: usize = grams.iter().map(|gram| gram.stretches.len()).sum();
        let counts = hashing.count("é twé t");
        assert_eq!(counted, counts.columns.iter().map(|(_, count)| *count as usize).sum::<usize>());
        assert_eq!(unread, Some(Stretch { start: "é twé t".len(), end: "é twé t and more".len() }));
    }

    proptest! {
        #[test]
        fn every_text_folds_as_long_in_pieces_as_whole(text in "(\\PC|[ΣσςİıéǅﬃÅ\u{301}\u{323}\u{f71} ]){0,60}") {
            let folded = fold(&text);
            if !text.is_ascii() {
                let map = Map::of(&text, &folded);
                prop_assert_eq!(map.from.len(), folded.len());
                for (at, _) in folded.char_indices() {
                    let stretch = map.from[at];
                    prop_assert!(text.get(stretch.start..stretch.end).is_some());
                }
            }
        }
    }
}
