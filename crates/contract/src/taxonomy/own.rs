//! Label trees of a bank's own tasks: they come with a model or a routing table, and are known from then on.

use std::sync::{PoisonError, RwLock};

use super::{TREES, Taxonomy, document};

/// More are a defect: each is kept for good.
const MOST: usize = 1_000;

/// Kept for good, as those that are compiled in: a published tree never changes, and its holder need not ask whose it is.
static OWN: RwLock<Vec<&'static Taxonomy>> = RwLock::new(Vec::new());

/// A label tree that can't be made known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaxonomyError {
    /// It is none.
    #[error("read a label tree: {0}")]
    Broken(String),
    /// Its label set is known with other labels.
    #[error(
        "accept label set {label_set}: it is known with other labels, and a tree never changes: give it the next number"
    )]
    Changed {
        /// Which.
        label_set: String,
    },
    /// Too many.
    #[error("accept label set {label_set}: {MOST} of a bank's own are known already")]
    TooMany {
        /// Which.
        label_set: String,
    },
}

pub(super) fn all() -> Vec<&'static Taxonomy> {
    OWN.read().unwrap_or_else(PoisonError::into_inner).clone()
}

pub(super) fn find(label_set: &str) -> Option<&'static Taxonomy> {
    all().into_iter().find(|tree| tree.label_set == label_set)
}

/// The one of the greatest number.
pub(super) fn newest(task: &str) -> Option<&'static Taxonomy> {
    all().into_iter().filter(|tree| tree.task() == task).max_by_key(|tree| tree.number())
}

pub(super) fn adopt(tree: Taxonomy) -> Result<&'static Taxonomy, TaxonomyError> {
    let mut own = OWN.write().unwrap_or_else(PoisonError::into_inner);
    let known = TREES.iter().chain(own.iter().copied()).find(|known| known.label_set == tree.label_set);
    match known {
        Some(known) if *known == tree => Ok(known),
        Some(_) => Err(TaxonomyError::Changed { label_set: tree.label_set }),
        None if own.len() == MOST => Err(TaxonomyError::TooMany { label_set: tree.label_set }),
        None => {
            let tree: &'static Taxonomy = Box::leak(Box::new(tree));
            own.push(tree);
            Ok(tree)
        }
    }
}

pub(super) fn adopt_all(text: &str) -> Result<Vec<&'static Taxonomy>, TaxonomyError> {
    let trees = document::read(text).map_err(TaxonomyError::Broken)?;
    trees.into_iter().map(adopt).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(leaves: &str) -> String {
        format!("[[label_set]]\ntask = \"own\"\nnumber = 1\nlevels = [\"own\"]\nleaves = {leaves}")
    }

    #[test]
    fn a_tree_of_ones_own_is_known_from_then_on_and_never_changes() {
        assert!(Taxonomy::by_label_set("own@1").is_none());
        let adopted = Taxonomy::adopt(&document(r#"[["a"], ["b"]]"#)).unwrap();
        assert_eq!(Taxonomy::by_label_set("own@1"), Some(adopted[0]));
        assert_eq!(Taxonomy::newest("own"), Some(adopted[0]));
        assert!(std::ptr::eq(adopted[0], Taxonomy::adopt(&document(r#"[["a"], ["b"]]"#)).unwrap()[0]));
        let refused = Taxonomy::adopt(&document(r#"[["a"], ["c"]]"#)).unwrap_err();
        assert_eq!(refused, TaxonomyError::Changed { label_set: "own@1".to_owned() });
    }

    #[test]
    fn nobody_brings_another_tree_of_ours() {
        let other = document(r#"[["a"]]"#).replace("own", "product");
        assert!(matches!(Taxonomy::adopt(&other), Err(TaxonomyError::Changed { .. })));
    }
}
