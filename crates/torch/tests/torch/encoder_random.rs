//! A random encoder is an artefact like any other.
#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use ombud_models::{Artefact, LoadModel, Manifest};
use ombud_torch::{Libtorch, Shape, random_encoder};

const SMALL: Shape = Shape { layers: 2, hidden: 32, heads: 4, intermediate: 64, positions: 64 };

fn manifest() -> Manifest {
    serde_json::from_value(serde_json::json!({
        "format": 1, "model_id": "random", "family": "encoder",
        "heads": [{"task": "vulnerable", "kind": "flag", "label_set": "vulnerable@1",
            "labels": ["NOT_INDICATED", "VULNERABLE"], "temperature": 1.0,
            "thresholds": {"possible": 0.2, "vulnerable": 0.6}}]
    }))
    .unwrap()
}

fn answer(shape: Shape, seed: i64) -> Vec<f32> {
    let dir = tempfile::tempdir().unwrap();
    random_encoder(shape, seed, &manifest(), dir.path()).unwrap();
    let model = Libtorch.load(&Artefact::open(dir.path()).unwrap()).unwrap();
    model.replica().classify(&[&model.prepare("My payment was lost.")]).unwrap().remove(0).remove(0)
}

#[test]
fn a_seed_draws_the_same_model_again() {
    let first = answer(SMALL, 1);
    assert_eq!(first.len(), 2);
    assert!(first.iter().all(|logit| logit.is_finite()));
    assert_eq!(first, answer(SMALL, 1));
    assert_ne!(first, answer(SMALL, 2));
}
