//! Where a version serves, served and will serve.

use ombud_contract::records::{ModelVersion, Strategy};
use ombud_models::{Placement, Placements, Strategies, placements};

use crate::given;

/// The first strategy, and what `change` makes of it, which begins at `from`.
fn next(version: i64, from: i64, change: impl FnOnce(&mut Strategy)) -> Strategy {
    let mut strategy = Strategy { version, effective_from: from, ..given::first_strategy() };
    change(&mut strategy);
    strategy
}

#[test]
fn a_version_serves_where_the_strategy_of_now_names_it_and_served_where_an_older_one_did() {
    let example =
        include_str!("../../../../schemas/models.registry/examples/valid/only-what-must-be-there.json");
    let model: ModelVersion = serde_json::from_str(example).unwrap();
    let names = |strategy: &mut Strategy, task: usize| {
        let arm = &mut strategy.tasks[task].arms[0];
        (arm.model_id, arm.model_version) = (model.model_id.clone(), model.version.clone());
    };
    let mut strategies = Strategies::default();
    strategies.push(next(1, 100, |strategy| names(strategy, 0))).unwrap();
    strategies.push(next(2, 200, |strategy| (0..2).for_each(|task| names(strategy, task)))).unwrap();
    strategies.push(next(3, 300, |strategy| names(strategy, 1))).unwrap();
    let spans = |places: Vec<Placement>| -> Vec<(i64, i64, Option<i64>)> {
        places.into_iter().map(|place| (place.since_strategy, place.since, place.until)).collect()
    };
    let Placements { now, before, announced } = placements(&strategies, &model, 250);
    assert_eq!(spans(now), [(1, 100, Some(300)), (2, 200, None)]);
    assert_eq!((spans(before), spans(announced)), (vec![], vec![]));
    let Placements { now, before, .. } = placements(&strategies, &model, 300);
    assert_eq!((spans(now), spans(before)), (vec![(2, 200, None)], vec![(1, 100, Some(300))]));
    assert_eq!(spans(placements(&strategies, &model, 150).announced), [(2, 200, None)]);
}
