//! What `config.json` says about an encoder: its architecture, its size, and what a stock classifier's logits mean.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::distances::BUCKETS;
use super::error::EncoderError;

/// The encoders that run here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Architecture {
    Bert,
    DistilBert,
    Mpnet,
    Roberta,
    XlmRoberta,
}

impl Architecture {
    /// By their `model_type`, each with its stock classifier.
    const ALL: [(Self, &str, &str); 5] = [
        (Self::Bert, "bert", "BertForSequenceClassification"),
        (Self::DistilBert, "distilbert", "DistilBertForSequenceClassification"),
        (Self::Mpnet, "mpnet", "MPNetForSequenceClassification"),
        (Self::Roberta, "roberta", "RobertaForSequenceClassification"),
        (Self::XlmRoberta, "xlm-roberta", "XLMRobertaForSequenceClassification"),
    ];

    /// The one with that `model_type`, and its stock classifier.
    fn named(model_type: &str) -> Result<(Self, &'static str), EncoderError> {
        let found = Self::ALL.iter().find(|(_, known, _)| *known == model_type);
        found.map(|(architecture, _, class)| (*architecture, *class)).ok_or_else(|| {
            let known = Self::ALL.map(|(_, known, _)| known).join(", ");
            unsupported("model_type", model_type, &format!("one of {known}"))
        })
    }

    /// Which token pads where config.json names none.
    fn usual_pad(self) -> u32 {
        match self {
            Self::Bert | Self::DistilBert => 0,
            Self::Mpnet | Self::Roberta | Self::XlmRoberta => 1,
        }
    }

    /// The position of a text's first token: some count from their padding's id on, whose rows are never a token's.
    fn first_position(self, pad: u32) -> i64 {
        match self {
            Self::Bert | Self::DistilBert => 0,
            Self::Roberta | Self::XlmRoberta => i64::from(pad) + 1,
            // It counts from 1 on, whatever pads.
            Self::Mpnet => 2,
        }
    }

    fn has_token_types(self) -> bool {
        !matches!(self, Self::DistilBert | Self::Mpnet)
    }
}

/// A checked `config.json`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    pub(crate) architecture: Architecture,
    pub(crate) vocabulary: i64,
    pub(crate) hidden: i64,
    pub(crate) layers: i64,
    /// Attention heads in each layer.
    pub(crate) heads: i64,
    pub(crate) intermediate: i64,
    /// Rows of the table of positions.
    pub(crate) positions: i64,
    /// Rows of the table of token types; 0 where the architecture has none.
    pub(crate) token_types: i64,
    /// The position of a text's first token.
    pub(crate) first_position: i64,
    pub(crate) norm_eps: f64,
    pub(crate) pad: u32,
}

impl Config {
    /// # Errors
    /// Not JSON, a size is missing, or it describes something that would run wrong here.
    pub(crate) fn parse(json: &str) -> Result<Self, EncoderError> {
        let file: ConfigFile =
            serde_json::from_str(json).map_err(|e| EncoderError::file("config.json", e))?;
        let architecture = file.architecture()?;
        file.refuse_what_would_run_wrong()?;

        let pad = file.pad_token_id.unwrap_or(architecture.usual_pad());
        Ok(Self {
            architecture,
            vocabulary: file.vocab_size.ok_or(EncoderError::Unsaid("vocab_size"))?,
            hidden: file.hidden_size.ok_or(EncoderError::Unsaid("hidden_size"))?,
            layers: file.num_hidden_layers.ok_or(EncoderError::Unsaid("num_hidden_layers"))?,
            heads: file.heads()?,
            intermediate: file.intermediate_size.ok_or(EncoderError::Unsaid("intermediate_size"))?,
            positions: file.max_position_embeddings.unwrap_or(512),
            token_types: if architecture.has_token_types() { file.type_vocab_size.unwrap_or(2) } else { 0 },
            first_position: architecture.first_position(pad),
            // DistilBERT has no such field: its value is fixed.
            norm_eps: file.layer_norm_eps.unwrap_or(1e-12),
            pad,
        })
    }

