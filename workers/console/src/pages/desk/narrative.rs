//! What the customer wrote, with what no model has read marked, and for whoever may see it what speaks of vulnerability.

use std::ops::Range;

use fluent_bundle::FluentArgs;
use maud::{Markup, html};
use ombud_contract::shown::shown;

use super::unread::{Extent, Unread};
use crate::{
    cases::CaseEvidence,
    pages::{frame::Frame, item_words::evidence_categories},
};

/// A run of the narrative that is shown in one way.
#[derive(Debug, PartialEq, Eq)]
struct Piece<'a> {
    text: &'a str,
    is_unread: bool,
    is_evidence: bool,
}

/// Cut where a mark begins or ends.
fn pieces<'a>(text: &'a str, unread: &[Range<usize>], evidence: &[Range<usize>]) -> Vec<Piece<'a>> {
    let mut cuts = vec![0, text.len()];
    let places = unread.iter().chain(evidence).flat_map(|place| [place.start, place.end]);
    cuts.extend(places.filter(|at| text.is_char_boundary(*at)));
    cuts.sort_unstable();
    cuts.dedup();
    let within = |places: &[Range<usize>], at: usize| places.iter().any(|place| place.contains(&at));
    cuts.windows(2)
        .map(|cut| Piece {
            text: &text[cut[0]..cut[1]],
            is_unread: within(unread, cut[0]),
            is_evidence: within(evidence, cut[0]),
        })
        .collect()
}

/// The narrative, and in words how much of it was read.
pub(super) fn narrative(
    frame: &Frame,
    text: &str,
    unread: &Unread,
    evidence: Option<&CaseEvidence>,
) -> Markup {
    let found = evidence.map(|evidence| places(text, evidence)).unwrap_or_default();
    html! {
        section.stack aria-labelledby="narrative-title" {
            h2 id="narrative-title" { (frame.say("desk-narrative")) }
            @for said in in_words(frame, unread) { p.muted { (said) } }
            div.narrative {
                @for piece in pieces(text, &unread.places, &found) {
                    @match (piece.is_unread, piece.is_evidence) {
                        (false, false) => (shown(piece.text)),
                        (false, true) => mark.evidence { (shown(piece.text)) },
                        (true, false) => mark.unread { (shown(piece.text)) },
                        (true, true) => mark.unread { mark.evidence { (shown(piece.text)) } },
                    }
                }
            }
            @if let Some(evidence) = evidence { (categories(frame, evidence)) }
        }
    }
}

fn in_words(frame: &Frame, unread: &Unread) -> Vec<String> {
    let mut said = Vec::new();
    match &unread.extent {
        Extent::Unknown => said.push(frame.say("desk-unread-unknown")),
        Extent::All => {}
        Extent::Part { read, of } => {
            let mut args = FluentArgs::new();
            args.set("read", *read);
            args.set("of", *of);
            said.push(frame.say_with("desk-unread-part", &args));
        }
        Extent::None(code) => {
            let known = ["language", "script", "too-few-words", "unseen-words"];
            let id = known.iter().find(|known| *known == code).map_or("other", |known| known);
            said.push(frame.say(&format!("desk-unread-none-{id}")));
        }
    }
    if unread.left_out {
        said.push(frame.say("desk-unread-left-out"));
    }
    if !unread.places.is_empty() {
        said.push(frame.say("desk-unread-marked"));
    }
    said
}

/// Where the phrases stand, in bytes. A place that the text does not have is left out.
fn places(text: &str, evidence: &CaseEvidence) -> Vec<Range<usize>> {
    let mut bytes: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    bytes.push(text.len());
    let byte = |code_point: i32| bytes.get(usize::try_from(code_point).ok()?).copied();
    let phrases = evidence.found.iter().flat_map(|found| &found.evidence);
    phrases
        .filter_map(|phrase| {
            let (start, end) = (byte(phrase.start)?, byte(phrase.end)?);
            (start < end).then_some(start..end)
        })
        .collect()
}

fn categories(frame: &Frame, evidence: &CaseEvidence) -> Markup {
    let phrases = evidence.found.iter().flat_map(|found| &found.evidence);
    let names = evidence_categories(frame, phrases.map(|phrase| phrase.category.as_str()));
    html! {
        @if !names.is_empty() {
            p { (frame.say("desk-evidence")) " " (shown(&names)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::{ModelEvidence, Phrase};

    fn evidence(start: i32, end: i32) -> CaseEvidence {
        let phrase = Phrase { category: "health".into(), explicit: true, start, end };
        let found = ModelEvidence {
            model_id: "bag".into(),
            model_version: "v".into(),
            score: None,
            evidence_table: "vulnerable@1".into(),
            evidence: vec![phrase],
        };
        CaseEvidence { complaint_id: "c-1".into(), found: vec![found] }
    }

    #[test]
    fn marks_may_meet_and_nothing_of_the_text_is_lost() {
        let text = "één twee drie";
        let found = places(text, &evidence(4, 8));
        assert_eq!(&text[found[0].clone()], "twee");
        let cut = pieces(text, std::slice::from_ref(&(found[0].start + 2..text.len())), &found);
        let whole: String = cut.iter().map(|piece| piece.text).collect();
        assert_eq!(whole, text);
        let marks: Vec<_> =
            cut.iter().map(|piece| (piece.text, piece.is_unread, piece.is_evidence)).collect();
        assert_eq!(
            marks,
            [("één ", false, false), ("tw", false, true), ("ee", true, true), (" drie", true, false)]
        );
    }

    #[test]
    fn a_place_that_the_text_does_not_have_is_not_marked() {
        for (start, end) in [(-1, 3), (3, 3), (5, 2), (10, 99)] {
            assert!(places("short text", &evidence(start, end)).is_empty(), "{start} {end}");
        }
    }
}
