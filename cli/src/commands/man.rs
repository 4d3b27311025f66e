//! `ombud man DIR`: the manual's pages, one for each command, from the same words as `--help`. For who packs an archive.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use clap::{Args, Command};

use crate::Done;

/// The arguments of `man`.
#[derive(Args, Debug)]
pub(crate) struct Man {
    /// The folder to write
    dir: PathBuf,
}

/// Writes the pages of `command`, which is the whole of `ombud`.
pub(crate) fn man(args: &Man, command: Command) -> Result<Done> {
    write(&args.dir, command).map(|()| Done::Well)
}

fn write(dir: &Path, command: Command) -> Result<()> {
    let failed = || format!("write the manual's pages into {}", dir.display());
    fs::create_dir_all(dir).with_context(failed)?;
    clap_mangen::generate_to(command, dir).with_context(failed)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::Cli;

    #[test]
    fn every_command_that_is_shown_has_a_page() {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join("man1"), Cli::command()).unwrap();
        let page = |name: &str| fs::read_to_string(dir.path().join("man1").join(name));
        for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            let page = page(&format!("ombud-{}.1", command.get_name())).unwrap();
            assert!(page.contains(".SH NAME"), "{}", command.get_name());
        }
        assert!(page("ombud-strategy-canary.1").unwrap().contains("canary"));
        assert!(page("ombud-man.1").is_err(), "what is hidden has none");
    }
}
