//! Which labels an imported model answers with: those of a task's tree, or its own, which become a tree.

use ombud_contract::taxonomy::Taxonomy;
use ombud_intake::label_named;
use ombud_models::VULNERABLE;

use crate::error::ExchangeError;
use crate::labels::{self, LabelMap};

/// What a task's labels are to be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target<'a> {
    /// Those of a tree that is known.
    Known(&'static Taxonomy),
    /// The model's own, as a tree of this number.
    Own {
        /// The task without a number.
        task: &'a str,
        number: u32,
    },
}

/// What each logit stands for.
pub(super) struct FittedLabels {
    pub(super) taxonomy: &'static Taxonomy,
    /// Theirs, and ours; `None` stands for none.
    pub(super) labels: Vec<(String, Option<String>)>,
}

impl<'a> Target<'a> {
    /// Of `asked`, `TASK` or `TASK@NUMBER`: the task's own tree where there is one and `own_labels` does not say otherwise.
    ///
    /// # Errors
    /// It names no task, or asks for other labels than yes and no of whom is vulnerable.
    pub(super) fn of(asked: &'a str, own_labels: bool) -> Result<Self, ExchangeError> {
        let (task, number) = match asked.split_once('@') {
            None => (asked, None),
            Some((task, number)) => match number.parse() {
                Ok(number) => (task, Some(number)),
                Err(_) => return Err(ExchangeError::Task { asked: asked.to_owned() }),
            },
        };
        if !own_labels {
            let known = match number {
                None => Taxonomy::newest(task),
                Some(_) => Taxonomy::by_label_set(asked),
            };
            if let Some(tree) = known {
                return Ok(Self::Known(tree));
            }
        }
        if task == VULNERABLE {
            return Err(ExchangeError::OwnFlag);
        }
        let next = Taxonomy::newest(task).map_or(1, |newest| newest.number() + 1);
        Ok(Self::Own { task, number: number.unwrap_or(next) })
    }

    /// The task, without a number.
    pub(super) fn task(&self) -> &str {
        match self {
            Self::Known(tree) => tree.task(),
            Self::Own { task, .. } => task,
        }
    }

    /// What each of `theirs` stands for, as `map` says or their names do.
    ///
    /// # Errors
    /// Something is left open, or the map says what is not.
    pub(super) fn fit(&self, theirs: Vec<String>, map: &LabelMap) -> Result<FittedLabels, ExchangeError> {
        match self {
            Self::Known(tree) => {
                let ours = labels::fit(tree, &theirs, map, |name| label_named(tree.task(), name))?;
                Ok(FittedLabels { taxonomy: tree, labels: theirs.into_iter().zip(ours).collect() })
            }
            Self::Own { task, number } => {
                let ours = labels::own(&format!("{task}@{number}"), &theirs, map)?;
                let mut leaves: Vec<String> = Vec::new();
                for label in ours.iter().flatten() {
                    if !leaves.contains(label) {
                        leaves.push(label.clone());
                    }
                }
                let taxonomy = Taxonomy::flat(task, *number, leaves)?;
                Ok(FittedLabels { taxonomy, labels: theirs.into_iter().zip(ours).collect() })
            }
        }
    }

    /// A file of labels to fill in.
    pub(super) fn template(&self, theirs: &[String]) -> String {
        match self {
            Self::Known(tree) => {
                let named = |name: &str| label_named(tree.task(), name);
                labels::template(tree.label_set(), tree.leaves(), theirs, named)
            }
            Self::Own { task, number } => {
                labels::template(&format!("{task}@{number}"), theirs, theirs, |_| None)
            }
        }
    }
}

impl FittedLabels {
    /// Ours in the order of the logits, where each logit is one label of ours and each label has one.
    pub(super) fn one_to_one(&self) -> Option<Vec<String>> {
        let ours: Vec<String> = self.labels.iter().map(|(_, ours)| ours.clone()).collect::<Option<_>>()?;
        let leaves = self.taxonomy.leaves();
        (ours.len() == leaves.len() && leaves.iter().all(|leaf| ours.contains(leaf))).then_some(ours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(asked: &str, own_labels: bool) -> String {
        match Target::of(asked, own_labels) {
            Ok(Target::Known(tree)) => tree.label_set().to_owned(),
            Ok(Target::Own { task, number }) => format!("own {task}@{number}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_task_of_ours_has_its_tree_and_another_one_of_its_own() {
        assert_eq!(target("product", false), "product@1");
        assert_eq!(target("product@1", false), "product@1");
        assert_eq!(target("product", true), "own product@2");
        assert_eq!(target("triage-queue", false), "own triage-queue@1");
        assert_eq!(target("triage-queue@3", false), "own triage-queue@3");
        assert!(target("triage-queue@x", false).contains("triage-queue@x"));
        assert!(target("vulnerable", true).contains("yes or no"));
    }
}
