//! Numbered label trees: which labels a task has, and what each belongs to on the coarser levels.

use std::{ops::AddAssign, sync::LazyLock};

use serde::Deserialize;

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
    /// The tree of a label set, such as `issue@1`; `None` for one that this version does not know.
    pub fn by_label_set(label_set: &str) -> Option<&'static Self> {
        TREES.iter().find(|tree| tree.label_set == label_set)
    }

    /// The newest tree of `task`; `None` for a task that has none.
    pub fn newest(task: &str) -> Option<&'static Self> {
        TREES.iter().rev().find(|tree| tree.task() == task)
    }

    /// Every tree of `task` that there ever was, the oldest first.
    pub fn of_task(task: &str) -> impl Iterator<Item = &'static Self> {
        TREES.iter().filter(move |tree| tree.task() == task)
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

/// The content of a numbered file of `schemas/taxonomy/`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    number: u32,
    label_set: Vec<LabelSet>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LabelSet {
    task: String,
    /// Fine to coarse.
    levels: Vec<String>,
    /// Each fine to coarse.
    leaves: Vec<Vec<String>>,
}

const FILES: [&str; 1] = [include_str!("../../../schemas/taxonomy/1.toml")];

static TREES: LazyLock<Vec<Taxonomy>> = LazyLock::new(|| {
    let trees = FILES.map(|text| {
        read(text).unwrap_or_else(|what| {
            unreachable!("the label trees are compiled in and a test reads all of them, yet: {what}")
        })
    });
    trees.into_iter().flatten().collect()
});

fn read(text: &str) -> Result<Vec<Taxonomy>, String> {
    let file: File = toml::from_str(text).map_err(|e| e.to_string())?;
    file.label_set.into_iter().map(|set| tree(file.number, set)).collect()
}

fn tree(number: u32, set: LabelSet) -> Result<Taxonomy, String> {
    let label_set = format!("{}@{number}", set.task);
    let mut levels: Vec<Level> =
        set.levels.into_iter().map(|name| Level { name, labels: Vec::new() }).collect();
    if levels.is_empty() || set.leaves.is_empty() {
        return Err(format!("{label_set} has no levels or no leaves"));
    }
    let mut leaves: Vec<Vec<usize>> = Vec::new();
    for names in set.leaves {
        if names.len() != levels.len() {
            return Err(format!("{label_set}: {names:?} does not name one label a level"));
        }
        let leaf: Vec<usize> = levels
            .iter_mut()
            .zip(names)
            .map(|(level, name)| position_or_push(&mut level.labels, name))
            .collect();
        // Two leaves that share a label share everything above it; and no leaf comes twice.
        let torn = |other: &Vec<usize>| {
            let shared = leaf.iter().zip(other).position(|(a, b)| a == b);
            shared.is_some_and(|depth| depth == 0 || leaf[depth..] != other[depth..])
        };
        if leaves.iter().any(torn) {
            return Err(format!("{label_set}: leaf {} contradicts an earlier one", leaves.len() + 1));
        }
        leaves.push(leaf);
    }
    Ok(Taxonomy { label_set, levels, leaves })
}

fn position_or_push(labels: &mut Vec<String>, name: String) -> usize {
    labels.iter().position(|known| *known == name).unwrap_or_else(|| {
        labels.push(name);
        labels.len() - 1
    })
}

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

    #[test]
    fn a_tree_that_contradicts_itself_is_refused() {
        let file = |leaves: &str| {
            format!("number = 9\n[[label_set]]\ntask = \"t\"\nlevels = [\"a\", \"b\"]\nleaves = {leaves}")
        };
        assert!(read(&file(r#"[["x", "p"], ["y", "p"]]"#)).is_ok());
        for wrong in [r#"[["x", "p"], ["x", "q"]]"#, r#"[["x", "p"], ["x", "p"]]"#, r#"[["x"]]"#, "[]"] {
            assert!(read(&file(wrong)).is_err(), "{wrong}");
        }
    }
}
