//! Label trees as they are written: a numbered file of `schemas/taxonomy/`, and what a model or a routing table brings.

use serde::{Deserialize, Serialize};

use super::{Level, Taxonomy};

/// Trees in one document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Of trees that have no number of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<u32>,
    label_set: Vec<LabelTree>,
}

/// One task's tree as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelTree {
    task: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<u32>,
    /// Fine to coarse.
    levels: Vec<String>,
    /// Each fine to coarse.
    leaves: Vec<Vec<String>>,
}

impl Document {
    /// The document of `trees`, each with its number.
    pub fn of<'a>(trees: impl IntoIterator<Item = &'a Taxonomy>) -> Self {
        Self { number: None, label_set: trees.into_iter().map(LabelTree::from).collect() }
    }

    /// The trees in it.
    pub(super) fn trees(&self) -> Result<Vec<Taxonomy>, String> {
        self.label_set.iter().map(|tree| tree.grow(self.number)).collect()
    }
}

impl From<&Taxonomy> for LabelTree {
    fn from(tree: &Taxonomy) -> Self {
        let names = |leaf: &Vec<usize>| {
            leaf.iter().zip(&tree.levels).map(|(at, level)| level.labels[*at].clone()).collect()
        };
        Self {
            task: tree.task().to_owned(),
            number: Some(tree.number()),
            levels: tree.levels.iter().map(|level| level.name.clone()).collect(),
            leaves: tree.leaves.iter().map(names).collect(),
        }
    }
}

impl LabelTree {
    /// The tree of `task` with that number; levels and each leaf fine to coarse.
    pub fn new(task: &str, number: u32, levels: Vec<String>, leaves: Vec<Vec<String>>) -> Self {
        Self { task: task.to_owned(), number: Some(number), levels, leaves }
    }

    /// With more leaves, each alone on every level.
    pub(super) fn extended<'a>(mut self, number: u32, leaves: impl IntoIterator<Item = &'a String>) -> Self {
        self.number = Some(number);
        let levels = self.levels.len();
        self.leaves.extend(leaves.into_iter().map(|leaf| vec![leaf.clone(); levels]));
        self
    }

    /// The tree, checked: one label a level, and what shares a label shares everything above it.
    pub(super) fn grow(&self, number: Option<u32>) -> Result<Taxonomy, String> {
        let task = &self.task;
        let is_name = |name: &str| !name.is_empty() && !name.contains(['@', '/', ' ']);
        if !is_name(task) {
            return Err(format!("task `{task}` must be a word without `@` and `/`, such as channel-of-harm"));
        }
        let Some(number) = self.number.or(number) else {
            return Err(format!("the label set of {task} has no number: give it 1"));
        };
        let label_set = format!("{task}@{number}");
        let mut levels: Vec<Level> =
            self.levels.iter().map(|name| Level { name: name.clone(), labels: Vec::new() }).collect();
        if levels.is_empty() || self.leaves.is_empty() {
            return Err(format!("{label_set} has no levels or no leaves"));
        }
        let mut leaves: Vec<Vec<usize>> = Vec::new();
        for names in &self.leaves {
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
}

/// Reads the text of a document.
pub(super) fn read(text: &str) -> Result<Vec<Taxonomy>, String> {
    toml::from_str::<Document>(text).map_err(|error| error.to_string())?.trees()
}

fn position_or_push(labels: &mut Vec<String>, name: &str) -> usize {
    labels.iter().position(|known| known == name).unwrap_or_else(|| {
        labels.push(name.to_owned());
        labels.len() - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_tree_is_written_as_it_was_read() {
        for label_set in ["issue@1", "product@1", "vulnerable@1"] {
            let tree = Taxonomy::by_label_set(label_set).unwrap();
            let text = toml::to_string(&Document::of([tree])).unwrap();
            assert_eq!(read(&text).unwrap(), std::slice::from_ref(tree));
        }
    }

    #[test]
    fn a_tree_has_a_number_and_a_task_that_can_be_named() {
        let leaves = "levels = [\"t\"]\nleaves = [[\"a\"]]";
        for (head, what) in
            [("task = \"t\"", "has no number"), ("task = \"t@1\"\nnumber = 1", "must be a word")]
        {
            let refused = read(&format!("[[label_set]]\n{head}\n{leaves}")).unwrap_err();
            assert!(refused.contains(what), "{refused}");
        }
    }
}
