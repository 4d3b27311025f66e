//! What a word is, the same for every method that is judged: a longest run without white space that has a letter or a digit.

use std::ops::Range;

/// The words of `text`, in bytes, in its order.
pub(crate) fn words(text: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut begin = None;
    let ends = text.char_indices().chain([(text.len(), ' ')]);
    for (at, char) in ends {
        match (begin, char.is_whitespace()) {
            (None, false) => begin = Some(at),
            (Some(from), true) => {
                if text[from..at].chars().any(char::is_alphanumeric) {
                    words.push(from..at);
                }
                begin = None;
            }
            _ => {}
        }
    }
    words
}

/// `text` with only those words that `stays` keeps; what stands between words stays.
pub(crate) fn with_words(text: &str, words: &[Range<usize>], stays: impl Fn(usize) -> bool) -> String {
    let mut left = String::with_capacity(text.len());
    let mut at = 0;
    for (place, word) in words.iter().enumerate() {
        if !stays(place) {
            left.push_str(&text[at..word.start]);
            at = word.end;
        }
    }
    left.push_str(&text[at..]);
    left
}

/// The same places in code points.
pub(crate) fn in_code_points(text: &str, words: &[Range<usize>]) -> Vec<Range<usize>> {
    let (mut bytes, mut points) = (0, 0);
    let mut upto = |byte: usize| {
        points += text[bytes..byte].chars().count();
        bytes = byte;
        points
    };
    words.iter().map(|word| upto(word.start)..upto(word.end)).collect()
}
