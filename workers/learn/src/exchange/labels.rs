//! A foreign model's labels as the taxonomy's: by name, by an older name, or as somebody says.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::Path;

use ombud_contract::taxonomy::Taxonomy;

use super::error::ExchangeError;

/// What foreign labels stand for: theirs to ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelMap(pub BTreeMap<String, String>);

impl LabelMap {
    /// Reads lines of `"theirs" = "ours"`, which is TOML.
    ///
    /// # Errors
    /// The file can't be read, or is something else; the line is named.
    pub fn read(file: &Path) -> Result<Self, ExchangeError> {
        let text = fs::read_to_string(file).map_err(ExchangeError::file(file))?;
        let map = toml::from_str(&text).map_err(|error| ExchangeError::LabelFile {
            file: file.to_owned(),
            what: format!("{error}: write lines of \"theirs\" = \"ours\""),
        })?;
        Ok(Self(map))
    }
}

/// Why labels don't fit, all of it at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Misfit {
    label_set: String,
    /// Theirs that are no label of ours.
    unknown: Vec<String>,
    /// Ours that none of theirs stands for.
    missing: Vec<String>,
    /// Ours that several of theirs stand for.
    shared: BTreeMap<String, Vec<String>>,
    /// What the map names that the model does not have.
    unused: Vec<String>,
    /// What the map says a label stands for, and is no label of ours.
    no_label: Vec<String>,
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
        for (label, theirs) in &self.shared {
            write!(f, "; {} all stand for \"{label}\", and a model has one logit a label", quoted(theirs))?;
        }
        if !self.unknown.is_empty() || !self.no_label.is_empty() || !self.unused.is_empty() {
            write!(
                f,
                "; say what each stands for, --map 'THEIRS=OURS' or a file of such lines for --labels"
            )?;
        } else {
            write!(f, "; train it on exactly these labels")?;
        }
        Ok(())
    }
}

fn quoted(labels: &[String]) -> String {
    labels.iter().map(|label| format!("\"{label}\"")).collect::<Vec<_>>().join(", ")
}

/// For each of `theirs` the leaf of `taxonomy` that it stands for; `older` knows other names of a leaf.
///
/// # Errors
/// Not every leaf has exactly one.
pub(super) fn fit(
    taxonomy: &Taxonomy,
    theirs: &[String],
    map: &LabelMap,
    older: impl Fn(&str) -> Option<String>,
) -> Result<Vec<String>, Box<Misfit>> {
    let leaves = taxonomy.leaves();
    let is_leaf = |label: &String| leaves.contains(label);
    let mut misfit = Misfit { label_set: taxonomy.label_set().to_owned(), ..Misfit::default() };
    misfit.unused = map.0.keys().filter(|label| !theirs.contains(label)).cloned().collect();
    misfit.no_label = map.0.values().filter(|label| !is_leaf(label)).cloned().collect();

    let mut ours = Vec::with_capacity(theirs.len());
    for label in theirs {
        let said = map.0.get(label).cloned();
        let found =
            said.or_else(|| is_leaf(label).then(|| label.clone())).or_else(|| older(label)).filter(is_leaf);
        match found {
            Some(leaf) => {
                misfit.shared.entry(leaf.clone()).or_default().push(label.clone());
                ours.push(leaf);
            }
            None if map.0.contains_key(label) => {}
            None => misfit.unknown.push(label.clone()),
        }
    }
    misfit.missing = leaves.iter().filter(|leaf| !misfit.shared.contains_key(*leaf)).cloned().collect();
    misfit.shared.retain(|_, labels| labels.len() > 1);
    let Misfit { unknown, missing, shared, unused, no_label, .. } = &misfit;
    let fits = unknown.is_empty() && missing.is_empty() && unused.is_empty() && no_label.is_empty();
    if fits && shared.is_empty() { Ok(ours) } else { Err(Box::new(misfit)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taxonomy() -> &'static Taxonomy {
        Taxonomy::by_label_set("vulnerable@1").unwrap()
    }

    fn fitted(theirs: &[&str], map: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let theirs: Vec<String> = theirs.iter().map(|label| (*label).to_owned()).collect();
        let map = map.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        let older = |name: &str| (name == "fine").then(|| "NOT_INDICATED".to_owned());
        fit(taxonomy(), &theirs, &LabelMap(map), older).map_err(|misfit| misfit.to_string())
    }

    #[test]
    fn labels_fit_by_name_by_an_older_name_and_as_said() {
        let ours = Ok(vec!["VULNERABLE".to_owned(), "NOT_INDICATED".to_owned()]);
        assert_eq!(fitted(&["VULNERABLE", "fine"], &[]), ours);
        assert_eq!(
            fitted(&["LABEL_1", "LABEL_0"], &[("LABEL_0", "NOT_INDICATED"), ("LABEL_1", "VULNERABLE")]),
            ours
        );
    }

    #[test]
    fn everything_that_does_not_fit_is_said_at_once_with_the_mend() {
        let refusal = fitted(&["LABEL_0", "LABEL_1"], &[]).unwrap_err();
        assert_eq!(
            refusal,
            "fit the labels to vulnerable@1; no labels of it: \"LABEL_0\", \"LABEL_1\"; the model has none for: \
             \"NOT_INDICATED\", \"VULNERABLE\"; say what each stands for, --map 'THEIRS=OURS' or a file of such lines \
             for --labels"
        );
        let shared = fitted(&["fine", "NOT_INDICATED", "VULNERABLE"], &[]).unwrap_err();
        assert!(shared.contains("\"fine\", \"NOT_INDICATED\" all stand for \"NOT_INDICATED\""), "{shared}");
        let missing = fitted(&["fine"], &[]).unwrap_err();
        assert!(
            missing.ends_with("has none for: \"VULNERABLE\"; train it on exactly these labels"),
            "{missing}"
        );
    }

    #[test]
    fn a_map_of_labels_that_nobody_has_is_refused() {
        let refusal =
            fitted(&["fine", "VULNERABLE"], &[("fien", "NOT_INDICATED"), ("fine", "FINE")]).unwrap_err();
        assert!(refusal.contains("but no labels of the model: \"fien\""), "{refusal}");
        assert!(refusal.contains("given in the map, but no labels of it: \"FINE\""), "{refusal}");
    }
}
