//! A `tokenizer.json` with what Python wants beside it.

use serde_json::{Map, Value, json};

/// What the special tokens of the architectures' kinds are called, and Python's word for each. Of two for a word the first
/// counts: MPNet has two that are unknown, and says the one that BERT has.
const SPECIAL: [(&str, &str); 12] = [
    ("[UNK]", "unk_token"),
    ("[CLS]", "cls_token"),
    ("[SEP]", "sep_token"),
    ("[MASK]", "mask_token"),
    ("[PAD]", "pad_token"),
    ("<unk>", "unk_token"),
    ("<s>", "cls_token"),
    ("</s>", "sep_token"),
    ("<mask>", "mask_token"),
    ("<pad>", "pad_token"),
    ("<s>", "bos_token"),
    ("</s>", "eos_token"),
];

/// The files of a tokenizer.
pub(super) struct Tokenizer {
    /// `tokenizer.json`, which neither cuts nor pads by itself.
    pub(super) json: Value,
    /// `tokenizer_config.json`.
    pub(super) config: Value,
    /// `special_tokens_map.json`.
    pub(super) special: Value,
}

impl Tokenizer {
    /// Of `json`, the content of a tokenizer.json, for a model that pads with the token `pad` and reads `longest`.
    pub(super) fn of(mut json: Value, pad: u64, longest: u64) -> Self {
        json["truncation"] = Value::Null;
        json["padding"] = Value::Null;
        let added: Vec<(&str, u64)> = json["added_tokens"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|token| Some((token["content"].as_str()?, token["id"].as_u64()?)))
            .collect();
        let mut special: Map<String, Value> = Map::new();
        for (content, word) in SPECIAL {
            if added.iter().any(|(known, _)| *known == content) {
                special.entry(word).or_insert_with(|| json!(content));
            }
        }
        // Whatever it is called.
        if let Some((content, _)) = added.iter().find(|(_, id)| *id == pad) {
            special.insert("pad_token".to_owned(), json!(content));
        }
        let mut config = special.clone();
        config.extend(
            [
                // Reads tokenizer.json as it is; the architectures' own classes would rebuild it.
                ("tokenizer_class", json!("PreTrainedTokenizerFast")),
                ("model_max_length", json!(longest)),
                ("model_input_names", json!(["input_ids", "attention_mask"])),
                ("clean_up_tokenization_spaces", json!(false)),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        Self { json, config: config.into(), special: special.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_tokens_are_called_as_python_does_and_nothing_is_cut_or_padded() {
        let json = json!({"truncation": {"max_length": 16}, "padding": {"strategy": {"Fixed": 16}}, "added_tokens": [
            {"id": 0, "content": "<s>"}, {"id": 1, "content": "<nil>"}, {"id": 2, "content": "</s>"}]});
        let tokenizer = Tokenizer::of(json, 1, 512);
        assert_eq!(tokenizer.json["truncation"], Value::Null);
        assert_eq!(tokenizer.json["padding"], Value::Null);
        assert_eq!(
            tokenizer.special,
            json!({"cls_token": "<s>", "sep_token": "</s>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<nil>"})
        );
        assert_eq!(tokenizer.config["model_max_length"], 512);
        assert_eq!(tokenizer.config["pad_token"], "<nil>");
    }
}
