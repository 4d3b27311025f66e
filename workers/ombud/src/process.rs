//! The command as a process, whichever binary it is: what was said goes to [`run()`], and its end becomes the exit code.

use std::{io, process::ExitCode};

use rustix::{fs::Mode, process::umask};

use crate::{Cli, exit_code, run};

/// Runs what the process was started with.
pub fn main() -> ExitCode {
    // Before anything is written: data folders, rejected rows, pages and training sets hold what customers wrote, and are
    // nobody else's to read. For the whole process, so that what libraries write is covered as well.
    umask(Mode::RWXG | Mode::RWXO);
    let cli = Cli::of_process();
    exit_code(&run(cli, &mut io::stdout().lock()))
}
