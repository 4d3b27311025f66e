//! The labels of a model that was trained on others than ours: what each of its logits stands for.

use serde::{Deserialize, Serialize};

use super::{Head, Kind};

/// What one logit of such a model stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignLabel {
    /// As the model's own `config.json` calls it.
    pub theirs: String,
    /// The label of ours; `None` where it stands for none: its probability then counts for no label.
    pub ours: Option<String>,
}

impl Head {
    /// How many logits it has: one a label, and behind them one more where some labels of its model stand for none of ours.
    pub fn outputs(&self) -> usize {
        self.labels.len() + usize::from(self.knows_none())
    }

    /// Whether some labels of its model stand for none of ours.
    pub fn knows_none(&self) -> bool {
        self.foreign.iter().any(|label| label.ours.is_none())
    }

    /// What the network's own logits are called, in their order.
    pub fn network_labels(&self) -> Vec<&str> {
        if self.foreign.is_empty() {
            return self.labels.iter().map(String::as_str).collect();
        }
        self.foreign.iter().map(|label| label.theirs.as_str()).collect()
    }

    /// Labels that no label of its model stands for: it never answers them.
    pub fn never_answered(&self) -> impl Iterator<Item = &str> {
        let stands = |ours: &&String| self.foreign.iter().any(|label| label.ours.as_ref() == Some(*ours));
        let none = self.labels.iter().filter(move |ours| !self.foreign.is_empty() && !stands(ours));
        none.map(String::as_str)
    }

    /// What is wrong with its foreign labels, and a string that stands near it.
    pub(super) fn foreign_fault(&self) -> Option<(String, String)> {
        let at = |near: &str, what: String| Some((near.to_owned(), format!("foreign: {what}")));
        let mut ours = self.foreign.iter().filter_map(|label| label.ours.as_ref());
        if let Some(label) = ours.find(|ours| !self.labels.contains(ours)) {
            return at(label, format!("`{label}` is not in taxonomy {}", self.label_set));
        }
        let answered = self.labels.len() - self.never_answered().count();
        if answered < 2 {
            return at(
                "foreign",
                "they stand for fewer than two labels: there is nothing to choose".to_owned(),
            );
        }
        if self.kind == Kind::Flag && self.knows_none() {
            return at("foreign", "of a flag each stands for one of its two labels".to_owned());
        }
        None
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A head of three colours, of a model whose labels stand for `foreign`.
    pub(crate) fn head(foreign: &[(&str, Option<&str>)], temperature: f64) -> Head {
        let label = |(theirs, ours): &(&str, Option<&str>)| ForeignLabel {
            theirs: (*theirs).to_owned(),
            ours: ours.map(str::to_owned),
        };
        Head {
            task: "colour".to_owned(),
            kind: Kind::Choice,
            label_set: "colour@1".to_owned(),
            labels: ["red", "green", "blue"].map(str::to_owned).to_vec(),
            temperature,
            thresholds: BTreeMap::new(),
            evidence: None,
            evidence_odds: BTreeMap::new(),
            foreign: foreign.iter().map(label).collect(),
        }
    }

    #[test]
    fn what_stands_for_no_label_or_leaves_no_choice_is_refused() {
        let fault = |head: Head| head.foreign_fault().map(|(_, what)| what).unwrap_or_default();
        assert!(fault(head(&[("rose", Some("rot"))], 1.0)).contains("`rot` is not in taxonomy"));
        assert!(fault(head(&[("rose", Some("red")), ("?", None)], 1.0)).contains("fewer than two"));
        let flag = Head {
            kind: Kind::Flag,
            ..head(&[("rose", Some("red")), ("sky", Some("blue")), ("?", None)], 1.0)
        };
        assert!(fault(flag).contains("of a flag"));
    }
}
