//! `config.json`: what a classifier's file describes, and how an exported one is written.

use ombud_models::{Artefact, Head};
use serde_json::{Map, Value, json};

use crate::architecture::Architecture;
use crate::error::ExchangeError;
use crate::heads::Pooling;

/// The fields of a config.json.
pub(super) type Config = Map<String, Value>;

/// The class of `modeling_ombud.py`.
pub(super) const OWN_CLASS: &str = "OmbudForSequenceClassification";
const CHOICE: &str = "single_label_classification";
/// More are a defect: each becomes a column of every answer.
const MOST_LABELS: usize = 1_000;
/// The longest name in characters; those of the CFPB have 80.
const LONGEST_LABEL: usize = 200;

/// The labels of the classifier that `config` describes, in the order of its logits.
///
/// # Errors
/// It is no classifier of one label, or does not number its labels from 0 on.
pub(super) fn labels(config: &Config, architecture: &Architecture) -> Result<Vec<String>, ExchangeError> {
    let wrong = |what: String| Err(ExchangeError::Config { what });
    let classes: Vec<&str> = config
        .get("architectures")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if let Some(other) = classes.iter().find(|class| **class != architecture.class) {
        return wrong(format!("architectures is {other}: train and save a {}", architecture.class));
    }
    let problem = config.get("problem_type").and_then(Value::as_str).unwrap_or(CHOICE);
    if problem != CHOICE {
        return wrong(format!(
            "problem_type is {problem}: train it for {CHOICE}, whose logits are a softmax's"
        ));
    }
    let named = match (config.get("id2label"), config.get("label2id")) {
        (None | Some(Value::Null), None | Some(Value::Null)) => {
            // What Python leaves out where it is as ever.
            return Ok(vec!["LABEL_0".to_owned(), "LABEL_1".to_owned()]);
        }
        (None | Some(Value::Null), Some(numbers)) => turned(numbers),
        (Some(Value::Array(names)), _) => {
            names.iter().enumerate().map(|(logit, name)| (logit.to_string(), name.clone())).collect()
        }
        (Some(Value::Object(named)), _) => named.clone(),
        (Some(_), _) => return wrong("id2label is neither a list of names nor names by number".to_owned()),
    };
    if named.len() > MOST_LABELS {
        return wrong(format!("id2label has {} labels, and at most {MOST_LABELS} are read", named.len()));
    }
    let mut labels = Vec::with_capacity(named.len());
    for logit in 0..named.len() {
        let name = match named.get(&logit.to_string()) {
            Some(Value::String(name)) => name.clone(),
            Some(Value::Number(name)) => name.to_string(),
            _ => {
                return wrong(format!(
                    "id2label has no label for {logit}: number them from 0 to {}",
                    named.len() - 1
                ));
            }
        };
        if name.trim().is_empty() || name.chars().count() > LONGEST_LABEL || name.contains(char::is_control) {
            return wrong(format!(
                "id2label has no usable name for {logit}: it has 1 to {LONGEST_LABEL} characters, none of them invisible"
            ));
        }
        labels.push(name);
    }
    Ok(labels)
}

/// Names by number out of numbers by name.
fn turned(numbers: &Value) -> Config {
    let numbers = numbers.as_object().into_iter().flatten();
    numbers.filter_map(|(name, number)| Some((number.as_u64()?.to_string(), json!(name)))).collect()
}

/// `config`, of the classifier `class`, with `labels` in the order of its logits.
pub(super) fn with_labels(mut config: Config, class: &str, labels: &[String]) -> Config {
    let numbered = |(logit, label): (usize, &String)| (logit.to_string(), json!(label));
    let named: Config = labels.iter().enumerate().map(numbered).collect();
    let numbers: Config =
        labels.iter().enumerate().map(|(logit, label)| (label.clone(), json!(logit))).collect();
    config.insert("id2label".to_owned(), named.into());
    config.insert("label2id".to_owned(), numbers.into());
    config.insert("problem_type".to_owned(), json!(CHOICE));
    config.insert("architectures".to_owned(), json!([class]));
    config
}

