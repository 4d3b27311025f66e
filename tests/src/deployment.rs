//! Ombud on real brokers, as a bank deploys it: one process a role, under a prefix and a keyspace of its own.

use std::{
    cell::Cell,
    env,
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;
use ureq::{Agent, Body, http::Response};

use crate::{Previous, ombud, repository};

/// How long a role may take until it is ready, on a machine that does much else.
const READY: Duration = Duration::from_secs(120);
/// How long to wait before something that can only be asked for is asked for again.
const AGAIN: Duration = Duration::from_millis(50);

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

/// A long-lived process of a deployment; killed when dropped.
pub struct Role {
    name: String,
    child: Child,
    log: PathBuf,
    listening: Receiver<String>,
    address: Option<String>,
}

impl Role {
    fn spawn(mut command: Command, name: String, log: PathBuf) -> Result<Self> {
        let mut child = command.spawn().with_context(|| format!("start {name}"))?;
        let lines = BufReader::new(child.stderr.take().context("its log")?);
        let mut kept = File::create(&log)?;
        let (tell, listening) = sync_channel(1);
        // Ends with the process, whose end of the pipe it reads.
        thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let event: Value = serde_json::from_str(&line).unwrap_or_default();
                if let (Some("listening"), Some(address)) =
                    (event["message"].as_str(), event["address"].as_str())
                {
                    let _ = tell.try_send(address.to_owned());
                }
                let _ = writeln!(kept, "{line}");
            }
        });
        Ok(Self { name, child, log, listening, address: None })
    }

    /// Waits until `/readyz` says so.
    ///
    /// # Errors
    /// It ends before, or takes too long; the end of its log is in the error.
    pub fn wait_until_ready(&mut self) -> Result<()> {
        let until = Instant::now() + READY;
        loop {
            // One that is about to end answers nobody; then its end says why.
            if self.is_ready().unwrap_or(false) {
                return Ok(());
            }
            if let Some(ended) = self.child.try_wait()? {
                bail!("{} ended with {ended} before it was ready:\n{}", self.name, self.last_words());
            }
            ensure!(
                Instant::now() < until,
                "{} is not ready after {READY:?}:\n{}",
                self.name,
                self.last_words()
            );
            thread::park_timeout(AGAIN);
        }
    }

    fn is_ready(&mut self) -> Result<bool> {
        if self.address.is_none() {
            match self.listening.recv_timeout(AGAIN) {
                Ok(address) => self.address = Some(address),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Ok(false),
            }
        }
        Ok(self.get("/readyz")?.0 == 200)
    }

    /// GETs from its HTTP port; gives status and body.
    ///
    /// # Errors
    /// It does not listen yet, or does not answer.
    pub fn get(&self, path: &str) -> Result<(u16, String)> {
        self.ask(path, |agent, url| agent.get(url).call())
    }

    /// POSTs JSON to its HTTP port; gives status and body.
    ///
    /// # Errors
    /// It does not listen yet, or does not answer.
    pub fn post(&self, path: &str, json: &str) -> Result<(u16, String)> {
        self.ask(path, |agent, url| agent.post(url).content_type("application/json").send(json))
    }

    fn ask(
        &self,
        path: &str,
        request: impl FnOnce(&Agent, String) -> Result<Response<Body>, ureq::Error>,
    ) -> Result<(u16, String)> {
        let address = self.address.as_ref().with_context(|| format!("{} does not listen yet", self.name))?;
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(10)))
            .build()
            .into();
        let mut response = request(&agent, format!("http://{address}{path}"))?;
        Ok((response.status().as_u16(), response.body_mut().read_to_string()?))
    }

    /// The value of a metric, summed over its labels; 0 where nothing was recorded.
    ///
    /// # Errors
    /// It does not answer.
    pub fn metric(&self, name: &str) -> Result<f64> {
        let (_, text) = self.get("/metrics")?;
        let of_it = |line: &&str| line.starts_with(name) && line[name.len()..].starts_with(['{', ' ']);
        let values =
            text.lines().filter(of_it).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        Ok(values.sum())
    }

    /// Checks that it has not ended.
    ///
    /// # Errors
    /// It has; the end of its log is in the error.
    pub fn still_runs(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(ended) => bail!("{} ended with {ended}:\n{}", self.name, self.last_words()),
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, at once.
    ///
    /// # Errors
    /// The system refuses.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop as Kubernetes does (SIGTERM), and waits until it has ended well.
    ///
    /// # Errors
    /// It ended badly; the end of its log is in the error.
    pub fn stop(mut self) -> Result<Duration> {
        let asked_at = Instant::now();
        let asked = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status()?;
        ensure!(asked.success());
        let ended = self.child.wait()?;
        ensure!(ended.success(), "{} ended with {ended}:\n{}", self.name, self.last_words());
        Ok(asked_at.elapsed())
    }

    /// Asks it to stop as Kubernetes does, and gives how it ended and after what time.
    ///
    /// # Errors
    /// It has not ended within `bound`; the end of its log is in the error.
    pub fn end(mut self, bound: Duration) -> Result<(ExitStatus, Duration)> {
        let asked_at = Instant::now();
        let asked = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status()?;
        ensure!(asked.success());
        let ended = self.wait_until_it_ends(bound)?;
        Ok((ended, asked_at.elapsed()))
    }

    /// Waits until it has ended, and gives how.
    ///
    /// # Errors
    /// It has not within `bound`; the end of its log is in the error.
    pub fn wait_until_it_ends(&mut self, bound: Duration) -> Result<ExitStatus> {
        let until = Instant::now() + bound;
        loop {
            if let Some(ended) = self.child.try_wait()? {
                return Ok(ended);
            }
            let late = Instant::now() > until;
            ensure!(!late, "{} has not ended after {bound:?}:\n{}", self.name, self.last_words());
            thread::park_timeout(AGAIN);
        }
    }

    /// Waits until `/readyz` says that it waits for something in whose words are these.
    ///
    /// # Errors
    /// It ends before, or takes too long; what it says and the end of its log are in the error.
    pub fn wait_until_it_waits_for(&mut self, words: &str) -> Result<()> {
        let (until, mut said) = (Instant::now() + READY, String::new());
        loop {
            self.still_runs()?;
            self.is_ready()?;
            if self.address.is_some() {
                let (status, answer) = self.get("/readyz")?;
                if status == 503 && answer.contains(words) {
                    return Ok(());
                }
                said = answer;
            }
            ensure!(
                Instant::now() < until,
                "{} does not wait for {words}; it says {said}:\n{}",
                self.name,
                self.last_words()
            );
            thread::park_timeout(AGAIN);
        }
    }

    /// The end of its log.
    pub fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        // Fails when it has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
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
fn clients() -> Result<Arc<Path>> {
    let output = Command::new(repository().join("scripts/clients")).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "scripts/clients: {}", output.status);
    Ok(Path::new(String::from_utf8(output.stdout)?.trim()).into())
}
