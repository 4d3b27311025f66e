//! Rows of several partitions as one list in order: the buckets of a day, and what was written before there were any.
//!
//! It holds one page of each partition at most, whatever the day holds.

use std::collections::{BTreeMap, VecDeque};

/// What has been read of each part and is not given yet. `P` says where a part is read on.
pub(crate) struct Merge<K, R, P> {
    order: fn(&R) -> K,
    /// Whether two neighbours are one row, which lies in two parts: the first of them is given.
    same: fn(&R, &R) -> bool,
    /// The next row of each part. Of equal ones that of the earlier part comes first.
    heads: BTreeMap<(K, usize), R>,
    /// What follows the heads, by part.
    tails: Vec<VecDeque<R>>,
    /// Where each part is read on, as long as there is more of it.
    rests: Vec<Option<P>>,
    /// Parts of which more has to be read before the next row is known.
    drained: Vec<(usize, P)>,
}

impl<K: Ord, R, P> Merge<K, R, P> {
    /// A merge of `parts` parts, each of which is in the order of `order`; nothing has been read yet.
    pub(crate) fn new(parts: usize, order: fn(&R) -> K, same: fn(&R, &R) -> bool) -> Self {
        Self {
            order,
            same,
            heads: BTreeMap::new(),
            tails: (0..parts).map(|_| VecDeque::new()).collect(),
            rests: (0..parts).map(|_| None).collect(),
            drained: Vec::new(),
        }
    }

    /// Takes in the next page of a part; `None` is the last one. All parts have to be fed before the first row is given.
    pub(crate) fn feed(&mut self, part: usize, page: impl IntoIterator<Item = R>, rest: Option<P>) {
        self.tails[part].extend(page);
        self.rests[part] = rest;
        self.advance(part);
    }

    /// A part that has to be fed before the next row is given, and where it is read on.
    pub(crate) fn drained(&mut self) -> Option<(usize, P)> {
        self.drained.pop()
    }

    /// The next row; `None` is the end.
    pub(crate) fn next_row(&mut self) -> Option<R> {
        debug_assert!(self.drained.is_empty(), "the next row may lie in a part that has to be read on");
        let row = self.take_head()?;
        // Within a part no row comes twice, so that the others of its kind are heads by now.
        while self.heads.first_key_value().is_some_and(|(_, next)| (self.same)(&row, next)) {
            self.take_head();
        }
        Some(row)
    }

    fn take_head(&mut self) -> Option<R> {
        let ((_, part), row) = self.heads.pop_first()?;
        self.advance(part);
        Some(row)
    }

    fn advance(&mut self, part: usize) {
        match self.tails[part].pop_front() {
            Some(row) => {
                self.heads.insert(((self.order)(&row), part), row);
            }
            None => self.drained.extend(self.rests[part].take().map(|rest| (part, rest))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    type Row = (u8, usize);

    /// Merges `parts`, read `page` rows at a time; gives the rows, and the most that were in memory at once.
    fn merged(parts: &[BTreeSet<u8>], page: usize) -> (Vec<Row>, usize) {
        let rows = |(part, keys): (usize, &BTreeSet<u8>)| keys.iter().map(|key| (*key, part)).collect();
        let parts: Vec<Vec<Row>> = parts.iter().enumerate().map(rows).collect();
        let order: fn(&Row) -> u8 = |row| row.0;
        let mut merge = Merge::new(parts.len(), order, |a, b| a.0 == b.0);
        let read = |merge: &mut Merge<u8, Row, usize>, part: usize, from: usize| {
            let until = parts[part].len().min(from + page);
            let rest = (until < parts[part].len()).then_some(until);
            merge.feed(part, parts[part][from..until].iter().copied(), rest);
        };
        for part in 0..parts.len() {
            read(&mut merge, part, 0);
        }
        let (mut rows, mut most) = (Vec::new(), 0);
        loop {
            while let Some((part, from)) = merge.drained() {
                read(&mut merge, part, from);
            }
            most = most.max(merge.heads.len() + merge.tails.iter().map(VecDeque::len).sum::<usize>());
            match merge.next_row() {
                Some(row) => rows.push(row),
                None => return (rows, most),
            }
        }
    }

    proptest! {
        #[test]
        fn every_row_comes_once_in_order_from_the_first_part_that_has_it_a_page_of_each_at_a_time(
            parts in prop::collection::vec(prop::collection::btree_set(any::<u8>(), 0..40), 1..6),
            page in 1_usize..8,
        ) {
            let (rows, most) = merged(&parts, page);
            let all: BTreeSet<u8> = parts.iter().flatten().copied().collect();
            let first = |key: u8| parts.iter().position(|part| part.contains(&key)).unwrap();
            let expected: Vec<Row> = all.into_iter().map(|key| (key, first(key))).collect();
            prop_assert_eq!(rows, expected);
            prop_assert!(most <= page * parts.len(), "{} rows in memory", most);
        }
    }

    #[test]
    fn a_page_without_rows_is_read_on() {
        let order: fn(&u8) -> u8 = |row| *row;
        let mut merge = Merge::new(1, order, |a, b| a == b);
        merge.feed(0, [], Some("more"));
        assert_eq!(merge.drained(), Some((0, "more")));
        merge.feed(0, [7], None);
        assert_eq!((merge.drained(), merge.next_row(), merge.next_row()), (None, Some(7), None));
    }
}
