//! The binary `ombud`: what was said goes to the library, and its end becomes the exit code.

use std::{io, process::ExitCode};

use clap::Parser;
use ombud::{Cli, exit_code, run};

fn main() -> ExitCode {
    let cli = Cli::parse();
    exit_code(&run(cli, &mut io::stdout().lock()))
}
