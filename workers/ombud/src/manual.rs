//! `ombud man DIR`: the manual's pages, one for each command, from the same words as `--help`. For who packs an archive.

use std::{fs, path::Path};

use anyhow::{Context, Result};

use crate::Cli;

/// Writes the pages into `dir`.
pub(crate) fn write(dir: &Path) -> Result<()> {
    let said = || format!("write the manual's pages into {}", dir.display());
    fs::create_dir_all(dir).with_context(said)?;
    clap_mangen::generate_to(Cli::described(), dir).with_context(said)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_that_is_shown_has_a_page() {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join("man1")).unwrap();
        let page = |name: &str| fs::read_to_string(dir.path().join("man1").join(name));
        for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            let page = page(&format!("ombud-{}.1", command.get_name())).unwrap();
            assert!(page.contains(".SH NAME"), "{}", command.get_name());
        }
        assert!(page("ombud-strategy-canary.1").unwrap().contains("canary"));
        assert!(page("ombud-man.1").is_err(), "what is hidden has none");
    }
}
