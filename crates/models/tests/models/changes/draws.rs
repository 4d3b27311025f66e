//! Which arm a complaint falls to, over changes of shares and of strategies.

use ombud_contract::records::Strategy;
use ombud_models::Strategies;
use proptest::prelude::*;

use super::{CANARY, after, arm, canary, first, newest, with_arms};
use crate::given;

#[test]
fn a_draw_says_why_an_arm_got_a_complaint() {
    let strategies = after(first(), [canary(1_000)]);
    let strategy = newest(&strategies);
    for i in 0..1_000 {
        let id = format!("complaint-{i}");
        let got = &strategy.arm_for("product", &id).unwrap().name;
        let draws = [CANARY, "champion"].map(|arm| (arm, strategy.draw("product", arm, &id).unwrap()));
        let taken: Vec<&str> =
            draws.iter().filter(|(_, draw)| draw.is_taken()).map(|(arm, _)| *arm).collect();
        assert_eq!(taken, [got]);
        assert_eq!(
            (draws[0].1.from, draws[0].1.to, draws[1].1.from, draws[1].1.to),
            (0, 1_000, 1_000, 10_000)
        );
    }
    assert_eq!(strategy.draw("product", "absent", "c-1"), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_canary_that_grows_keeps_its_complaints_and_moves_nobody_elses(
        place in 0_usize..3,
        small in 1_i32..3_999,
        more in 1_i32..4_000,
        ids in proptest::collection::vec("[a-z0-9-]{1,20}", 50),
    ) {
        let mut all = vec![arm("left", 3_000), arm("right", 2_000)];
        all.insert(place, arm("champion", 5_000));
        let large = (small + more).min(4_999);
        let grown = after(with_arms(all), [canary(small), canary(large)]);
        let steps: Vec<_> = grown.iter().collect();
        for id in &ids {
            let was: Vec<&str> = steps.iter().map(|s| s.arm_for("product", id).unwrap().name.as_str()).collect();
            // From the champion into the canary, at some step or never; and nothing else.
            prop_assert!(
                was.iter().all(|arm| *arm == was[0]) || was[0] == "champion",
                "{was:?}"
            );
            prop_assert!(was[0] == "champion" || was[2] == was[0]);
            prop_assert!(was[1] != CANARY || was[2] == CANARY, "{was:?}");
            prop_assert!(was[2] == CANARY || was[2] == was[0], "{was:?}");
        }
        // And shrinking gives them back.
        let shrunk = after(grown, [canary(small)]);
        let all: Vec<_> = shrunk.iter().collect();
        for id in &ids {
            prop_assert_eq!(&all[1].arm_for("product", id).unwrap().name, &all[3].arm_for("product", id).unwrap().name);
        }
    }

    #[test]
    fn the_strategy_of_any_time_in_50_changes_is_the_last_that_had_begun(
        gaps in proptest::collection::vec(0_i64..20, 50),
        times in proptest::collection::vec(-5_i64..1_100, 100),
    ) {
        let mut strategies = Strategies::default();
        let mut from = 0;
        for (version, gap) in (1..).zip(&gaps) {
            from += gap;
            strategies.push(Strategy { version, effective_from: from, ..given::first_strategy() }).unwrap();
        }
        for time in times {
            let scanned = strategies.iter().filter(|s| s.record.effective_from <= time).last();
            let found = strategies.at(time).map(|strategy| strategy.record.version);
            prop_assert_eq!(found, scanned.map(|strategy| strategy.record.version));
        }
    }
}
