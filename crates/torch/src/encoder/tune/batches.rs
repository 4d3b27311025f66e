//! Which examples make a step: drawn again each epoch, with neighbours in length in one batch.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::seeds::{Draw, seed};

/// The order of one run's examples.
pub(super) struct Batches<'a> {
    /// Tokens of each example.
    pub(super) lengths: &'a [usize],
    pub(super) batch: usize,
    pub(super) batches_a_block: usize,
    pub(super) seed: u64,
}

impl Batches<'_> {
    /// Steps in an epoch.
    pub(super) fn an_epoch(&self) -> usize {
        self.lengths.len().div_ceil(self.batch)
    }

    /// The batches of an epoch, in their order; each example is in one of them.
    pub(super) fn epoch(&self, epoch: usize) -> Vec<Vec<usize>> {
        let mut random = StdRng::from_seed(seed(self.seed, Draw::Order { epoch }));
        let mut rows: Vec<usize> = (0..self.lengths.len()).collect();
        rows.shuffle(&mut random);
        for block in rows.chunks_mut(self.batch * self.batches_a_block.max(1)) {
            block.sort_by_key(|row| self.lengths[*row]);
        }
        let mut batches: Vec<Vec<usize>> = rows.chunks(self.batch).map(<[usize]>::to_vec).collect();
        batches.shuffle(&mut random);
        batches
    }
}

/// Deals `rows` to `replicas`, so that each has about as many tokens to compute, padding included. A replica may
/// have none where there are fewer rows than replicas.
pub(super) fn shares(rows: &[usize], lengths: &[usize], replicas: usize) -> Vec<Vec<usize>> {
    let mut rows = rows.to_vec();
    rows.sort_by_key(|row| (lengths[*row], *row));
    // Neighbours in length stay together: cut where the tokens so far pass the next share of all.
    let total: usize = rows.iter().map(|row| lengths[*row]).sum();
    let mut shares = vec![Vec::new(); replicas];
    let mut before = 0;
    for row in rows {
        let middle = 2 * before + lengths[row];
        let share = (middle * replicas / (2 * total.max(1))).min(replicas - 1);
        shares[share].push(row);
        before += lengths[row];
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths() -> Vec<usize> {
        (0..1_003).map(|row| 20 + (row * 7_919) % 237).collect()
    }

    fn batches(lengths: &[usize]) -> Batches<'_> {
        Batches { lengths, batch: 16, batches_a_block: 10, seed: 7 }
    }

    #[test]
    fn every_example_is_in_one_batch_of_an_epoch() {
        let lengths = lengths();
        let epoch = batches(&lengths).epoch(0);
        assert_eq!(epoch.len(), batches(&lengths).an_epoch());
        let mut rows: Vec<usize> = epoch.concat();
        rows.sort_unstable();
        assert!(rows.into_iter().eq(0..lengths.len()));
    }

    #[test]
    fn an_epoch_can_be_drawn_again_and_is_unlike_the_next() {
        let lengths = lengths();
        assert_eq!(batches(&lengths).epoch(3), batches(&lengths).epoch(3));
        assert_ne!(batches(&lengths).epoch(3), batches(&lengths).epoch(4));
    }

    #[test]
    fn little_of_a_batch_is_padding() {
        let lengths = lengths();
        let (mut tokens, mut padded) = (0, 0);
        for batch in batches(&lengths).epoch(0) {
            let longest = batch.iter().map(|row| lengths[*row]).max().unwrap();
            tokens += batch.iter().map(|row| lengths[*row]).sum::<usize>();
            padded += batch.len() * longest;
        }
        assert!((padded as f64) < tokens as f64 * 1.15, "{tokens} became {padded}");
    }

    #[test]
    fn shares_are_alike_in_tokens_and_lose_nobody() {
        let lengths = lengths();
        let rows: Vec<usize> = (100..116).collect();
        let shares = shares(&rows, &lengths, 3);
        let tokens: Vec<usize> =
            shares.iter().map(|share| share.iter().map(|row| lengths[*row]).sum()).collect();
        let (least, most) = (tokens.iter().min().unwrap(), tokens.iter().max().unwrap());
        assert!(most - least < 300, "{tokens:?}");
        let mut dealt = shares.concat();
        dealt.sort_unstable();
        assert_eq!(dealt, rows);
        assert_eq!(super::shares(&[5], &lengths, 2).concat(), [5]);
    }
}
