//! A file of `schemas/evidence/`, and the table that it is.

use std::collections::BTreeSet;

use regex::{Regex, RegexBuilder, RegexSetBuilder};
use serde::Deserialize;

use super::pattern::{Words, any_of};
use super::{Category, Driver, EvidenceTable};

/// What one expression may take, in bytes: many alternatives of many words, each known and none from outside.
const MOST_BYTES: usize = 64 << 20;

/// The last number whose categories name no driver of their own.
const LAST_WITHOUT_DRIVERS: u32 = 1;

/// What a file says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) task: String,
    number: u32,
    /// What takes any phrase back when it stands right before it.
    negations: Vec<String>,
    words: Words,
    category: Vec<CategoryDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CategoryDocument {
    name: String,
    pub(super) driver: Option<Driver>,
    definition: String,
    source: String,
    #[serde(default)]
    explicit: Vec<String>,
    #[serde(default)]
    hint: Vec<String>,
    /// What takes a phrase back that it overlaps.
    unless: Vec<String>,
}

impl Document {
    /// Reads a file.
    ///
    /// # Errors
    /// It is no file of a table; says which category.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let document: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        let (name, categories) = (document.name(), &document.category);
        let names: BTreeSet<&str> = categories.iter().map(|category| category.name.as_str()).collect();
        if names.len() != categories.len() || names.is_empty() {
            return Err(format!("{name}: each category needs a name of its own, and there must be one"));
        }
        let without = categories.iter().find(|category| category.driver.is_none());
        if let Some(category) = without.filter(|_| document.number > LAST_WITHOUT_DRIVERS) {
            let drivers = Driver::ALL.map(Driver::name).join(", ");
            return Err(format!("{name}: {}: driver: name one of {drivers}", category.name));
        }
        Ok(document)
    }

    /// The table's name, such as `vulnerable@1`.
    pub(super) fn name(&self) -> String {
        format!("{}@{}", self.task, self.number)
    }

    /// The category of that name.
    pub(super) fn category(&self, name: &str) -> Option<&CategoryDocument> {
        self.category.iter().find(|category| category.name == name)
    }

    /// Compiles its phrases; `driver` gives that of each category.
    ///
    /// # Errors
    /// It is no table; says which category and phrase.
    pub(super) fn table(&self, driver: impl Fn(&str) -> Option<Driver>) -> Result<EvidenceTable, String> {
        let name = self.name();
        let mut categories = Vec::new();
        let mut occurring = Vec::new();
        for category in &self.category {
            let of_category = |what| format!("{name}: {}: {what}", category.name);
            let driver =
                driver(&category.name).ok_or_else(|| of_category("no table names its driver".to_owned()))?;
            let (phrases, read) = read_category(category, driver, self).map_err(of_category)?;
            occurring.push(phrases);
            categories.push(read);
        }
        let occurs =
            RegexSetBuilder::new(occurring).size_limit(MOST_BYTES).dfa_size_limit(MOST_BYTES).build();
        let occurs = occurs.map_err(|error| error.to_string())?;
        Ok(EvidenceTable { name, task: self.task.clone(), categories, occurs })
    }
}

/// The expression of all its phrases, and the category.
fn read_category(
    category: &CategoryDocument,
    driver: Driver,
    document: &Document,
) -> Result<(String, Category), String> {
    let words = &document.words;
    let explicit = any_of(&category.explicit, words)?;
    let hint = any_of(&category.hint, words)?;
    let phrases: Vec<String> = explicit.iter().chain(&hint).cloned().collect();
    if phrases.is_empty() {
        return Err("it has no phrase".to_owned());
    }
    let phrases = format!("(?:{})", phrases.join("|"));
    let negations = any_of(&document.negations, words)?.ok_or("negations: name at least one")?;
    let negated = format!("{negations}{phrases}");
    let unless: Vec<String> = [negated].into_iter().chain(any_of(&category.unless, words)?).collect();
    let read = Category {
        name: category.name.clone(),
        definition: category.definition.clone(),
        source: category.source.clone(),
        driver,
        explicit: explicit.map(|phrases| expression(&phrases)).transpose()?,
        hint: hint.map(|phrases| expression(&phrases)).transpose()?,
        unless: expression(&unless.join("|"))?,
    };
    Ok((phrases, read))
}

fn expression(text: &str) -> Result<Regex, String> {
    let mut builder = RegexBuilder::new(text);
    builder.size_limit(MOST_BYTES).build().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(negations: &str, categories: &str) -> String {
        let text = format!("task = \"t\"\nnumber = 9\nnegations = [{negations}]\n[words]\n{categories}");
        match Document::read(&text) {
            Ok(document) => document.table(|name| document.category(name)?.driver).unwrap_err(),
            Err(what) => what,
        }
    }

    #[test]
    fn a_table_that_is_none_is_refused_with_the_category_and_the_phrase() {
        let category = |name: &str, phrases: &str| {
            format!(
                "[[category]]\nname = \"{name}\"\ndriver = \"health\"\ndefinition = \"d\"\nsource = \"s\"\nunless = []\n{phrases}\n"
            )
        };
        let good = category("a", "hint = [\"x\"]");
        let wrong = category("a", "hint = [\"X\"]");
        assert!(refusal("\"no\"", &wrong).starts_with("t@9: a: phrase `X`: `X` is no word"));
        assert!(refusal("\"no\"", &category("a", "")).ends_with("a: it has no phrase"));
        assert!(refusal("", &good).ends_with("negations: name at least one"));
        assert!(refusal("\"no\"", &format!("{good}{good}")).contains("a name of its own"));
        assert!(refusal("\"no\"", &category("a", "hints = [\"x\"]")).contains("unknown field `hints`"));
        let without = good.replace("driver = \"health\"\n", "");
        let drivers = "t@9: a: driver: name one of health, life_events, resilience, capability";
        assert_eq!(refusal("\"no\"", &without), drivers);
        let other = good.replace("\"health\"", "\"luck\"");
        assert!(refusal("\"no\"", &other).contains("unknown variant `luck`"));
    }
}
