//! The next strategy moves the complaints that it must and no others, and says what it changes.

mod differences;
mod draws;

use std::collections::BTreeMap;

use crate::given;
use ombud_contract::records::{Arm, ModelEvaluation, ModelState, ModelVersion, Role, Strategy};
use ombud_models::{
    ActiveStrategy, ChangeError, Registry, Signature, Strategies, StrategyChange, StrategyRefusal, evaluated,
    model_version_record,
};

const CANARY: &str = "canary";

fn evaluation(id: &str) -> ModelEvaluation {
    ModelEvaluation {
        evaluation_id: id.to_owned(),
        kind: "data".to_owned(),
        data: "d".repeat(64),
        rows: 100,
        against_version: None,
        figures: BTreeMap::from([("product.accuracy".to_owned(), 0.8)]),
        evaluated_by: "ann".to_owned(),
        evaluated_at: 4,
    }
}

/// `complaints` as the first strategy names it, and `challenger` in two versions, of which `e-1` evaluated the newer.
fn registry() -> Registry {
    let models = given::models_folder();
    let artefact = ombud_models::Artefact::open(&models.path().join("complaints")).unwrap();
    let champion = model_version_record(&artefact, "test", 1);
    let mut registry = Registry::default();
    for (version, created_at) in [("a".repeat(64), 2), ("ab".repeat(32), 3)] {
        let model_id = "challenger".to_owned();
        registry.apply(ModelVersion { model_id, version, created_at, ..champion.clone() });
    }
    let newer = registry.get("challenger", &"ab".repeat(32)).unwrap();
    registry.apply(evaluated(newer, evaluation("e-1")).unwrap());
    registry.apply(champion);
    registry
}

fn history(first: Strategy) -> Strategies {
    let mut strategies = Strategies::default();
    strategies.push(first).unwrap();
    strategies
}

fn first() -> Strategies {
    history(given::first_strategy())
}

fn signature() -> Signature {
    Signature { by: "ann".to_owned(), reason: None, now_ms: 100_000, from: None }
}

fn canary(basis_points: i32) -> StrategyChange {
    let (task, model) = ("product".to_owned(), "challenger".parse().unwrap());
    StrategyChange::Canary { task, model, basis_points }
}

fn promote(arm: Option<&str>) -> StrategyChange {
    let (task, arm) = ("product".to_owned(), arm.map(str::to_owned));
    StrategyChange::Promote { task, arm, evaluation: Some("e-1".to_owned()), forced: false }
}

/// Takes each change in turn; gives them all.
fn after(mut strategies: Strategies, changes: impl IntoIterator<Item = StrategyChange>) -> Strategies {
    let registry = registry();
    for change in changes {
        let next = change.next(&strategies, &registry, &signature()).unwrap();
        strategies.gate(&next, &registry, 100_000).unwrap();
        strategies.push(next).unwrap();
    }
    strategies
}

fn newest(strategies: &Strategies) -> &ActiveStrategy {
    strategies.newest().unwrap()
}

fn arms(strategy: &ActiveStrategy) -> Vec<(&str, i32)> {
    let arms = &strategy.task("product").unwrap().arms;
    arms.iter().map(|arm| (arm.name.as_str(), arm.basis_points)).collect()
}

fn refused(change: &StrategyChange, strategies: &Strategies) -> String {
    change.next(strategies, &registry(), &signature()).unwrap_err().to_string()
}

fn arm(name: &str, basis_points: i32) -> Arm {
    let arm = given::first_strategy().tasks[0].arms[0].clone();
    Arm { name: name.to_owned(), basis_points, ..arm }
}

fn with_arms(arms: Vec<Arm>) -> Strategies {
    let mut strategy = given::first_strategy();
    strategy.tasks.iter_mut().find(|task| task.task == "product").unwrap().arms = arms;
    history(strategy)
}

#[test]
fn a_change_is_the_same_after_it_was_written_down() {
    let named = |model: &str| model.parse().unwrap();
    for change in [
        canary(1_000),
        promote(None),
        promote(Some("watcher")),
        StrategyChange::Shadow { task: "issue".to_owned(), model: named("challenger@ab"), basis_points: 5 },
        StrategyChange::RollBack { to: Some(3) },
        StrategyChange::Replace(Box::new(given::first_strategy())),
    ] {
        let text = serde_json::to_string(&change).unwrap();
        assert_eq!(serde_json::from_str::<StrategyChange>(&text).unwrap(), change, "{text}");
    }
    let text = r#"{"change": "canary", "task": "product", "model": "challenger", "basis_points": 1000}"#;
    assert_eq!(serde_json::from_str::<StrategyChange>(text).unwrap(), canary(1_000));
    let wrong = text.replace("challenger", "@");
    assert!(serde_json::from_str::<StrategyChange>(&wrong).is_err());
}

