//! The revision of a route: whoever keeps the greatest ends with the submission that the log took last.
//!
//! `FLOOR + (ms since 2026: 41 bits | route: 5 bits | partition: 6 bits)`, as docs/adr/0012-revisions.md proves and counts.

/// 2026-01-01, in milliseconds since the Unix epoch: where time begins here, so that it fits for longer.
const SINCE_MS: i64 = 1_767_225_600_000;
/// Above every `raw_offset << 10 | n`, the revisions before these, of partitions with up to 2^38 records.
const FLOOR: i64 = 1 << 48;
const TIME_BITS: u32 = 41;
/// Routes of one complaint whose submissions have one time.
const ROUTE_BITS: u32 = 5;
/// Keeps partitions apart at one time; of more than 64, those that are 64 apart are not.
const PARTITION_BITS: u32 = 6;
const LAST_ROUTE: i64 = (1 << ROUTE_BITS) - 1;
/// The routes of one submission below [`FLOOR`].
const LAST_OLD_ROUTE: i64 = (1 << 10) - 1;

/// The least revision of what the log took at `ms`.
pub(crate) fn at(ms: i64, partition: i32) -> i64 {
    let since = ms.saturating_sub(SINCE_MS).clamp(0, (1 << TIME_BITS) - 1);
    FLOOR + (since << (ROUTE_BITS + PARTITION_BITS)) + (1 << PARTITION_BITS) + of(partition)
}

/// The first revision of a submission: by its time, and above `greatest`, the greatest that the complaint has had.
///
/// The second matters where the log's clock did not move in between. It may reach into the next millisecond then.
pub(crate) fn first(ms: i64, greatest: i64, partition: i32) -> i64 {
    at(ms, partition).max(above(greatest, partition))
}

/// The next revision of a submission that was routed as `greatest`; `None` where its numbers are used up. It stays
/// within the submission's millisecond, and so below what any partition took later.
pub(crate) fn next(greatest: i64, partition: i32) -> Option<i64> {
    if greatest < FLOOR {
        // Of the numbering before: what follows belongs to the old submission still, and stays below the new ones.
        return (greatest & LAST_OLD_ROUTE != LAST_OLD_ROUTE).then_some(greatest + 1);
    }
    ((greatest >> PARTITION_BITS) & LAST_ROUTE != LAST_ROUTE).then(|| above(greatest, partition))
}

/// The greatest revision that an earlier owner may have given a submission that this one has not routed.
pub(crate) fn last(ms: i64, greatest: i64, partition: i32) -> i64 {
    first(ms, greatest, partition) | (LAST_ROUTE << PARTITION_BITS)
}

/// Whether the log took something at `ms` after every submission that may be routed as `greatest`. Where that has a number of
/// before, which says no time, nobody knows.
pub(crate) fn is_after(ms: i64, greatest: i64, partition: i32) -> bool {
    greatest >= FLOOR && at(ms, partition) > greatest
}

/// The time that a revision stands for; that of the floor for those below.
pub(crate) fn time(revision: i64) -> i64 {
    SINCE_MS + ((revision - FLOOR).max(0) >> (ROUTE_BITS + PARTITION_BITS))
}

fn above(revision: i64, partition: i32) -> i64 {
    (((revision >> PARTITION_BITS) + 1) << PARTITION_BITS) + of(partition)
}

fn of(partition: i32) -> i64 {
    i64::from(partition) & ((1 << PARTITION_BITS) - 1)
}

#[cfg(test)]
mod tests {
    use ombud_contract::work::submission_from;
    use proptest::prelude::*;

    use super::*;

    /// From the year 2020 to 2095.
    const TIMES: std::ops::Range<i64> = 1_577_836_800_000..3_944_678_400_000;

    /// One more route, or the submission after.
    fn follow(greatest: i64, ms: i64, submitted: bool, partition: i32) -> Option<i64> {
        if submitted { Some(first(ms, greatest, partition)) } else { next(greatest, partition) }
    }

