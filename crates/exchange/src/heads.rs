//! Of an encoder's tensors those of one task, under the names that Python's model gives them.

use crate::architecture::Architecture;
use crate::tensors::Tensors;

/// How the task's head makes one vector of a text's tokens, and so which class loads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pooling {
    /// The first token through a layer of its own: Python's own class.
    First,
    /// By a learned query: the class of `modeling_ombud.py`.
    Query,
}

/// The body and the head of `task`; a stock classifier, which has one head, is it already.
pub(super) fn of_task(tensors: Tensors, architecture: &Architecture, task: &str) -> (Tensors, Pooling) {
    if !tensors.0.keys().any(|name| name.starts_with("heads.")) {
        return (tensors, Pooling::First);
    }
    let head = format!("heads.{task}.");
    let pooling =
        if tensors.0.contains_key(&format!("{head}query")) { Pooling::Query } else { Pooling::First };
    let name = |name: &str| {
        if let Some(part) = name.strip_prefix(&head) {
            return Some(match (pooling, part.strip_prefix("dense.")) {
                (Pooling::First, Some(field)) => format!("{}.{field}", architecture.pooler),
                (Pooling::First, None) => format!("{}.{part}", architecture.classifier),
                (Pooling::Query, _) if part == "query" => part.to_owned(),
                (Pooling::Query, _) => format!("classifier.{part}"),
            });
        }
        let body = name.strip_prefix(architecture.body)?;
        Some(match pooling {
            Pooling::First => name.to_owned(),
            Pooling::Query => format!("body.{body}"),
        })
    };
    let named = tensors.0.into_iter().filter_map(|(old, tensor)| Some((name(&old)?, tensor)));
    (Tensors(named.collect()), pooling)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tensors::Tensor;

    fn names(model_type: &str, from: &[&str], task: &str) -> (Vec<String>, Pooling) {
        let config = json!({"model_type": model_type});
        let tensor = Tensor { shape: vec![0], values: vec![] };
        let tensors = from.iter().map(|name| ((*name).to_owned(), tensor.clone())).collect();
        let (tensors, pooling) =
            of_task(Tensors(tensors), Architecture::of(config.as_object().unwrap()).unwrap(), task);
        (tensors.0.into_keys().collect(), pooling)
    }

    #[test]
    fn a_stock_classifier_stays_as_it_is() {
        let stock = ["bert.embeddings.LayerNorm.bias", "bert.pooler.dense.bias", "classifier.bias"];
        assert_eq!(names("bert", &stock, "product"), (stock.map(str::to_owned).to_vec(), Pooling::First));
    }

    #[test]
    fn one_of_several_heads_is_taken_with_its_query() {
        let all = [
            "distilbert.x",
            "heads.issue.query",
            "heads.issue.weight",
            "heads.product.query",
            "heads.product.bias",
        ];
        let (names, pooling) = names("distilbert", &all, "issue");
        assert_eq!(names, ["body.x", "classifier.weight", "query"]);
        assert_eq!(pooling, Pooling::Query);
    }

    #[test]
    fn a_head_over_the_first_token_is_a_stock_classifiers() {
        let all = ["roberta.x", "heads.issue.dense.bias", "heads.issue.weight"];
        let (names, pooling) = names("roberta", &all, "issue");
        assert_eq!(names, ["classifier.dense.bias", "classifier.out_proj.weight", "roberta.x"]);
        assert_eq!(pooling, Pooling::First);
    }
}