#[test]
fn what_was_asked_for_stays_the_same_when_a_newer_version_of_its_model_comes() {
    let (strategies, mut registry) = (first(), registry());
    let pinned = canary(1_000).pinned(&strategies, &registry).unwrap();
    let newer = registry.get("challenger", &"ab".repeat(32)).unwrap().clone();
    registry.apply(ModelVersion { version: "e".repeat(64), created_at: 9, ..newer });
    let canary_of = |change: &StrategyChange| {
        let next = change.next(&strategies, &registry, &signature()).unwrap();
        next.tasks[1].arms.iter().find(|arm| arm.name == CANARY).unwrap().model_version.clone()
    };
    assert_eq!(canary_of(&pinned), "ab".repeat(32));
    assert_eq!(canary_of(&canary(1_000)), "e".repeat(64));
    let back = StrategyChange::RollBack { to: None };
    let strategies = after(first(), [canary(1_000)]);
    assert_eq!(back.pinned(&strategies, &registry).unwrap(), StrategyChange::RollBack { to: Some(1) });
}

#[test]
fn going_back_keeps_how_many_must_approve_and_needs_nobody_else() {
    let mut strategies = after(first(), [canary(1_000)]);
    let mut stricter = newest(&strategies).record.clone();
    (stricter.version, stricter.approvals, stricter.effective_from) = (3, 1, stricter.effective_from + 1_000);
    strategies.push(stricter).unwrap();
    let registry = registry();
    let next = |change: &StrategyChange| change.next(&strategies, &registry, &signature()).unwrap();
    let back = next(&StrategyChange::RollBack { to: Some(1) });
    assert_eq!(back.approvals, 1);
    strategies.gate(&back, &registry, 100_000).unwrap();
    let grown = next(&canary(2_000));
    let refused = strategies.gate(&grown, &registry, 100_000).unwrap_err();
    assert!(matches!(refused, StrategyRefusal::Approvals(_)), "{refused}");
    assert!(refused.to_string().contains("ombud strategy request"), "{refused}");
    assert_eq!(strategies.gate_request(&grown, &registry, 100_000).unwrap(), 1);
    assert_eq!(strategies.gate_request(&back, &registry, 100_000).unwrap(), 0);
}

#[test]
fn a_canary_of_10_percent_gets_10_percent_of_100_000_complaints() {
    let strategies = after(first(), [canary(1_000)]);
    let ids: Vec<String> = (0..100_000).map(|i| format!("complaint-{i}")).collect();
    let strategy = newest(&strategies);
    let shares = strategy.shares(ids.iter().map(String::as_str));
    let got = shares.iter().find(|share| share.arm == CANARY).unwrap();
    assert!((got.share - 0.1).abs() < 4.0 * got.sampling_error, "{got:?}");
    assert!((got.sampling_error - 0.000_949).abs() < 0.000_001, "{got:?}");
    let champions = shares.iter().find(|share| share.task == "product" && share.arm == "champion").unwrap();
    assert_eq!(got.complaints + champions.complaints, 100_000);

    // The same after the log was read again.
    let bytes = ombud_contract::codec::encode(&strategy.record).unwrap();
    let again = ActiveStrategy::new(ombud_contract::codec::decode(&bytes).unwrap()).unwrap();
    for id in &ids {
        assert_eq!(again.arm_for("product", id), strategy.arm_for("product", id));
    }
}

#[test]
fn a_canary_is_of_the_newest_registered_version_and_takes_from_the_champion_alone() {
    let strategies = after(first(), [canary(1_000)]);
    let next = &newest(&strategies).record;
    let product = next.tasks.iter().find(|task| task.task == "product").unwrap();
    assert_eq!(arms(newest(&strategies)), [(CANARY, 1_000), ("champion", 9_000)]);
    assert_eq!((product.arms[0].model_id.as_str(), product.arms[0].role), ("challenger", Role::Deciding));
    assert_eq!(product.arms[0].model_version, "ab".repeat(32));
    assert_eq!((next.version, next.effective_from, next.changed_at), (2, 107_000, 100_000));
    assert_eq!((next.changed_by.as_str(), next.reason.as_str()), ("ann", "canary product challenger 10 %"));
    let unchanged = |strategy: &Strategy| {
        let others = strategy.tasks.iter().filter(|task| task.task != "product").cloned().collect::<Vec<_>>();
        (others, strategy.routing.clone(), strategy.deadline_ms, strategy.audit_basis_points)
    };
    assert_eq!(unchanged(next), unchanged(&given::first_strategy()));
}

