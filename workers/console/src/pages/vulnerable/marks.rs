//! Where evidence of vulnerability stands in a narrative: the phrases that models found, and the text in pieces. Pure.
//!
//! Places are counted in code points, as predictions have them.

use std::collections::{BTreeMap, BTreeSet};

use ombud_models::Driver;

use crate::cases::ModelEvidence;

/// The most phrases of one narrative: a page shows no more, whatever a record says.
const MOST_PHRASES: usize = 256;

/// A phrase that speaks of vulnerability, once however many models found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MarkedPhrase {
    /// What it speaks of: a category of the table.
    pub(super) category: String,
    /// Enough by itself.
    pub(super) explicit: bool,
    /// The driver of FG21/1 under which the category is counted, where this version knows it.
    pub(super) driver: Option<Driver>,
    /// Which of the models found it, by their place in what was given.
    pub(super) found_by: Vec<usize>,
    start: usize,
    end: usize,
}

/// A piece of a narrative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// What is written there.
    pub(super) text: &'a str,
    /// It belongs to a phrase.
    pub(super) is_marked: bool,
    /// The phrases that end with it, by their place.
    pub(super) ends: Vec<usize>,
}

impl MarkedPhrase {
    /// What stands there in `narrative`.
    pub(super) fn quote<'a>(&self, narrative: &'a str) -> &'a str {
        let at = |place| narrative.char_indices().nth(place).map_or(narrative.len(), |(byte, _)| byte);
        &narrative[at(self.start)..at(self.end)]
    }
}

/// The phrases that `found` has in a narrative, in its order. A place that the narrative has not is left out.
pub(super) fn phrases(found: &[ModelEvidence], narrative: &str) -> Vec<MarkedPhrase> {
    let length = narrative.chars().count();
    let mut known: BTreeMap<(usize, usize, &str, bool), MarkedPhrase> = BTreeMap::new();
    for (model, evidence) in found.iter().enumerate() {
        for phrase in &evidence.evidence {
            let (Ok(start), Ok(end)) = (usize::try_from(phrase.start), usize::try_from(phrase.end)) else {
                continue;
            };
            if start >= end || end > length {
                continue;
            }
            let key = (start, end, phrase.category.as_str(), phrase.explicit);
            let marked = known.entry(key).or_insert_with(|| MarkedPhrase {
                category: phrase.category.clone(),
                explicit: phrase.explicit,
                driver: Driver::of(&evidence.evidence_table, &phrase.category),
                found_by: Vec::new(),
                start,
                end,
            });
            if marked.found_by.last() != Some(&model) {
                marked.found_by.push(model);
            }
        }
    }
    known.into_values().take(MOST_PHRASES).collect()
}

/// The whole of `narrative`, cut where a phrase begins or ends.
pub(super) fn pieces<'a>(narrative: &'a str, phrases: &[MarkedPhrase]) -> Vec<Piece<'a>> {
    let length = narrative.chars().count();
    let ends = phrases.iter().flat_map(|phrase| [phrase.start, phrase.end]);
    let cuts: BTreeSet<usize> = ends.chain([0, length]).collect();
    let (mut rest, mut pieces) = (narrative, Vec::with_capacity(cuts.len()));
    let cuts: Vec<usize> = cuts.into_iter().collect();
    for pair in cuts.windows(2) {
        let (start, end) = (pair[0], pair[1]);
        let at = rest.char_indices().nth(end - start).map_or(rest.len(), |(byte, _)| byte);
        let (text, behind) = rest.split_at(at);
        rest = behind;
        pieces.push(Piece {
            text,
            is_marked: phrases.iter().any(|phrase| phrase.start <= start && end <= phrase.end),
            ends: (0..phrases.len()).filter(|at| phrases[*at].end == end).collect(),
        });
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::Phrase;

    fn model(phrases: &[(&str, i32, i32)]) -> ModelEvidence {
        let phrase = |(category, start, end): &(&str, i32, i32)| Phrase {
            category: (*category).to_owned(),
            explicit: true,
            start: *start,
            end: *end,
        };
        ModelEvidence {
            model_id: "bag".into(),
            model_version: "v".into(),
            score: Some(0.5),
            evidence_table: "vulnerable@1".into(),
            evidence: phrases.iter().map(phrase).collect(),
        }
    }

    fn marked(narrative: &str, found: &[(&str, i32, i32)]) -> Vec<String> {
        let phrases = phrases(&[model(found)], narrative);
        let pieces = pieces(narrative, &phrases);
        assert_eq!(pieces.iter().map(|piece| piece.text).collect::<String>(), narrative, "nothing is lost");
        let marked = pieces.into_iter().filter(|piece| piece.is_marked);
        marked.map(|piece| piece.text.to_owned()).collect()
    }

    #[test]
    fn places_are_code_points_also_behind_emoji_and_combining_characters() {
        // A family of five code points, a letter with a combining accent, a flag of two code points, and Arabic.
        let narrative = "👩\u{200d}👩\u{200d}👦 Jose\u{301} 🇬🇧 is a veteran. مرحبا veteran";
        let place = |word: &str, from: usize| {
            let byte = from + narrative[from..].find(word).unwrap();
            let start = narrative[..byte].chars().count();
            (i32::try_from(start).unwrap(), i32::try_from(start + word.chars().count()).unwrap(), byte + 1)
        };
        let (start, end, behind) = place("veteran", 0);
        let (again, last, _) = place("veteran", behind);
        let (name, of_name, _) = place("Jose\u{301}", 0);
        let found = [("armed_forces", again, last), ("illness", name, of_name), ("armed_forces", start, end)];
        assert_eq!(marked(narrative, &found), ["Jose\u{301}", "veteran", "veteran"]);
        let phrases = phrases(&[model(&found)], narrative);
        let quotes: Vec<&str> = phrases.iter().map(|phrase| phrase.quote(narrative)).collect();
        assert_eq!(quotes, ["Jose\u{301}", "veteran", "veteran"]);
    }

    #[test]
    fn what_overlaps_is_marked_once_and_every_phrase_ends_where_it_ends() {
        let narrative = "my late husband was ill";
        let phrases = phrases(&[model(&[("grief", 0, 15), ("illness", 8, 23)])], narrative);
        let pieces = pieces(narrative, &phrases);
        let found: Vec<(&str, bool, Vec<usize>)> =
            pieces.into_iter().map(|piece| (piece.text, piece.is_marked, piece.ends)).collect();
        let expected = [("my late ", true, vec![]), ("husband", true, vec![0]), (" was ill", true, vec![1])];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_place_that_the_narrative_has_not_marks_nothing() {
        let found = [("a", -1, 3), ("b", 2, 2), ("c", 3, 1), ("d", 2, 99), ("e", i32::MAX, i32::MIN)];
        assert!(marked("Hello", &found).is_empty());
        assert!(marked("", &found).is_empty());
    }

    #[test]
    fn what_several_models_found_is_one_phrase_with_its_driver() {
        let twice = [model(&[("armed_forces", 0, 7)]), model(&[("armed_forces", 0, 7)])];
        let phrases = phrases(&twice, "veteran");
        assert_eq!((phrases.len(), &phrases[0].found_by), (1, &vec![0, 1]));
        assert_eq!(phrases[0].driver, Some(Driver::LifeEvents));
    }
}
