//! Ombud on real brokers, as a bank deploys it: one process a role, under a prefix and a keyspace of its own.

use std::{
    cell::Cell,
    env, fs,
    path::Path,
    process::{Command, Output, Stdio},
    sync::Arc,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::{Previous, Role, ombud, repository};

/// What `scripts/services env` prints; all of it is handed on to what a promise starts.
const SERVICES: [&str; 3] = ["OMBUD_KAFKA_BOOTSTRAP", "OMBUD_REGISTRY_URL", "OMBUD_CQL_NODES"];

/// Checks that the environment names servers: a promise that needs some is not kept without them.
///
/// # Errors
/// It does not name all of them; what to do is in the error.
fn services_run() -> Result<()> {
    let named = |name: &&str| env::var(name).is_ok_and(|address| !address.is_empty());
    let missing: Vec<&str> = SERVICES.into_iter().filter(|name| !named(name)).collect();
    ensure!(
        missing.is_empty(),
        "{} not set: run scripts/services start, and export what scripts/services env prints",
        missing.join(" and ")
    );
    Ok(())
}

/// Topics, subjects and tables of one promise.
pub struct Deployment {
    /// What all its topics' names begin with.
    pub prefix: String,
    /// Where its cases are.
    pub keyspace: String,
    dir: TempDir,
    variables: Vec<(String, String)>,
    started: Cell<usize>,
}

impl Deployment {
    /// Sets up topics with `partitions` partitions, schemas and tables.
    ///
    /// # Errors
    /// There are no services, or `ombud setup` fails.
    pub fn fresh(partitions: i32) -> Result<Self> {
        Self::with(partitions, &[])
    }

    /// As [`Self::fresh`], with more variables from the beginning.
    ///
    /// # Errors
    /// There are no services, or `ombud setup` fails.
    pub fn with(partitions: i32, more: &[(&str, &str)]) -> Result<Self> {
        let mut deployment = Self::empty()?;
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        deployment.variables.extend(more);
        deployment.set_up(partitions)?;
        Ok(deployment)
    }

    /// A name on the services and nothing else: no topic, no table.
    ///
    /// # Errors
    /// There are no services.
    pub fn empty() -> Result<Self> {
        services_run()?;
        let name = format!("p{:012x}", rand::random::<u64>() >> 16);
        let services = |name: &str| {
            SERVICES.contains(&name) || name.starts_with("OMBUD_KAFKA__") || name.starts_with("OMBUD_CQL__")
        };
        let mut variables: Vec<_> = env::vars().filter(|(name, _)| services(name)).collect();
        let (prefix, keyspace) = (format!("{name}."), name);
        variables.extend([
            ("OMBUD_TOPICS__PREFIX".to_owned(), prefix.clone()),
            ("OMBUD_CQL__KEYSPACE".to_owned(), keyspace.clone()),
            ("OMBUD_LOG_FORMAT".to_owned(), "json".to_owned()),
        ]);
        Ok(Self { prefix, keyspace, dir: tempfile::tempdir()?, variables, started: Cell::new(0) })
    }

    /// `ombud setup`; gives what it printed as JSON.
    ///
    /// # Errors
    /// It fails; what it said is in the error.
    pub fn set_up(&self, partitions: i32) -> Result<String> {
        let count = partitions.to_string();
        self.run(&["setup", "--partitions", &count, "--replication-factor", "1", "--json"])
    }

    /// Another variable for everything that is started from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// A variable as everything that is started finds it, or else as the promise does.
    ///
    /// # Errors
    /// Nobody has set it.
    pub fn variable(&self, name: &str) -> Result<String> {
        let given = self.variables.iter().rev().find(|(known, _)| known == name);
        given.map_or_else(|| env::var(name).with_context(|| name.to_owned()), |(_, value)| Ok(value.clone()))
    }

    /// A folder for files of the promise.
    pub fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// A topic's whole name.
    pub fn topic(&self, base: &str) -> String {
        format!("{}{base}", self.prefix)
    }

    /// The command in this deployment; all of them share one data folder, as processes of one machine do.
    ///
    /// # Errors
    /// It does not build.
    pub fn command(&self) -> Result<Command> {
        let mut command = ombud(self.dir.path())?;
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }

    /// The same of the release before.
    ///
    /// # Errors
    /// Its models can't be prepared.
    pub fn command_of(&self, release: &Previous) -> Result<Command> {
        let mut command = release.command(self.dir.path())?;
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }

    /// Runs a command to its end, which must be a good one; gives what it printed.
    ///
    /// # Errors
    /// It fails; what it said is in the error.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = self.command()?.args(arguments).output()?;
        said(output).with_context(|| format!("ombud {}", arguments.join(" ")))
    }

    /// Every record of a topic, as `ombud tail --json` prints it.
    ///
    /// # Errors
    /// The command fails, or prints what is no JSON.
    pub fn tail(&self, base: &str) -> Result<Vec<Value>> {
        let lines = self.run(&["tail", &self.topic(base), "--json", "--from", "start"])?;
        lines.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }

    /// The kind of each event in a complaint's case. Until the archive has filed it there is no case, and no event.
    pub fn kinds_of_events(&self, id: &str) -> Vec<String> {
        let case = self.run(&["show", id, "--json"]).unwrap_or_default();
        let case: Value = serde_json::from_str(&case).unwrap_or_default();
        let events = case["events"].as_array().map_or(&[][..], Vec::as_slice);
        events.iter().filter_map(|event| Some(event["kind"].as_str()?.to_owned())).collect()
    }

    /// Runs a program of the independent clients (scripts/clients) with the services' addresses in its environment.
    ///
    /// # Errors
    /// It fails; what it said is in the error.
    pub fn client(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let output = self.client_command(program)?.args(arguments).output()?;
        said(output).with_context(|| format!("{program} {}", arguments.join(" ")))
    }

    /// A program of the independent clients, to be started: `python`, `kcat` or `rotel`.
    ///
    /// # Errors
    /// They can't be prepared.
    pub fn client_command(&self, program: &str) -> Result<Command> {
        let mut command = Command::new(clients()?.join(program));
        command.current_dir(repository()).envs(self.variables.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }

    /// Starts a long-lived role, such as `["infer", "--task", "product"]`, and waits until it is ready.
    ///
    /// # Errors
    /// It ends before it is ready, or does not become so in time.
    pub fn start(&self, role: &[&str]) -> Result<Role> {
        let mut role = self.launch(role)?;
        role.wait_until_ready()?;
        Ok(role)
    }

    /// Starts a long-lived role without waiting for it.
    ///
    /// # Errors
    /// It can't be started.
    pub fn launch(&self, role: &[&str]) -> Result<Role> {
        self.spawn(self.command()?, role)
    }

    /// Starts a long-lived role of the release before without waiting for it.
    ///
    /// # Errors
    /// It can't be started.
    pub fn launch_of(&self, release: &Previous, role: &[&str]) -> Result<Role> {
        self.spawn(self.command_of(release)?, role)
    }

    fn spawn(&self, mut command: Command, role: &[&str]) -> Result<Role> {
        self.started.set(self.started.get() + 1);
        let log = self.dir.path().join(format!("{}-{}.log", role.join("-"), self.started.get()));
        command.args(role).stdout(Stdio::null()).stderr(Stdio::piped());
        Role::spawn(command, role.join(" "), log)
    }

    /// Everything that the started roles have logged so far.
    ///
    /// # Errors
    /// A log can't be read.
    pub fn logs(&self) -> Result<String> {
        let mut logs = String::new();
        for entry in fs::read_dir(self.dir.path())? {
            let path = entry?.path();
            if path.extension().is_some_and(|it| it == "log") {
                logs.push_str(&String::from_utf8_lossy(&fs::read(path)?));
            }
        }
        Ok(logs)
    }
}

fn said(output: Output) -> Result<String> {
    ensure!(
        output.status.success(),
        "{}: {}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// The folder of the independent clients' programs.
///
/// # Errors
/// They can't be prepared.
pub fn clients() -> Result<Arc<Path>> {
    let output = Command::new(repository().join("scripts/clients")).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "scripts/clients: {}", output.status);
    Ok(Path::new(String::from_utf8(output.stdout)?.trim()).into())
}