#[test]
fn a_model_is_meant_by_enough_of_its_version() {
    let registry = registry();
    let find =
        |name: &str| name.parse::<ombud_models::ModelName>()?.find(&registry).map(|v| v.version.clone());
    assert_eq!(find("challenger@aa"), Ok("a".repeat(64)));
    for (name, why) in [
        ("challenger@a", "several versions"),
        ("challenger@c", "no version of model `challenger` begins with c"),
        ("absent", "is not registered"),
        ("challenger@", "write a model as MODEL"),
        ("@a", "write a model as MODEL"),
    ] {
        assert!(find(name).is_err_and(|error| error.contains(why)), "{name}");
    }
}

#[test]
fn what_stands_in_the_way_of_a_change_is_said() {
    let between = with_arms(vec![arm(CANARY, 500), arm("other", 500), arm("champion", 9_000)]);
    let unnamed = with_arms(vec![arm("left", 5_000), arm("right", 5_000)]);
    let cases = [
        (canary(0), first(), "more than 0 % and less than 100 %"),
        (canary(10_000), first(), "`ombud strategy promote`"),
        (canary(600), between, "arm `other` lies between it and the champion"),
        (canary(600), unnamed, "arm `champion`: no deciding arm has this name"),
        (promote(None), first(), "arm `canary`: there is no such arm: the arms are champion"),
        (promote(Some("champion")), first(), "it is the champion already"),
        (
            StrategyChange::RollBack { to: None },
            first(),
            "roll back to strategy 0: the versions before the newest are 1 to 0",
        ),
        (
            StrategyChange::RollBack { to: Some(2) },
            after(first(), [canary(1_000)]),
            "roll back to strategy 2",
        ),
        (canary(1_000), after(first(), [canary(1_000)]), "strategy 2 says so already"),
        (canary(1_000), Strategies::default(), "none is published yet"),
    ];
    for (change, strategies, why) in cases {
        let error = refused(&change, &strategies);
        assert!(error.contains(why), "{error}");
    }
    let nowhere =
        StrategyChange::Shadow { task: "tone".into(), model: "challenger".parse().unwrap(), basis_points: 1 };
    assert!(refused(&nowhere, &first()).contains("no task `tone`; it asks issue, product, vulnerable"));
}

#[test]
fn a_promotion_rests_on_an_evaluation_or_is_forced() {
    let strategies = after(first(), [canary(1_000)]);
    let ask = |evaluation: Option<&str>, forced| {
        let (task, evaluation) = ("product".to_owned(), evaluation.map(str::to_owned));
        StrategyChange::Promote { task, arm: None, evaluation, forced }.next(
            &strategies,
            &registry(),
            &signature(),
        )
    };
    for none in [None, Some(" ")] {
        assert!(matches!(ask(none, false), Err(ChangeError::NoEvaluation { .. })));
    }
    assert_eq!(ask(Some("e-1"), false).unwrap().evaluation_id.as_deref(), Some("e-1"));
    let forced = ask(None, true).unwrap();
    assert_eq!((forced.evaluation_id, forced.reason.as_str()), (None, "promote product, forced"));
    let because = Signature { reason: Some("the champion is broken".to_owned()), ..signature() };
    let forced =
        StrategyChange::Promote { task: "product".into(), arm: None, evaluation: None, forced: true };
    let forced = forced.next(&strategies, &registry(), &because).unwrap();
    assert_eq!(forced.reason, "the champion is broken (forced)");

    let made_up = ask(Some("e-2"), false).unwrap_err().to_string();
    assert!(made_up.contains("none of that id of challenger@abab") && made_up.contains("it has e-1"));
    // Whoever publishes a strategy of its own making is asked the same.
    let made_up = Strategy { evaluation_id: Some("e-2".into()), ..ask(Some("e-1"), false).unwrap() };
    let refused = strategies.gate(&made_up, &registry(), 100_000).unwrap_err();
    assert!(matches!(refused, StrategyRefusal::Evaluation { .. }), "{refused}");
}

#[test]
fn an_evaluation_that_says_nothing_of_a_task_is_no_ground_to_promote_for_it() {
    let vulnerable = StrategyChange::Canary {
        task: "vulnerable".into(),
        model: "challenger".parse().unwrap(),
        basis_points: 1_000,
    };
    let strategies = after(first(), [canary(1_000), vulnerable]);
    let promote = |task: &str, figures: &[&str]| {
        let mut registry = registry();
        let figures = figures.iter().map(|name| ((*name).to_owned(), 0.5)).collect();
        let found = ModelEvaluation { figures, ..evaluation("e-3") };
        registry.apply(evaluated(registry.get("challenger", &"ab".repeat(32)).unwrap(), found).unwrap());
        let evaluation = Some("e-3".to_owned());
        StrategyChange::Promote { task: task.into(), arm: None, evaluation, forced: false }.next(
            &strategies,
            &registry,
            &signature(),
        )
    };
    // A trial in which too few were labelled for vulnerable.
    let trial = ["product.accuracy", "product.accuracy.difference", "issue.intent.accuracy"];
    assert!(promote("product", &trial).is_ok());
    let refused = promote("vulnerable", &trial).unwrap_err();
    assert!(matches!(&refused, ChangeError::NotJudged { task, .. } if task == "vulnerable"), "{refused}");
    assert!(refused.to_string().contains("it has figures of product, issue alone"), "{refused}");
    assert!(promote("vulnerable", &["product.accuracy", "vulnerable.pr_auc"]).is_ok());
    // A replay speaks of routes.
    assert!(promote("vulnerable", &["share.product", "needs_human.candidate"]).is_ok());
}

