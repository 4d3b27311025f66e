//! A strategy in force as a file, and what is proposed for a challenger.

use std::fs;

use ombud_contract::records::{ModelVersion, Role, Strategy};
use ombud_contract::taxonomy::Taxonomy;
use ombud_models::{
    Artefact, Registry, RoutingTable, Strategies, StrategyDraft, differences, model_version_record, proposal,
    written,
};

use crate::given;

fn champion() -> ModelVersion {
    let models = given::models_folder();
    model_version_record(&Artefact::open(&models.path().join("complaints")).unwrap(), "test", 1)
}

fn read(file: &toml::Table, models: &[&ModelVersion]) -> Strategy {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("next.toml");
    fs::write(&path, toml::to_string(file).unwrap()).unwrap();
    let mut registry = Registry::default();
    models.iter().for_each(|model| registry.apply((*model).clone()));
    StrategyDraft::read(&path, &registry, &given::first_strategy()).unwrap().record
}

#[test]
fn what_is_written_is_read_as_it_was() {
    let strategy = given::first_strategy();
    let again = read(&written(&strategy).unwrap(), &[&champion()]);
    assert_eq!(differences(&strategy, &again), []);
    assert_eq!(again.tasks, strategy.tasks);
}

#[test]
fn a_challenger_is_proposed_as_a_shadow_and_its_new_product_finds_a_desk() {
    let product = Taxonomy::by_label_set("product@1").unwrap();
    let grown = product.with_leaves(41, [&"Space travel".to_owned()]).unwrap();
    let mut challenger = ModelVersion { version: "c".repeat(64), ..champion() };
    challenger.label_sets.insert("product".into(), grown.label_set().to_owned());
    challenger.labels.insert("product".into(), grown.leaves().to_vec());
    challenger.labels.remove("issue");

    let newest = given::first_strategy();
    let next = read(&proposal(&newest, &challenger).unwrap(), &[&champion(), &challenger]);
    for task in &next.tasks {
        let shadows = task.arms.iter().filter(|arm| arm.role == Role::Shadow).count();
        assert_eq!(shadows, usize::from(task.task != "issue"), "{}", task.task);
    }
    let routing = RoutingTable::parse(&next.routing).unwrap();
    assert_eq!(
        (routing.label_sets.product.as_str(), routing.label_sets.issue.as_str()),
        ("product@41", "issue@1")
    );
    assert_eq!(routing.products["Space travel"].team, routing.triage_desk);
    assert_eq!(
        routing.products["Mortgage"],
        RoutingTable::parse(&newest.routing).unwrap().products["Mortgage"]
    );
    // Proposed once more, on top of itself, it stays.
    let again = read(&proposal(&next, &challenger).unwrap(), &[&champion(), &challenger]);
    assert_eq!(differences(&next, &again), []);
}

#[test]
fn a_challenger_in_shadow_is_proposed_without_asking_for_another_person() {
    let challenger = ModelVersion { version: "c".repeat(64), ..champion() };
    let strict = Strategy { approvals: 1, ..given::first_strategy() };
    let mut strategies = Strategies::default();
    strategies.push(strict.clone()).unwrap();
    let proposed = read(&proposal(&strict, &challenger).unwrap(), &[&champion(), &challenger]);
    assert_eq!(proposed.approvals, 1);
    let next = Strategy { version: 2, ..proposed };
    assert_eq!(strategies.push(next).unwrap().record.version, 2);
}

#[test]
fn a_file_that_says_nothing_about_approvals_leaves_them_as_they_are() {
    let mut file = written(&given::first_strategy()).unwrap();
    assert_eq!(read(&file, &[&champion()]).approvals, 0);
    file.remove("approvals").unwrap();
    let strict = Strategy { approvals: 2, ..given::first_strategy() };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("next.toml");
    fs::write(&path, toml::to_string(&file).unwrap()).unwrap();
    let mut registry = Registry::default();
    registry.apply(champion());
    assert_eq!(StrategyDraft::read(&path, &registry, &strict).unwrap().record.approvals, 2);
}
