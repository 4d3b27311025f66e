//! What a row is known to be: the labels that models learn from and are measured by.

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use ombud_contract::{records::TimestampMs, taxonomy::Taxonomy};
use serde::Deserialize;

/// A row's labels; those that the file doesn't give, or that are no label of ours, are missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// A leaf of `product@1`.
    pub product: Option<String>,
    /// A leaf of `issue@1`.
    pub issue: Option<String>,
    /// Whether the customer said to be vulnerable (older, servicemember).
    pub vulnerable: Option<bool>,
    /// When it was received, where the file says so.
    pub date: Option<TimestampMs>,
    /// Where it was collected (`source`), where the file says so.
    pub source: Option<String>,
    /// By task of a bank's own: what stands in the column that [`crate::Rows::labelled_by`] named.
    pub own: BTreeMap<String, String>,
}

/// A column whose values are the labels of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelColumn {
    /// The task.
    pub task: String,
    /// The column, in any case.
    pub column: String,
}

/// The product label that a name stands for, whatever year's.
pub(crate) fn product(name: &str) -> Option<String> {
    label("product@1", &ALIASES.product, name)
}

/// The issue label that a name stands for, whatever year's.
pub(crate) fn issue(name: &str) -> Option<String> {
    label("issue@1", &ALIASES.issue, name)
}

/// The label of `task` that a name stands for, whatever year's; `None` for another task, or a name that is no label.
pub fn label_named(task: &str, name: &str) -> Option<String> {
    match task {
        "product" => product(name),
        "issue" => issue(name),
        _ => None,
    }
}

/// Whether the CFPB's tags name a vulnerable customer.
pub(crate) fn tagged(tags: &str) -> bool {
    !matches!(tags.trim().to_lowercase().as_str(), "" | "none" | "n/a")
}

fn label(label_set: &str, aliases: &HashMap<String, String>, name: &str) -> Option<String> {
    let name = name.trim();
    if Taxonomy::by_label_set(label_set)?.leaves().iter().any(|leaf| leaf == name) {
        return Some(name.into());
    }
    aliases.get(&name.to_lowercase()).cloned()
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
    read(include_str!("../../../schemas/taxonomy/aliases-1.toml"))
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
    fn old_and_new_names_of_a_product_give_one_label_in_any_case() {
        for name in
            ["Credit card", "CREDIT CARD OR PREPAID CARD", " Prepaid card ", "Credit card or prepaid card"]
        {
            assert_eq!(product(name).as_deref(), Some("Credit card or prepaid card"), "{name}");
        }
        for name in ["Consumer Loan", "Consumer Loan*", "Debt or credit management", "", "Snacks"] {
            assert_eq!(product(name), None, "{name}");
        }
    }

    #[test]
    fn a_task_without_old_names_has_no_label_by_name() {
        assert_eq!(label_named("product", "payday loan").as_deref(), Some("Payday, title or personal loan"));
        assert_eq!(label_named("vulnerable", "payday loan"), None);
    }

    #[test]
    fn old_names_of_an_issue_give_todays_label() {
        assert_eq!(
            issue("Cont'd attempts collect debt not owed").as_deref(),
            Some("Attempts to collect debt not owed")
        );
        assert_eq!(issue("Repossession").as_deref(), Some("Other/rare"));
        assert_eq!(issue("Bad weather"), None);
    }

    #[test]
    fn an_alias_for_no_label_is_refused() {
        let wrong = "label_set_number = 1\n[product]\nsnacks = \"Snacks\"\n[issue]\n";
        assert!(read(wrong).is_err_and(|what| what.contains("Snacks")));
    }
}
