//! `ombud completions`: a shell's completion script.

use std::io::Write;

use anyhow::Result;
use clap::{Args, Command};
use clap_complete::{Shell, generate};

use crate::{
    Done,
    input::examples::{Example, examples_text},
};

const EXAMPLES: [Example; 2] =
    [("For bash", "ombud completions bash"), ("For fish", "ombud completions fish")];

/// The arguments of `completions`.
#[derive(Args, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Completions {
    /// For which shell
    shell: Shell,
}

/// Prints the script of `command`, which is the whole of `ombud`.
pub(crate) fn completions(args: &Completions, mut command: Command, out: &mut impl Write) -> Result<Done> {
    // Not into `out`: it panics where nobody reads any more.
    let mut script = Vec::new();
    generate(args.shell, &mut command, "ombud", &mut script);
    out.write_all(&script)?;
    Ok(Done::Well)
}
