//! Settings that somebody else could have written, or a token that anybody would guess, let no command begin.

#![cfg(feature = "torch")]

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Output,
};

use anyhow::{Result, ensure};
use ombud_tests::ombud;

/// `printf test | sha256sum`
const GUESSABLE: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
/// Of a token that nobody guesses first.
const HONEST: &str = "87cbebfeebc05f7c54ac9336c4b4bbec831227a641951a4bde7edd56020f8590";

/// A folder of this user's alone, whose `ombud.toml` has a prefix for topics and a token's digest.
fn folder(digest: &str) -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("ombud.toml");
    fs::write(&file, format!("[topics]\nprefix = \"megabank.\"\n\n[http.tokens]\ncrm = \"{digest}\"\n"))?;
    fs::set_permissions(&file, Permissions::from_mode(0o644))?;
    Ok(folder)
}

/// Runs a command there that says which topic its settings name, and ends.
fn run(folder: &Path, options: &[&str]) -> Result<Output> {
    Ok(ombud(folder)?.args(["check", "nothing"]).args(options).output()?)
}

/// What it said on stderr, and that it failed.
fn failure(output: &Output) -> Result<String> {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.code() == Some(1), "{said}");
    Ok(said)
}

/// Whether its settings were those of the file.
fn has_read(said: &str) -> bool {
    said.contains("the topic that can be checked is megabank.complaints.raw")
}

#[test]
fn an_ombud_toml_that_others_could_have_put_there_is_refused_unless_it_is_named() -> Result<()> {
    let folder = folder(HONEST)?;
    let said = failure(&run(folder.path(), &[])?)?;
    ensure!(has_read(&said), "one's own is read: {said}");

    fs::set_permissions(folder.path(), Permissions::from_mode(0o777))?;
    let said = failure(&run(folder.path(), &[])?)?;
    ensure!(!has_read(&said) && said.contains("failed to read ombud.toml"), "{said}");
    for part in ["found in the current folder", "its mode is 0777", "chmod go-w", "--config"] {
        ensure!(said.contains(part), "{part}: {said}");
    }

    let said = failure(&run(folder.path(), &["--config", "ombud.toml"])?)?;
    ensure!(has_read(&said), "one that is named is trusted: {said}");
    let named =
        ombud(folder.path())?.args(["check", "nothing"]).env("OMBUD_CONFIG", "ombud.toml").output()?;
    ensure!(has_read(&failure(&named)?), "by a variable, too");
    Ok(())
}

#[test]
fn the_digest_of_a_word_that_is_guessed_first_is_refused_and_that_of_a_made_token_is_taken() -> Result<()> {
    let guessable = folder(GUESSABLE)?;
    let said = failure(&run(guessable.path(), &[])?)?;
    ensure!(said.contains("http.tokens.crm") && said.contains("openssl rand -hex 32"), "{said}");
    ensure!(!has_read(&said) && !said.contains(GUESSABLE), "{said}");

    let honest = folder(HONEST)?;
    ensure!(has_read(&failure(&run(honest.path(), &[])?)?));
    Ok(())
}
