//! Which offsets of one partition are finished: everything below the frontier is, the frontier itself is not.

use std::collections::VecDeque;

/// The contiguous frontier of one partition.
///
/// Offsets are opened in rising order (gaps are fine: compaction and control records leave them) and settled in
/// any order. The frontier is the lowest offset that is still open, or where reading goes on: one past the last one
/// opened, or behind what was passed.
#[derive(Clone, Debug)]
pub struct Frontier {
    open: VecDeque<Entry>,
    next: i64,
    unsettled: usize,
}

#[derive(Clone, Debug)]
struct Entry {
    offset: i64,
    settled: bool,
}

impl Frontier {
    /// A frontier at `next`, the offset that will be read first.
    pub fn new(next: i64) -> Self {
        Self { open: VecDeque::new(), next, unsettled: 0 }
    }

    /// Takes on `offset`. Returns whether it is new: an offset below [`Self::next`] was taken on before
    /// (a seek back reads it again) and keeps the state it had.
    pub fn open(&mut self, offset: i64) -> bool {
        if offset < self.next {
            return false;
        }
        self.open.push_back(Entry { offset, settled: false });
        self.next = offset + 1;
        self.unsettled += 1;
        true
    }

    /// Notes that no offset below `next` is going to be opened any more. Returns whether that was new.
    pub fn pass(&mut self, next: i64) -> bool {
        let moves = next > self.next;
        self.next = self.next.max(next);
        moves
    }

    /// Finishes `offset`. Returns whether it was open: settling twice, or what was never opened, changes nothing.
    pub fn settle(&mut self, offset: i64) -> bool {
        let Ok(at) = self.open.binary_search_by_key(&offset, |entry| entry.offset) else {
            return false;
        };
        if std::mem::replace(&mut self.open[at].settled, true) {
            return false;
        }
        self.unsettled -= 1;
        while self.open.front().is_some_and(|entry| entry.settled) {
            self.open.pop_front();
        }
        true
    }

    /// Everything below is finished: what may be committed.
    pub fn frontier(&self) -> i64 {
        self.open.front().map_or(self.next, |entry| entry.offset)
    }

    /// The offset expected next from the log.
    pub fn next(&self) -> i64 {
        self.next
    }

    /// How many offsets are open and not settled.
    pub fn unsettled(&self) -> usize {
        self.unsettled
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_slow_record_holds_the_frontier_back() {
        let mut frontier = Frontier::new(7);
        for offset in 7..10 {
            assert!(frontier.open(offset));
        }
        frontier.settle(8);
        frontier.settle(9);
        assert_eq!(frontier.frontier(), 7);
        frontier.settle(7);
        assert_eq!(frontier.frontier(), 10);
    }

    #[test]
    fn what_nobody_is_given_is_passed_once_everything_before_it_is_finished() {
        let mut frontier = Frontier::new(7);
        frontier.open(7);
        assert!(frontier.pass(10));
        assert_eq!((frontier.frontier(), frontier.next()), (7, 10));
        assert!(!frontier.open(9), "it was passed");
        frontier.settle(7);
        assert_eq!(frontier.frontier(), 10);
        assert!(!frontier.pass(9), "nothing leads back");
        assert_eq!(frontier.frontier(), 10);
    }

    proptest! {
        /// Against the plainest model there is: a set of offsets that were opened and not settled.
        #[test]
        fn the_frontier_is_the_lowest_unsettled_offset(
            gaps in prop::collection::vec(1i64..4, 1..60),
            settles in prop::collection::vec(any::<prop::sample::Index>(), 0..80),
        ) {
            let mut frontier = Frontier::new(0);
            let mut offset = 0;
            let mut offsets = Vec::new();
            for gap in gaps {
                offset += gap;
                prop_assert!(frontier.open(offset));
                offsets.push(offset);
            }
            let mut unsettled: BTreeSet<i64> = offsets.iter().copied().collect();
            let mut before = frontier.frontier();
            for pick in settles {
                let settled = *pick.get(&offsets);
                prop_assert_eq!(frontier.settle(settled), unsettled.remove(&settled));
                prop_assert_eq!(frontier.frontier(), unsettled.first().copied().unwrap_or(offset + 1));
                prop_assert_eq!(frontier.unsettled(), unsettled.len());
                prop_assert!(frontier.frontier() >= before, "a frontier never goes back");
                before = frontier.frontier();
            }
        }

        #[test]
        fn an_offset_read_again_is_not_taken_on_again(next in 0i64..50, again in 0i64..50) {
            let mut frontier = Frontier::new(next);
            frontier.open(next);
            frontier.settle(next);
            prop_assert_eq!(frontier.open(again), again > next);
        }
    }
}
