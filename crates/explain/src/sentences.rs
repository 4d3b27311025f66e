//! A narrative in pieces that can be left out: sentences, merged where there are many and cut where one is long.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;

/// A sentence of more words than this is cut: many customers write without full stops.
const LONGEST_SENTENCE_WORDS: usize = 60;

/// The sentences of `narrative` in bytes, in its order: at most `most`, neighbours merged to about the same length. Together
/// they are the whole narrative; none where it has no word.
pub(crate) fn sentences(narrative: &str, most: usize) -> Vec<Range<usize>> {
    let mut pieces: Vec<Range<usize>> = Vec::new();
    for (start, sentence) in narrative.split_sentence_bound_indices() {
        let range = start..start + sentence.len();
        match pieces.last_mut() {
            // A piece without a word belongs to the one before it.
            Some(last) if sentence.unicode_words().next().is_none() => last.end = range.end,
            _ => cut(start, sentence, &mut pieces),
        }
    }
    // What stands before the first word belongs to its sentence.
    if let [first, second, ..] = &pieces[..]
        && narrative[first.clone()].unicode_words().next().is_none()
    {
        let merged = first.start..second.end;
        pieces.splice(..2, [merged]);
    }
    if pieces.iter().all(|piece| narrative[piece.clone()].unicode_words().next().is_none()) {
        return Vec::new();
    }
    merged(&pieces, most.max(1))
}

/// `narrative` without some of its sentences, which ascend.
pub(crate) fn without<'a>(narrative: &str, left_out: impl IntoIterator<Item = &'a Range<usize>>) -> String {
    let (mut kept, mut last) = (String::with_capacity(narrative.len()), 0);
    for range in left_out {
        kept.push_str(&narrative[last..range.start]);
        last = range.end;
    }
    kept.push_str(&narrative[last..]);
    kept
}

fn cut(start: usize, sentence: &str, pieces: &mut Vec<Range<usize>>) {
    let words: Vec<usize> = sentence.unicode_word_indices().map(|(at, _)| at).collect();
    let parts = words.len().div_ceil(LONGEST_SENTENCE_WORDS).max(1);
    let mut last = start;
    for part in 1..parts {
        let next = start + words[words.len() * part / parts];
        pieces.push(last..next);
        last = next;
    }
    pieces.push(last..start + sentence.len());
}

fn merged(pieces: &[Range<usize>], most: usize) -> Vec<Range<usize>> {
    let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else { return Vec::new() };
    if pieces.len() <= most {
        return pieces.to_vec();
    }
    let (begin, length) = (first.start, last.end - first.start);
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(most);
    for piece in pieces {
        // By where it ends: each lands in one of `most` parts of equal length.
        let part = |end: usize| (end - begin - 1) * most / length.max(1);
        match merged.last_mut() {
            Some(open) if part(open.end) == part(piece.end) => open.end = piece.end,
            _ => merged.push(piece.clone()),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(narrative: &str, most: usize) -> Vec<&str> {
        sentences(narrative, most).into_iter().map(|range| &narrative[range]).collect()
    }

    #[test]
    fn sentences_end_at_full_stops_and_at_line_ends() {
        let narrative = "They charged me twice. I called!\nNobody answered";
        assert_eq!(texts(narrative, 40), ["They charged me twice. ", "I called!\n", "Nobody answered"]);
        assert!(sentences("", 40).is_empty());
        assert!(sentences(" .. !\n", 40).is_empty());
        assert_eq!(texts("  \n\nHelp", 40), ["  \n\nHelp"]);
    }

    #[test]
    fn a_letter_without_full_stops_is_cut_between_words() {
        let narrative = "and then they charged me again ".repeat(40);
        let pieces = texts(&narrative, 40);
        assert_eq!(pieces.len(), 4);
        assert!(pieces.iter().all(|piece| piece.ends_with(' ')), "{pieces:?}");
    }

    #[test]
    fn what_is_left_out_is_gone_and_nothing_else() {
        let narrative = "One. Two. Three.";
        let pieces = sentences(narrative, 40);
        assert_eq!(without(narrative, [&pieces[0], &pieces[2]]), "Two. ");
        assert_eq!(without(narrative, []), narrative);
    }

    proptest! {
        #[test]
        fn pieces_are_the_whole_narrative_and_no_more_than_asked(narrative in "([a-zé.!?\n ]{0,30}[.\n]){0,60}", most in 1_usize..50) {
            let pieces = sentences(&narrative, most);
            prop_assert!(pieces.len() <= most);
            if let (Some(first), Some(last)) = (pieces.first(), pieces.last()) {
                prop_assert_eq!((first.start, last.end), (0, narrative.len()));
                prop_assert!(pieces.windows(2).all(|pair| pair[0].end == pair[1].start));
                prop_assert!(pieces.iter().all(|piece| !piece.is_empty()));
            }
        }
    }
}
