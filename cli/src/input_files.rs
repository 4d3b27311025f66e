//! The files that a command is given: looked for before anything is loaded or written.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use ombud_intake::STDIN;
use rustix::fs::{Access, access};

use crate::command_line::Command;

/// Refuses a command whose files are not there, are folders, or may not be read.
pub(crate) fn check_files(command: &Command) -> Result<()> {
    files(command).into_iter().try_for_each(check)
}

fn files(command: &Command) -> Vec<&Path> {
    match command {
        Command::Up(up) => up.file.iter().map(PathBuf::as_path).collect(),
        Command::Send(send) => vec![&send.file],
        Command::Feedback(feedback) => feedback.file.iter().map(PathBuf::as_path).collect(),
        Command::Learn(learn) => learn.files.iter().chain(&learn.validation).map(PathBuf::as_path).collect(),
        Command::Evaluate(evaluate) => [Some(&evaluate.data), evaluate.mix.as_ref()]
            .into_iter()
            .flatten()
            .map(PathBuf::as_path)
            .collect(),
        Command::Explain(explain) => explain.file().into_iter().collect(),
        // What is no file may be a topic, but a folder is none.
        Command::Check(check) => {
            check.target.iter().map(Path::new).filter(|target| target.is_dir()).collect()
        }
        _ => Vec::new(),
    }
}

fn check(file: &Path) -> Result<()> {
    if file.as_os_str() == STDIN {
        return Ok(());
    }
    let shown = file.display();
    match fs::metadata(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("read {shown}: there is no such file; check its name and the current folder")
        }
        Err(error) => Err(error).with_context(|| format!("read {shown}")),
        Ok(found) if found.is_dir() => bail!("read {shown}: it is a folder; name a file in it"),
        // Not opened: what comes through a pipe can be read once.
        Ok(_) => access(file, Access::READ_OK)
            .with_context(|| format!("read {shown}: it may not be read by this user")),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::command_line::Cli;

    fn refused(words: &[&str]) -> Option<String> {
        let cli = Cli::try_parse_from([&["ombud"], words].concat()).unwrap();
        check_files(&cli.command).err().map(|error| format!("{error:#}"))
    }

    #[test]
    fn every_command_that_is_given_a_file_says_that_it_is_missing_or_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().to_str().unwrap();
        let there = dir.path().join("there.csv");
        fs::write(&there, "narrative\n").unwrap();
        let there = there.to_str().unwrap();
        for (before, after) in [
            (&["up"][..], &["--once"][..]),
            (&["send"], &[]),
            (&["feedback", "--file"], &[]),
            (&["learn", "--out", "model"], &[]),
            (&["learn", there, "--out", "model", "--validation"], &[]),
            (&["evaluate", "--data"], &[]),
            (&["explain", "--data"], &[]),
            (&["evaluate", "--data", there, "--mix"], &[]),
        ] {
            let with = |file: &str| refused(&[before, &[file], after].concat());
            assert!(with("/nowhere/file.csv").unwrap().contains("there is no such file"), "{before:?}");
            assert!(with(folder).unwrap().contains("it is a folder"), "{before:?}");
            assert_eq!(with(there), None, "{before:?}");
        }
        assert!(refused(&["check", folder]).unwrap().contains("it is a folder"));
        assert_eq!(refused(&["check", "complaints.raw"]), None, "it may be a topic");
        assert_eq!(refused(&["send", "-"]), None, "stdin is always there");
    }
}
