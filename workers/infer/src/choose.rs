//! Which asks go through their model next: live complaints before bulk, whoever has waited longest first, together with
//! others of the same model version that are about as long.

use std::time::Instant;

use ombud_stream::{Batch, Limit, pack_by_length};

use crate::ask::Ask;

/// Something that waits for its model.
pub(crate) trait Waiting {
    /// A backfilled complaint, for which no deadline runs.
    fn is_bulk(&self) -> bool;
    /// Only those of one version go through a model together.
    fn version(&self) -> &str;
    /// Tokens.
    fn cost(&self) -> usize;
    /// Since when it has been in the process.
    fn since(&self) -> Instant;
}

impl Waiting for Ask {
    fn is_bulk(&self) -> bool {
        self.judged.is_bulk
    }

    fn version(&self) -> &str {
        self.version()
    }

    fn cost(&self) -> usize {
        self.cost()
    }

    fn since(&self) -> Instant {
        self.judged.taken_up
    }
}

/// Takes the next batch within `limit` out of `waiting`, the longest waiting of which stands first; `None` where there is
/// nobody. Of those that may go together, the first `window` are looked at.
///
/// Live complaints never share a batch with bulk: they would wait for its tokens as well.
pub(crate) fn next_batch<T: Waiting>(waiting: &mut Vec<T>, window: usize, limit: Limit) -> Option<Batch<T>> {
    let first = waiting.iter().find(|item| !item.is_bulk()).or(waiting.first())?;
    let (is_bulk, version) = (first.is_bulk(), first.version().to_owned());
    let mut room = window.max(1);
    let goes_with_first = |item: &mut T| {
        let goes = room > 0 && item.is_bulk() == is_bulk && item.version() == version;
        room -= usize::from(goes);
        goes
    };
    let looked_at: Vec<(usize, T)> = waiting.extract_if(.., goes_with_first).enumerate().collect();
    let (mut next, mut others) = (None, Vec::new());
    for batch in pack_by_length(looked_at, |(_, item)| item.cost(), limit) {
        let has_first = batch.items.iter().any(|(place, _)| *place == 0);
        let items = batch.items.into_iter().map(|(_, item)| item);
        match has_first {
            true => next = Some(Batch { items: items.collect(), cost: batch.cost }),
            false => others.extend(items),
        }
    }
    waiting.append(&mut others);
    waiting.sort_by_key(Waiting::since);
    next
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    struct Item {
        number: usize,
        is_bulk: bool,
        version: &'static str,
        cost: usize,
        since: Instant,
    }

    impl Waiting for Item {
        fn is_bulk(&self) -> bool {
            self.is_bulk
        }

        fn version(&self) -> &str {
            self.version
        }

        fn cost(&self) -> usize {
            self.cost
        }

        fn since(&self) -> Instant {
            self.since
        }
    }

    fn items(of: &[(bool, &'static str, usize)]) -> Vec<Item> {
        let began = Instant::now();
        let item = |(number, (is_bulk, version, cost)): (usize, &(bool, &'static str, usize))| Item {
            number,
            is_bulk: *is_bulk,
            version,
            cost: *cost,
            since: began + Duration::from_millis(number as u64),
        };
        of.iter().enumerate().map(item).collect()
    }

    fn numbers(batch: Option<Batch<Item>>) -> Vec<usize> {
        batch.map_or_else(Vec::new, |batch| batch.items.iter().map(|item| item.number).collect())
    }

    const LIMIT: Limit = Limit { rows: 3, cost: 100 };

    #[test]
    fn a_live_complaint_goes_before_all_bulk_and_alone_with_its_like() {
        let mut waiting =
            items(&[(true, "a", 9), (true, "a", 9), (false, "b", 9), (true, "b", 9), (false, "b", 8)]);
        assert_eq!(numbers(next_batch(&mut waiting, 9, LIMIT)), [4, 2]);
        assert_eq!(numbers(next_batch(&mut waiting, 9, LIMIT)), [0, 1]);
        assert_eq!(numbers(next_batch(&mut waiting, 9, LIMIT)), [3]);
        assert!(next_batch(&mut waiting, 9, LIMIT).is_none());
    }

    #[test]
    fn whoever_has_waited_longest_goes_next_however_long_it_is() {
        let mut waiting =
            items(&[(true, "a", 90), (true, "a", 2), (true, "a", 2), (true, "a", 2), (true, "a", 80)]);
        assert_eq!(numbers(next_batch(&mut waiting, 9, LIMIT)), [0]);
        assert_eq!(numbers(next_batch(&mut waiting, 9, LIMIT)), [1, 2, 3]);
        assert_eq!(numbers(next_batch(&mut waiting, 9, LIMIT)), [4]);
    }

    proptest! {
        #[test]
        fn everybody_goes_once_within_the_limits_and_the_first_of_its_kind_is_never_passed_by(
            of in prop::collection::vec((any::<bool>(), prop::sample::select(vec!["a", "b"]), 1usize..120), 0..60),
            window in 1usize..20,
        ) {
            let mut waiting = items(&of);
            let mut gone = Vec::new();
            while let Some(first) = waiting.iter().find(|item| !item.is_bulk).or(waiting.first()).cloned() {
                let batch = next_batch(&mut waiting, window, LIMIT).unwrap();
                prop_assert!(batch.items.contains(&first));
                prop_assert!(batch.items.len() <= LIMIT.rows.min(window));
                prop_assert!(batch.items.len() == 1 || batch.cost <= LIMIT.cost);
                let alike = |item: &Item| item.is_bulk == first.is_bulk && item.version == first.version;
                prop_assert!(batch.items.iter().all(alike));
                prop_assert!(waiting.is_sorted_by_key(|item| item.number), "they wait in order of arrival");
                gone.extend(batch.items.into_iter().map(|item| item.number));
            }
            gone.sort_unstable();
            prop_assert_eq!(gone, (0..of.len()).collect::<Vec<_>>());
        }
    }
}
