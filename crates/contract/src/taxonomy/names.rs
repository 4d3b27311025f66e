//! What a label may be called: in any case, and by the names that it had in earlier years.

use std::{collections::HashMap, sync::LazyLock};

use serde::Deserialize;

use super::Taxonomy;

/// The leaf of `product@1` or `issue@1` that a name stands for, whatever year's; `None` for another task, or a name that is
/// no such leaf's.
pub fn leaf_named(task: &str, name: &str) -> Option<&'static str> {
    let (label_set, aliases) = match task {
        "product" => ("product@1", &ALIASES.product),
        "issue" => ("issue@1", &ALIASES.issue),
        _ => return None,
    };
    let name = name.trim();
    let leaf = Taxonomy::by_label_set(label_set)?.leaves().iter().find(|leaf| *leaf == name);
    leaf.or_else(|| aliases.get(&name.to_lowercase())).map(String::as_str)
}

/// The label of `task` that a name stands for: on any level of any of its trees, in any case, or by an older name.
pub fn label_named(task: &str, name: &str) -> Option<&'static str> {
    let (name, lower) = (name.trim(), name.trim().to_lowercase());
    let find = |is_it: &dyn Fn(&str) -> bool| {
        Taxonomy::of_task(task)
            .flat_map(|tree| &tree.levels)
            .flat_map(|level| &level.labels)
            .map(String::as_str)
            .find(|label| is_it(label))
    };
    find(&|label| label == name)
        .or_else(|| find(&|label| label.to_lowercase() == lower))
        .or_else(|| leaf_named(task, name))
}

/// The same; a name that nobody knows stays as it is.
pub fn label_or_name<'a>(task: &str, name: &'a str) -> &'a str {
    label_named(task, name).unwrap_or(name)
}

/// The content of `aliases-1.toml`: names in lower case to labels.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Aliases {
    /// Which trees the labels are of.
    label_set_number: u32,
    product: HashMap<String, String>,
    issue: HashMap<String, String>,
}

static ALIASES: LazyLock<Aliases> = LazyLock::new(|| {
    read(include_str!("../../../../schemas/taxonomy/aliases-1.toml"))
        .unwrap_or_else(|what| unreachable!("the names are compiled in and a test reads them, yet: {what}"))
});

fn read(text: &str) -> Result<Aliases, String> {
    let aliases: Aliases = toml::from_str(text).map_err(|e| e.to_string())?;
    for (task, names) in [("product", &aliases.product), ("issue", &aliases.issue)] {
        let set = format!("{task}@{}", aliases.label_set_number);
        let tree = Taxonomy::by_label_set(&set).ok_or_else(|| format!("there is no {set}"))?;
        if let Some((name, label)) = names.iter().find(|(_, label)| !tree.leaves().contains(label)) {
            return Err(format!("{name} stands for {label}, which is no leaf of {set}"));
        }
        if let Some(name) = names.keys().find(|name| **name != name.to_lowercase()) {
            return Err(format!("{name} is not in lower case"));
        }
    }
    Ok(aliases)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alias_stands_for_a_label() {
        assert_eq!(ALIASES.label_set_number, 1);
        assert!(ALIASES.product.len() > 30 && ALIASES.issue.len() > 100);
    }

    #[test]
    fn an_alias_for_no_label_is_refused() {
        let wrong = "label_set_number = 1\n[product]\nsnacks = \"Snacks\"\n[issue]\n";
        assert!(read(wrong).is_err_and(|what| what.contains("Snacks")));
    }

    #[test]
    fn a_label_of_any_level_is_found_in_any_case_and_by_its_older_names() {
        for (task, name, label) in [
            ("product", "mortgage", "Mortgage"),
            ("product", " Payday LOAN ", "Payday, title or personal loan"),
            ("issue", "card: purchase dispute / fraud", "Card: purchase dispute / fraud"),
            ("issue", "Cont'd attempts collect debt not owed", "Attempts to collect debt not owed"),
            ("vulnerable", "not_indicated", "NOT_INDICATED"),
        ] {
            assert_eq!(label_named(task, name), Some(label), "{name}");
        }
        assert_eq!(label_named("product", "Spaceships"), None);
        assert_eq!(label_named("vulnerable", "POSSIBLE"), None);
        assert_eq!(label_named("mood", "mortgage"), None);
    }

    #[test]
    fn a_leaf_is_of_the_first_trees_alone() {
        assert_eq!(leaf_named("issue", "Card: purchase dispute / fraud"), None, "it is a group");
        assert_eq!(leaf_named("vulnerable", "VULNERABLE"), None);
    }
}
