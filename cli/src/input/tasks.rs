//! The tasks of `ombud learn` and `ombud evaluate`: the three that every file is labelled for, and a bank's own.

use std::str::FromStr;

use clap::Args;

/// A task, and where the labels of a bank's own stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedTask {
    pub(crate) task: String,
    /// Of the label tree that is made for it.
    pub(crate) number: u32,
    pub(crate) column: Option<String>,
}

impl FromStr for NamedTask {
    type Err = String;

    /// `TASK`, or `TASK[@NUMBER]=COLUMN`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (named, column) = match text.split_once('=') {
            Some((named, column)) => (named, Some(column.to_owned()).filter(|column| !column.is_empty())),
            None => (text, None),
        };
        let (task, number) = match named.split_once('@') {
            Some((task, number)) => (task, number.parse().map_err(|_| format!("`{number}` is no number"))?),
            None => (named, 1),
        };
        if task.is_empty() || (column.is_none() && text.contains(['=', '@'])) {
            return Err("write TASK, or TASK=COLUMN for one of your own, such as channel-of-harm=sub_issue"
                .to_owned());
        }
        Ok(Self { task: task.to_owned(), number, column })
    }
}

/// The flags for what is learned.
#[derive(Args, Clone, Debug)]
pub(crate) struct TaskArgs {
    /// Learn this task instead of product, issue and vulnerable; repeat for others. A task of your own needs the column
    /// of its labels, and a number for another label tree than the first
    #[arg(long = "task", value_name = "TASK[[@NUMBER]=COLUMN]")]
    pub(crate) tasks: Vec<NamedTask>,

    /// Leave out labels of your own tasks that fewer complaints have
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) least: usize,

    /// Labels of your own tasks that differ only in letter case or white space are one label, in its most frequent
    /// spelling; without this they are refused
    #[arg(long)]
    pub(crate) merge_labels: bool,
}

#[cfg(feature = "torch")]
mod learned {
    //! The flags, as the families' recipes take them.

    use std::path::PathBuf;

    use ombud_intake::LabelColumn;
    use ombud_learn::train::{LearnError, SpellingPolicy, Task};
    use ombud_models::Kind;

    use super::{NamedTask, TaskArgs};

    impl NamedTask {
        fn is_ours(&self) -> bool {
            self.column.is_none()
        }
    }

    /// Columns of a bank's own tasks.
    pub(crate) fn columns(named: &[NamedTask]) -> Vec<LabelColumn> {
        let column = |named: &NamedTask| {
            named.column.clone().map(|column| LabelColumn { task: named.task.clone(), column })
        };
        named.iter().filter_map(column).collect()
    }

    impl TaskArgs {
        /// The heads of `usual` that are asked for, all where no task is named, and one for each task of a bank's own.
        ///
        /// # Errors
        /// A task is none of ours and names no column, or its labels can't be read from `files`.
        pub(crate) fn heads<H: Clone>(
            &self,
            usual: Vec<H>,
            task_of: impl Fn(&H) -> &Task,
            with: impl Fn(&H, Task) -> H,
            files: &[PathBuf],
        ) -> anyhow::Result<Vec<H>> {
            if self.tasks.is_empty() {
                return Ok(usual);
            }
            let choice = usual.iter().find(|head| task_of(head).kind == Kind::Choice);
            let one = |named: &NamedTask| -> anyhow::Result<H> {
                if named.is_ours() {
                    let head = usual.iter().find(|head| task_of(head).name == named.task);
                    return Ok(head
                        .cloned()
                        .ok_or_else(|| LearnError::UnknownTask { task: named.task.clone() })?);
                }
                let column = named.column.as_deref().unwrap_or_default();
                let alike = if self.merge_labels { SpellingPolicy::Merge } else { SpellingPolicy::Refuse };
                let task = Task::own(&named.task, named.number, column, files, self.least, alike)?;
                let Some(choice) = choice else { unreachable!("every family has a choice among its tasks") };
                Ok(with(choice, task))
            };
            self.tasks.iter().map(one).collect()
        }
    }
}

#[cfg(feature = "torch")]
pub(crate) use learned::columns;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_of_ones_own_names_its_column_and_perhaps_a_number() {
        let named = |text: &str| text.parse::<NamedTask>();
        let own =
            |number| NamedTask { task: "harm".to_owned(), number, column: Some("sub_issue".to_owned()) };
        assert_eq!(named("harm=sub_issue"), Ok(own(1)));
        assert_eq!(named("harm@2=sub_issue"), Ok(own(2)));
        assert_eq!(named("issue"), Ok(NamedTask { task: "issue".to_owned(), number: 1, column: None }));
        for wrong in ["", "=x", "harm=", "harm@2", "harm@two=x"] {
            assert!(named(wrong).is_err(), "{wrong}");
        }
    }
}