    /// What each logit of a stock sequence classifier stands for.
    ///
    /// # Errors
    /// `json` describes another model, or one whose logits are no softmax's.
    pub(crate) fn labels(json: &str) -> Result<Vec<String>, EncoderError> {
        let file: ConfigFile =
            serde_json::from_str(json).map_err(|e| EncoderError::file("config.json", e))?;
        file.refuse_what_is_no_classifier()?;
        file.labels()
    }

    /// How many tokens a text may have, special ones included.
    pub(crate) fn longest_text(&self) -> usize {
        usize::try_from(self.positions - self.first_position).unwrap_or(0)
    }
}

/// The fields that matter here, under either family's names; `config.json` has many more.
#[derive(Deserialize)]
struct ConfigFile {
    model_type: Option<String>,
    #[serde(default)]
    architectures: Vec<String>,
    vocab_size: Option<i64>,
    #[serde(alias = "dim")]
    hidden_size: Option<i64>,
    #[serde(alias = "n_layers")]
    num_hidden_layers: Option<i64>,
    #[serde(alias = "n_heads")]
    num_attention_heads: Option<i64>,
    #[serde(alias = "hidden_dim")]
    intermediate_size: Option<i64>,
    #[serde(alias = "activation")]
    hidden_act: Option<String>,
    max_position_embeddings: Option<i64>,
    position_embedding_type: Option<String>,
    type_vocab_size: Option<i64>,
    layer_norm_eps: Option<f64>,
    pad_token_id: Option<u32>,
    #[serde(default)]
    is_decoder: bool,
    relative_attention_num_buckets: Option<i64>,
    problem_type: Option<String>,
    id2label: Option<BTreeMap<String, String>>,
}

impl ConfigFile {
    fn architecture(&self) -> Result<Architecture, EncoderError> {
        Ok(Architecture::named(self.model_type())?.0)
    }

    fn model_type(&self) -> &str {
        self.model_type.as_deref().unwrap_or("nothing")
    }

    fn refuse_what_is_no_classifier(&self) -> Result<(), EncoderError> {
        let (_, class) = Architecture::named(self.model_type())?;
        if self.architectures.iter().any(|found| found != class) {
            return Err(unsupported("architectures", &self.architectures.join(", "), class));
        }
        let problem = self.problem_type.as_deref().unwrap_or("single_label_classification");
        if problem != "single_label_classification" {
            // Its logits are no softmax's: an answer would be confidently wrong.
            return Err(unsupported("problem_type", problem, "single_label_classification"));
        }
        Ok(())
    }

    fn refuse_what_would_run_wrong(&self) -> Result<(), EncoderError> {
        let activation = self.hidden_act.as_deref().unwrap_or("gelu");
        if activation != "gelu" {
            return Err(unsupported("hidden_act", activation, "gelu"));
        }
        let positions = self.position_embedding_type.as_deref().unwrap_or("absolute");
        if positions != "absolute" {
            return Err(unsupported("position_embedding_type", positions, "absolute"));
        }
        let buckets = self.relative_attention_num_buckets.unwrap_or(BUCKETS);
        if buckets != BUCKETS {
            let supported = BUCKETS.to_string();
            return Err(unsupported("relative_attention_num_buckets", &buckets.to_string(), &supported));
        }
        if self.is_decoder {
            return Err(unsupported("is_decoder", "true", "false"));
        }
        Ok(())
    }

    fn heads(&self) -> Result<i64, EncoderError> {
        let hidden = self.hidden_size.ok_or(EncoderError::Unsaid("hidden_size"))?;
        let heads = self.num_attention_heads.ok_or(EncoderError::Unsaid("num_attention_heads"))?;
        if heads < 1 || hidden < 1 || hidden % heads != 0 {
            let supported = format!("a divisor of hidden_size {hidden}");
            return Err(unsupported("num_attention_heads", &heads.to_string(), &supported));
        }
        Ok(heads)
    }

