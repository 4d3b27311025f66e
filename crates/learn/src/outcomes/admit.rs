//! New labels: one that enough complaints carry joins the champion's label tree, in a tree of the next number.

use std::collections::{BTreeMap, BTreeSet};

use ombud_contract::taxonomy::{Taxonomy, TaxonomyError};

/// How many complaints carry a label, copies counted once; by task.
pub(super) type Counts = BTreeMap<String, BTreeMap<String, usize>>;

/// A label tree that some model version answers in, so that its number is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownTree {
    /// Such as `product@2`.
    pub label_set: String,
    /// Its leaves, in logit order.
    pub leaves: Vec<String>,
}

/// What happens to the labels that a task's tree lacks.
pub(super) struct Admission {
    /// The tree that the challenger answers in: the champion's where nothing is new.
    pub(super) tree: &'static Taxonomy,
    /// New labels that it learns.
    pub(super) admitted: BTreeMap<String, usize>,
    /// New labels that too few complaints carry.
    pub(super) waiting: BTreeMap<String, usize>,
}

/// Adds to `tree`, the champion's tree of one task, each label that at least `least` complaints carry.
pub(super) fn admit(
    tree: &'static Taxonomy,
    counts: &BTreeMap<String, usize>,
    least: usize,
    known: &[KnownTree],
) -> Result<Admission, TaxonomyError> {
    let new = counts.iter().filter(|(label, _)| !tree.has(label));
    let (admitted, waiting): (BTreeMap<_, _>, BTreeMap<_, _>) =
        new.map(|(label, rows)| (label.clone(), *rows)).partition(|(_, rows)| *rows >= least);
    if admitted.is_empty() {
        return Ok(Admission { tree, admitted, waiting });
    }
    let leaves: Vec<String> = tree.leaves().iter().chain(admitted.keys()).cloned().collect();
    let tree = tree.with_leaves(number(tree.task(), &leaves, known), admitted.keys())?;
    Ok(Admission { tree, admitted, waiting })
}

/// The number of the tree with these leaves: its own where there is such a tree, else the next free one.
fn number(task: &str, leaves: &[String], known: &[KnownTree]) -> u32 {
    let numbered = |label_set: &str| match label_set.split_once('@') {
        Some((of, number)) if of == task => number.parse().ok(),
        _ => None,
    };
    let registered =
        known.iter().filter_map(|tree| Some((numbered(&tree.label_set)?, tree.leaves.as_slice())));
    let here = Taxonomy::of_task(task).map(|tree| (tree.number(), tree.leaves()));
    let mut taken = BTreeSet::new();
    for (number, of_it) in registered.chain(here) {
        if of_it == leaves {
            return number;
        }
        taken.insert(number);
    }
    taken.last().map_or(1, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(labels: &[(&str, usize)]) -> BTreeMap<String, usize> {
        labels.iter().map(|(label, rows)| ((*label).to_owned(), *rows)).collect()
    }

    #[test]
    fn a_label_that_comes_often_enough_joins_a_tree_of_the_next_number() {
        let issue = Taxonomy::by_label_set("issue@1").unwrap();
        let seen = counts(&[("Fraud or scam", 90), ("Lost in the metaverse", 50), ("Typo", 2)]);
        let Admission { tree, admitted, waiting } = admit(issue, &seen, 50, &[]).unwrap();
        assert_eq!(tree.label_set(), "issue@2");
        assert_eq!(tree.leaves().last().unwrap(), "Lost in the metaverse");
        assert_eq!(tree.path("issue", "Lost in the metaverse").unwrap(), ["Lost in the metaverse"; 3]);
        assert_eq!(tree.path("issue", "Fraud or scam"), issue.path("issue", "Fraud or scam"));
        assert_eq!((admitted.len(), waiting), (1, counts(&[("Typo", 2)])));
        // The second time gives the same tree.
        assert!(std::ptr::eq(tree, admit(issue, &seen, 50, &[]).unwrap().tree));
    }

    #[test]
    fn a_number_that_another_host_gave_away_is_not_given_twice() {
        let product = Taxonomy::by_label_set("product@1").unwrap();
        let other = KnownTree { label_set: "product@7".into(), leaves: vec!["a".into(), "b".into()] };
        let grown = admit(product, &counts(&[("Crypto", 9)]), 5, &[other]).unwrap().tree;
        assert_eq!(grown.label_set(), "product@8");
        let mut leaves = product.leaves().to_vec();
        leaves.push("Space travel".to_owned());
        let same = KnownTree { label_set: "product@9".into(), leaves };
        let grown = admit(product, &counts(&[("Space travel", 9)]), 5, &[same]).unwrap().tree;
        assert_eq!(grown.label_set(), "product@9");
    }

    #[test]
    fn without_new_labels_the_tree_stays() {
        let product = Taxonomy::by_label_set("product@1").unwrap();
        let kept = admit(product, &counts(&[("Mortgage", 500), ("Rare", 4)]), 5, &[]).unwrap();
        assert!(std::ptr::eq(kept.tree, product) && kept.admitted.is_empty() && kept.waiting.len() == 1);
    }
}
