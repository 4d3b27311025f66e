//! A running `up` whose strategy changes: commands to it, complaints to it, and the routes that they get.

use std::{
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::{Log, Serving, ombud};

/// How long a strategy may take to begin, or complaints to be routed.
const WAIT_TIMEOUT: Duration = Duration::from_secs(120);

/// `up` on its data, and whoever changes what decides there.
pub struct Rollout {
    data: PathBuf,
    up: Serving,
}

impl Rollout {
    /// Starts `up` on `data`.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(data: &Path) -> Result<Self> {
        Ok(Self { data: data.to_owned(), up: Serving::start(data)? })
    }

    /// The command beside it, which asks its port.
    ///
    /// # Errors
    /// It does not build.
    pub fn command(&self) -> Result<Command> {
        let mut command = ombud(&self.data)?;
        command.env("OMBUD_HTTP__ADDRESS", self.up.address());
        Ok(command)
    }

    /// Runs the command with `words`, which must go well.
    ///
    /// # Errors
    /// It does not: what it said is in the error.
    pub fn run(&self, words: &[&str]) -> Result<String> {
        let output = self.command()?.args(words).output()?;
        ensure!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Runs the command with `words`, which must go well, and reads the JSON that it prints.
    ///
    /// # Errors
    /// It does not go well, or prints something else.
    pub fn json(&self, words: &[&str]) -> Result<Value> {
        Ok(serde_json::from_str(&self.run(words)?)?)
    }

    /// `ombud strategy` with `words`, and what it says as JSON.
    ///
    /// # Errors
    /// It does not go well.
    pub fn strategy(&self, words: &str) -> Result<Value> {
        let words: Vec<&str> = ["strategy"].into_iter().chain(words.split(' ')).chain(["--json"]).collect();
        self.json(&words)
    }

    /// Waits until `version` decides what comes from now on.
    ///
    /// # Errors
    /// It does not begin.
    pub fn begun(&self, version: i64) -> Result<()> {
        let until = Instant::now() + WAIT_TIMEOUT;
        while self.strategy("show")?["version"] != version {
            ensure!(Instant::now() < until, "strategy {version} does not begin");
            thread::park_timeout(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Posts a complaint for each of `narratives`, with ids that begin with `name`, and gives their routes in that order.
    ///
    /// # Errors
    /// One is not taken, or not routed.
    pub fn route(&self, name: &str, narratives: &[&str]) -> Result<Vec<Value>> {
        let id = |at: usize| format!("{name}-{at}");
        for (at, narrative) in narratives.iter().enumerate() {
            let complaint = json!({"complaint_id": id(at), "narrative": narrative}).to_string();
            let (status, said) = self.up.post("/api/complaints", &complaint)?;
            ensure!(status == 202, "{status}: {said}");
        }
        let until = Instant::now() + WAIT_TIMEOUT;
        loop {
            let routes = Log::of(&self.data).tail("complaints.routed")?;
            let of = |at| routes.iter().find(|record| record["value"]["complaint_id"] == id(at));
            let found: Vec<Value> =
                (0..narratives.len()).filter_map(of).map(|it| it["value"].clone()).collect();
            if found.len() == narratives.len() {
                return Ok(found);
            }
            ensure!(Instant::now() < until, "{} of {} are routed", found.len(), narratives.len());
            thread::park_timeout(Duration::from_millis(100));
        }
    }

    /// The case of a complaint, once it is kept.
    ///
    /// # Errors
    /// It is not kept.
    pub fn case(&self, complaint_id: &str) -> Result<Value> {
        let until = Instant::now() + WAIT_TIMEOUT;
        loop {
            match Log::of(&self.data).show(complaint_id) {
                Ok(case) => return Ok(case),
                Err(error) => ensure!(Instant::now() < until, "{error}"),
            }
            thread::park_timeout(Duration::from_millis(100));
        }
    }
}

/// The decision of `task` on a route.
///
/// # Errors
/// It has none.
pub fn decision<'a>(route: &'a Value, task: &str) -> Result<&'a Value> {
    let decisions = route["decisions"].as_array().context("decisions")?;
    decisions.iter().find(|decision| decision["task"] == task).with_context(|| format!("a {task}"))
}
