//! Encoders answer as the real transformers library does, alone and in company.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ombud_models::{Artefact, Input, LoadModel, Manifest, Model, Prepared};
use ombud_torch::Libtorch;
use serde::Deserialize;

const ARCHITECTURES: [&str; 5] = ["bert", "distilbert", "mpnet", "roberta", "xlm-roberta"];

/// A text, and what transformers made of it (`scripts/goldens.py`).
#[derive(Deserialize)]
struct Expected {
    text: String,
    ids: Vec<u32>,
    tokens: u32,
    truncated_tokens: u32,
    logits: Vec<f32>,
}

fn folder(architecture: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens").join(architecture)
}

fn golden(architecture: &str) -> (Arc<dyn Model>, Vec<Expected>) {
    let dir = folder(architecture);
    let expected = std::fs::read(dir.join("expected.json")).unwrap();
    (Libtorch.load(&Artefact::open(&dir).unwrap()).unwrap(), serde_json::from_slice(&expected).unwrap())
}

fn furthest(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// The folder as it stands, unchecked: whether it contradicts itself is the loader's to find out.
fn unchecked(dir: &Path) -> Artefact {
    let manifest: Manifest = serde_json::from_slice(&std::fs::read(dir.join("ombud.json")).unwrap()).unwrap();
    Artefact { dir: dir.into(), version: String::new(), manifest, files: Vec::new() }
}

/// A copy of a golden in which `file` was changed, and why it then doesn't load.
fn refusal(architecture: &str, file: &str, change: impl Fn(&str) -> String) -> String {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder(architecture)).unwrap() {
        let from = entry.unwrap().path();
        std::fs::copy(&from, copy.path().join(from.file_name().unwrap())).unwrap();
    }
    let changed = change(&std::fs::read_to_string(copy.path().join(file)).unwrap_or_default());
    std::fs::write(copy.path().join(file), changed).unwrap();
    Libtorch.load(&unchecked(copy.path())).err().map(|e| e.to_string()).unwrap()
}

#[test]
fn every_text_is_read_as_transformers_reads_it_with_its_head_and_tail_kept() {
    for architecture in ARCHITECTURES {
        let (model, expected) = golden(architecture);
        for golden in expected {
            let prepared = model.prepare(&golden.text);
            assert_eq!(prepared.input, Input::Tokens(golden.ids), "{architecture}: {:?}", golden.text);
            assert_eq!(
                (prepared.tokens, prepared.truncated_tokens, prepared.windows),
                (golden.tokens, golden.truncated_tokens, 1),
                "{architecture}: {:?}",
                golden.text
            );
        }
    }
}

#[test]
fn logits_agree_with_transformers_alone_and_in_a_batch() {
    for architecture in ARCHITECTURES {
        let (model, expected) = golden(architecture);
        let prepared: Vec<Prepared> = expected.iter().map(|golden| model.prepare(&golden.text)).collect();
        let mut replica = model.replica();
        let together = replica.classify(&prepared.iter().collect::<Vec<_>>()).unwrap();
        for ((golden, prepared), together) in expected.iter().zip(&prepared).zip(together) {
            let alone = replica.classify(&[prepared]).unwrap().remove(0);
            let off = furthest(&alone[0], &golden.logits);
            assert!(off < 1e-4, "{architecture}: {:?} is off by {off}", golden.text);
            let apart = furthest(&alone[0], &together[0]);
            assert!(apart < 1e-5, "{architecture}: {:?} differs by {apart} in company", golden.text);
        }
    }
}

#[test]
fn replicas_on_other_threads_answer_alike() {
    let (model, expected) = golden("bert");
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut replica = model.replica();
                for golden in &expected {
                    let answer = replica.classify(&[&model.prepare(&golden.text)]).unwrap();
                    assert!(furthest(&answer[0][0], &golden.logits) < 1e-4);
                }
            });
        }
    });
}

#[test]
fn no_texts_give_no_answers() {
    assert!(golden("bert").0.replica().classify(&[]).unwrap().is_empty());
}

#[test]
fn input_of_another_family_is_refused() {
    let columns = Prepared {
        input: Input::Columns { columns: vec![1], weights: vec![1.0] },
        tokens: 1,
        truncated_tokens: 0,
        unseen_tokens: 0,
        windows: 1,
    };
    let refusal = golden("bert").0.replica().classify(&[&columns]).unwrap_err();
    assert!(refusal.to_string().ends_with("row 0 was prepared for a bag"), "{refusal}");
}

#[test]
fn a_folder_that_contradicts_itself_does_not_load() {
    let other_labels = refusal("bert", "ombud.json", |json| json.replace("Mortgage", "Mortgages"));
    assert!(other_labels.contains("id2label of config.json"), "{other_labels}");
    let too_long = refusal("roberta", "ombud.json", |json| json.replace(": 24", ": 31"));
    assert!(too_long.contains("max_tokens of ombud.json is 31; this model reads 4 to 30"), "{too_long}");
    let other_size = refusal("distilbert", "config.json", |json| json.replace(": 48", ": 64"));
    assert!(other_size.contains("ffn.lin1.weight of model.safetensors has shape [48, 32]"), "{other_size}");
    let more_layers = refusal("bert", "config.json", |json| {
        json.replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3")
    });
    assert!(
        more_layers.contains("model.safetensors has no bert.encoder.layer.2.attention.self.query.weight"),
        "{more_layers}"
    );
}

#[test]
fn weights_that_were_saved_with_their_wrapper_are_refused_with_the_mend() {
    let copy = tempfile::tempdir().unwrap();
    for file in ["config.json", "tokenizer.json", "ombud.json"] {
        std::fs::copy(folder("bert").join(file), copy.path().join(file)).unwrap();
    }
    let mut tensors = tch::Tensor::read_safetensors(folder("bert").join("model.safetensors")).unwrap();
    tensors.iter_mut().for_each(|(name, _)| name.insert_str(0, "_orig_mod."));
    tch::Tensor::write_safetensors(&tensors, copy.path().join("model.safetensors")).unwrap();
    let refused = Libtorch.load(&unchecked(copy.path())).err().map(|error| error.to_string()).unwrap();
    assert!(
        refused.contains("_orig_mod.*") && refused.contains("model._orig_mod.save_pretrained"),
        "{refused}"
    );
}

#[test]
fn a_broken_file_is_named() {
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        let refusal = refusal("bert", file, |_| "{".into());
        assert!(
            refusal.contains("golden-bert") && refusal.contains(&format!("{file} is missing or broken")),
            "{refusal}"
        );
    }
}
