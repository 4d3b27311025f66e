//! A narrative as the bag reads it: tf-idf weights in hashed columns. One code for training and for serving.
//!
//! Words and word pairs hash into the first half of the columns, character runs into the second. A column's
//! weight is `(1 + ln tf) * idf`, and each half has length 1, so that neither drowns the other.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::grams::{each_character_gram, each_word_gram, fold, split_at_chars};

/// How text becomes columns; part of the artefact, so that a model can't be served other features than it learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hashing {
    /// What comes after this many characters of a narrative is not read.
    pub max_chars: usize,
    /// Each half has two to the power of this many columns.
    pub bits: u32,
}

impl Default for Hashing {
    fn default() -> Self {
        Self { max_chars: 3_000, bits: 18 }
    }
}

/// How often each column occurs in a narrative.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Columns with their counts, ascending; never twice the same.
    pub columns: Vec<(u32, u32)>,
    /// Further columns that only the unread rest of the narrative has.
    pub unread: usize,
}

impl Hashing {
    /// Columns in both halves.
    pub fn columns(self) -> usize {
        2 << self.bits
    }

    /// Columns of one half: those below are of words, those from here on of characters.
    pub fn half(self) -> usize {
        1 << self.bits
    }

    /// Counts the n-grams of a narrative. Costs about 0.1 ms a thousand characters.
    pub fn count(self, narrative: &str) -> Counts {
        let (read, unread) = split_at_chars(narrative, self.max_chars);
        let mut all = Vec::with_capacity(read.len() * 4);
        self.each_column(read, |column| all.push(column));
        radsort::sort(&mut all);
        let columns: Vec<(u32, u32)> =
            all.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u32)).collect();
        let unread = if unread.is_empty() { 0 } else { self.count_new(&columns, unread) };
        Counts { columns, unread }
    }

    /// How many columns `rest` has that `known` lacks; linear in the text, however long it is.
    fn count_new(self, known: &[(u32, u32)], rest: &str) -> usize {
        let mut seen = vec![false; self.columns()];
        for (column, _) in known {
            seen[*column as usize] = true;
        }
        let mut new = 0;
        self.each_column(rest, |column| {
            new += usize::from(!std::mem::replace(&mut seen[column as usize], true));
        });
        new
    }

    fn each_column(self, text: &str, mut column: impl FnMut(u32)) {
        self.each_gram(&fold(text), |of, _, _| column(of));
    }

    /// Calls `gram` with the column of every n-gram of a folded text, with itself and with its place in that text.
    pub(super) fn each_gram(self, folded: &str, mut gram: impl FnMut(u32, &[u8], Range<usize>)) {
        let mask = (1 << self.bits) - 1;
        each_word_gram(folded, |text, place| gram(hash(text) & mask, text, place));
        each_character_gram(folded, |text, place| gram(hash(text) & mask | 1 << self.bits, text, place));
    }
}

fn hash(gram: &[u8]) -> u32 {
    mur3::murmurhash3_x86_32(gram, 0)
}

/// A narrative's columns, ascending, and the weight of each, as [`Idf::weigh`] gives them.
pub type Row = Vec<(u32, f32)>;

/// In how many narratives each column occurs, as a weight that is greater the rarer it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Idf {
    hashing: Hashing,
    /// By column; 0 where the column is too rare to count. Rounded to half precision, as the artefact holds it.
    weights: Vec<f32>,
}

/// Word grams must occur in as many narratives, ...
const LEAST_NARRATIVES_OF_WORDS: u32 = 2;
/// ... character grams in as many.
const LEAST_NARRATIVES_OF_CHARACTERS: u32 = 3;

