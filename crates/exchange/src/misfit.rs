//! Why a foreign model's labels don't fit a label tree.

use std::fmt::{self, Display, Formatter};

use ombud_contract::verdict::VULNERABLE;

/// Why labels don't fit, all of it at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Misfit {
    label_set: String,
    /// Theirs that are no label of ours.
    pub(super) unknown: Vec<String>,
    /// Ours that none of theirs stands for.
    pub(super) missing: Vec<String>,
    /// What the map names that the model does not have.
    unused: Vec<String>,
    /// What the map says a label stands for, and is no label of ours.
    pub(super) no_label: Vec<String>,
    /// Theirs that stand for none, where each must stand for one.
    pub(super) none: Vec<String>,
    /// Whether there is nothing to choose.
    pub(super) too_few: bool,
}

impl Misfit {
    /// Of labels that are to fit `label_set`, where a map names `unused`, which the model does not have.
    pub(super) fn new(label_set: &str, unused: Vec<String>) -> Self {
        Self { label_set: label_set.to_owned(), unused, ..Self::default() }
    }

    /// `ours`, or what does not fit.
    pub(super) fn or(self, ours: Vec<Option<String>>) -> Result<Vec<Option<String>>, Box<Self>> {
        let Self { unknown, missing, unused, no_label, none, too_few, .. } = &self;
        let fits = [unknown, missing, unused, no_label, none].iter().all(|labels| labels.is_empty());
        if fits && !too_few { Ok(ours) } else { Err(Box::new(self)) }
    }

    /// Whether the caller must say what some labels stand for.
    pub(super) fn is_open(&self) -> bool {
        [&self.unknown, &self.no_label, &self.unused].iter().any(|labels| !labels.is_empty())
    }
}

impl std::error::Error for Misfit {}

impl Display for Misfit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let set = &self.label_set;
        write!(f, "fit the labels to {set}")?;
        let mut list = |what: &str, labels: &[String]| match labels {
            [] => Ok(()),
            labels => write!(f, "; {what}: {}", quoted(labels)),
        };
        list("no labels of it", &self.unknown)?;
        list("the model has none for", &self.missing)?;
        list("named in the map, but no labels of the model", &self.unused)?;
        list("given in the map, but no labels of it", &self.no_label)?;
        list("they stand for none, and a yes or no must be one of them", &self.none)?;
        if self.too_few {
            write!(f, "; the model's labels stand for fewer than two of it: there is nothing to choose")?;
        }
        if !self.unknown.is_empty() && self.unknown.iter().all(|label| is_nameless(label)) {
            write!(f, "; such names say nothing: ask whoever trained it what they are")?;
        }
        if self.is_open() {
            write!(
                f,
                "; say what each stands for, several may stand for one and \"\" is none of them: a file for --labels, \
                 which --labels-template prints to be filled in, or --map 'THEIRS=OURS'"
            )
        } else if !self.missing.is_empty() && self.label_set.split('@').next() != Some(VULNERABLE) {
            write!(
                f,
                "; if it is to serve without them, say so by a file for --labels, which --labels-template prints, or \
                 train it on exactly these labels"
            )
        } else {
            write!(f, "; train it on exactly these labels")
        }
    }
}

fn quoted(labels: &[String]) -> String {
    labels.iter().map(|label| format!("\"{label}\"")).collect::<Vec<_>>().join(", ")
}

/// Whether it is what Python calls a label that nobody named.
pub(super) fn is_nameless(label: &str) -> bool {
    label.strip_prefix("LABEL_").is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}
