//! `ombud console`: the API on brokers, complaints and verdicts over HTTP.

use anyhow::Result;
use clap::Args;
use ombud_launch::config::Loaded;
use ombud_stream::Start;

use crate::{
    Done,
    input::examples::{Example, examples_text},
    serve,
};

const EXAMPLES: [Example; 2] = [
    ("Take complaints and verdicts over HTTP", "ombud console"),
    ("Beside another broker than the settings name", "ombud console --kafka one:9092"),
];

/// `console` has no arguments of its own.
#[derive(Args, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Console {}

/// Serves until it is stopped.
pub(crate) fn console(loaded: &Loaded) -> Result<Done> {
    serve::run(&serve::Role::Console, loaded, Start::Earliest)
}
