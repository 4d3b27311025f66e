//! Models are swapped and refused while complaints flow.

#![allow(clippy::unwrap_used, reason = "a helper of a test may panic like the test itself")]

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    fs,
    net::{Ipv4Addr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use ombud_contract::records::{ModelState, ModelVersion, Outcome, Prediction, Role};
use ombud_stream::{Clock, SystemClock};

use crate::swap_world::{LEAD_MS, World, arm, strategy};

/// A hub that takes connections and never answers one; how many it took.
fn silent_hub() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let taken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&taken);
    // Ends with the process of the test.
    thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            held.push(stream);
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    (endpoint, taken)
}

#[test]
fn a_hundred_swaps_lose_nothing_and_change_each_partition_once_a_swap() {
    const SWAPS: usize = 100;
    let world = World::new();
    let versions: Vec<String> = (0..10).map(|n| world.offer(&format!("good {n}")).version).collect();
    let decides: Vec<&str> = versions.iter().map(String::as_str).cycle().take(SWAPS + 1).collect();
    world.publish(&decides, 50);
    let over = SystemClock.now_ms() + LEAD_MS + (SWAPS as i64 + 2) * 50;
    // The models of strategies that are over go, and what serves at last stays.
    let drained = || world.models.alive.load(Ordering::SeqCst) == 1;
    let sent = world.load_until(|_| SystemClock.now_ms() > over, drained);
    let predictions = world.predictions();
    assert_eq!(predictions.len(), sent, "nothing is lost, and nothing decided twice");
    assert!(predictions.iter().all(|prediction| prediction.outcome != Outcome::Failed));
    let mut by_partition: BTreeMap<i32, Vec<Prediction>> = BTreeMap::new();
    for prediction in predictions {
        assert_eq!(
            prediction.model_version,
            decides[usize::try_from(prediction.strategy_version).unwrap() - 1]
        );
        by_partition.entry(prediction.raw_partition).or_default().push(prediction);
    }
    for (partition, mut predictions) in by_partition {
        predictions.sort_by_key(|prediction| prediction.raw_offset);
        let order: Vec<i64> = predictions.iter().map(|prediction| prediction.strategy_version).collect();
        assert!(order.is_sorted(), "partition {partition} went back: {order:?}");
        let seen: BTreeSet<i64> = order.into_iter().collect();
        assert!(
            seen.len() > SWAPS / 2,
            "partition {partition} saw {} strategies: the load is thin",
            seen.len()
        );
    }
}

#[test]
fn what_is_broken_never_serves_and_the_registry_says_why() {
    let world = World::new();
    let good = world.offer("good 0").version;
    let mut reasons = BTreeMap::new();
    for (weights, reason) in [
        ("nan 1", "not-finite: "),
        ("three 1", "label-count: "),
        ("shapes 1", "unloadable: "),
        ("untold 1", "unloadable: "),
        ("half 1", "content-differs: "),
    ] {
        reasons.insert(world.offer(weights).version, reason);
    }
    let half = reasons.iter().find(|(_, reason)| **reason == "content-differs: ").unwrap().0;
    let weights = world.dir.path().join("shared/said").join(half).join("model.safetensors");
    fs::write(weights, "ha").unwrap();
    let decides: Vec<&str> = [good.as_str()].into_iter().chain(reasons.keys().map(String::as_str)).collect();
    world.publish(&decides, 100);
    let over = SystemClock.now_ms() + LEAD_MS + 800;
    let sent = world.load_until(|_| SystemClock.now_ms() > over, || true);
    let predictions = world.predictions();
    assert_eq!(predictions.len(), sent);
    assert!(predictions.iter().all(|prediction| prediction.model_version == good));
    assert!(predictions.iter().any(|prediction| prediction.strategy_version == 6), "all of them were named");
    let rejected: Vec<ModelVersion> =
        world.registry().into_iter().filter(|record| record.state == ModelState::Rejected).collect();
    assert_eq!(rejected.len(), 5, "each once: {rejected:?}");
    for record in rejected {
        let reason = reasons[&record.version];
        assert!(record.state_reason.starts_with(reason), "{reason}: {}", record.state_reason);
        assert_eq!((record.changed_by.as_str(), record.created_by.as_str()), ("infer", "test"));
    }

    // Restarted where all of this is known: the good one stands in from the start, and nothing is said twice.
    let more = world.load_until(|sent| sent == 8, || true);
    assert_eq!(more, 8);
    assert!(world.predictions().iter().all(|prediction| prediction.model_version == good));
    assert_eq!(world.registry().len(), 6 + 5);
}

