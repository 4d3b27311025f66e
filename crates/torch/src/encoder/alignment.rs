//! Which stretch of a narrative each token stands for that an encoder reads of it.

use std::ops::Range;

use ombud_models::Stretch;

use super::clean::{Uncleaned, clean};
use super::text::Text;

/// A token that is read.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) id: u32,
    /// Whether the tokenizer puts it around every text.
    pub(super) is_frame: bool,
    /// What it stands for; `None` where that is nothing.
    pub(super) stretch: Option<Stretch>,
}

/// A narrative as it is read.
#[derive(Debug, Default)]
pub(super) struct Aligned {
    pub(super) tokens: Vec<Token>,
    /// What was cut out because it is too long; all of it where the tokenizer refused it.
    pub(super) unread: Option<Stretch>,
}

/// The tokens that [`Text::prepare`] gives, each with where it stands.
pub(super) fn align(text: &Text, narrative: &str) -> Aligned {
    let cleaned = clean(text.cleaning, narrative);
    let uncleaned = Uncleaned::of(text.cleaning, narrative);
    // As preparing the text does, but for the offsets, in bytes.
    let Ok(encoding) = text.tokenizer.encode(cleaned.as_ref(), true) else {
        let unread = (!narrative.is_empty()).then_some(Stretch { start: 0, end: narrative.len() });
        return Aligned { unread, ..align(text, "") };
    };
    let token = |at: usize| {
        let place = shown(&cleaned, encoding.get_offsets()[at]);
        Token {
            id: encoding.get_ids()[at],
            is_frame: encoding.get_special_tokens_mask()[at] == 1,
            stretch: place.map(|place| uncleaned.stretch(place)),
        }
    };
    let cut = text.cut(&encoding);
    let read = (0..cut.start).chain(cut.end..encoding.len());
    let cut_out = cut.clone().filter_map(|at| token(at).stretch);
    let unread =
        cut_out.reduce(|all, one| Stretch { start: all.start.min(one.start), end: all.end.max(one.end) });
    Aligned { tokens: read.map(token).collect(), unread }
}

/// The characters at these offsets, without white space around them; `None` where there are none.
fn shown(text: &str, (start, end): (usize, usize)) -> Option<Range<usize>> {
    // Some tokens are a part of a character's bytes.
    let (start, end) = (text.floor_char_boundary(start), text.ceil_char_boundary(end));
    let whole = text.get(start..end).filter(|whole| !whole.is_empty())?;
    let trimmed = whole.trim();
    if trimmed.is_empty() {
        return Some(start..end);
    }
    let start = start + (whole.len() - whole.trim_start().len());
    Some(start..start + trimmed.len())
}

#[cfg(test)]
mod tests {
    use ombud_models::{Cleaning, Input};

    use super::*;
    use crate::encoder::config::Config;

    const BERT: (&str, &str) = (
        include_str!("../../tests/goldens/bert/tokenizer.json"),
        include_str!("../../tests/goldens/bert/config.json"),
    );
    const ALL: [(&str, &str); 5] = [
        BERT,
        (
            include_str!("../../tests/goldens/distilbert/tokenizer.json"),
            include_str!("../../tests/goldens/distilbert/config.json"),
        ),
        (
            include_str!("../../tests/goldens/mpnet/tokenizer.json"),
            include_str!("../../tests/goldens/mpnet/config.json"),
        ),
        (
            include_str!("../../tests/goldens/roberta/tokenizer.json"),
            include_str!("../../tests/goldens/roberta/config.json"),
        ),
        (
            include_str!("../../tests/goldens/xlm-roberta/tokenizer.json"),
            include_str!("../../tests/goldens/xlm-roberta/config.json"),
        ),
    ];
    const STRANGE: [&str; 12] = [
        "",
        "   ",
        "The bank charged me twice.",
        "Señor Müller’s café bill — naïve",
        "cafe\u{301} e\u{301}\u{323}",
        "🙂👩‍👩‍👧 paid 🇬🇧",
        "漢字 and かな, 銀行の手数料",
        "On XX/XX/XXXX XXXX, XXXX took {$300.00} from {{XXXX}",
        "[CLS] [SEP] <s> </s> [PAD] <mask>",
        "tab\tnew\r\nline\u{a0}\u{200b}\u{0}end",
        "ΟΔΟΣ ΣΑΣ İstanbul ﬁne",
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen \
         seventeen eighteen nineteen twenty twenty-one twenty-two twenty-three",
    ];

    fn text((tokenizer, config): (&str, &str), cleaning: Option<Cleaning>) -> Text {
        let config = Config { vocabulary: 1_000, ..Config::parse(config).unwrap() };
        Text::new(tokenizer, &config, Some(16), cleaning).unwrap()
    }

    #[test]
    fn every_token_that_is_read_stands_in_the_narrative_in_its_order() {
        for model in ALL {
            for cleaning in [None, Some(Cleaning::Redactions1)] {
                let text = text(model, cleaning);
                for narrative in STRANGE {
                    let aligned = align(&text, narrative);
                    let ids: Vec<u32> = aligned.tokens.iter().map(|token| token.id).collect();
                    assert_eq!(Input::Tokens(ids), text.prepare(narrative).input, "{narrative:?}");
                    let stretches: Vec<Stretch> =
                        aligned.tokens.iter().filter_map(|token| token.stretch).collect();
                    assert!(
                        stretches.is_sorted_by_key(|stretch| stretch.start),
                        "{narrative:?}: {stretches:?}"
                    );
                    for stretch in stretches.into_iter().chain(aligned.unread) {
                        let standing = narrative.get(stretch.start..stretch.end);
                        assert!(standing.is_some_and(|standing| !standing.is_empty()), "{narrative:?}");
                    }
                    let frame = aligned.tokens.iter().filter(|token| token.is_frame);
                    assert_eq!(frame.clone().count(), 2);
                    assert!(frame.clone().all(|token| token.stretch.is_none()));
                    assert_eq!(aligned.unread.is_some(), text.prepare(narrative).truncated_tokens > 0);
                }
            }
        }
    }

    fn standing<'a>(text: &Text, narrative: &'a str) -> Vec<&'a str> {
        let stretches = align(text, narrative).tokens.into_iter().filter_map(|token| token.stretch);
        stretches.map(|stretch| &narrative[stretch.start..stretch.end]).collect()
    }

    #[test]
    fn a_token_stands_for_the_text_before_it_was_folded_and_cleaned() {
        let bert = text(BERT, Some(Cleaning::Redactions1));
        let standing = standing(&bert, "Thé {BANK} on XX/XX/XXXX XXXX, thE.");
        assert_eq!(standing.concat(), "ThéBANKonXX/XX/XXXX XXXX,thE.");
        assert_eq!(standing[0], "Thé");
    }

    #[test]
    fn what_is_cut_out_is_unread_from_its_first_word_to_its_last() {
        let bert = text(BERT, None);
        let narrative = "the ".repeat(40);
        let aligned = align(&bert, &narrative);
        let Stretch { start, end } = aligned.unread.unwrap();
        // Of 40 words the first 9 and the last 5 are read.
        assert_eq!(narrative[..start].split_whitespace().count(), 9);
        assert_eq!(narrative[end..].split_whitespace().count(), 5);
    }
}
