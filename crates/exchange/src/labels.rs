//! What a foreign model's labels stand for: by name, by an older name, or as somebody says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use ombud_contract::taxonomy::Taxonomy;
use ombud_models::VULNERABLE;

use crate::error::ExchangeError;
use crate::misfit::{Misfit, is_nameless};

/// What a template has where somebody must decide. It is as good as no word.
const OPEN: &str = "?";

/// What foreign labels stand for: theirs to ours, which is empty where one stands for none.
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

    /// What it names that is none of `theirs`.
    fn unused(&self, theirs: &[String]) -> Vec<String> {
        self.0.keys().filter(|label| !theirs.contains(label)).cloned().collect()
    }

    /// What `label` stands for; `None` where the map doesn't say.
    fn of(&self, label: &str) -> Option<Option<String>> {
        let ours = self.0.get(label).filter(|ours| *ours != OPEN)?;
        Some((!ours.is_empty()).then(|| ours.clone()))
    }
}

/// For each of `theirs` the leaf of `taxonomy` that it stands for, or none; `older` knows other names of a leaf.
///
/// # Errors
/// One of theirs is left open; or, unless a map says which labels there are, one of ours has none of theirs. Of yes and no
/// each has one, whatever a map says.
pub(super) fn fit(
    taxonomy: &Taxonomy,
    theirs: &[String],
    map: &LabelMap,
    older: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Option<String>>, Box<Misfit>> {
    let leaves = taxonomy.leaves();
    let is_leaf = |label: &String| leaves.contains(label);
    let mut misfit = Misfit::new(taxonomy.label_set(), map.unused(theirs));
    let given: BTreeSet<&String> =
        map.0.values().filter(|label| !label.is_empty() && *label != OPEN).collect();
    misfit.no_label = given.into_iter().filter(|label| !is_leaf(label)).cloned().collect();

    let mut ours = Vec::with_capacity(theirs.len());
    for label in theirs {
        let named = || Some(label.clone()).filter(is_leaf).or_else(|| older(label)).filter(is_leaf);
        match map.of(label).or_else(|| named().map(Some)) {
            Some(stands_for) => ours.push(stands_for),
            None => {
                misfit.unknown.push(label.clone());
                ours.push(None);
            }
        }
    }
    let reached: BTreeSet<&String> = ours.iter().flatten().collect();
    let is_flag = taxonomy.task() == VULNERABLE;
    if map.0.is_empty() || is_flag {
        misfit.missing = leaves.iter().filter(|leaf| !reached.contains(leaf)).cloned().collect();
    }
    misfit.too_few = misfit.missing.is_empty() && !misfit.is_open() && reached.len() < 2;
    if is_flag {
        misfit.none = theirs.iter().filter(|label| map.of(label) == Some(None)).cloned().collect();
    }
    misfit.or(ours)
}

/// For each of `theirs` its label in a tree of the model's own, called `label_set`: itself, unless `map` says otherwise.
///
/// # Errors
/// One has no name, the map names what the model does not have, or there is nothing to choose.
pub(super) fn own(
    label_set: &str,
    theirs: &[String],
    map: &LabelMap,
) -> Result<Vec<Option<String>>, Box<Misfit>> {
    let mut misfit = Misfit::new(label_set, map.unused(theirs));
    let is_open =
        |label: &String| map.of(label).is_none() && (is_nameless(label) || map.0.contains_key(label));
    misfit.unknown = theirs.iter().filter(|label| is_open(label)).cloned().collect();
    let ours: Vec<Option<String>> =
        theirs.iter().map(|label| map.of(label).unwrap_or_else(|| Some(label.clone()))).collect();
    misfit.too_few = ours.iter().flatten().collect::<BTreeSet<_>>().len() < 2;
    misfit.or(ours)
}

/// A file of labels to fill in: a line for each of `theirs`, with the one of `ours` that its name says, `older` names
/// included, or [`OPEN`].
pub(super) fn template(
    label_set: &str,
    ours: &[String],
    theirs: &[String],
    older: impl Fn(&str) -> Option<String>,
) -> String {
    let mut text = format!(
        "# What each label of the model stands for, in {label_set}. Several may stand for one: their probabilities are summed.\n\
         # \"\" stands for none: its probability then counts for no label. Write it in place of each \"{OPEN}\", or one of:\n"
    );
    for label in ours.iter().filter(|label| !is_nameless(label)) {
        text.push_str(&format!("#   {label}\n"));
    }
    for label in theirs {
        let named = Some(label.clone()).filter(|label| ours.contains(label) && !is_nameless(label));
        let stands_for = named.or_else(|| older(label)).unwrap_or_else(|| OPEN.to_owned());
        text.push_str(&format!("{} = {}\n", toml_string(label), toml_string(&stands_for)));
    }
    text
}

/// A basic string of TOML, key or value; JSON escapes nothing that TOML does not.
fn toml_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taxonomy() -> &'static Taxonomy {
        Taxonomy::by_label_set("vulnerable@1").unwrap()
    }

    fn strings(labels: &[&str]) -> Vec<String> {
        labels.iter().map(|label| (*label).to_owned()).collect()
    }

    fn map(map: &[(&str, &str)]) -> LabelMap {
        LabelMap(map.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect())
    }

    fn fitted_to(set: &str, theirs: &[&str], said: &[(&str, &str)]) -> Result<Vec<Option<String>>, String> {
        let older = |name: &str| (name == "fine").then(|| "NOT_INDICATED".to_owned());
        let tree = Taxonomy::by_label_set(set).unwrap();
        fit(tree, &strings(theirs), &map(said), older).map_err(|misfit| misfit.to_string())
    }

    fn fitted(theirs: &[&str], said: &[(&str, &str)]) -> Result<Vec<Option<String>>, String> {
        fitted_to("vulnerable@1", theirs, said)
    }

    fn some(labels: &[&str]) -> Vec<Option<String>> {
        strings(labels).into_iter().map(Some).collect()
    }

    #[test]
    fn labels_fit_by_name_by_an_older_name_and_as_said() {
        let ours = Ok(some(&["VULNERABLE", "NOT_INDICATED"]));
        assert_eq!(fitted(&["VULNERABLE", "fine"], &[]), ours);
        assert_eq!(
            fitted(&["LABEL_1", "LABEL_0"], &[("LABEL_0", "NOT_INDICATED"), ("LABEL_1", "VULNERABLE")]),
            ours
        );
    }

    #[test]
    fn several_labels_stand_for_one_of_ours_and_some_for_none() {
        let shared = fitted(&["fine", "NOT_INDICATED", "VULNERABLE"], &[]);
        assert_eq!(shared, Ok(some(&["NOT_INDICATED", "NOT_INDICATED", "VULNERABLE"])));
        let said = [("homes", "Mortgage"), ("cars", "Vehicle loan or lease"), ("spam", "")];
        let ours = fitted_to("product@1", &["homes", "cars", "spam"], &said).unwrap();
        assert_eq!(ours, [Some("Mortgage".to_owned()), Some("Vehicle loan or lease".to_owned()), None]);
        let few = fitted_to("product@1", &["homes", "spam"], &said[..1]).unwrap_err();
        assert!(few.contains("no labels of it: \"spam\"") && few.contains("\"\" is none of them"), "{few}");
        let one = fitted_to("product@1", &["homes", "spam"], &[said[0], said[2]]).unwrap_err();
        assert!(one.contains("fewer than two of it"), "{one}");
    }

    #[test]
    fn of_yes_and_no_each_label_stands_for_one() {
        let none = fitted(&["fine", "ill", "?"], &[("ill", "VULNERABLE"), ("?", "")]).unwrap_err();
        assert!(none.contains("they stand for none, and a yes or no must be one of them: \"?\""), "{none}");
        let missing = fitted(&["fine", "ok"], &[("ok", "NOT_INDICATED")]).unwrap_err();
        assert!(missing.contains("the model has none for: \"VULNERABLE\""), "{missing}");
    }

    #[test]
    fn everything_that_does_not_fit_is_said_at_once_with_the_mend() {
        let refusal = fitted(&["LABEL_0", "LABEL_1"], &[]).unwrap_err();
        assert_eq!(
            refusal,
            "fit the labels to vulnerable@1; no labels of it: \"LABEL_0\", \"LABEL_1\"; the model has none for: \
             \"NOT_INDICATED\", \"VULNERABLE\"; such names say nothing: ask whoever trained it what they are; say what \
             each stands for, several may stand for one and \"\" is none of them: a file for --labels, which \
             --labels-template prints to be filled in, or --map 'THEIRS=OURS'"
        );
        let missing = fitted(&["fine"], &[]).unwrap_err();
        assert!(
            missing.ends_with("has none for: \"VULNERABLE\"; train it on exactly these labels"),
            "{missing}"
        );
        let part = fitted_to("product@1", &["Mortgage", "Student loan"], &[]).unwrap_err();
        assert!(part.contains("if it is to serve without them"), "{part}");
    }

    #[test]
    fn a_map_of_labels_that_nobody_has_is_refused() {
        let refusal =
            fitted(&["fine", "VULNERABLE"], &[("fien", "NOT_INDICATED"), ("fine", "FINE")]).unwrap_err();
        assert!(refusal.contains("but no labels of the model: \"fien\""), "{refusal}");
        assert!(refusal.contains("given in the map, but no labels of it: \"FINE\""), "{refusal}");
    }

    #[test]
    fn labels_of_its_own_are_what_they_are_called_unless_a_map_says_otherwise() {
        let of = |theirs: &[&str], said: &[(&str, &str)]| {
            own("queue@1", &strings(theirs), &map(said)).map_err(|misfit| misfit.to_string())
        };
        assert_eq!(of(&["Cards", "Loans"], &[]), Ok(some(&["Cards", "Loans"])));
        let said = [("LABEL_0", "Cards"), ("LABEL_1", "Cards"), ("LABEL_2", "Loans"), ("LABEL_3", "")];
        let ours = of(&["LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3"], &said).unwrap();
        assert_eq!(ours[..3], some(&["Cards", "Cards", "Loans"])[..]);
        assert_eq!(ours[3], None);
        let nameless = of(&["LABEL_0", "Loans"], &[]).unwrap_err();
        assert!(nameless.contains("\"LABEL_0\"; such names say nothing"), "{nameless}");
        assert!(of(&["Cards"], &[]).unwrap_err().contains("nothing to choose"));
        assert!(of(&["a", "b"], &[("a", OPEN)]).unwrap_err().contains("no labels of it: \"a\""));
    }

    #[test]
    fn a_template_has_a_line_for_each_label_and_cannot_be_left_as_it_is() {
        let theirs = strings(&["VULNERABLE", "fine", "it \"is\"\\so"]);
        let older = |name: &str| (name == "fine").then(|| "NOT_INDICATED".to_owned());
        let text = template("vulnerable@1", taxonomy().leaves(), &theirs, older);
        assert!(text.contains("#   NOT_INDICATED\n"), "{text}");
        let read: BTreeMap<String, String> = toml::from_str(&text).unwrap();
        assert_eq!((read["VULNERABLE"].as_str(), read["fine"].as_str()), ("VULNERABLE", "NOT_INDICATED"));
        assert_eq!(read[&theirs[2]], OPEN);
        let refused = fit(taxonomy(), &theirs, &LabelMap(read), older).unwrap_err().to_string();
        assert!(refused.contains("no labels of it: \"it \"is\"\\so\"; say what"), "{refused}");
    }
}
