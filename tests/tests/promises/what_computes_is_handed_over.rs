//! `ombud` has no libtorch. What computes it hands over to `ombud-torch` beside it, as if that one had been started; all else it
//! does itself, at once and in little memory.

#![cfg(feature = "torch")]

use std::{
    fs::{self, Permissions},
    io::{BufRead, BufReader, Read, Write},
    os::unix::{
        fs::{PermissionsExt, symlink},
        process::ExitStatusExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use ombud_tests::binary;
use tempfile::TempDir;

const SIGTERM: i32 = 15;
/// What a command may take that only says something.
const KIB: u64 = 25 * 1024;
/// Prints the most memory that a command took, in KiB.
const MEASURE: &str = r"
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
";

/// The command in a folder without `ombud-torch`.
fn alone() -> Result<(TempDir, PathBuf)> {
    let real = binary()?;
    let folder = tempfile::tempdir_in(real.parent().context("its folder")?)?;
    let ombud = folder.path().join("ombud");
    fs::hard_link(real, &ombud)?;
    Ok((folder, ombud))
}

/// The command beside an `ombud-torch` that is this script.
fn beside(script: &str) -> Result<(TempDir, PathBuf)> {
    let (folder, ombud) = alone()?;
    let torch = folder.path().join("ombud-torch");
    fs::write(&torch, format!("#!/bin/sh\n{script}\n"))?;
    fs::set_permissions(&torch, Permissions::from_mode(0o755))?;
    Ok((folder, ombud))
}

#[test]
fn arguments_environment_input_and_exit_code_are_those_of_the_one_that_computes() -> Result<()> {
    let (folder, ombud) = beside(r#"printf '<%s>' "$@"; printf ' %s ' "$SAID"; cat; exit 7"#)?;
    // From a folder of PATH it is found through a link.
    let link = folder.path().join("link");
    symlink(&ombud, &link)?;
    for program in [&ombud, &link] {
        let mut child = Command::new(program)
            .args(["up", "two words.csv", "--once"])
            .env("SAID", "in the environment")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        child.stdin.take().context("its input")?.write_all(b"input")?;
        let output = child.wait_with_output()?;
        let said = String::from_utf8(output.stdout)?;
        ensure!(said == "<up><two words.csv><--once> in the environment input", "{said}");
        ensure!(output.status.code() == Some(7), "{:?}", output.status);
    }
    Ok(())
}

#[test]
fn a_signal_reaches_the_one_that_computes() -> Result<()> {
    let (_folder, ombud) = beside("echo $$; exec cat")?;
    let mut child = Command::new(ombud)
        .args(["infer", "--task", "all"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut printed = BufReader::new(child.stdout.take().context("its output")?);
    let mut process = String::new();
    printed.read_line(&mut process)?;
    ensure!(process.trim() == child.id().to_string(), "it is the very process: {process}");
    ensure!(Command::new("kill").args(["-TERM", process.trim()]).status()?.success());
    printed.read_to_string(&mut process)?;
    let ended = child.wait()?;
    ensure!(ended.signal() == Some(SIGTERM), "{ended:?}");
    Ok(())
}

#[test]
fn without_the_one_that_computes_it_is_said_how_to_get_it_and_all_else_works() -> Result<()> {
    let (folder, ombud) = alone()?;
    let run = |words: &[&str]| Command::new(&ombud).args(words).current_dir(folder.path()).output();
    for words in [&["up"][..], &["models", "add", "it"], &["learn", "a.csv", "--out", "b"]] {
        let output = run(words)?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.code() == Some(1), "{words:?}: {said}");
        let place = folder.path().join("ombud-torch").display().to_string();
        ensure!(said.contains(&place) && said.contains("--package ombud-compute"), "{words:?}: {said}");
    }
    for words in [&["--version"][..], &["up", "--help"], &["completions", "bash"], &["check", "--help"]] {
        let output = run(words)?;
        ensure!(output.status.success() && !output.stdout.is_empty(), "{words:?}");
    }
    let wrong = run(&["up", "--onec"])?;
    ensure!(wrong.status.code() == Some(2), "a wrong word is reported before anything is handed over");
    Ok(())
}

#[test]
fn what_only_says_something_takes_little_memory() -> Result<()> {
    let (_folder, ombud) = alone()?;
    for words in [&["--version"][..], &["completions", "bash"]] {
        let kib = memory_kib(&ombud, words)?;
        ensure!(kib <= KIB, "{words:?}: {kib} KiB");
    }
    Ok(())
}

fn memory_kib(ombud: &Path, words: &[&str]) -> Result<u64> {
    let output = Command::new("python3").args(["-c", MEASURE]).arg(ombud).args(words).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}
