//! How many texts go through a model together. A model declares its budget, and whoever runs it may allow less: infer and
//! replay pack their batches here.

use std::ops::Range;

/// What a batch may hold at most. A single text above the tokens still makes a batch of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchBudget {
    /// Texts.
    pub texts: usize,
    /// Tokens with padding: the number of texts times the tokens of the longest.
    pub tokens: usize,
}

impl BatchBudget {
    /// Whatever comes: of a model that pads nothing, and of a blend, whose encoder cuts what reaches it into its own passes.
    pub const UNBOUNDED: Self = Self { texts: usize::MAX, tokens: usize::MAX };

    /// What both allow.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        Self { texts: self.texts.min(other.texts), tokens: self.tokens.min(other.tokens) }
    }

    /// Whether a batch of `texts`, the longest of which has `longest` tokens, keeps to it.
    fn holds(self, texts: usize, longest: usize) -> bool {
        texts <= self.texts && texts.saturating_mul(longest) <= self.tokens
    }
}

/// Sorts `items` by length and cuts them into batches within `budget`. The texts of one batch are about equally long, so
/// little is computed for padding. Equal input gives equal batches: the sort is stable.
pub fn pack<T>(mut items: Vec<T>, tokens: impl Fn(&T) -> usize, budget: BatchBudget) -> Vec<Vec<T>> {
    items.sort_by_key(&tokens);
    let lengths: Vec<usize> = items.iter().map(tokens).collect();
    let mut items = items.into_iter();
    let batches = cut_by_length(&lengths, budget).into_iter();
    batches.map(|batch| items.by_ref().take(batch.len()).collect()).collect()
}

/// Cuts texts of these `lengths`, which ascend, into batches within `budget`: the places of each.
pub fn cut_by_length(lengths: &[usize], budget: BatchBudget) -> Vec<Range<usize>> {
    let mut batches = Vec::new();
    let mut start = 0;
    for (text, length) in lengths.iter().enumerate() {
        // They ascend: the newcomer is the longest of its batch.
        if text > start && !budget.holds(text + 1 - start, *length) {
            batches.push(start..text);
            start = text;
        }
    }
    if start < lengths.len() {
        batches.push(start..lengths.len());
    }
    batches
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_batch_keeps_to_its_tokens_with_padding_counted() {
        let budget = BatchBudget { tokens: 8, ..BatchBudget::UNBOUNDED };
        assert_eq!(cut_by_length(&[1, 2, 3, 4], budget), [0..2, 2..4]);
        assert_eq!(cut_by_length(&[2, 2, 9, 9], budget), [0..2, 2..3, 3..4]);
        assert!(cut_by_length(&[], budget).is_empty());
    }

    #[test]
    fn a_model_and_whoever_runs_it_both_bound_a_batch() {
        let (model, operator) =
            (BatchBudget { texts: 64, tokens: 1_024 }, BatchBudget { texts: 8, tokens: 2_048 });
        assert_eq!(model.within(operator), BatchBudget { texts: 8, tokens: 1_024 });
        assert_eq!(BatchBudget::UNBOUNDED.within(operator), operator);
    }

    proptest! {
        #[test]
        fn packing_keeps_within_the_padded_budget_and_loses_nothing(
            mut lengths in prop::collection::vec(1usize..600, 0..100), texts in 1usize..40, tokens in 1usize..4096,
        ) {
            let batches = pack(lengths.clone(), |length| *length, BatchBudget { texts, tokens });
            for batch in &batches {
                let longest = batch.iter().max().copied().unwrap_or(0);
                prop_assert!(batch.len() <= texts);
                prop_assert!(batch.len() == 1 || batch.len() * longest <= tokens);
            }
            let mut packed: Vec<usize> = batches.concat();
            packed.sort_unstable();
            lengths.sort_unstable();
            prop_assert_eq!(packed, lengths);
        }
    }
}
