//! From a narrative to token ids: the whole text, or its head and its tail where it is too long.

use std::ops::Range;

use ombud_models::{Cleaning, Input, Prepared};
use tokenizers::{Encoding, Tokenizer};
use tracing::warn;

use super::clean::clean;
use super::config::Config;
use super::error::EncoderError;

/// Of what fits, this share is read from the start and the rest from the end: complaints state their matter
/// first and what they ask for last.
const HEAD_SHARE: f64 = 0.63;

/// Turns narratives into token ids.
pub(crate) struct Text {
    pub(super) tokenizer: Tokenizer,
    /// What an empty text reads as: the special tokens alone.
    empty: Vec<u32>,
    /// What stands for a word that the vocabulary can't spell; `None` where it can spell all.
    unknown: Option<u32>,
    max_tokens: usize,
    pub(super) cleaning: Option<Cleaning>,
}

impl Text {
    /// A tokenizer of `tokenizer.json`'s content that never cuts or pads by itself. Without `max_tokens` it reads
    /// as much as the model has positions for.
    ///
    /// # Errors
    /// The file is broken, or knows ids beyond the model's vocabulary; `max_tokens` leaves no room for text.
    pub(crate) fn new(
        json: &str,
        config: &Config,
        max_tokens: Option<usize>,
        cleaning: Option<Cleaning>,
    ) -> Result<Self, EncoderError> {
        let (vocabulary, longest) = (config.vocabulary, config.longest_text());
        let max_tokens = max_tokens.unwrap_or(longest);
        let broken = |e: tokenizers::Error| EncoderError::file("tokenizer.json", e);
        let mut tokenizer = Tokenizer::from_bytes(json).map_err(broken)?;
        tokenizer.with_padding(None).with_truncation(None).map_err(broken)?;

        let largest = tokenizer.get_vocab(true).into_values().max().unwrap_or(0);
        if i64::from(largest) >= vocabulary {
            return Err(EncoderError::Vocabulary { largest, vocabulary });
        }
        let empty = tokenizer.encode_fast("", true).map_err(broken)?.get_ids().to_vec();
        let least = empty.len() + 2;
        if max_tokens < least || max_tokens > longest {
            return Err(EncoderError::MaxTokens { asked: max_tokens, least, most: longest });
        }
        let unknown = ["[UNK]", "<unk>"].iter().find_map(|token| tokenizer.token_to_id(token));
        Ok(Self { tokenizer, empty, unknown, max_tokens, cleaning })
    }

    /// The ids that the model reads, special tokens included, and how much of the cleaned text they are.
    pub(crate) fn prepare(&self, narrative: &str) -> Prepared {
        let encoding = match self.tokenizer.encode_fast(clean(self.cleaning, narrative), true) {
            Ok(encoding) => encoding,
            Err(_) => {
                // The cause may quote the text. A wordless reading is unsure of itself, so a human sees it.
                warn!(bytes = narrative.len(), "the tokenizer refused a narrative");
                return prepared(self.empty.clone(), 0, 0, 0);
            }
        };
        let ids = encoding.get_ids();
        let tokens = ids.len().saturating_sub(self.empty.len());
        let unseen = ids.iter().filter(|id| Some(**id) == self.unknown).count();
        let cut = self.cut(&encoding);
        let kept = [&ids[..cut.start], &ids[cut.end..]].concat();
        prepared(kept, tokens, cut.len(), unseen)
    }

    /// Which of a text's tokens are not read; none where all fit.
    pub(super) fn cut(&self, encoding: &Encoding) -> Range<usize> {
        let (tokens, room) = (encoding.len(), self.max_tokens);
        if tokens <= room {
            return tokens..tokens;
        }
        let before = encoding.get_special_tokens_mask().iter().take_while(|special| **special == 1).count();
        let after = self.empty.len() - before.min(self.empty.len());
        head_and_tail(tokens, before, after, room)
    }
}

/// Reads `json`, the content of a `tokenizer.json`, and cuts `texts` with it, as loading and probing do. For a process that
/// may die of it: loading the model reports ordinary errors.
pub fn try_tokenizer(json: &str, texts: &[String]) {
    let Ok(mut tokenizer) = Tokenizer::from_bytes(json) else { return };
    if tokenizer.with_padding(None).with_truncation(None).is_err() {
        return;
    }
    drop(tokenizer.get_vocab(true));
    drop(tokenizer.encode_fast("", true));
    for text in texts {
        for cleaning in [None, Some(Cleaning::Redactions1)] {
            drop(tokenizer.encode_fast(clean(cleaning, text), true));
        }
    }
}

/// What is cut out of `tokens` so that the first and the last are left, `room` in all, with the `before` and `after` special
/// tokens at both ends.
fn head_and_tail(tokens: usize, before: usize, after: usize, room: usize) -> Range<usize> {
    let text = room - before - after;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small length")]
    let head = (text as f64 * HEAD_SHARE).ceil() as usize;
    let tail = text - head + after;
    before + head..tokens - tail
}

fn prepared(ids: Vec<u32>, tokens: usize, truncated: usize, unseen: usize) -> Prepared {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Prepared {
        input: Input::Tokens(ids),
        tokens: count(tokens),
        truncated_tokens: count(truncated),
        unseen_tokens: count(unseen),
        windows: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(vocabulary: i64) -> Config {
        let json = include_str!("../../tests/goldens/bert/config.json");
        Config { vocabulary, ..Config::parse(json).unwrap() }
    }

    #[test]
    fn what_is_cleaned_away_counts_neither_as_read_nor_as_truncated() {
        let json = include_str!("../../tests/goldens/bert/tokenizer.json");
        let text = |cleaning| Text::new(json, &config(1_000), Some(8), cleaning).unwrap();
        let narrative = "the XXXX XXXX XX/XX/XXXX bank";
        let (whole, cleaned) = (text(None), text(Some(Cleaning::Redactions1)));
        assert!(whole.prepare(narrative).truncated_tokens > 0);
        assert_eq!(cleaned.prepare(narrative), whole.prepare("the xx bank"));
    }

    #[test]
    fn a_long_text_keeps_its_ends_and_its_special_tokens() {
        assert_eq!(head_and_tail(100, 1, 1, 12), 8..96);
    }

    #[test]
    fn a_limit_without_room_for_text_is_refused() {
        let json = include_str!("../../tests/goldens/bert/tokenizer.json");
        let refusal =
            |max_tokens| Text::new(json, &config(1_000), Some(max_tokens), None).err().map(|e| e.to_string());
        assert_eq!(refusal(3).unwrap(), "max_tokens of ombud.json is 3; this model reads 4 to 32");
        assert!(refusal(33).is_some());
        assert!(refusal(4).is_none() && refusal(32).is_none());
    }

    #[test]
    fn a_tokenizer_of_another_model_is_refused() {
        let json = include_str!("../../tests/goldens/bert/tokenizer.json");
        let refusal = Text::new(json, &config(100), Some(16), None).err().unwrap().to_string();
        assert!(refusal.contains("vocab_size 100"), "{refusal}");
    }
}
