//! What a row is known to be: the labels that models learn from and are measured by.

use std::collections::BTreeMap;

use ombud_contract::{records::TimestampMs, taxonomy::leaf_named};

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
    label_named("product", name)
}

/// The issue label that a name stands for, whatever year's.
pub(crate) fn issue(name: &str) -> Option<String> {
    label_named("issue", name)
}

/// The label of `task` that a name stands for, whatever year's; `None` for another task, or a name that is no label.
pub fn label_named(task: &str, name: &str) -> Option<String> {
    leaf_named(task, name).map(str::to_owned)
}

/// A label without what makes spellings of it differ: letter case and white space.
pub fn folded_label(label: &str) -> String {
    label.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
