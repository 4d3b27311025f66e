//! The encoders that both sides know, and what Python calls them and their parts.

use serde_json::{Map, Value};

use crate::error::ExchangeError;

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
    /// Where the positions of a text begin, and which token pads unless the configuration names another.
    counting: Counting,
}

/// How places in a text are counted.
#[derive(Debug, PartialEq, Eq)]
enum Counting {
    /// From 0 on; 0 pads.
    FromZero,
    /// From behind the padding's own id; 1 pads.
    BehindPadding,
    /// From 2 on; 1 pads.
    FromTwo,
}

const ALL: [Architecture; 5] = [
    Architecture {
        model_type: "bert",
        class: "BertForSequenceClassification",
        body: "bert.",
        pooler: "bert.pooler.dense",
        classifier: "classifier",
        counting: Counting::FromZero,
    },
    Architecture {
        model_type: "distilbert",
        class: "DistilBertForSequenceClassification",
        body: "distilbert.",
        pooler: "pre_classifier",
        classifier: "classifier",
        counting: Counting::FromZero,
    },
    Architecture {
        model_type: "mpnet",
        class: "MPNetForSequenceClassification",
        body: "mpnet.",
        pooler: "classifier.dense",
        classifier: "classifier.out_proj",
        counting: Counting::FromTwo,
    },
    Architecture {
        model_type: "roberta",
        class: "RobertaForSequenceClassification",
        body: "roberta.",
        pooler: "classifier.dense",
        classifier: "classifier.out_proj",
        counting: Counting::BehindPadding,
    },
    Architecture {
        model_type: "xlm-roberta",
        class: "XLMRobertaForSequenceClassification",
        body: "roberta.",
        pooler: "classifier.dense",
        classifier: "classifier.out_proj",
        counting: Counting::BehindPadding,
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
        let all = || ALL.map(|architecture| architecture.model_type).join(", ");
        known.ok_or_else(|| ExchangeError::Architecture { found: named.to_owned(), known: all() })
    }

    /// How many of its positions stand before a text's first token.
    fn unread_positions(&self, pad: u64) -> u64 {
        match self.counting {
            Counting::FromZero => 0,
            Counting::BehindPadding => pad.saturating_add(1),
            Counting::FromTwo => 2,
        }
    }

    /// Which token pads.
    pub(super) fn pad(&self, config: &Map<String, Value>) -> u64 {
        let otherwise = u64::from(self.counting != Counting::FromZero);
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
        Architecture::of(config.as_object().unwrap())
    }

    #[test]
    fn a_text_begins_where_the_architecture_counts_from() {
        for (model_type, pad, longest) in
            [("bert", 7, 514), ("roberta", 1, 512), ("xlm-roberta", 3, 510), ("mpnet", 3, 512)]
        {
            let config =
                json!({"model_type": model_type, "max_position_embeddings": 514, "pad_token_id": pad});
            assert_eq!(
                of(&config).unwrap().longest_text(config.as_object().unwrap()),
                longest,
                "{model_type}"
            );
        }
    }

    #[test]
    fn another_architecture_is_refused_with_those_that_do() {
        for other in ["albert", "deberta", "deberta-v2", "modernbert"] {
            let refused = of(&json!({"model_type": other})).unwrap_err().to_string();
            assert!(refused.contains(&format!("model_type is {other}")), "{refused}");
            assert!(refused.contains("bert, distilbert, mpnet, roberta, xlm-roberta"), "{refused}");
        }
    }
}
