//! A strategy is taken in turn, whole or not at all, and gives each arm exactly its share.

use ombud_contract::records::{Arm, Role, Strategy};
use ombud_models::{ActiveStrategy, Strategies};
use proptest::prelude::*;

use crate::given;

fn arm(name: &str, role: Role, basis_points: i32) -> Arm {
    let (name, model_id) = (name.to_owned(), "complaints".to_owned());
    Arm { name, model_id, model_version: "a".repeat(64), role, basis_points }
}

fn with_arms(arms: Vec<Arm>) -> Strategy {
    let mut strategy = given::first_strategy();
    let product = strategy.tasks.iter_mut().find(|task| task.task == "product").unwrap();
    product.arms = arms;
    strategy
}

fn at(version: i64, effective_from: i64) -> Strategy {
    Strategy { version, effective_from, ..given::first_strategy() }
}

#[test]
fn each_arm_gets_its_share_and_keeps_its_complaints() {
    let shares = [
        arm("champion", Role::Deciding, 9_000),
        arm("canary", Role::Deciding, 1_000),
        arm("watcher", Role::Shadow, 500),
    ];
    let strategy = ActiveStrategy::new(with_arms(shares.to_vec())).unwrap();
    let (mut canary, mut watched) = (0_i32, 0_i32);
    for i in 0..100_000 {
        let id = format!("complaint-{i}");
        let decides = strategy.arm_for("product", &id).unwrap();
        assert_eq!(strategy.arm_for("product", &id).unwrap(), decides);
        canary += i32::from(decides.name == "canary");
        watched += i32::try_from(strategy.shadows_for("product", &id).count()).unwrap();
    }
    // Four standard errors of a share of 100,000.
    assert!((canary - 10_000).abs() < 380, "{canary}");
    assert!((watched - 5_000).abs() < 276, "{watched}");
}

#[test]
fn growing_a_canary_moves_nobody_back() {
    let split = |canary: i32| {
        let arms =
            vec![arm("canary", Role::Deciding, canary), arm("champion", Role::Deciding, 10_000 - canary)];
        ActiveStrategy::new(with_arms(arms)).unwrap()
    };
    let (small, large) = (split(500), split(2_500));
    for i in 0..10_000 {
        let id = format!("complaint-{i}");
        if small.arm_for("product", &id).unwrap().name == "canary" {
            assert_eq!(large.arm_for("product", &id).unwrap().name, "canary");
        }
    }
}

#[test]
fn the_strategy_of_a_complaint_is_the_newest_that_had_begun() {
    let mut strategies = Strategies::default();
    for (version, from) in [(1, 0), (2, 1_000), (3, 1_000), (4, 2_000)] {
        strategies.push(at(version, from)).unwrap();
    }
    let version = |ms| strategies.at(ms).map(|strategy| strategy.record.version);
    assert_eq!(version(-1), None);
    assert_eq!(version(0), Some(1));
    assert_eq!(version(999), Some(1));
    assert_eq!(version(1_000), Some(3));
    assert_eq!(version(i64::MAX), Some(4));
    assert_eq!(strategies.newest().unwrap().record.version, 4);
}

#[test]
fn a_version_out_of_turn_changes_nothing() {
    let mut strategies = Strategies::default();
    let error = strategies.push(at(2, 0)).unwrap_err().to_string();
    assert_eq!(error, "accept strategy 2: the next version is 1");
    strategies.push(at(1, 1_000)).unwrap();
    assert!(strategies.push(at(1, 1_000)).is_err());
    assert!(strategies.push(at(3, 1_000)).is_err());
    let error = strategies.push(at(2, 999)).unwrap_err().to_string();
    assert_eq!(error, "accept the strategy: effective_from: 999 lies before the previous strategy's 1000");
    assert_eq!(strategies.iter().count(), 1);
    strategies.push(at(2, 1_000)).unwrap();
}

#[test]
fn a_wrong_strategy_is_refused_with_the_field() {
    let champion = || arm("champion", Role::Deciding, 10_000);
    let cases = [
        (Strategy { deadline_ms: 0, ..at(1, 0) }, "deadline: it must be longer"),
        (Strategy { amend_window_ms: -1, ..at(1, 0) }, "amend_window: it can't be negative"),
        (Strategy { audit_basis_points: 10_001, ..at(1, 0) }, "audit_basis_points: it must lie in"),
        (Strategy { tasks: Vec::new(), ..at(1, 0) }, "tasks: it names no task"),
        (Strategy { routing: "teams = 1".to_owned(), ..at(1, 0) }, "accept the routing table at line 1: "),
        (with_arms(Vec::new()), "task `product`: it is required and no arm decides it"),
        (with_arms(vec![arm("a", Role::Shadow, 10_000)]), "it is required and no arm decides it"),
        (with_arms(vec![arm("a", Role::Deciding, 9_999)]), "sum to 9999: they must sum to 10000"),
        (with_arms(vec![champion(), champion()]), "arm `champion`: each arm needs a name of its own"),
        (with_arms(vec![champion(), arm("b", Role::Deciding, -1)]), "arm `b`: basis_points must lie in"),
        (with_arms(vec![Arm { model_version: "v1".to_owned(), ..champion() }]), "its version (SHA-256, hex)"),
    ];
    for (strategy, expected) in cases {
        let error = ActiveStrategy::new(strategy).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    for review_below in [-0.1, 1.1, f32::NAN] {
        let mut strategy = at(1, 0);
        strategy.tasks[0].review_below = review_below;
        assert!(ActiveStrategy::new(strategy).is_err(), "{review_below}");
    }
    let mut strategy = at(1, 0);
    strategy.tasks[0].salt.clear();
    assert!(ActiveStrategy::new(strategy).is_err(), "an empty salt");
}

#[test]
fn arms_of_a_newer_ombud_decide_nothing() {
    let arms = vec![arm("champion", Role::Deciding, 10_000), arm("novel", Role::Unknown, 10_000)];
    let strategy = ActiveStrategy::new(with_arms(arms)).unwrap();
    assert_eq!(strategy.arm_for("product", "c-1").unwrap().name, "champion");
    assert_eq!(strategy.shadows_for("product", "c-1").count(), 0);
}

#[test]
fn the_joiner_waits_for_the_required_tasks() {
    let mut record = at(1, 0);
    record.tasks.retain_mut(|task| {
        task.required = task.task != "issue";
        true
    });
    let strategy = ActiveStrategy::new(record).unwrap();
    assert_eq!(strategy.required_tasks().collect::<Vec<_>>(), ["product", "vulnerable"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_complaint_has_one_deciding_arm(cut in 0_i32..=10_000, id in "\\PC{0,40}") {
        let arms = vec![arm("a", Role::Deciding, cut), arm("b", Role::Deciding, 10_000 - cut)];
        let strategy = ActiveStrategy::new(with_arms(arms)).unwrap();
        prop_assert!(strategy.arm_for("product", &id).is_some());
    }
}
