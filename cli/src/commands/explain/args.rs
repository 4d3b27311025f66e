//! The arguments of `explain`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::{
    input::{
        examples::{Example, examples_text},
        file_reading::Dates,
        tasks::NamedTask,
        when::{When, when},
    },
    running_up::desk::ConsoleAddress,
};

const EXAMPLES: [Example; 2] = [
    ("Why this product, and why not a mortgage?", "ombud explain c-1 --task product --against Mortgage"),
    ("The words that decide, and those that mislead", "ombud explain --data held-out.csv --limit 200"),
];

/// Complaints of a file that are explained where nothing else is said: minutes on two cores.
const ROWS: u32 = 50;

/// The arguments of `explain`.
#[derive(Args, Clone, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Explain {
    /// The complaint's id
    #[arg(required_unless_present_any = ["data", "serve"])]
    pub(crate) id: Option<String>,

    /// This task alone, repeat for others [default: all]. Of a task of your own, TASK=COLUMN names the column of --data that
    /// holds its labels
    #[arg(long = "task", value_name = "TASK", conflicts_with = "serve")]
    pub(crate) tasks: Vec<NamedTask>,

    /// The label of --task that it is compared with, of any level, or `all others` together [default: the runner-up]
    #[arg(long, value_name = "LABEL", requires_all = ["id", "tasks"])]
    pub(crate) against: Option<String>,

    /// What was decided by then: a time such as 2026-01-31, or how long ago, such as 3d [default: now]
    #[arg(long, value_name = "TIME", value_parser = when, requires = "id")]
    pub(crate) as_of: Option<When>,

    /// Labelled complaints to explain instead of a case. Beside an ID it is the data folder, as for other commands
    #[arg(long, value_name = "FILE")]
    pub(crate) data: Option<PathBuf>,

    /// How many complaints of --data are explained, from its beginning: a few seconds each
    #[arg(long, value_name = "N", default_value_t = ROWS, value_parser = clap::value_parser!(u32).range(1..), conflicts_with_all = ["id", "serve"])]
    pub(crate) limit: u32,

    /// The artefact's folder that --data is asked of [default: what the first strategy names]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["id", "serve"])]
    pub(crate) model: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) dates: Dates,

    /// Everything as JSON: of a case one object, of --data one a line for each answer
    #[arg(long, conflicts_with = "serve")]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) console: ConsoleAddress,

    /// Explain what consoles ask that have the same explain.secret, at http.address, until it is stopped
    #[arg(long, conflicts_with_all = ["id", "console"])]
    pub(crate) serve: bool,

    /// Of an `up`: ends with its input, and prints where it listens
    #[arg(long, hide = true, requires = "serve", conflicts_with = "id")]
    pub(crate) child: bool,
}

impl Explain {
    /// The file of labelled complaints; `None` where `--data` is the data folder.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.data.as_deref().filter(|_| self.id.is_none() && !self.serve)
    }

    /// Whether it computes in this process, or may have to: a console that is named does it otherwise.
    pub(crate) fn computes(&self) -> bool {
        self.console.console.is_none()
    }

    /// Whether `task` is asked for.
    pub(super) fn wants(&self, task: &str) -> bool {
        self.tasks.is_empty() || self.tasks.iter().any(|named| named.task == task)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        explain: Explain,
    }

    fn parsed(line: &str) -> Result<Explain, clap::Error> {
        Words::try_parse_from(line.split(' ')).map(|words| words.explain)
    }

    #[test]
    fn data_is_a_file_of_complaints_alone_and_the_data_folder_beside_an_id() {
        assert_eq!(parsed("explain --data a.csv").unwrap().file(), Some(Path::new("a.csv")));
        assert_eq!(parsed("explain c-1 --data dir").unwrap().file(), None);
        assert_eq!(parsed("explain --serve --data dir").unwrap().file(), None);
        assert_eq!(parsed("explain c-1").unwrap().file(), None);
    }

    #[test]
    fn one_of_the_three_ways_is_said_and_what_belongs_to_another_is_refused() {
        for wrong in [
            "explain",
            "explain c-1 --limit 5",
            "explain c-1 --model dir",
            "explain --data a.csv --against Mortgage",
            "explain --data a.csv --as-of 3d",
            "explain --serve --json",
            "explain c-1 --child",
            "explain --data a.csv --limit 0",
        ] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
