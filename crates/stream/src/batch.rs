//! How many things go through a step together: the batch (data), its limit and its linger, each apart.

use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

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

    fn push(&mut self, item: T, cost: usize) {
        self.items.push(item);
        self.cost += cost;
    }

    fn is_full(&self, limit: Limit) -> bool {
        self.items.len() >= limit.rows || self.cost >= limit.cost
    }
}

/// Waits for one item, then takes what else is there, and for at most `linger` what else comes, up to `limit`
/// (the last item may go over the cost). `None` when the channel is closed and empty.
pub fn collect<T>(
    items: &Receiver<T>,
    cost: impl Fn(&T) -> usize,
    limit: Limit,
    linger: Duration,
) -> Option<Batch<T>> {
    let first = items.recv().ok()?;
    let first_cost = cost(&first);
    let mut batch = Batch::of(first, first_cost);
    let until = Instant::now() + linger;
    while !batch.is_full(limit) {
        let Ok(item) = items.try_recv().or_else(|_| items.recv_deadline(until)) else { break };
        let item_cost = cost(&item);
        batch.push(item, item_cost);
    }
    Some(batch)
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

    #[test]
    fn a_batch_does_not_wait_while_the_queue_is_empty() {
        let (send, receive) = crossbeam_channel::bounded(8);
        for cost in [3usize, 4, 5] {
            send.send(cost).unwrap();
        }
        let batch = collect(&receive, |c| *c, Limit { rows: 100, cost: 100 }, Duration::ZERO);
        assert_eq!(batch, Some(Batch { items: vec![3, 4, 5], cost: 12 }));
    }

    #[test]
    fn a_closed_channel_ends_the_flow_after_its_last_items() {
        let (send, receive) = crossbeam_channel::bounded(8);
        send.send(1usize).unwrap();
        drop(send);
        let limit = Limit { rows: 2, cost: 9 };
        assert!(collect(&receive, |c| *c, limit, Duration::from_secs(60)).is_some());
        assert_eq!(collect(&receive, |c| *c, limit, Duration::from_secs(60)), None);
    }

    proptest! {
        #[test]
        fn collecting_keeps_order_and_limit_and_loses_nothing(
            costs in prop::collection::vec(1usize..50, 1..80), rows in 1usize..10, most in 1usize..120,
        ) {
            let (send, receive) = crossbeam_channel::bounded(costs.len());
            for cost in &costs {
                send.send(*cost).unwrap();
            }
            drop(send);
            let limit = Limit { rows, cost: most };
            let mut seen = Vec::new();
            while let Some(batch) = collect(&receive, |c| *c, limit, Duration::ZERO) {
                prop_assert!(batch.items.len() <= rows);
                let before_last: usize = batch.items[..batch.items.len() - 1].iter().sum();
                prop_assert!(before_last < most, "only the last item may go over");
                prop_assert_eq!(batch.cost, batch.items.iter().sum::<usize>());
                seen.extend(batch.items);
            }
            prop_assert_eq!(seen, costs);
        }

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