    proptest! {
        #[test]
        fn every_revision_of_before_is_below_every_one_of_now(
            offset in 0..1_i64 << 38, n in 1..1_024_i64, ms in any::<i64>(), partition in 0..10_000_i32,
        ) {
            prop_assert!((offset << 10 | n) < at(ms, partition));
        }

        #[test]
        fn programs_that_count_in_doubles_and_cql_that_counts_in_microseconds_hold_every_revision(
            ms in SINCE_MS..3_180_000_000_000_i64, later in 0..4_000_000_000_000_i64,
            partition in 0..10_000_i32,
        ) {
            prop_assert!(next(at(ms, partition), partition).unwrap() < ms * 1_000);
            prop_assert!(at(ms + later, partition) < 1 << 53);
        }

        #[test]
        fn routes_of_one_complaint_rise_whatever_the_clock_does(
            steps in prop::collection::vec((-5_i64..5, any::<bool>()), 1..200),
            start in TIMES, partition in 0..200_i32,
        ) {
            let (mut ms, mut clock, mut greatest) = (start, start, first(start, 0, partition));
            for (step, submitted) in steps {
                ms += step;
                clock = clock.max(ms);
                let Some(revision) = follow(greatest, clock, submitted, partition) else { continue };
                prop_assert!(revision > greatest);
                prop_assert_eq!(of(i32::try_from(revision & 63).unwrap()), of(partition));
                greatest = revision;
            }
        }

        #[test]
        fn all_routes_of_a_submission_lie_below_what_any_partition_took_a_millisecond_later(
            ms in SINCE_MS..3_900_000_000_000_i64, routes in 0..40_u8, mine in 0..200_i32, theirs in 0..200_i32,
        ) {
            let mut greatest = first(ms, 0, mine);
            for _ in 0..routes {
                greatest = next(greatest, mine).unwrap_or(greatest);
            }
            prop_assert!(greatest < first(ms + 1, 0, theirs));
        }

        #[test]
        fn partitions_never_share_a_revision(
            ms in TIMES, apart in 0..3_i64, mine in 0..64_i32, theirs in 0..64_i32, routes in 0..31_u8,
        ) {
            prop_assume!(mine != theirs);
            let mut greatest = first(ms, 0, mine);
            for _ in 0..routes {
                prop_assert_ne!(greatest, first(ms + apart, greatest, theirs));
                greatest = next(greatest, mine).unwrap_or(greatest);
            }
        }

        #[test]
        fn what_was_taken_before_a_submission_or_with_it_is_not_after_any_of_its_routes(
            ms in SINCE_MS..3_900_000_000_000_i64, before in 0..5_000_i64, routes in 0..31_u8, partition in 0..200_i32,
        ) {
            let mut greatest = first(ms, 0, partition);
            for _ in 0..routes {
                greatest = next(greatest, partition).unwrap_or(greatest);
            }
            prop_assert!(!is_after(ms - before, greatest, partition));
            prop_assert!(is_after(ms + 1, greatest, partition));
        }

        #[test]
        fn whoever_looks_at_work_finds_the_submission_of_a_route(
            ms in SINCE_MS..3_900_000_000_000_i64, routes in 0..31_u8, partition in 0..200_i32,
        ) {
            let from = submission_from(first(ms, 0, partition));
            let mut greatest = first(ms, 0, partition);
            for _ in 0..routes {
                greatest = next(greatest, partition).unwrap_or(greatest);
                prop_assert_eq!(submission_from(greatest), from);
            }
            prop_assert!(from <= first(ms, 0, 0) && from > first(ms - 1, 0, 63));
        }

        #[test]
        fn a_revision_tells_its_time(ms in SINCE_MS..3_900_000_000_000_i64, partition in 0..200_i32) {
            prop_assert_eq!(time(at(ms, partition)), ms);
        }
    }

    #[test]
    fn what_was_numbered_by_offset_goes_on_by_one_until_its_numbers_are_used_up() {
        let old = (7 << 10) | 1_022;
        assert_eq!(next(old, 3), Some(old + 1));
        assert_eq!(next(old + 1, 3), None);
    }

    #[test]
    fn nothing_is_known_to_be_after_what_was_numbered_by_offset() {
        assert!(!is_after(3_000_000_000_000, (7 << 10) | 1, 3));
        assert!(!is_after(3_000_000_000_000, 0, 3), "of a complaint that was never routed");
    }

    #[test]
    fn a_submission_has_31_routes() {
        let mut greatest = at(1_800_000_000_000, 5);
        let mut routes = 1;
        while let Some(revision) = next(greatest, 5) {
            (greatest, routes) = (revision, routes + 1);
        }
        assert_eq!(routes, 31);
        assert!(first(1_800_000_000_000, greatest, 5) > greatest, "the next submission goes on all the same");
    }
}
