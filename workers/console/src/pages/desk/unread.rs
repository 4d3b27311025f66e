//! How much of a narrative no model has read, and where that is, as far as it can be known without a tokenizer.
//!
//! A prediction says how many tokens the narrative has and how many of them the model did not see. An encoder reads the first and
//! the last of them. Every word is at least one token, so what lies behind as many words as it reads tokens from the beginning,
//! and before as many as it reads to the end, was certainly not read. More may be: that is said in words.

use std::ops::Range;

use ombud_contract::records::Prediction;
use ombud_models::Reading;

/// Which share of what it reads an encoder reads from the beginning; the rest is the end. As `crates/torch/src/encoder/text.rs` cuts.
const HEAD_SHARE: f64 = 0.63;

/// What no model has read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Unread {
    /// How much was read of the customer's own words.
    pub(super) extent: Extent,
    /// Certainly read by no model: places in the narrative, in bytes, in its order.
    pub(super) places: Vec<Range<usize>>,
    /// Quoted mail, disclaimers or markup were left out before a model read it.
    pub(super) left_out: bool,
}

/// How much was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Extent {
    /// Nobody knows: there is no answer of a model.
    #[default]
    Unknown,
    /// All of it.
    All,
    /// `read` of `of` tokens.
    Part {
        /// Tokens that were read.
        read: i32,
        /// All tokens.
        of: i32,
    },
    /// None of it: no model reads such a text, for the reason of this code.
    None(String),
}

impl Unread {
    /// Of `narrative`, in its stated `language`, by the answers of the models that decided. `reads_words` says whether a model reads
    /// the text in its order, and does not only count what is in it.
    pub(super) fn of(
        narrative: &str,
        language: &str,
        answers: &[Prediction],
        reads_words: impl Fn(&Prediction) -> bool,
    ) -> Self {
        let reading = Reading::of(narrative, language);
        let own = reading.text();
        let begins = narrative.find(own);
        let left_out = own.trim() != narrative.trim();
        let mut unread = Self { left_out, ..Self::default() };
        let best = answers
            .iter()
            .filter(|answer| answer.unread.is_none() && answer.tokens > 0)
            .min_by_key(|answer| answer.truncated_tokens);
        let Some(best) = best else {
            let why = answers.iter().find_map(|answer| answer.unread.clone());
            unread.extent = why.map_or(Extent::Unknown, Extent::None);
            return unread;
        };
        let read = best.tokens.saturating_sub(best.truncated_tokens);
        unread.extent = match best.truncated_tokens {
            ..=0 => Extent::All,
            _ => Extent::Part { read, of: best.tokens },
        };
        // What was left out within the text has moved all that follows.
        let Some(begins) = begins else { return unread };
        let ends = begins + own.len();
        let middle = match unread.extent {
            Extent::Part { .. } if reads_words(best) => between(own, read),
            _ => None,
        };
        let middle = middle.map(|place| begins + place.start..begins + place.end);
        let places = [Some(0..begins), middle, Some(ends..narrative.len())];
        let says_something = |place: &Range<usize>| !narrative[place.clone()].trim().is_empty();
        unread.places = places.into_iter().flatten().filter(says_something).collect();
        unread
    }
}

/// What lies certainly between the beginning and the end of which `read` tokens were read.
fn between(own: &str, read: i32) -> Option<Range<usize>> {
    #[expect(clippy::cast_possible_truncation, reason = "a share of a small count")]
    let head = (f64::from(read) * HEAD_SHARE).ceil() as i32;
    let (head, tail) = (usize::try_from(head).ok()?, usize::try_from(read - head).ok()?);
    let words: Vec<Range<usize>> = words(own).collect();
    let begins = head.checked_sub(1).map_or(Some(0), |last| words.get(last).map(|word| word.end))?;
    let ends = match tail {
        0 => own.len(),
        tail => words.len().checked_sub(tail).map(|first| words[first].start)?,
    };
    (begins < ends && !own[begins..ends].trim().is_empty()).then_some(begins..ends)
}

/// The words of which each is certainly a token at least. Marks of redaction and numbers may be cleaned away.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_certain = |word: &str| word.chars().any(|c| c.is_alphabetic() && c != 'X');
    text.split_whitespace().filter(move |word| is_certain(word)).map(move |word| {
        let begins = word.as_ptr() as usize - text.as_ptr() as usize;
        begins..begins + word.len()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(tokens: i32, truncated_tokens: i32) -> Prediction {
        let evident =
            include_str!("../../../../../schemas/complaints.predictions/examples/valid/evident.json");
        Prediction { tokens, truncated_tokens, ..serde_json::from_str(evident).unwrap() }
    }

    fn letter(words: usize) -> String {
        (0..words).map(|at| format!("word{at}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn of_a_long_letter_the_middle_is_marked_that_no_tokenizer_could_have_reached() {
        let text = letter(600);
        let unread = Unread::of(&text, "en", &[answer(900, 646)], |_| true);
        assert_eq!(unread.extent, Extent::Part { read: 254, of: 900 });
        let [middle] = &unread.places[..] else { panic!("{unread:?}") };
        let marked = text[middle.clone()].trim();
        // 161 from the beginning, and 93 to the end.
        assert!(marked.starts_with("word161 ") && marked.ends_with(" word506"), "{marked}");
    }

    #[test]
    fn marks_of_redaction_count_as_no_word() {
        let text = format!("{} XXXX XX/XX/2019 .00 {}", letter(2), letter(3));
        assert_eq!(words(&text).count(), 5);
    }

    #[test]
    fn what_one_model_has_read_was_read() {
        let both = [answer(900, 646), answer(900, 0)];
        let unread = Unread::of(&letter(600), "en", &both, |_| true);
        assert!(unread.extent == Extent::All && unread.places.is_empty());
    }

    #[test]
    fn where_places_are_unknown_only_the_number_is_said() {
        let counted = Unread::of(&letter(600), "en", &[answer(900, 646)], |_| false);
        assert_eq!(counted.extent, Extent::Part { read: 254, of: 900 });
        assert!(counted.places.is_empty());
        let short = Unread::of(&letter(200), "en", &[answer(400, 146)], |_| true);
        assert!(short.places.is_empty(), "each of these words may have been read");
    }

    #[test]
    fn a_text_that_no_model_reads_is_unread_for_its_reason() {
        let unread = Prediction { unread: Some("language".into()), ..answer(20, 0) };
        let found = Unread::of("Nadie contesta.", "es", &[unread], |_| true);
        assert_eq!(found.extent, Extent::None("language".into()));
        assert_eq!(Unread::of("Nobody answers.", "en", &[], |_| true).extent, Extent::Unknown);
    }
}
