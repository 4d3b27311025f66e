//! A long-lived process of a deployment: whether it is ready, what it answers over HTTP, and how it ends.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, Command, ExitStatus},
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use ureq::{Agent, Body, http::Response};

/// The settings of a deployment that knows the bearer of [`Role::get`] and [`Role::post`]: a system that sends complaints, looks
/// and works for every team.
pub const DESK: [(&str, &str); 2] = [
    ("OMBUD_HTTP__TOKENS__DESK", "10fd93e00c1bdccff1ba9cb6919df45fcd7264eb96f173c36eb6934e18e5ef86"),
    ("OMBUD_HTTP__SCOPES__DESK", "complaints,feedback,read,work"),
];
/// What it shows; where no token is set, it is nobody's.
pub(crate) const DESK_BEARER: &str = "Bearer sesame-open";

/// How long a role may take until it is ready, on a machine that does much else.
const READY_TIMEOUT: Duration = Duration::from_secs(120);
/// How often to ask for what can only be asked for.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A long-lived process of a deployment; killed when dropped.
pub struct Role {
    name: String,
    child: Child,
    log: PathBuf,
    listening: Receiver<String>,
    address: Option<String>,
}

impl Role {
    pub(crate) fn spawn(mut command: Command, name: String, log: PathBuf) -> Result<Self> {
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
        let until = Instant::now() + READY_TIMEOUT;
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
                "{} is not ready after {READY_TIMEOUT:?}:\n{}",
                self.name,
                self.last_words()
            );
            thread::park_timeout(POLL_INTERVAL);
        }
    }

    fn is_ready(&mut self) -> Result<bool> {
        if self.address.is_none() {
            match self.listening.recv_timeout(POLL_INTERVAL) {
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
        self.ask(path, |agent, url| agent.get(url).header("authorization", DESK_BEARER).call())
    }

    /// POSTs JSON to its HTTP port; gives status and body.
    ///
    /// # Errors
    /// It does not listen yet, or does not answer.
    pub fn post(&self, path: &str, json: &str) -> Result<(u16, String)> {
        self.ask(path, |agent, url| {
            let request = agent.post(url).content_type("application/json");
            request.header("authorization", DESK_BEARER).send(json)
        })
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

    /// Where it listens, as far as is known.
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
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
            thread::park_timeout(POLL_INTERVAL);
        }
    }

    /// Waits until `/readyz` says that it waits for something in whose words are these.
    ///
    /// # Errors
    /// It ends before, or takes too long; what it says and the end of its log are in the error.
    pub fn wait_until_it_waits_for(&mut self, words: &str) -> Result<()> {
        let (until, mut said) = (Instant::now() + READY_TIMEOUT, String::new());
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
            thread::park_timeout(POLL_INTERVAL);
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
