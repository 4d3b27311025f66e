//! The encoders that both sides know, and what Python calls them and their parts.

use serde_json::{Map, Value};

use super::error::ExchangeError;

/// One of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Architecture {
    /// `model_type` of config.json.
    pub(super) model_type: &'static str,
    /// Its stock classifier.
    pub(super) class: &'static str,
    /// What the tensors of its body begin with.
    pub(super) body: &'static str,
    /// A stock classifier's layer over the first token.
    pub(super) pooler: &'static str,
    /// A stock classifier's last layer.
    pub(super) classifier: &'static str,
}

const ALL: [Architecture; 3] = [
    Architecture {
        model_type: "bert",
        class: "BertForSequenceClassification",
        body: "bert.",
        pooler: "bert.pooler.dense",
        classifier: "classifier",
    },
    Architecture {
        model_type: "distilbert",
        class: "DistilBertForSequenceClassification",
        body: "distilbert.",
        pooler: "pre_classifier",
        classifier: "classifier",
    },
    Architecture {
        model_type: "roberta",
        class: "RobertaForSequenceClassification",
        body: "roberta.",
        pooler: "classifier.dense",
        classifier: "classifier.out_proj",
    },
];

impl Architecture {
    /// The one that `config`, the content of config.json, names.
    ///
    /// # Errors
    /// Another.
    pub(super) fn of(config: &Map<String, Value>) -> Result<&'static Self, ExchangeError> {
        let named = config.get("model_type").and_then(Value::as_str).unwrap_or("nothing");
        let known = ALL.iter().find(|architecture| architecture.model_type == named);
        known.ok_or_else(|| ExchangeError::Architecture { found: named.to_owned() })
    }

    /// How many of its positions stand before a text's first token.
    fn unread_positions(&self, pad: u64) -> u64 {
        if self.model_type == "roberta" { pad + 1 } else { 0 }
    }

    /// Which token pads.
    pub(super) fn pad(&self, config: &Map<String, Value>) -> u64 {
        let otherwise = u64::from(self.model_type == "roberta");
        config.get("pad_token_id").and_then(Value::as_u64).unwrap_or(otherwise)
    }

    /// The longest text in tokens, special ones included.
    pub(super) fn longest_text(&self, config: &Map<String, Value>) -> u64 {
        let positions = config.get("max_position_embeddings").and_then(Value::as_u64).unwrap_or(512);
        positions.saturating_sub(self.unread_positions(self.pad(config)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(config: &Value) -> Result<&'static Architecture, ExchangeError> {
        Architecture::of(config.as_object().ok_or(ExchangeError::Architecture { found: String::new() })?)
    }

    #[test]
    fn a_roberta_counts_positions_behind_its_padding() {
        let config = json!({"model_type": "roberta", "max_position_embeddings": 514});
        let roberta = of(&config).unwrap();
        assert_eq!(roberta.longest_text(config.as_object().unwrap()), 512);
    }

    #[test]
    fn another_architecture_is_refused_with_those_that_do() {
        let refused = of(&json!({"model_type": "deberta-v2"})).unwrap_err().to_string();
        assert!(refused.contains("deberta-v2") && refused.contains("bert, distilbert, roberta"), "{refused}");
    }
}
