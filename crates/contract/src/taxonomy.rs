//! Numbered label trees: which labels a task has, and what each belongs to on the coarser levels.

mod document;
mod names;
mod own;

use std::{collections::BTreeSet, ops::AddAssign, sync::LazyLock};

pub use document::{Document, LabelTree};
pub use names::{label_named, label_or_name, leaf_named};
pub use own::TaxonomyError;

/// The label tree of one task, such as `issue@1`: leaves in logit order, and the levels above them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taxonomy {
    label_set: String,
    levels: Vec<Level>,
    /// For each leaf, for each level, the position of its label in that level.
    leaves: Vec<Vec<usize>>,
}

/// One level's labels, in the order in which the leaves first name them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Level {
    name: String,
    labels: Vec<String>,
}

impl Taxonomy {
    /// The tree of a label set, such as `issue@1`; `None` for one that is neither this version's nor was brought by a
    /// model or a routing table ([`Self::adopt`]).
    pub fn by_label_set(label_set: &str) -> Option<&'static Self> {
        TREES.iter().find(|tree| tree.label_set == label_set).or_else(|| own::find(label_set))
    }

    /// The newest tree of `task`; `None` for a task that has none.
    pub fn newest(task: &str) -> Option<&'static Self> {
        own::newest(task).or_else(|| TREES.iter().rev().find(|tree| tree.task() == task))
    }

    /// Makes the trees of a document known, as a model or a routing table brings them.
    ///
    /// # Errors
    /// It is no document of trees, or one of them is known with other labels.
    pub fn adopt(text: &str) -> Result<Vec<&'static Self>, TaxonomyError> {
        own::adopt_all(text)
    }

    /// A tree with these labels on one level that is called like the task, made known; labels in their order.
    ///
    /// # Errors
    /// There is no label, one comes twice, or the label set is known with other labels.
    pub fn flat(task: &str, number: u32, labels: Vec<String>) -> Result<&'static Self, TaxonomyError> {
        let leaves = labels.into_iter().map(|label| vec![label]).collect();
        Self::grow(&LabelTree::new(task, number, vec![task.to_owned()], leaves))
    }

    /// A written tree, made known.
    ///
    /// # Errors
    /// It contradicts itself, or its label set is known with other labels.
    pub fn grow(tree: &LabelTree) -> Result<&'static Self, TaxonomyError> {
        own::adopt(tree.grow(None).map_err(TaxonomyError::Broken)?)
    }

    /// The tree with more leaves behind its own, each alone on every level, made known under another number.
    ///
    /// # Errors
    /// The label set is known with other labels.
    pub fn with_leaves<'a>(
        &self,
        number: u32,
        leaves: impl IntoIterator<Item = &'a String>,
    ) -> Result<&'static Self, TaxonomyError> {
        Self::grow(&LabelTree::from(self).extended(number, leaves))
    }

    /// Whether it is compiled into this version, so that nobody need bring it.
    pub fn is_built_in(&self) -> bool {
        TREES.iter().any(|tree| tree.label_set == self.label_set)
    }

    /// Its number among the task's trees.
    pub fn number(&self) -> u32 {
        self.label_set.split_once('@').and_then(|(_, number)| number.parse().ok()).unwrap_or(0)
    }

    /// Every tree of `task` that there ever was, the oldest first.
    pub fn of_task(task: &str) -> impl Iterator<Item = &'static Self> {
        own::all().into_iter().chain(TREES.iter()).filter(move |tree| tree.task() == task)
    }

    /// Every task that has a tree, by name.
    pub fn tasks() -> BTreeSet<&'static str> {
        own::all().into_iter().chain(TREES.iter()).map(Self::task).collect()
    }

    /// Whether `label` stands on any of its levels.
    pub fn has(&self, label: &str) -> bool {
        self.levels.iter().any(|level| level.labels.iter().any(|known| known == label))
    }

    /// The task whose labels these are.
    pub fn task(&self) -> &str {
        self.label_set.split_once('@').map_or(self.label_set.as_str(), |(task, _)| task)
    }

    /// The label set, such as `issue@1`.
    pub fn label_set(&self) -> &str {
        &self.label_set
    }

    /// The finest labels, in logit order.
    pub fn leaves(&self) -> &[String] {
        &self.levels[0].labels
    }

    /// The names of the levels, fine to coarse: `issue`, `group`, `intent`.
    pub fn levels(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.levels.iter().map(|level| level.name.as_str())
    }

    /// The labels of a level, in a fixed order; for the finest it is the leaves'.
    pub fn labels(&self, level: &str) -> Option<&[String]> {
        self.depth(level).map(|depth| self.levels[depth].labels.as_slice())
    }

    /// The next coarser level and the label that `label` belongs to there; `None` on the coarsest level.
    pub fn parent(&self, level: &str, label: &str) -> Option<(&str, &str)> {
        let coarser = self.depth(level)? + 1;
        let leaf = self.leaf_under(level, label)?;
        let position = *leaf.get(coarser)?;
        Some((&self.levels[coarser].name, &self.levels[coarser].labels[position]))
    }

    /// The labels from the coarsest down to `label`, which is the last.
    pub fn path(&self, level: &str, label: &str) -> Option<Vec<&str>> {
        let depth = self.depth(level)?;
        let leaf = self.leaf_under(level, label)?;
        let down = (depth..self.levels.len()).rev();
        Some(down.map(|at| self.levels[at].labels[leaf[at]].as_str()).collect())
    }

    /// What the leaves' probabilities come to on `level`, in the order of [`Self::labels`]. `None` for an
    /// unknown level, or where there is not one probability a leaf.
    pub fn sum_to_level<P>(&self, level: &str, leaf_probabilities: &[P]) -> Option<Vec<(&str, P)>>
    where
        P: Copy + Default + AddAssign,
    {
        let depth = self.depth(level)?;
        if leaf_probabilities.len() != self.leaves.len() {
            return None;
        }
        let mut sums: Vec<(&str, P)> =
            self.levels[depth].labels.iter().map(|label| (label.as_str(), P::default())).collect();
        for (leaf, probability) in self.leaves.iter().zip(leaf_probabilities) {
            sums[leaf[depth]].1 += *probability;
        }
        Some(sums)
    }

    fn depth(&self, level: &str) -> Option<usize> {
        self.levels().position(|name| name == level)
    }

    /// Any leaf below `label`: the levels above it are the same for all of them.
    fn leaf_under(&self, level: &str, label: &str) -> Option<&[usize]> {
        let depth = self.depth(level)?;
        let position = self.levels[depth].labels.iter().position(|known| known == label)?;
        self.leaves.iter().find(|leaf| leaf[depth] == position).map(Vec::as_slice)
    }
}

