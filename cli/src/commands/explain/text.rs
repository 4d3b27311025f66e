//! A narrative by places in code points, and how it is shown: the words that decided by colour, what was not read in brackets.

use std::collections::BTreeSet;

use ombud_explain::Place;

use crate::output::screen::{Screen, Style};

/// A narrative.
pub(super) struct Text<'a> {
    narrative: &'a str,
    /// Where each character begins, in bytes.
    starts: Vec<usize>,
}

impl<'a> Text<'a> {
    pub(super) fn of(narrative: &'a str) -> Self {
        Self { narrative, starts: narrative.char_indices().map(|(at, _)| at).collect() }
    }

    /// What stands at `place`; as much of it as there is.
    pub(super) fn at(&self, place: Place) -> &'a str {
        self.narrative.get(self.byte(place.start)..self.byte(place.end)).unwrap_or_default()
    }

    fn byte(&self, place: usize) -> usize {
        self.starts.get(place).copied().unwrap_or(self.narrative.len())
    }

    /// All of it, with `words` in colour (each with whether it speaks for the answer) and `unread` in double brackets.
    pub(super) fn shown(&self, words: &[(Place, bool)], unread: &[Place], screen: Screen) -> String {
        let places = words.iter().map(|(place, _)| place).chain(unread);
        let cuts = places.flat_map(|place| [place.start, place.end]).chain([0, self.starts.len()]);
        let cuts: Vec<usize> =
            cuts.filter(|cut| *cut <= self.starts.len()).collect::<BTreeSet<_>>().into_iter().collect();
        let mut shown = String::with_capacity(self.narrative.len());
        for pair in cuts.windows(2) {
            let piece = Place { start: pair[0], end: pair[1] };
            if unread.iter().any(|part| part.start == piece.start) {
                shown.push_str("[[");
            }
            let text = self.at(piece);
            match words.iter().find(|(word, _)| word.start <= piece.start && piece.end <= word.end) {
                Some((_, true)) => shown.push_str(&screen.styled(Style::Green, text)),
                Some((_, false)) => shown.push_str(&screen.styled(Style::Red, text)),
                None => shown.push_str(text),
            }
            if unread.iter().any(|part| part.end == piece.end) {
                shown.push_str("]]");
            }
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(start: usize, end: usize) -> Place {
        Place { start, end }
    }

    #[test]
    fn places_are_characters_and_what_lies_beyond_the_text_is_nothing() {
        let text = Text::of("Zürich 東京 👍");
        assert_eq!(text.at(place(0, 6)), "Zürich");
        assert_eq!(text.at(place(7, 9)), "東京");
        assert_eq!(text.at(place(10, 11)), "👍");
        assert_eq!((text.at(place(10, 99)), text.at(place(50, 60)), text.at(place(3, 2))), ("👍", "", ""));
    }

    #[test]
    fn words_have_colours_and_what_was_not_read_stands_in_brackets_once() {
        let (plain, coloured) = (Screen::new(80, false), Screen::new(80, true));
        let text = Text::of("they charged me twice, and more");
        let words = [(place(5, 12), true), (place(16, 21), false)];
        let unread = [place(12, 15), place(22, 31)];
        assert_eq!(text.shown(&words, &unread, plain), "they charged[[ me]] twice,[[ and more]]");
        let green = coloured.with_styles(text.shown(&words, &[], coloured));
        assert_eq!(green, "they \u{1b}[32mcharged\u{1b}[0m me \u{1b}[31mtwice\u{1b}[0m, and more");
        assert_eq!(text.shown(&[], &[place(0, 31)], plain), "[[they charged me twice, and more]]");
        assert_eq!(text.shown(&[], &[], plain), "they charged me twice, and more");
    }
}
