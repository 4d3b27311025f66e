//! What the tests start from: a small artefact on disk, MegaBank's first strategy, decisions.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use ombud_contract::records::{Decision, Outcome, Strategy};
use ombud_contract::taxonomy::Taxonomy;
use ombud_models::{ActiveStrategy, Facts, Family, FirstStrategy, Head, Kind, Manifest};
use tempfile::TempDir;

/// The repository's own strategy file.
pub(crate) fn strategy_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/strategy.toml")
}

pub(crate) fn taxonomy(label_set: &str) -> &'static Taxonomy {
    Taxonomy::by_label_set(label_set).unwrap()
}

pub(crate) fn head(task: &str, kind: Kind, thresholds: &[(&str, f64)]) -> Head {
    let label_set = format!("{task}@1");
    Head {
        task: task.to_owned(),
        kind,
        labels: taxonomy(&label_set).leaves().to_vec(),
        label_set,
        temperature: 1.0,
        thresholds: thresholds.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        evidence: None,
        evidence_odds: BTreeMap::new(),
        foreign: Vec::new(),
    }
}

pub(crate) fn vulnerable_head() -> Head {
    let head = head("vulnerable", Kind::Flag, &[("possible", 0.2), ("vulnerable", 0.8)]);
    Head { evidence: Some("vulnerable@1".to_owned()), ..head }
}

pub(crate) fn manifest() -> Manifest {
    Manifest {
        format: 1,
        model_id: "complaints".to_owned(),
        family: Family::Bag,
        heads: vec![head("product", Kind::Choice, &[]), head("issue", Kind::Choice, &[]), vulnerable_head()],
        reads: None,
        max_tokens: None,
        cleaning: None,
        metrics: [("validation.product.accuracy".to_owned(), 0.79)].into(),
        training_manifest_sha256: None,
        parent_version: None,
    }
}

/// Writes an artefact with three heads to `dir`.
pub(crate) fn write_artefact(dir: &Path) {
    fs::create_dir_all(dir.join("tables")).unwrap();
    fs::write(dir.join("ombud.json"), serde_json::to_string_pretty(&manifest()).unwrap()).unwrap();
    fs::write(dir.join("model.safetensors"), [7_u8; 4096]).unwrap();
    fs::write(dir.join("tables/idf.bin"), [1_u8, 2, 3]).unwrap();
    fs::write(dir.join("README.md"), "# A bag").unwrap();
}

/// A models folder that holds `complaints`.
pub(crate) fn models_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_artefact(&folder.path().join("complaints"));
    folder
}

/// MegaBank's first strategy, as it would be published.
pub(crate) fn first_strategy() -> Strategy {
    static FIRST: LazyLock<Strategy> = LazyLock::new(|| {
        let models = models_folder();
        FirstStrategy::read(&strategy_file(), models.path(), "test", 1_000).unwrap().record
    });
    FIRST.clone()
}

/// The same, checked, without an audit sample.
pub(crate) fn active_strategy() -> &'static ActiveStrategy {
    static ACTIVE: LazyLock<ActiveStrategy> = LazyLock::new(|| {
        ActiveStrategy::new(Strategy { audit_basis_points: 0, ..first_strategy() }).unwrap()
    });
    &ACTIVE
}

pub(crate) fn decision(task: &str, outcome: Outcome, level: &str, label: Option<&str>) -> Decision {
    let path = match (task, label) {
        ("issue", Some(label)) => {
            let path = taxonomy("issue@1").path(level, label).unwrap_or_default();
            path.into_iter().map(str::to_owned).collect()
        }
        (_, Some(label)) => vec![label.to_owned()],
        (_, None) => Vec::new(),
    };
    Decision {
        task: task.to_owned(),
        prediction_id: format!("{task}-prediction"),
        outcome,
        label: label.map(str::to_owned),
        level: level.to_owned(),
        path,
        confidence: 0.9,
        model_id: "complaints".to_owned(),
        model_version: "0".repeat(64),
        strategy_version: 1,
        arm: "champion".to_owned(),
        truncated_tokens: 0,
        explicit_evidence: false,
        unread: None,
    }
}

pub(crate) fn labelled(task: &str, level: &str, label: &str) -> Decision {
    decision(task, Outcome::Labelled, level, Some(label))
}

/// A mortgage complaint about payments of a customer who is not vulnerable.
pub(crate) fn sure() -> Vec<Decision> {
    vec![
        labelled("product", "product", "Mortgage"),
        labelled("issue", "issue", "Trouble during payment process"),
        labelled("vulnerable", "vulnerable", "NOT_INDICATED"),
    ]
}

/// Of a CRM that says no more than it must.
pub(crate) static NO_ATTRIBUTES: BTreeMap<String, String> = BTreeMap::new();

pub(crate) fn facts(decisions: &[Decision]) -> Facts<'_> {
    Facts {
        complaint_id: "c-1",
        language: "en",
        known_product: None,
        received_at: 1_000,
        regulator_sent_at: None,
        notice_at: None,
        legal_entity: None,
        attributes: &NO_ATTRIBUTES,
        decisions,
        missing_tasks: &[],
        unreadable: false,
        withdrawn: false,
    }
}
