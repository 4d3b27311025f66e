//! The command as a process, whichever binary it is: its arguments go to [`run()`], and how that ends becomes the exit code.

use std::{io, process::ExitCode};

use clap::Parser;
use rustix::{fs::Mode, process::umask};

use crate::{Cli, exit_code, run};

/// Runs what the process was started with.
pub fn main() -> ExitCode {
    // Before anything is written: data folders, rejected rows, pages and training sets hold what customers wrote, and are
    // nobody else's to read. For the whole process, so that what libraries write is covered as well.
    umask(Mode::RWXG | Mode::RWXO);
    let cli = Cli::parse();
    exit_code(&run(cli, &mut io::stdout().lock()))
}