#[test]
fn a_promotion_gives_all_to_the_new_champion_and_a_roll_back_takes_it_again() {
    let shadow = StrategyChange::Shadow {
        task: "product".into(),
        model: "challenger".parse().unwrap(),
        basis_points: 10_000,
    };
    let watched = after(first(), [shadow, canary(1_000)]);
    assert_eq!(arms(newest(&watched)), [(CANARY, 1_000), ("champion", 9_000), ("shadow", 10_000)]);
    let promoted = after(watched, [promote(None)]);
    let product = newest(&promoted).task("product").unwrap();
    assert_eq!(arms(newest(&promoted)), [("champion", 10_000)], "nobody watches the champion itself");
    assert_eq!(product.arms[0].model_id, "challenger");
    let back = after(promoted, [StrategyChange::RollBack { to: None }]);
    assert_eq!(arms(newest(&back)), [(CANARY, 1_000), ("champion", 9_000), ("shadow", 10_000)]);
    let back = after(back, [StrategyChange::RollBack { to: Some(1) }]);
    assert_eq!(newest(&back).record.tasks, given::first_strategy().tasks);
    assert_eq!((newest(&back).record.version, newest(&back).record.evaluation_id.as_ref()), (6, None));
}

#[test]
fn a_strategy_that_was_announced_for_later_is_not_overtaken() {
    let mut strategies = first();
    let later = Signature { from: Some(900_000), ..signature() };
    strategies.push(canary(1_000).next(&strategies, &registry(), &later).unwrap()).unwrap();
    let next = canary(2_000).next(&strategies, &registry(), &signature()).unwrap();
    assert_eq!(next.effective_from, 900_000);
}

#[test]
fn the_gate_lets_no_strategy_through_that_a_worker_could_not_follow() {
    let registry_of = |state| {
        let mut registry = registry();
        let known = registry.get("challenger", &"ab".repeat(32)).unwrap().clone();
        registry.apply(ModelVersion { state, ..known });
        registry
    };
    let strategies = first();
    let next = canary(1_000).next(&strategies, &registry(), &signature()).unwrap();
    let refused =
        |next: &Strategy, registry: &Registry| strategies.gate(next, registry, 100_000).unwrap_err();
    for (state, why) in [(ModelState::Rejected, "was rejected"), (ModelState::Retired, "is retired")] {
        let error = refused(&next, &registry_of(state)).to_string();
        assert!(
            error.starts_with("publish the strategy: task `product`, arm `canary`: model challenger@abab")
        );
        assert!(error.contains(why), "{error}");
    }
    assert!(refused(&next, &Registry::default()).to_string().contains("is not registered"));
    let soon = Strategy { effective_from: 104_999, ..next.clone() };
    assert!(matches!(refused(&soon, &registry()), StrategyRefusal::TooSoon { earliest: 105_000, .. }));
    let taken = Strategy { version: 1, ..next.clone() };
    assert!(matches!(refused(&taken, &registry()), StrategyRefusal::Lost { version: 1, by } if by == "test"));

    let mut other_labels = registry();
    let mut known = other_labels.get("challenger", &"ab".repeat(32)).unwrap().clone();
    known.labels.get_mut("product").unwrap()[0] = "Crypto".to_owned();
    other_labels.apply(known.clone());
    assert!(
        refused(&next, &other_labels)
            .to_string()
            .contains("answers `Crypto`, which is no label of product@1")
    );
    // A shadow's answers find no team, and need none.
    let watched = StrategyChange::Shadow {
        task: "product".into(),
        model: "challenger".parse().unwrap(),
        basis_points: 10_000,
    };
    let watched = watched.next(&strategies, &other_labels, &signature()).unwrap();
    strategies.gate(&watched, &other_labels, 100_000).unwrap();
    // A model that knows fewer labels than the table routes each of them.
    known.labels.get_mut("product").unwrap().remove(0);
    other_labels.apply(known.clone());
    strategies.gate(&next, &other_labels, 100_000).unwrap();
    known.labels = BTreeMap::new();
    other_labels.apply(known);
    assert!(refused(&next, &other_labels).to_string().contains("doesn't answer it"));
    strategies.gate(&next, &registry(), 100_000).unwrap();
}
