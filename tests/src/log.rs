//! What a run left behind, read with the command itself.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::Stdio,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::ombud;

/// The data folder of a run.
pub struct Log {
    data: PathBuf,
}

impl Log {
    /// Of the run with this data folder.
    pub fn of(data: impl Into<PathBuf>) -> Self {
        Self { data: data.into() }
    }

    /// Every record of a topic, as `ombud tail --json` prints it.
    ///
    /// # Errors
    /// The command fails, or prints what isn't JSON.
    pub fn tail(&self, topic: &str) -> Result<Vec<Value>> {
        let lines = self.output(&["tail", topic, "--json", "--from", "start"])?;
        lines.lines().map(|line| serde_json::from_str(line).context("read a line of tail")).collect()
    }

    /// The first record of a topic, however long it takes to come.
    ///
    /// # Errors
    /// The command fails, or prints what isn't JSON.
    pub fn wait_for(&self, topic: &str) -> Result<Value> {
        let mut following = ombud(&self.data)?
            .args(["tail", topic, "--json", "--from", "start", "--follow"])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let read = BufReader::new(following.stdout.take().context("its output")?).read_line(&mut line);
        following.kill()?;
        following.wait()?;
        ensure!(read? > 0, "tail ended before anything came");
        Ok(serde_json::from_str(&line)?)
    }

    /// A case, as `ombud show --json` prints it.
    ///
    /// # Errors
    /// There is no such case, or the command fails.
    pub fn show(&self, complaint_id: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.output(&["show", complaint_id, "--json"])?)?)
    }

    fn output(&self, arguments: &[&str]) -> Result<String> {
        let output = ombud(&self.data)?.args(arguments).output()?;
        ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }
}
