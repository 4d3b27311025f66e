//! `ombud infer`: the consumer groups that decide, one for each --task.

use clap::Args;
#[cfg(feature = "torch")]
use {
    crate::{Done, serve},
    anyhow::Result,
    ombud_infer::Tasks,
    ombud_launch::config::Loaded,
};

use crate::input::{
    examples::{Example, examples_text},
    start::GroupStart,
};

const EXAMPLES: [Example; 2] = [
    ("Decide products", "ombud infer --task product"),
    ("Decide everything that the strategy lists, in one group", "ombud infer --task all"),
];

/// The arguments of `infer`.
#[derive(Args, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Infer {
    /// A task; several with commas in between make one group; repeat the flag for another group; `all` is every task of
    /// the strategy
    #[arg(long = "task", required = true, value_name = "TASK")]
    pub(crate) tasks: Vec<String>,

    #[command(flatten)]
    pub(crate) group: GroupStart,
}

/// Infers until it is stopped.
#[cfg(feature = "torch")]
pub(crate) fn infer(args: &Infer, loaded: &Loaded) -> Result<Done> {
    serve::run(&serve::Role::Infer(args.groups()), loaded, args.group.start)
}

#[cfg(feature = "torch")]
impl Infer {
    /// What each group answers.
    fn groups(&self) -> Vec<Tasks> {
        let group = |tasks: &String| match tasks.as_str() {
            "all" => Tasks::All,
            named => Tasks::Named(named.split(',').map(str::to_owned).collect()),
        };
        self.tasks.iter().map(group).collect()
    }
}

#[cfg(test)]
#[cfg(feature = "torch")]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        infer: Infer,
    }

    #[test]
    fn each_task_that_is_said_is_a_group_and_commas_make_one_group_of_several() {
        let groups = |line: &str| Words::try_parse_from(line.split(' ')).unwrap().infer.groups();
        let named = |tasks: &[&str]| Tasks::Named(tasks.iter().map(|task| (*task).to_owned()).collect());
        assert_eq!(groups("infer --task product --task issue"), [named(&["product"]), named(&["issue"])]);
        assert_eq!(groups("infer --task product,issue"), [named(&["product", "issue"])]);
        assert_eq!(groups("infer --task all --task issue"), [Tasks::All, named(&["issue"])]);
    }
}