/// The file of the exported `head` of `artefact`, whose own file is `config`.
pub(super) fn exported(
    mut config: Config,
    artefact: &Artefact,
    head: &Head,
    architecture: &Architecture,
    pooling: Pooling,
) -> Value {
    // Where it was read from, and what it was stored in, is another matter there.
    for gone in
        ["_name_or_path", "torch_dtype", "transformers_version", "id2label", "label2id", "architectures"]
    {
        config.remove(gone);
    }
    let (mut said, class) = match pooling {
        Pooling::First => (config, architecture.class),
        Pooling::Query => {
            let own = json!({
                "model_type": "ombud",
                "auto_map": {
                    "AutoConfig": "modeling_ombud.OmbudConfig",
                    "AutoModelForSequenceClassification": "modeling_ombud.OmbudForSequenceClassification",
                },
                "pad_token_id": architecture.pad(&config),
                "body": config,
            });
            (own.as_object().cloned().unwrap_or_default(), OWN_CLASS)
        }
    };
    said.insert("dtype".to_owned(), json!("float32"));
    said.insert("ombud_model_id".to_owned(), json!(artefact.manifest.model_id));
    said.insert("ombud_version".to_owned(), json!(artefact.version));
    said.insert("ombud_label_set".to_owned(), json!(head.label_set));
    // Not in the logits: who wants our confidences divides by it before the softmax.
    said.insert("ombud_temperature".to_owned(), json!(head.temperature));
    with_labels(said, class, &head.labels).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels_of(config: &Value) -> Result<Vec<String>, String> {
        let config = config.as_object().unwrap();
        labels(config, Architecture::of(config).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn labels_stand_in_the_order_of_their_numbers() {
        let named: Config =
            (0..11).map(|logit| (logit.to_string(), json!(format!("label {logit}")))).collect();
        let labels = labels_of(&json!({"model_type": "bert", "id2label": named})).unwrap();
        assert_eq!((labels[2].as_str(), labels[10].as_str()), ("label 2", "label 10"));
        assert_eq!(labels_of(&json!({"model_type": "bert"})).unwrap(), ["LABEL_0", "LABEL_1"]);
    }

    #[test]
    fn labels_come_as_a_list_by_number_or_as_numbers_by_name() {
        for said in [
            json!({"id2label": ["a", "b"]}),
            json!({"id2label": {"1": "b", "0": "a"}, "label2id": {"a": 1, "b": 0}}),
            json!({"label2id": {"b": 1, "a": 0}}),
        ] {
            let mut config = json!({"model_type": "bert"});
            config.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
            assert_eq!(labels_of(&config).unwrap(), ["a", "b"], "{said}");
        }
        assert_eq!(labels_of(&json!({"model_type": "bert", "id2label": {"0": 7}})).unwrap(), ["7"]);
        for (id2label, what) in [
            (json!("a, b"), "neither a list"),
            (json!({"0": "a\u{1b}[2J"}), "no usable name for 0"),
            (json!([""]), "no usable name for 0"),
            (json!(vec!["a"; MOST_LABELS + 1]), "at most 1000 are read"),
        ] {
            let refused = labels_of(&json!({"model_type": "bert", "id2label": id2label})).unwrap_err();
            assert!(refused.contains(what), "{refused}");
        }
    }

    #[test]
    fn what_is_no_choice_of_one_label_is_refused() {
        let body = labels_of(&json!({"model_type": "bert", "architectures": ["BertModel"]})).unwrap_err();
        assert!(
            body.contains("architectures is BertModel: train and save a BertForSequenceClassification"),
            "{body}"
        );
        let several = labels_of(&json!({"model_type": "bert", "problem_type": "multi_label_classification"}))
            .unwrap_err();
        assert!(several.contains("problem_type is multi_label_classification"), "{several}");
        let gap = labels_of(&json!({"model_type": "bert", "id2label": {"0": "a", "2": "b"}})).unwrap_err();
        assert!(gap.contains("no label for 1"), "{gap}");
    }
}
