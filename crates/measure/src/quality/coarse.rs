//! Whether an answer is right at the coarsest level of its task: what the business asks of issues.

use ombud_contract::taxonomy::Taxonomy;
use serde::Serialize;

use super::tally::Tally;
use crate::truth::{Finding, TaskTruth, decided};

/// How often a task was right at its coarsest level.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CoarseAccuracy {
    /// The level, such as `intent`.
    pub level: String,
    /// How many labels it has.
    pub labels: usize,
    /// Of the answers that were judged, those that lie under the right label.
    pub right: Tally,
}

impl CoarseAccuracy {
    /// What `right` counts of `task`; `None` where the task has one level alone.
    pub(super) fn of(task: &str, right: Tally) -> Option<Self> {
        let (tree, level) = coarsest(task)?;
        let labels = tree.labels(level).map_or(0, <[String]>::len);
        Some(Self { level: level.to_owned(), labels, right })
    }
}

/// Whether what was decided lies under the same coarsest label as what is right; `None` where that is open, or where the task
/// has one level alone. What is wrong without anybody saying what is right counts as wrong: it may be more right than that.
pub(super) fn is_right(truth: &TaskTruth<'_>) -> Option<bool> {
    coarsest(truth.task)?;
    match truth.finding {
        Finding::Open(_) => None,
        Finding::Wrong => Some(false),
        Finding::Label(right) => {
            let given = decided(truth.task, truth.verdict, truth.route)?;
            Some(top(truth.task, given) == top(truth.task, right))
        }
    }
}

fn coarsest(task: &str) -> Option<(&'static Taxonomy, &'static str)> {
    let tree = Taxonomy::newest(task)?;
    let level = tree.levels().next_back().filter(|_| tree.levels().len() > 1)?;
    Some((tree, level))
}

/// The label above; itself, where no tree has it.
fn top<'a>(task: &str, label: &'a str) -> &'a str {
    let found = Taxonomy::of_task(task).find_map(|tree| {
        let path = tree.levels().find_map(|level| tree.path(level, label))?;
        path.first().copied()
    });
    found.unwrap_or(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_lies_under_its_intent_and_an_intent_under_itself() {
        let intent = "Collection tactics, threats, false statements";
        assert_eq!(top("issue", "Communication tactics"), intent);
        assert_eq!(top("issue", intent), intent);
        assert_eq!(top("issue", "of our own"), "of our own");
        let coarse = CoarseAccuracy::of("issue", Tally { hits: 1, of: 2 }).unwrap();
        assert_eq!((coarse.level.as_str(), coarse.labels), ("intent", 13));
        assert!(CoarseAccuracy::of("product", Tally::default()).is_none());
    }
}
