//! What the customer wrote, with every word shaded by how far it speaks for the answer or against it: by hue, by strength, and by the
//! line below it. What was not read, and the sentences without which another team would have got it, are marked as well.

use maud::{Markup, html};
use ombud_contract::shown::shown;
use ombud_explain::{Explanation, Place};

/// The share of the greatest from which on a word has this strength.
const STRENGTHS: [(f64, i8); 3] = [(0.6, 3), (0.3, 2), (0.1, 1)];
/// The shades of the style sheet for these strengths.
const SHADES: [u8; 4] = [0, 2, 4, 7];
/// The longest part of a text in a table.
const MOST_OF_A_TEXT: usize = 120;

/// A text by its code points.
pub(super) struct Text<'a> {
    text: &'a str,
    /// Where each begins, in bytes; and the end.
    begins: Vec<usize>,
}

/// How a code point is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Look {
    /// Above 0 its word speaks for the answer.
    strength: i8,
    is_turning: bool,
    is_unread: bool,
    is_evidence: bool,
}

/// A run of code points that look the same.
struct Run<'a> {
    text: &'a str,
    look: Look,
}

impl<'a> Text<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let begins = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        Self { text, begins }
    }

    fn len(&self) -> usize {
        self.begins.len() - 1
    }

    /// What stands at `place`; nothing where the text has no such place.
    pub(super) fn of(&self, place: Place) -> &'a str {
        let (start, end) = (place.start.min(self.len()), place.end.min(self.len()));
        if start < end { &self.text[self.begins[start]..self.begins[end]] } else { "" }
    }

    /// Every code point's look.
    fn looks(&self, explanation: &Explanation) -> Vec<Look> {
        let mut looks = vec![Look::default(); self.len()];
        let mut paint = |place: Place, change: &dyn Fn(&mut Look)| {
            let (start, end) = (place.start.min(looks.len()), place.end.min(looks.len()));
            if start < end {
                looks[start..end].iter_mut().for_each(change);
            }
        };
        let words = explanation.contrast.iter().flat_map(|contrast| &contrast.words);
        let greatest = words.clone().map(|word| word.value.abs()).fold(0.0, f64::max);
        for word in words {
            let strength = strength(word.value, greatest);
            paint(word.place, &|look| look.strength = strength);
        }
        for place in explanation.unread.iter().flat_map(|unread| &unread.places) {
            paint(*place, &|look| look.is_unread = true);
        }
        for phrase in &explanation.evidence {
            paint(phrase.place, &|look| look.is_evidence = true);
        }
        if let Some(routing) = &explanation.routing {
            for place in &routing.counterfactual.sentences {
                paint(*place, &|look| look.is_turning = true);
            }
        }
        looks
    }

    fn runs(&self, explanation: &Explanation) -> Vec<Run<'a>> {
        let looks = self.looks(explanation);
        let mut runs = Vec::new();
        let mut at = 0;
        for same in looks.chunk_by(PartialEq::eq) {
            let end = at + same.len();
            runs.push(Run { text: &self.text[self.begins[at]..self.begins[end]], look: same[0] });
            at = end;
        }
        runs
    }
}

/// How strongly a word speaks, from -3 to 3.
fn strength(value: f64, greatest: f64) -> i8 {
    let share = value.abs() / greatest;
    let found = STRENGTHS.iter().find(|(least, _)| share >= *least).map_or(0, |(_, strength)| *strength);
    if value < 0.0 { -found } else { found }
}

/// The narrative.
pub(super) fn shaded(text: &Text<'_>, language: &str, explanation: &Explanation) -> Markup {
    let runs = text.runs(explanation);
    html! {
        div.narrative lang=(language) {
            // A sentence is framed as one, whatever its words look like.
            @for sentence in runs.chunk_by(|one, other| one.look.is_turning == other.look.is_turning) {
                @match sentence[0].look.is_turning {
                    true => mark.turning { (read_or_not(sentence)) },
                    false => (read_or_not(sentence)),
                }
            }
        }
    }
}

fn read_or_not(runs: &[Run<'_>]) -> Markup {
    html! {
        @for part in runs.chunk_by(|one, other| one.look.is_unread == other.look.is_unread) {
            @match part[0].look.is_unread {
                true => mark.unread { @for run in part { (word(run)) } },
                false => @for run in part { (word(run)) },
            }
        }
    }
}

fn word(run: &Run<'_>) -> Markup {
    let said = html! {
        @match run.look.strength {
            0 => (shown(run.text)),
            strength => mark class=(class(strength)) { (shown(run.text)) },
        }
    };
    html! { @if run.look.is_evidence { mark.evidence { (said) } } @else { (said) } }
}

/// The class of a word's mark.
pub(super) fn class(strength: i8) -> String {
    let side = if strength < 0 { "against" } else { "for" };
    let shade = SHADES.get(usize::from(strength.unsigned_abs())).copied().unwrap_or_default();
    format!("{side} shade-{shade}")
}

/// The beginning of a text, for a table.
pub(super) fn excerpt(text: &str) -> String {
    let mut letters = text.trim().chars();
    let begins: String = letters.by_ref().take(MOST_OF_A_TEXT).collect();
    if letters.next().is_none() { begins } else { format!("{begins}…") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_code_points_also_behind_emoji_and_what_the_text_does_not_have_is_nothing() {
        let text = Text::new("💥 über <b>");
        let at = |start, end| text.of(Place { start, end });
        assert_eq!((at(2, 6), at(7, 99), at(5, 2), at(40, 50)), ("über", "<b>", "", ""));
        let empty = Text::new("");
        assert_eq!(empty.of(Place { start: 0, end: 3 }), "");
    }

    #[test]
    fn a_word_is_shaded_by_its_share_of_the_greatest_and_what_is_nothing_is_not() {
        let shades = [3.0, 1.5, 0.4, 0.1, -0.4, -3.0].map(|value| strength(value, 3.0));
        assert_eq!(shades, [3, 2, 1, 0, -1, -3]);
        assert_eq!([strength(0.0, 0.0), strength(f64::NAN, 3.0)], [0, 0]);
        assert_eq!((class(3), class(-1)), ("for shade-7".to_owned(), "against shade-2".to_owned()));
    }

    #[test]
    fn a_long_sentence_is_cut_for_a_table() {
        assert_eq!(excerpt(" short "), "short");
        assert_eq!(excerpt(&"ü".repeat(200)).chars().count(), MOST_OF_A_TEXT + 1);
    }
}
