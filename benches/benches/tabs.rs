//! Tabs of a real browser that look at all teams: what their badges said, and when.

use std::{
    io::{BufRead as _, BufReader, Lines},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use ombud_tests::{browser, repository};
use serde_json::{Value, json};

use crate::people::Console;

/// What a badge said, and when it was painted.
pub(crate) struct Badge {
    pub(crate) team: String,
    pub(crate) count: u64,
    pub(crate) at: i64,
}

/// Tabs of a real browser, in a process of its own.
pub(crate) struct Tabs {
    node: Child,
    lines: Lines<BufReader<ChildStdout>>,
    count: usize,
}

impl Tabs {
    pub(crate) fn open(console: &Console<'_>, cookie: &str, count: usize, profile: &Path) -> Result<Self> {
        let program = browser(profile)?;
        let asked = json!({ "program": program.get_program().to_str(), "address": console.url(), "cookie": cookie, "tabs": count });
        let script = repository().join("benches/benches/browser/tabs.mjs");
        let mut node = Command::new("node");
        let mut node =
            node.arg(script).arg(asked.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(node.stdout.take().context("what it prints")?).lines();
        let ready = lines.next().transpose()?.unwrap_or_default();
        ensure!(ready == "\"ready\"", "tabs: {ready}");
        Ok(Self { node, lines, count })
    }

    /// What each tab has shown.
    pub(crate) fn close(mut self) -> Result<Vec<Vec<Badge>>> {
        drop(self.node.stdin.take());
        let mut tabs: Vec<Vec<Badge>> = (0..self.count).map(|_| Vec::new()).collect();
        for line in self.lines {
            let said: Value = serde_json::from_str(&line?)?;
            let tab = said["tab"].as_u64().and_then(|tab| tabs.get_mut(tab as usize)).context("a tab")?;
            let team = said["team"].as_str().context("a team")?.to_owned();
            let number = |name: &str| said[name].as_i64().context("a number");
            tab.push(Badge { team, count: u64::try_from(number("count")?)?, at: number("at")? });
        }
        ensure!(self.node.wait()?.success(), "the browser's part failed");
        Ok(tabs)
    }
}