#[test]
fn a_hub_that_never_answers_holds_up_neither_complaints_nor_the_other_new_model() {
    let (endpoint, taken) = silent_hub();
    let world = World { hub: endpoint, ..World::new() };
    let old = world.offer("good 0").version;
    let (hanging, new) = (world.offer_on_the_hub("good 1").version, world.offer("good 2").version);
    world.publish_one(&strategy(1, 0, &old));
    let begins = SystemClock.now_ms() + LEAD_MS;
    let mut both = strategy(2, begins, &new);
    both.tasks[0].arms = vec![
        arm("canary", &hanging, Role::Deciding, 5_000),
        arm("champion", &new, Role::Deciding, 5_000),
        arm("watcher", &hanging, Role::Shadow, 10_000),
    ];
    world.publish_one(&both);
    let decided = || {
        let deciding = world.predictions().into_iter().filter(|prediction| prediction.role == Role::Deciding);
        deciding.collect::<Vec<_>>()
    };
    let asked = Cell::new(0);
    // Ends at all only if what hangs stops when the process does.
    let sent = world.load_until(
        |sent| {
            asked.set(sent);
            SystemClock.now_ms() > begins + 1_000
        },
        || decided().len() == asked.get(),
    );
    assert!(taken.load(Ordering::SeqCst) > 0, "the hub was asked");
    let decided = decided();
    assert_eq!(decided.len(), sent, "each is decided, and once");
    assert!(decided.iter().all(|prediction| prediction.outcome != Outcome::Failed));
    let answered: BTreeSet<(i64, &str, &str)> = decided
        .iter()
        .map(|one| (one.strategy_version, one.arm.as_str(), one.model_version.as_str()))
        .collect();
    assert!(answered.contains(&(2, "champion", new.as_str())), "the other is there: {answered:?}");
    assert!(answered.iter().all(|(_, arm, version)| *arm == "champion" && *version != hanging));
    let why = world.readiness.waiting().get("models").cloned();
    assert_eq!(why, None, "it is under way for the first time");
    assert!(world.registry().iter().all(|record| record.state != ModelState::Rejected));
}

#[test]
fn a_shadow_that_can_not_be_loaded_has_failed_and_nobody_answered_in_its_place() {
    for weights in ["nan 1", "large 2"] {
        let world = World::new();
        let (good, bad) = (world.offer("good 0").version, world.offer(weights).version);
        let mut watched = strategy(1, 0, &good);
        watched.tasks[0].arms.push(arm("watcher", &bad, Role::Shadow, 10_000));
        world.publish_one(&watched);
        let sent = world.load_until(|sent| sent == 8, || world.predictions().len() == 16);
        let (shadows, decided): (Vec<Prediction>, Vec<Prediction>) =
            world.predictions().into_iter().partition(|prediction| prediction.role == Role::Shadow);
        assert_eq!((shadows.len(), decided.len()), (sent, sent), "{weights}");
        for shadow in shadows {
            assert_eq!((shadow.arm.as_str(), shadow.model_version.as_str()), ("watcher", bad.as_str()));
            assert_eq!((shadow.outcome, shadow.label, shadow.logits.len()), (Outcome::Failed, None, 0));
            assert_eq!(shadow.failure.as_deref(), Some("model-unavailable"), "{weights}");
        }
        for one in decided {
            assert_eq!((one.arm.as_str(), one.model_version.as_str()), ("champion", good.as_str()));
            assert_ne!(one.outcome, Outcome::Failed, "{weights}");
        }
    }
}

#[test]
fn a_host_without_memory_rejects_nothing_and_goes_on_when_it_has_some() {
    let world = World::new();
    let (small, large) = (world.offer("good 0").version, world.offer("large 1").version);
    world.publish(&[&small, &large], 0);
    let begun = SystemClock.now_ms() + LEAD_MS;
    let unready = AtomicBool::new(false);
    let sent = world.load_until(
        |_| {
            if let Some(why) = world.readiness.waiting().get("models") {
                assert!(why.ends_with(": memory"), "{why}");
                unready.store(true, Ordering::SeqCst);
            }
            let has_begun = SystemClock.now_ms() > begun;
            world.models.has_memory.store(has_begun, Ordering::SeqCst);
            has_begun && world.models.has_large.load(Ordering::SeqCst)
        },
        || true,
    );
    assert!(unready.load(Ordering::SeqCst), "readiness says what is waited for");
    let predictions = world.predictions();
    assert_eq!(predictions.len(), sent);
    assert!(predictions.iter().all(|one| one.outcome != Outcome::Failed && one.arm == "champion"));
    let stands_in = |one: &Prediction| one.strategy_version == 2 && one.model_version == small;
    assert!(predictions.iter().any(stands_in), "the last one decided meanwhile");
    assert!(world.registry().iter().all(|record| record.state != ModelState::Rejected));

    world.load_until(|sent| sent == 8, || true);
    assert!(world.predictions().iter().any(|one| one.model_version == large));
}
