//! The arguments of `up`.

use std::path::PathBuf;

use clap::Args;

use crate::input::{
    examples::{Example, examples_text},
    file_reading::FileReading,
};

const EXAMPLES: [Example; 2] = [
    ("Route a file's complaints, print what became of them, and end", "ombud up complaints.csv --once"),
    ("Serve http://127.0.0.1:8080 until Ctrl-C", "ombud up"),
];

/// The arguments of `up`.
#[derive(Args, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Up {
    /// Complaints to triage: CSV (also with semicolons, tabs or bars) or JSON, in our field names or the CFPB's, plain,
    /// .gz or .zst; - for stdin
    pub(crate) file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) reading: FileReading,

    /// Stop when everything is routed and archived
    #[arg(long)]
    pub(crate) once: bool,

    /// Print the summary as one JSON object, on the last line
    #[arg(long)]
    pub(crate) json: bool,

    /// Work in the data folder of this machine, also where settings name brokers
    #[arg(long)]
    pub(crate) embedded: bool,
}