impl Idf {
    /// `ln((1 + n) / (1 + df)) + 1` over `n` counted narratives.
    pub fn fit<'a>(hashing: Hashing, counted: impl IntoIterator<Item = &'a Counts>) -> Self {
        let mut frequencies = vec![0_u32; hashing.columns()];
        let mut narratives = 0_u32;
        for counts in counted {
            narratives += 1;
            for (column, _) in &counts.columns {
                frequencies[*column as usize] += 1;
            }
        }
        let weigh = |(column, df): (usize, u32)| {
            let least = if column < hashing.half() {
                LEAST_NARRATIVES_OF_WORDS
            } else {
                LEAST_NARRATIVES_OF_CHARACTERS
            };
            if df < least { 0.0 } else { (f64::from(1 + narratives) / f64::from(1 + df)).ln() as f32 + 1.0 }
        };
        let weights = frequencies.into_iter().enumerate().map(weigh);
        Self { hashing, weights: weights.map(|w| half::f16::from_f32(w).to_f32()).collect() }
    }

    /// From an artefact; `None` if the table doesn't fit the hashing or holds what can't be a weight.
    pub fn from_table(hashing: Hashing, weights: Vec<f32>) -> Option<Self> {
        let sound = weights.len() == hashing.columns() && weights.iter().all(|w| w.is_finite() && *w >= 0.0);
        sound.then_some(Self { hashing, weights })
    }

    /// By column; 0 where the column is too rare to count.
    pub fn table(&self) -> &[f32] {
        &self.weights
    }

    /// How it counts.
    pub fn hashing(&self) -> Hashing {
        self.hashing
    }

    /// The weight of each column of a narrative, ascending by column, without those that are too rare.
    pub fn weigh(&self, counts: &Counts) -> Row {
        // Looked up one right behind the other: the table is larger than a core's cache, and what waits for one lookup before the
        // next begins takes several times as long.
        let idf: Vec<f32> = counts.columns.iter().map(|(column, _)| self.weights[*column as usize]).collect();
        let weigh = |((column, tf), idf): (&(u32, u32), f32)| (*column, (1.0 + (*tf as f32).ln()) * idf);
        let weighed = counts.columns.iter().zip(idf).map(weigh);
        let mut row: Row = weighed.filter(|(_, weight)| *weight > 0.0).collect();
        let words = row.partition_point(|(column, _)| (*column as usize) < self.hashing.half());
        let (words, characters) = row.split_at_mut(words);
        scale_to_length_one(words);
        scale_to_length_one(characters);
        row
    }
}

fn scale_to_length_one(block: &mut [(u32, f32)]) {
    let length = block.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
    // An empty block stays empty; no weight is zero here.
    block.iter_mut().for_each(|(_, weight)| *weight /= length);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gram_hashes_as_scikit_learn_hashes_it() {
        assert_eq!(hash(b"charged"), 2_201_311_041);
        assert_eq!(hash(b"charged twice"), 2_843_015_000);
        assert_eq!(hash(b" ch"), 2_207_708_592);
        assert_eq!(hash(b"stran"), 2_343_365_130);
    }

    #[test]
    fn repeats_are_counted_and_columns_ascend() {
        let counts = Hashing::default().count("fee fee fee");
        let word = hash(b"fee") & ((1 << 18) - 1);
        assert!(counts.columns.contains(&(word, 3)));
        assert!(counts.columns.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn each_half_of_a_row_has_length_one() {
        let hashing = Hashing::default();
        let counted: Vec<Counts> = ["late fee on my loan", "late fee again", "late fee, late loan"]
            .map(|t| hashing.count(t))
            .to_vec();
        let idf = Idf::fit(hashing, &counted);
        let row = idf.weigh(&counted[0]);
        let length = |words: bool| -> f32 {
            row.iter().filter(|(c, _)| ((*c as usize) < hashing.half()) == words).map(|(_, w)| w * w).sum()
        };
        assert!((length(true) - 1.0).abs() < 1e-6);
        assert!((length(false) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn rare_columns_weigh_nothing() {
        let hashing = Hashing::default();
        let counted = ["late", "late", "owed"].map(|t| hashing.count(t));
        let idf = Idf::fit(hashing, &counted);
        // Of the characters nothing is in three narratives; of the words only one is in two.
        assert_eq!(idf.table().iter().filter(|w| **w > 0.0).count(), 1);
        assert!(idf.weigh(&counted[2]).is_empty());
        assert!(idf.weigh(&hashing.count("")).is_empty());
    }

    #[test]
    fn what_is_past_the_limit_is_counted_as_unread() {
        let hashing = Hashing { max_chars: 7, bits: 18 };
        let short = hashing.count("one two");
        let long = hashing.count("one two one six");
        assert_eq!(short.unread, 0);
        assert_eq!(long.columns, short.columns);
        // "six", "one six" (the pair across the cut is lost), and " six " in 6 runs: " si", "six", "ix ", " six", "six ", " six ".
        assert_eq!(long.unread, 8);
    }
}
