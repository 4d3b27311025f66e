//! `ombud join`: a joiner: predictions into routes.

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
    ("Join predictions into routes", "ombud join"),
    ("Begin a new group at a time", "ombud join --start 2026-01-31T09:00Z"),
];

/// The arguments of `join`.
#[derive(Args, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Join {
    #[command(flatten)]
    group: GroupStart,
}

/// Joins until it is stopped.
pub(crate) fn join(args: &Join, loaded: &Loaded) -> Result<Done> {
    serve::run(&serve::Role::Join, loaded, args.group.start)
}
