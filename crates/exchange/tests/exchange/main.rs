//! Models go to Python's transformers and come from there, or are refused with what would be right. A model here gives the
//! answers that a test gives it: what libtorch and Python make of the folders is tested elsewhere.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod exports;
mod imports;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ombud_exchange::{ExchangeError, Export, Import, Imported, LabelMap, labels_template};
use ombud_models::{
    Artefact, Classifier, ClassifyError, DraftError, Head, Input, LoadError, LoadModel, Logits, Model,
    Prepared, Reads,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Loads anything as a model that answers each head with `logit`.
struct ConstantModel {
    logit: f32,
    labels: Vec<usize>,
}

impl LoadModel for ConstantModel {
    fn load(&self, artefact: &Artefact) -> Result<Arc<dyn Model>, LoadError> {
        let labels = artefact.manifest.heads.iter().map(Head::outputs).collect();
        Ok(Arc::new(ConstantModel { logit: self.logit, labels }))
    }
}

impl Model for ConstantModel {
    fn prepare(&self, narrative: &str) -> Prepared {
        let ids = vec![1, narrative.len() as u32, 2];
        Prepared { input: Input::Tokens(ids), tokens: 1, truncated_tokens: 0, unseen_tokens: 0, windows: 1 }
    }

    fn replica(&self) -> Box<dyn Classifier> {
        Box::new(ConstantModel { logit: self.logit, labels: self.labels.clone() })
    }
}

impl Classifier for ConstantModel {
    fn classify(&mut self, batch: &[&Prepared]) -> Result<Vec<Logits>, ClassifyError> {
        let logits: Logits = self.labels.iter().map(|labels| vec![self.logit; *labels]).collect();
        Ok(vec![logits; batch.len()])
    }
}

const MODEL: ConstantModel = ConstantModel { logit: 0.5, labels: Vec::new() };

fn golden(architecture: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/torch/tests/goldens").join(architecture)
}

/// A folder as Python would have written it: a golden without what is ours.
fn theirs(architecture: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        fs::copy(golden(architecture).join(name), dir.path().join(name)).unwrap();
    }
    dir
}

fn edit(dir: &Path, change: impl Fn(&mut Value)) {
    let path = dir.join("config.json");
    let mut config = json_of(&path);
    change(&mut config);
    fs::write(path, config.to_string()).unwrap();
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn import(
    folder: &Path,
    task: &str,
    map: &[(&str, &str)],
    models: &ConstantModel,
    out: &Path,
) -> Result<Imported, ExchangeError> {
    let labels = LabelMap(map.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect());
    let thresholds: BTreeMap<String, f64> = match task {
        "vulnerable" => [("possible".to_owned(), 0.2), ("vulnerable".to_owned(), 0.5)].into(),
        _ => BTreeMap::new(),
    };
    let reads = Reads::default();
    let (labels, thresholds, reads) = (&labels, &thresholds, &reads);
    let own_labels = false;
    Import { source: "bank/triage", folder, task, own_labels, labels, thresholds, reads, out }.run(models)
}
