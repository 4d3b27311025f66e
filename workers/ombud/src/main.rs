//! The binary `ombud`: what was said goes to the library, and its end becomes the exit code.

use std::{io, process::ExitCode};

use clap::Parser;
use ombud::{Cli, exit_code, run};
use rustix::{fs::Mode, process::umask};

fn main() -> ExitCode {
    // Before anything is written: data folders, rejected rows, pages and training sets hold what customers wrote, and are
    // nobody else's to read. For the whole process, so that what libraries write is covered as well.
    umask(Mode::RWXG | Mode::RWXO);
    let cli = Cli::parse();
    exit_code(&run(cli, &mut io::stdout().lock()))
}
