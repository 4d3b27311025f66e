//! The arguments of `evaluate`.

use std::path::PathBuf;

use clap::Args;

use crate::input::{
    examples::{Example, examples_text},
    file_reading::Dates,
    tasks::NamedTask,
};

const EXAMPLES: [Example; 2] = [
    ("The default models", "ombud evaluate --data labelled.csv.gz"),
    (
        "Is one model better than another?",
        "ombud evaluate --data held-out.csv --model models/mine --against models/complaints",
    ),
];

/// The arguments of `evaluate`.
#[derive(Args, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Evaluate {
    /// An artefact's folder [default: what the first strategy names]
    #[arg(long, value_name = "DIR")]
    pub(crate) model: Option<PathBuf>,

    /// Labelled complaints
    #[arg(long, value_name = "FILE")]
    pub(crate) data: PathBuf,

    #[command(flatten)]
    pub(crate) dates: Dates,

    /// The column that holds the labels of a task of your own
    #[arg(long = "task", value_name = "TASK=COLUMN")]
    pub(crate) tasks: Vec<NamedTask>,

    /// Test whether the difference to this artefact is real, task by task
    #[arg(long, value_name = "DIR")]
    pub(crate) against: Option<PathBuf>,

    /// A cheap artefact to compare with [default: complaints-bag in the models folder, where there is one]
    #[arg(long, value_name = "DIR")]
    pub(crate) baseline: Option<PathBuf>,

    /// Print what each choice of threshold costs in reviews a day
    #[arg(long)]
    pub(crate) dial: bool,

    /// Complaints a day that --dial assumes
    #[arg(long, value_name = "N", default_value_t = ombud_measure::evaluate::PER_DAY, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) per_day: u32,

    /// Percent of complaints by product, a TOML file with a table `percent` [default: the CFPB's]
    #[arg(long, value_name = "FILE")]
    pub(crate) mix: Option<PathBuf>,

    /// Write everything, with its curves, to one HTML file
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,

    /// Put everything into the card of --model, in place of an earlier evaluation
    #[arg(long, requires = "model")]
    pub(crate) card: bool,

    /// Record the evaluation in the registry, so that a promotion can rest on it; its id is printed
    #[arg(long, requires = "model")]
    pub(crate) record: bool,

    /// Also write every answer about every complaint, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub(crate) answers: Option<PathBuf>,

    /// Everything as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
