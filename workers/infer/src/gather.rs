//! Which requests go through their model next: live complaints before bulk, whoever has waited longest first, together
//! with others of the same model version that are about as long.

use std::time::Instant;

use ombud_models::{BatchBudget, pack};

use crate::request::ModelRequest;

/// Something that waits for its model.
pub(crate) trait BatchCandidate {
    /// A backfilled complaint, for which no deadline runs.
    fn is_bulk(&self) -> bool;
    /// Only those of one version go through a model together.
    fn version(&self) -> &str;
    /// Tokens.
    fn cost(&self) -> usize;
    /// What its model lets a batch hold.
    fn budget(&self) -> BatchBudget;
    /// Since when it has been in the process.
    fn since(&self) -> Instant;
}

impl BatchCandidate for ModelRequest {
    fn is_bulk(&self) -> bool {
        self.complaint.is_bulk
    }

    fn version(&self) -> &str {
        self.version()
    }

    fn cost(&self) -> usize {
        self.cost()
    }

    fn budget(&self) -> BatchBudget {
        self.budget()
    }

    fn since(&self) -> Instant {
        self.complaint.read_at.instant
    }
}

/// Takes the next batch out of `waiting`, which is in order of arrival; empty where nothing waits. It keeps to
/// the budget of its model and to `limit`. Of those that may go together, the first `window` are looked at.
///
/// Live complaints never share a batch with bulk: they would wait for its tokens as well.
pub(crate) fn next_batch<T: BatchCandidate>(
    waiting: &mut Vec<T>,
    window: usize,
    limit: BatchBudget,
) -> Vec<T> {
    let Some(first) = waiting.iter().find(|item| !item.is_bulk()).or(waiting.first()) else {
        return Vec::new();
    };
    let (is_bulk, version) = (first.is_bulk(), first.version().to_owned());
    let budget = limit.within(first.budget());
    let mut room = window.max(1);
    let goes_with_first = |item: &mut T| {
        let goes = room > 0 && item.is_bulk() == is_bulk && item.version() == version;
        room -= usize::from(goes);
        goes
    };
    let looked_at: Vec<(usize, T)> = waiting.extract_if(.., goes_with_first).enumerate().collect();
    let mut next = Vec::new();
    for batch in pack(looked_at, |(_, item)| item.cost(), budget) {
        let has_first = batch.iter().any(|(place, _)| *place == 0);
        let items = batch.into_iter().map(|(_, item)| item);
        match has_first {
            true => next = items.collect(),
            false => waiting.extend(items),
        }
    }
    waiting.sort_by_key(BatchCandidate::since);
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
        budget: BatchBudget,
        since: Instant,
    }

    impl BatchCandidate for Item {
        fn is_bulk(&self) -> bool {
            self.is_bulk
        }

        fn version(&self) -> &str {
            self.version
        }

        fn cost(&self) -> usize {
            self.cost
        }

        fn budget(&self) -> BatchBudget {
            self.budget
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
            budget: BatchBudget::UNBOUNDED,
            since: began + Duration::from_millis(number as u64),
        };
        of.iter().enumerate().map(item).collect()
    }

    fn numbers(batch: &[Item]) -> Vec<usize> {
        batch.iter().map(|item| item.number).collect()
    }

    const LIMIT: BatchBudget = BatchBudget { texts: 3, tokens: 100 };

    #[test]
    fn a_live_complaint_goes_before_all_bulk_and_alone_with_its_like() {
        let mut waiting =
            items(&[(true, "a", 9), (true, "a", 9), (false, "b", 9), (true, "b", 9), (false, "b", 8)]);
        assert_eq!(numbers(&next_batch(&mut waiting, 9, LIMIT)), [4, 2]);
        assert_eq!(numbers(&next_batch(&mut waiting, 9, LIMIT)), [0, 1]);
        assert_eq!(numbers(&next_batch(&mut waiting, 9, LIMIT)), [3]);
        assert!(next_batch(&mut waiting, 9, LIMIT).is_empty());
    }

    #[test]
    fn whoever_has_waited_longest_goes_next_however_long_it_is() {
        let mut waiting =
            items(&[(true, "a", 90), (true, "a", 2), (true, "a", 2), (true, "a", 2), (true, "a", 80)]);
        assert_eq!(numbers(&next_batch(&mut waiting, 9, LIMIT)), [0]);
        assert_eq!(numbers(&next_batch(&mut waiting, 9, LIMIT)), [1, 2, 3]);
        assert_eq!(numbers(&next_batch(&mut waiting, 9, LIMIT)), [4]);
    }

    #[test]
    fn a_batch_keeps_to_what_its_model_takes() {
        let mut waiting = items(&[(false, "a", 9), (false, "a", 9), (false, "a", 9)]);
        waiting.iter_mut().for_each(|item| item.budget = BatchBudget { texts: 9, tokens: 18 });
        assert_eq!(numbers(&next_batch(&mut waiting, 9, LIMIT)), [0, 1]);
        waiting.extend(items(&[(false, "a", 9)]));
        assert_eq!(
            next_batch(&mut waiting, 9, BatchBudget { texts: 1, ..LIMIT }).len(),
            1,
            "nor more than it may"
        );
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
                let batch = next_batch(&mut waiting, window, LIMIT);
                prop_assert!(batch.contains(&first));
                prop_assert!(batch.len() <= LIMIT.texts.min(window));
                let longest = batch.iter().map(|item| item.cost).max().unwrap_or(0);
                prop_assert!(batch.len() == 1 || batch.len() * longest <= LIMIT.tokens);
                let alike = |item: &Item| item.is_bulk == first.is_bulk && item.version == first.version;
                prop_assert!(batch.iter().all(alike));
                prop_assert!(waiting.is_sorted_by_key(|item| item.number), "they wait in order of arrival");
                gone.extend(batch.into_iter().map(|item| item.number));
            }
            gone.sort_unstable();
            prop_assert_eq!(gone, (0..of.len()).collect::<Vec<_>>());
        }
    }
}
