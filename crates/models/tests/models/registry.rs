//! The registry knows what the log says, newest last.

use ombud_contract::records::{ModelEvaluation, ModelState, ModelVersion};
use ombud_models::{Artefact, Registry, evaluated, model_version_record, registry_key};

use crate::given;

fn record() -> ModelVersion {
    let models = given::models_folder();
    model_version_record(&Artefact::open(&models.path().join("complaints")).unwrap(), "test", 5)
}

#[test]
fn an_artefact_registers_under_its_content() {
    let record = record();
    assert_eq!(record.state, ModelState::Registered);
    assert_eq!(record.family, "bag");
    assert_eq!(record.tasks, ["product", "issue", "vulnerable"]);
    assert_eq!(record.labels["product"], given::taxonomy("product@1").leaves());
    assert_eq!(record.label_sets["issue"], "issue@1");
    let names: Vec<&str> = record.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["model.safetensors", "ombud.json", "tables/idf.bin"]);
    assert_eq!(registry_key(&record.model_id, &record.version), format!("complaints@{}", record.version));
}

#[test]
fn the_newest_record_of_a_version_wins() {
    let record = record();
    let (id, version) = (record.model_id.clone(), record.version.clone());
    let mut registry = Registry::default();
    assert!(!registry.may_serve(&id, &version), "unknown");
    registry.apply(record.clone());
    assert!(registry.may_serve(&id, &version));
    registry.apply(ModelVersion { state: ModelState::Retired, ..record.clone() });
    assert!(registry.may_serve(&id, &version), "a retired one serves the strategies that name it");
    registry.apply(ModelVersion { state: ModelState::Rejected, ..record });
    assert!(!registry.may_serve(&id, &version));
    assert_eq!(registry.versions().count(), 1);
}

#[test]
fn an_evaluation_is_told_once_and_of_many_the_newest_stay() {
    let evaluation = |number: usize| ModelEvaluation {
        evaluation_id: format!("e-{number}"),
        kind: "data".to_owned(),
        data: String::new(),
        rows: 1,
        against_version: None,
        figures: std::collections::BTreeMap::new(),
        evaluated_by: "test".to_owned(),
        evaluated_at: 5,
    };
    let mut known = record();
    for number in 1..=40 {
        known = evaluated(&known, evaluation(number)).unwrap();
    }
    assert_eq!(evaluated(&known, evaluation(40)), None);
    assert_eq!((known.evaluations.len(), known.evaluation("e-8")), (32, None));
    assert_eq!(known.evaluation("e-9"), Some(&evaluation(9)));
}
