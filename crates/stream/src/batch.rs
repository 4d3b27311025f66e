//! How many things go through a step together: the batch and its limit.

/// What a batch may hold at most. A single item above the cost still makes a batch of its own.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Items.
    pub rows: usize,
    /// Sum of the items' costs: tokens, bytes.
    pub cost: usize,
}

/// Items that go through a step together.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch<T> {
    /// In order of arrival.
    pub items: Vec<T>,
    /// Sum of their costs.
    pub cost: usize,
}

impl<T> Batch<T> {
    fn of(first: T, cost: usize) -> Self {
        Self { items: vec![first], cost }
    }
}

/// Sorts `items` by length and cuts them into batches whose padded size (rows times longest) keeps within
/// `limit`: texts of one batch are about equally long, so little is computed for padding.
pub fn pack_by_length<T>(mut items: Vec<T>, length: impl Fn(&T) -> usize, limit: Limit) -> Vec<Batch<T>> {
    // Stable, so equal input gives equal batches.
    items.sort_by_key(&length);
    let mut batches: Vec<Batch<T>> = Vec::new();
    for item in items {
        let longest = length(&item);
        match batches.last_mut() {
            // Sorted: the newcomer is the longest of its batch.
            Some(batch)
                if batch.items.len() < limit.rows && (batch.items.len() + 1) * longest <= limit.cost =>
            {
                batch.items.push(item);
                batch.cost = batch.items.len() * longest;
            }
            _ => batches.push(Batch::of(item, longest)),
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn packing_keeps_within_the_padded_budget_and_loses_nothing(
            mut lengths in prop::collection::vec(1usize..600, 0..100), rows in 1usize..40, cost in 1usize..4096,
        ) {
            let limit = Limit { rows, cost };
            let batches = pack_by_length(lengths.clone(), |l| *l, limit);
            for batch in &batches {
                let longest = batch.items.iter().max().copied().unwrap_or(0);
                prop_assert!(batch.items.len() <= rows);
                prop_assert!(batch.items.len() == 1 || batch.items.len() * longest <= cost);
                prop_assert_eq!(batch.cost, batch.items.len() * longest);
            }
            let mut packed: Vec<usize> = batches.into_iter().flat_map(|b| b.items).collect();
            packed.sort_unstable();
            lengths.sort_unstable();
            prop_assert_eq!(packed, lengths);
        }
    }
}
