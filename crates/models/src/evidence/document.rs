//! A file of `schemas/evidence/` to a table.

use std::collections::BTreeSet;

use regex::{Regex, RegexBuilder, RegexSetBuilder};
use serde::Deserialize;

use super::pattern::{Words, any_of};
use super::{Category, EvidenceTable};

/// What one expression may take, in bytes: many alternatives of many words, each known and none from outside.
const MOST_BYTES: usize = 64 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    task: String,
    number: u32,
    /// What takes any phrase back when it stands right before it.
    negations: Vec<String>,
    words: Words,
    category: Vec<CategoryFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryFile {
    name: String,
    definition: String,
    source: String,
    #[serde(default)]
    explicit: Vec<String>,
    #[serde(default)]
    hint: Vec<String>,
    /// What takes a phrase back that it overlaps.
    unless: Vec<String>,
}

/// Reads a table.
///
/// # Errors
/// It is no table; says which category and phrase.
pub(super) fn read(text: &str) -> Result<EvidenceTable, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    let name = format!("{}@{}", file.task, file.number);
    let names: BTreeSet<&str> = file.category.iter().map(|category| category.name.as_str()).collect();
    if names.len() != file.category.len() || names.is_empty() {
        return Err(format!("{name}: each category needs a name of its own, and there must be one"));
    }
    let mut categories = Vec::new();
    let mut occurring = Vec::new();
    for category in &file.category {
        let (phrases, read) =
            read_category(category, &file).map_err(|what| format!("{name}: {}: {what}", category.name))?;
        occurring.push(phrases);
        categories.push(read);
    }
    let occurs = RegexSetBuilder::new(occurring).size_limit(MOST_BYTES).dfa_size_limit(MOST_BYTES).build();
    let occurs = occurs.map_err(|error| error.to_string())?;
    Ok(EvidenceTable { name, task: file.task, categories, occurs })
}

/// The expression of all its phrases, and the category.
fn read_category(category: &CategoryFile, file: &File) -> Result<(String, Category), String> {
    let words = &file.words;
    let explicit = any_of(&category.explicit, words)?;
    let hint = any_of(&category.hint, words)?;
    let phrases: Vec<String> = explicit.iter().chain(&hint).cloned().collect();
    if phrases.is_empty() {
        return Err("it has no phrase".to_owned());
    }
    let phrases = format!("(?:{})", phrases.join("|"));
    let negations = any_of(&file.negations, words)?.ok_or("negations: name at least one")?;
    let negated = format!("{negations}{phrases}");
    let unless: Vec<String> = [negated].into_iter().chain(any_of(&category.unless, words)?).collect();
    let read = Category {
        name: category.name.clone(),
        definition: category.definition.clone(),
        source: category.source.clone(),
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
        read(&text).unwrap_err()
    }

    #[test]
    fn a_table_that_is_none_is_refused_with_the_category_and_the_phrase() {
        let category = |name: &str, phrases: &str| {
            format!(
                "[[category]]\nname = \"{name}\"\ndefinition = \"d\"\nsource = \"s\"\nunless = []\n{phrases}\n"
            )
        };
        let good = category("a", "hint = [\"x\"]");
        let wrong = category("a", "hint = [\"X\"]");
        assert!(refusal("\"no\"", &wrong).starts_with("t@9: a: phrase `X`: `X` is no word"));
        assert!(refusal("\"no\"", &category("a", "")).ends_with("a: it has no phrase"));
        assert!(refusal("", &good).ends_with("negations: name at least one"));
        assert!(refusal("\"no\"", &format!("{good}{good}")).contains("a name of its own"));
        assert!(refusal("\"no\"", &category("a", "hints = [\"x\"]")).contains("unknown field `hints`"));
    }
}
