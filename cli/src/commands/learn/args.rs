//! The arguments of `learn`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{fine_tune::FineTune, from_feedback::FromFeedback, fuse::Fuse};
use crate::input::{
    examples::{Example, examples_text},
    tasks::TaskArgs,
};

const EXAMPLES: [Example; 2] = [
    ("A model within minutes", "ombud learn labelled.csv.gz --out models/mine"),
    ("A challenger from what people decided", "ombud learn --from-feedback --out models/challenger"),
];

/// The arguments of `learn`.
#[derive(Args, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Learn {
    /// Labelled complaints: CSV or CSV.gz in the layout of the data sets or the CFPB's export
    #[arg(required_unless_present = "from_feedback")]
    pub(crate) files: Vec<PathBuf>,

    /// How the model is built
    #[arg(long, value_enum, default_value_t = Family::Bag)]
    pub(crate) family: Family,

    /// Labelled complaints to calibrate and choose on [default: a tenth of FILES, held out]
    #[arg(long, value_name = "FILE")]
    pub(crate) validation: Option<PathBuf>,

    /// Languages that it reads, such as en,fr: of any other text it abstains, and people read it
    #[arg(long, value_name = "LANGUAGE,...", value_delimiter = ',', default_value = "en")]
    pub(crate) reads: Vec<String>,

    /// Folder to write the artefact to; its name becomes the model's
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,

    /// Replace the model that --out holds
    #[arg(long)]
    pub(crate) replace: bool,

    /// The seed of everything that is random
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// Print the report as one JSON object
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) tasks: TaskArgs,

    #[command(flatten)]
    pub(crate) fine_tune: FineTune,

    #[command(flatten)]
    pub(crate) fuse: Fuse,

    #[command(flatten)]
    pub(crate) feedback: FromFeedback,
}

/// How a model is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Family {
    /// Hashed words and runs of characters, one regression a task: minutes
    Bag,
    /// A transformer trained on from --base, one head a task: hours
    Encoder,
    /// A --bag and at least one --encoder that were learned before, as one: minutes
    Blend,
}