    /// The labels in logit order: id2label's keys are numbers written as text.
    fn labels(&self) -> Result<Vec<String>, EncoderError> {
        let named = self.id2label.as_ref().ok_or(EncoderError::Unsaid("id2label"))?;
        (0..named.len())
            .map(|logit| {
                named.get(&logit.to_string()).cloned().ok_or(EncoderError::Unsaid("id2label for every logit"))
            })
            .collect()
    }
}

fn unsupported(field: &'static str, found: &str, supported: &str) -> EncoderError {
    EncoderError::Unsupported { field, found: found.into(), supported: supported.into() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn bert() -> Value {
        json!({"model_type": "bert", "architectures": ["BertForSequenceClassification"], "vocab_size": 50,
            "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
            "hidden_act": "gelu", "id2label": {"0": "a", "1": "b"}})
    }

    fn refusal(field: &str, value: Value) -> String {
        let mut config = bert();
        config[field] = value;
        let config = config.to_string();
        Config::parse(&config)
            .map(drop)
            .and_then(|()| Config::labels(&config).map(drop))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn labels_are_in_the_order_of_their_numbers_not_of_their_text() {
        let mut config = bert();
        config["id2label"] = (0..12).map(|i| (i.to_string(), json!(format!("label {i}")))).collect();
        let labels = Config::labels(&config.to_string()).unwrap();
        assert_eq!(labels[2], "label 2");
        assert_eq!(labels[10], "label 10");
    }

    #[test]
    fn robertas_positions_start_behind_the_padding() {
        let mut config = bert();
        config["model_type"] = json!("roberta");
        config["architectures"] = json!(["RobertaForSequenceClassification"]);
        config["max_position_embeddings"] = json!(514);
        let config = Config::parse(&config.to_string()).unwrap();
        assert_eq!((config.pad, config.first_position, config.longest_text()), (1, 2, 512));
    }

    #[test]
    fn an_mpnet_counts_positions_from_2_on_and_has_no_token_types() {
        let mut config = bert();
        config["model_type"] = json!("mpnet");
        config["max_position_embeddings"] = json!(514);
        config["pad_token_id"] = json!(7);
        let config = Config::parse(&config.to_string()).unwrap();
        assert_eq!((config.pad, config.first_position, config.token_types), (7, 2, 0));
    }

    #[test]
    fn a_body_without_a_classifier_is_a_base_but_no_model() {
        let mut config = bert();
        config["architectures"] = json!(["BertModel"]);
        let config = config.to_string();
        assert!(Config::parse(&config).is_ok());
        assert!(Config::labels(&config).unwrap_err().to_string().contains("BertForSequenceClassification"));
    }

    #[test]
    fn what_would_run_wrong_is_refused_with_what_would_be_right() {
        assert_eq!(
            refusal("model_type", json!("gpt2")),
            "config.json says model_type = gpt2; supported is one of bert, distilbert, mpnet, roberta, xlm-roberta"
        );
        assert!(refusal("architectures", json!(["BertModel"])).contains("BertForSequenceClassification"));
        assert!(refusal("hidden_act", json!("relu")).ends_with("supported is gelu"));
        assert!(refusal("position_embedding_type", json!("relative_key")).ends_with("absolute"));
        assert!(refusal("problem_type", json!("multi_label_classification")).contains("problem_type"));
        assert!(refusal("relative_attention_num_buckets", json!(64)).ends_with("supported is 32"));
        assert!(refusal("is_decoder", json!(true)).contains("is_decoder"));
        assert!(refusal("num_attention_heads", json!(5)).contains("a divisor of hidden_size 32"));
        assert_eq!(refusal("hidden_size", Value::Null), "config.json has no hidden_size");
        assert_eq!(
            refusal("id2label", json!({"0": "a", "2": "b"})),
            "config.json has no id2label for every logit"
        );
    }
}
