//! Which n-grams a narrative holds, and where: words, pairs of words, and 3 to 5 characters within a word. Plain text work.
//!
//! The rules are those of scikit-learn's `word` and `char_wb` analysers with `strip_accents="unicode"`, so that
//! recipes tried there carry over; the goldens below were printed by scikit-learn 1.9.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// Lengths of character grams, in characters; the space either side of a word counts.
const CHARACTERS: std::ops::RangeInclusive<usize> = 3..=5;

/// A narrative split after its first `max_chars` characters: what the bag reads, and what it doesn't.
pub(super) fn split_at_chars(narrative: &str, max_chars: usize) -> (&str, &str) {
    match narrative.char_indices().nth(max_chars) {
        Some((end, _)) => narrative.split_at(end),
        None => (narrative, ""),
    }
}

/// Lower case without accents: `Señor ﬁne` becomes `senor fine`.
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.to_lowercase().nfkd().filter(|c| canonical_combining_class(*c) == 0).collect()
}

/// Calls `gram` with every word of two or more word characters, and with every pair of neighbours, joined by a
/// space, and with where in `folded` they stand; repeats come as often as they stand in the text.
pub(super) fn each_word_gram(folded: &str, mut gram: impl FnMut(&[u8], Range<usize>)) {
    // Words one space apart, so that a pair is a slice too.
    let mut words = String::with_capacity(folded.len());
    let mut previous = None;
    for word in folded.split(|c: char| !(c.is_alphanumeric() || c == '_')) {
        if word.chars().nth(1).is_none() {
            continue;
        }
        let (start, place) = (words.len(), place_of(word, folded));
        words.push_str(word);
        let bytes = words.as_bytes();
        gram(&bytes[start..], place.clone());
        if let Some((previous, began)) = previous {
            gram(&bytes[previous..], began..place.end);
        }
        words.push(' ');
        previous = Some((start, place.start));
    }
}

/// Calls `gram` with every run of 3 to 5 characters of every word, a word being what stands between white space,
/// with one space either side, and with where in `folded` the run stands, without those spaces. A word shorter than the run
/// counts once, as it is.
pub(super) fn each_character_gram(folded: &str, mut gram: impl FnMut(&[u8], Range<usize>)) {
    let mut padded = String::new();
    let mut starts: Vec<usize> = Vec::new();
    for word in folded.split_whitespace() {
        padded.clear();
        padded.push(' ');
        padded.push_str(word);
        padded.push(' ');
        starts.clear();
        starts.extend(padded.char_indices().map(|(at, _)| at));
        starts.push(padded.len());
        let bytes = padded.as_bytes();
        let characters = starts.len() - 1;
        let place = place_of(word, folded);
        // One less, for the space that `folded` does not have.
        let within = |at: usize| (place.start + at.saturating_sub(1)).min(place.end);
        for length in CHARACTERS {
            if characters <= length {
                gram(bytes, place.clone());
                break;
            }
            for (start, end) in starts.iter().zip(&starts[length..]) {
                gram(&bytes[*start..*end], within(*start)..within(*end));
            }
        }
    }
}

/// Where in `text` its slice `part` stands.
fn place_of(part: &str, text: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - text.as_ptr().addr();
    start..start + part.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        each_word_gram(&fold(text), |gram, _| all.push(String::from_utf8(gram.to_vec()).unwrap()));
        all.sort();
        all
    }

    fn characters(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        each_character_gram(&fold(text), |gram, _| all.push(String::from_utf8(gram.to_vec()).unwrap()));
        all.sort();
        all
    }

    #[test]
    fn grams_are_those_of_scikit_learn() {
        let goldens: serde_json::Value = serde_json::from_str(include_str!("grams.golden.json")).unwrap();
        for golden in goldens.as_array().unwrap() {
            let text = golden["text"].as_str().unwrap();
            let list = |name: &str| -> Vec<String> { serde_json::from_value(golden[name].clone()).unwrap() };
            assert_eq!(words(text), list("words"), "words of {text:?}");
            assert_eq!(characters(text), list("characters"), "characters of {text:?}");
        }
    }

    #[test]
    fn a_text_is_split_between_characters_not_bytes() {
        assert_eq!(split_at_chars("né€d", 3), ("né€", "d"));
        assert_eq!(split_at_chars("né€d", 4), ("né€d", ""));
        assert_eq!(split_at_chars("", 4), ("", ""));
    }

    #[test]
    fn a_text_of_nothing_but_signs_has_no_words() {
        assert!(words("🙂 !! a ?").is_empty());
        assert!(characters("  \n\t ").is_empty());
    }
}
