//! `ombud archive`: an archiver: everything into the case store.

use anyhow::Result;
use clap::Args;
use ombud_launch::config::Loaded;

use crate::{
    Done,
    input::{
        examples::{Example, examples_text},
        start::GroupStart,
    },
    serve,
};

const EXAMPLES: [Example; 2] = [
    ("Keep everything as cases", "ombud archive --cql one:9042"),
    ("Keep only what comes from now on", "ombud archive --start latest"),
];

/// The arguments of `archive`.
#[derive(Args, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Archive {
    #[command(flatten)]
    group: GroupStart,
}

/// Archives until it is stopped.
pub(crate) fn archive(args: &Archive, loaded: &Loaded) -> Result<Done> {
    serve::run(&serve::Role::Archive, loaded, args.group.start)
}