const FILES: [&str; 1] = [include_str!("../../../schemas/taxonomy/1.toml")];

static TREES: LazyLock<Vec<Taxonomy>> = LazyLock::new(|| {
    let trees = FILES.map(|text| {
        document::read(text).unwrap_or_else(|what| {
            unreachable!("the label trees are compiled in and a test reads all of them, yet: {what}")
        })
    });
    trees.into_iter().flatten().collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    fn issue() -> &'static Taxonomy {
        Taxonomy::by_label_set("issue@1").unwrap()
    }

    #[test]
    fn the_first_trees_have_the_labels_of_the_data() {
        let product = Taxonomy::by_label_set("product@1").unwrap();
        assert_eq!(product.leaves().len(), 9);
        assert_eq!(product.levels().collect::<Vec<_>>(), ["product"]);
        let sizes: Vec<usize> = issue().levels().map(|level| issue().labels(level).unwrap().len()).collect();
        assert_eq!(sizes, [45, 26, 13]);
        let vulnerable = Taxonomy::by_label_set("vulnerable@1").unwrap();
        assert_eq!(vulnerable.leaves(), ["NOT_INDICATED", "VULNERABLE"]);
        assert!(Taxonomy::by_label_set("issue@2").is_none());
    }

    #[test]
    fn a_path_goes_from_coarse_to_fine_and_ends_with_the_label() {
        assert_eq!(
            issue().path("issue", "Communication tactics").unwrap(),
            [
                "Collection tactics, threats, false statements",
                "Debt: tactics, threats, false statements",
                "Communication tactics"
            ]
        );
        assert_eq!(issue().path("intent", "Fraud or scam").unwrap(), ["Fraud or scam"]);
        assert_eq!(issue().path("intent", "Communication tactics"), None);
        assert_eq!(issue().path("team", "Fraud or scam"), None);
    }

    #[test]
    fn a_parent_is_one_level_coarser() {
        assert_eq!(issue().parent("issue", "Other/rare"), Some(("group", "Other/rare")));
        assert_eq!(issue().parent("group", "Other/rare"), Some(("intent", "Other")));
        assert_eq!(issue().parent("intent", "Other"), None);
        assert_eq!(issue().parent("issue", "unheard of"), None);
    }

    #[test]
    fn a_task_has_a_newest_tree_or_none() {
        assert_eq!(Taxonomy::newest("issue"), Some(issue()));
        assert_eq!(Taxonomy::newest("issue@1"), None);
    }

    #[test]
    fn every_label_of_every_level_has_a_path() {
        for tree in TREES.iter() {
            for level in tree.levels() {
                for label in tree.labels(level).unwrap() {
                    assert_eq!(tree.path(level, label).unwrap().last(), Some(&label.as_str()));
                }
            }
        }
    }

    #[test]
    fn probabilities_are_summed_over_the_leaves_of_each_label() {
        let leaves = vec![1.0_f64 / 45.0; 45];
        let intents = issue().sum_to_level("intent", &leaves).unwrap();
        let total: f64 = intents.iter().map(|(_, p)| p).sum();
        assert!((total - 1.0).abs() < 1e-12);
        let tactics = intents.iter().find(|(label, _)| label.starts_with("Collection tactics")).unwrap();
        // Communication, false statements, legal action, contacting others.
        assert!((tactics.1 - 4.0 / 45.0).abs() < 1e-12);
        let same = issue().sum_to_level("issue", &leaves).unwrap();
        assert!(same.iter().map(|(label, _)| *label).eq(issue().leaves()));
        assert!(issue().sum_to_level("issue", &leaves[1..]).is_none());
    }
}
