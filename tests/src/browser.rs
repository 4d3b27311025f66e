//! A real browser without a window.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Result, ensure};

use crate::repository;

/// A browser that keeps its profile in `profile`, to be started with an address.
///
/// # Errors
/// It can't be prepared.
pub fn browser(profile: &Path) -> Result<Command> {
    let mut browser = Command::new(browser_program()?);
    let mut kept = std::ffi::OsString::from("--user-data-dir=");
    kept.push(profile);
    browser.arg(kept).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(browser)
}

/// The program that starts it; beside it lies what drives it.
///
/// # Errors
/// It can't be prepared.
pub fn browser_program() -> Result<String> {
    let output = Command::new(repository().join("scripts/browser")).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "scripts/browser: {}", output.status);
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
