//! A narrative as words without case, accents and punctuation, each with its place in the narrative.

use unicode_normalization::char::{canonical_combining_class, decompose_compatible};

/// What stands for the end of a sentence among the words; no phrase goes across one.
const END: &str = " . ";

/// A folded narrative. Each word has a space before and one behind, so that a phrase of words is found on their
/// bounds: `I'm 70, Señor.` becomes `⎵im⎵⎵70⎵⎵senor⎵⎵.⎵`.
#[derive(Debug, Default)]
pub(super) struct Folded {
    text: String,
    words: Vec<Word>,
}

#[derive(Clone, Copy, Debug)]
struct Word {
    /// Where its first space lies in the folded text, in bytes.
    at: usize,
    /// Its place in the narrative, in code points.
    start: usize,
    end: usize,
}

impl Folded {
    pub(super) fn of(narrative: &str) -> Self {
        let mut folded = Self { text: String::with_capacity(narrative.len() * 2), words: Vec::new() };
        let mut open: Option<Word> = None;
        let mut chars = narrative.chars().enumerate().peekable();
        while let Some((place, c)) = chars.next() {
            let next = chars.peek().map(|(_, next)| *next);
            let mut ends = false;
            let mut fold = |c: char| match c {
                // Nearly all of them, and far cheaper than what follows.
                c if c.is_ascii_alphanumeric() => {
                    let word = open.get_or_insert_with(|| folded.begin(place));
                    word.end = place + 1;
                    folded.text.push(c.to_ascii_lowercase());
                }
                // An accent of its own: é as two code points.
                c if !c.is_ascii() && canonical_combining_class(c) != 0 => {}
                c if c.is_alphanumeric() && !is_apostrophe(c) => {
                    let word = open.get_or_insert_with(|| folded.begin(place));
                    word.end = place + 1;
                    folded.text.extend(c.to_lowercase().filter(|c| canonical_combining_class(*c) == 0));
                }
                // Left out of a word, rather than its end: husband's, I'm.
                c if is_apostrophe(c) && open.is_some() => {}
                _ => {
                    let letters = open.take().map(|word| folded.finish(word));
                    ends |= ends_a_sentence(c, next, letters);
                }
            };
            if c.is_ascii() {
                fold(c);
            } else {
                decompose_compatible(c, fold);
            }
            if ends {
                folded.text.push_str(END);
            }
        }
        if let Some(word) = open {
            folded.finish(word);
        }
        folded
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where the words from `start` to `end` (bytes of the folded text) stand in the narrative, in code points.
    pub(super) fn place(&self, start: usize, end: usize) -> Option<(i32, i32)> {
        let first = self.words.partition_point(|word| word.at < start);
        let behind = self.words.partition_point(|word| word.at < end);
        let words = self.words.get(first..behind)?;
        Some((i32::try_from(words.first()?.start).ok()?, i32::try_from(words.last()?.end).ok()?))
    }

    fn begin(&mut self, place: usize) -> Word {
        let word = Word { at: self.text.len(), start: place, end: place };
        self.text.push(' ');
        word
    }

    /// How many letters it has.
    fn finish(&mut self, word: Word) -> usize {
        let letters = self.text[word.at + 1..].chars().count();
        self.text.push(' ');
        self.words.push(word);
        letters
    }
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2018}' | '\u{2bc}' | '`')
}

/// Whether `c` ends a sentence, given what follows and how many letters the word before it has, if one touches it. A dot
/// behind one letter is an abbreviation: U.S. Army, 70 y.o.
fn ends_a_sentence(c: char, next: Option<char>, letters: Option<usize>) -> bool {
    match c {
        '.' | '!' | '?' | ';' => {
            next.is_none_or(char::is_whitespace) && letters.is_none_or(|letters| letters > 1)
        }
        '\n' => next == Some('\n'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(narrative: &str) -> Vec<String> {
        Folded::of(narrative).text().split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn case_accents_and_punctuation_make_no_difference() {
        assert_eq!(Folded::of("I'm 70, Señor.").text(), " im  70  senor  . ");
        assert_eq!(words("MY HUSBAND\u{2019}S ACTIVE-DUTY"), ["my", "husbands", "active", "duty"]);
        assert_eq!(words("sen\u{303}or ﬁne Ｖeteran"), ["senor", "fine", "veteran"]);
        assert_eq!(words("'quoted' `words`"), ["quoted", "words"]);
    }

    #[test]
    fn a_sentence_ends_at_a_stop_or_an_empty_line_and_not_at_an_abbreviation() {
        assert_eq!(
            words("It was old. Age is a number"),
            ["it", "was", "old", ".", "age", "is", "a", "number"]
        );
        assert_eq!(words("the U.S. Army"), ["the", "u", "s", "army"]);
        assert_eq!(words("one\n\ntwo\nthree"), ["one", ".", "two", "three"]);
        assert_eq!(words("$70.00 more"), ["70", "00", "more"]);
    }

    #[test]
    fn a_place_counts_code_points() {
        let folded = Folded::of("\u{1f600} é\u{301}tude: ok");
        let at = folded.text().find(" ok ").unwrap();
        assert_eq!(folded.place(0, " etude ".len()), Some((2, 8)));
        assert_eq!(folded.place(at, at + 4), Some((10, 12)));
    }

    proptest! {
        #[test]
        fn any_text_folds_to_words_that_lie_in_it(narrative in any::<String>()) {
            let folded = Folded::of(&narrative);
            let length = narrative.chars().count();
            let mut before = 0;
            for word in &folded.words {
                prop_assert!(word.start < word.end && word.end <= length && word.at >= before);
                before = word.at;
            }
            prop_assert!(!folded.text().chars().any(|c| c.is_ascii_uppercase()));
        }

        #[test]
        fn words_fold_to_themselves(narrative in "\\PC{0,60}") {
            let once = words(&narrative).into_iter().filter(|word| word != ".").collect::<Vec<_>>();
            prop_assert_eq!(words(&once.join(" ")), once);
        }
    }
}
