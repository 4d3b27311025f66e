//! The process that explains for an `up`: a child of a low priority, started at the first question, ended once nobody asks any
//! more, because its models take some hundred megabytes.
//!
//! first question -> `ombud explain --serve` -> it prints where it listens -> questions -> ten minutes without any -> its input ends

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail};
use crossbeam_channel::{RecvTimeoutError, bounded};
use ombud_console::ExplainRefusal;
use ombud_explain::Explanation;
use ombud_launch::{
    config::{LogFormat, Secret, Settings},
    shutdown::Shutdown,
};
use tracing::{info, warn};

use super::{client::ExplainClient, protocol::Question};
use crate::trial::THIS;

/// How long it may take until it listens; what it needs for that is libtorch in memory, which a busy disk may be slow to give.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How long it may take to end: a step of a computation is well under a second.
const END_TIMEOUT: Duration = Duration::from_secs(5);
/// After how long without a question its memory is given back.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// How often that is looked at, and whether it still lives.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// How often it is checked during its start and its end how far it is.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// What is not handed on: each of its settings is said to it.
const OURS: &str = "OMBUD_";

/// The child of one `up`; nothing runs before the first question.
pub(crate) struct OwnChild {
    settings: Settings,
    /// Known to both and to nobody else: made at each start of `up`, never written down.
    secret: Secret,
    stop: Shutdown,
    running: Mutex<Option<Running>>,
}

/// A process that has said where it listens.
struct Running {
    process: Child,
    client: ExplainClient,
    /// Questions that are under way.
    asked: usize,
    used_at: Instant,
}

impl OwnChild {
    /// For an `up` of these settings, which ends with `stop`.
    pub(crate) fn new(settings: &Settings, stop: Shutdown) -> Arc<Self> {
        let secret = hex::encode(rand::random::<[u8; 32]>());
        let settings = settings.clone();
        Arc::new(Self { settings, secret: secret.as_str().into(), stop, running: Mutex::new(None) })
    }

    /// The explanations of a question's jobs; starts the process where none runs. Blocks for as long as `explain.timeout_s` lets it.
    ///
    /// # Errors
    /// See [`ExplainRefusal`].
    pub(crate) fn ask(&self, question: Question) -> Result<Vec<Explanation>, ExplainRefusal> {
        let client = self.began().map_err(|error| ExplainRefusal::Outage(format!("{error:#}")))?;
        let answered = client.ask(question);
        if let Some(running) = self.running().as_mut() {
            running.asked = running.asked.saturating_sub(1);
            running.used_at = Instant::now();
        }
        answered
    }

    /// Ends the process when nobody has asked for a while, and with `stop`.
    pub(crate) fn watch(&self, stop: &Shutdown) {
        while !stop.wait(CHECK_INTERVAL) {
            let mut running = self.running();
            let is_idle = |one: &Running| one.asked == 0 && one.used_at.elapsed() >= IDLE_TIMEOUT;
            if has_died(&mut running) {
                *running = None;
            } else if let Some(idle) = running.take_if(|one| is_idle(one)) {
                info!("nobody has asked for an explanation for a while: the process that explains ends");
                idle.end();
            }
        }
        if let Some(running) = self.running().take() {
            running.end();
        }
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whom to ask, as one more question that is under way. Others who ask meanwhile wait for the same start.
    fn began(&self) -> Result<ExplainClient> {
        let mut running = self.running();
        if self.stop.requested() {
            bail!("explain: the process stops; ask again");
        }
        if running.is_none() || has_died(&mut running) {
            *running = Some(self.start()?);
        }
        let Some(one) = running.as_mut() else { unreachable!("it was started") };
        one.asked += 1;
        Ok(one.client.clone())
    }

    fn start(&self) -> Result<Running> {
        let mut command = self.command()?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().context("start the process that explains")?;
        let said = match process.stdout.take() {
            Some(stdout) => self.first_line(stdout, &mut process),
            None => Err(anyhow!("start the process that explains: it has no output")),
        };
        match said {
            Ok(address) => {
                info!(pid = process.id(), address, "the process that explains has started");
                let timeout = Duration::from_secs(self.settings.explain.timeout_s);
                let client = ExplainClient::new(&format!("http://{address}"), self.secret.clone(), timeout);
                Ok(Running { process, client, asked: 0, used_at: Instant::now() })
            }
            Err(error) => {
                // It may have ended by itself.
                let _ = process.kill();
                let _ = process.wait();
                Err(error)
            }
        }
    }

    /// With its settings said one by one: a file or a flag that this process was given may not be there for another.
    fn command(&self) -> Result<Command> {
        let settings = &self.settings;
        let absolute =
            |path: &Path| std::path::absolute(path).with_context(|| format!("find {}", path.display()));
        let mut command = Command::new(THIS);
        command.arg0("ombud").args(["explain", "--serve", "--child"]);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with(OURS)) {
            command.env_remove(name);
        }
        command
            // An `ombud.toml` of the current folder is another's, too.
            .env("OMBUD_CONFIG", "/dev/null")
            .env("OMBUD_DATA", absolute(&settings.data)?)
            .env("OMBUD_MODELS", absolute(&settings.models)?)
            .env("OMBUD_LOG", &settings.log)
            .env(
                "OMBUD_LOG_FORMAT",
                match settings.log_format {
                    LogFormat::Human => "human",
                    LogFormat::Json => "json",
                },
            )
            .env("OMBUD_HTTP__ADDRESS", "127.0.0.1:0")
            .env("OMBUD_EXPLAIN__SECRET", self.secret.reveal());
        if !settings.shared_models.as_os_str().is_empty() {
            command.env("OMBUD_SHARED_MODELS", absolute(&settings.shared_models)?);
        }
        Ok(command)
    }

    /// What `process` prints first: where it listens.
    fn first_line(&self, stdout: ChildStdout, process: &mut Child) -> Result<String> {
        let (say, said) = bounded(1);
        let listen = move || {
            let mut line = String::new();
            // Nothing at all where it ends before. Nobody waits any more where it took too long.
            let _ = BufReader::new(stdout).read_line(&mut line);
            let _ = say.send(line.trim().to_owned());
        };
        thread::Builder::new().name("explain-start".to_owned()).spawn(listen).context("start a thread")?;
        let began = Instant::now();
        loop {
            match said.recv_timeout(POLL_INTERVAL) {
                Ok(line) if !line.is_empty() => return Ok(line),
                Err(RecvTimeoutError::Timeout) if self.stop.requested() => {
                    bail!("explain: the process stops")
                }
                Err(RecvTimeoutError::Timeout) if began.elapsed() < START_TIMEOUT => {}
                Err(RecvTimeoutError::Timeout) => {
                    bail!("start the process that explains: it does not listen after {START_TIMEOUT:?}")
                }
                Ok(_) | Err(RecvTimeoutError::Disconnected) => {
                    let ended =
                        process.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
                    bail!("start the process that explains: it ended with {ended}; its log says why")
                }
            }
        }
    }
}

/// Whether the process ended by itself, which is logged.
fn has_died(running: &mut Option<Running>) -> bool {
    let Some(one) = running.as_mut() else { return false };
    match one.process.try_wait() {
        Ok(None) => false,
        Ok(Some(status)) => {
            warn!(%status, "the process that explains ended by itself: the next question starts another");
            true
        }
        Err(error) => {
            warn!(%error, "the process that explains can't be looked after: the next question starts another");
            true
        }
    }
}

impl Running {
    /// Asks it to end, by the end of its input, and waits until it has.
    fn end(mut self) {
        drop(self.process.stdin.take());
        let asked_at = Instant::now();
        while matches!(self.process.try_wait(), Ok(None)) && asked_at.elapsed() < END_TIMEOUT {
            thread::park_timeout(POLL_INTERVAL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails where it has ended, which is what is wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(command: &Command) -> Vec<(String, Option<String>)> {
        let text = |word: &std::ffi::OsStr| word.to_string_lossy().into_owned();
        command.get_envs().map(|(name, value)| (text(name), value.map(text))).collect()
    }

    #[test]
    fn a_child_is_told_each_of_its_settings_and_a_secret_of_this_start() {
        let settings = Settings { data: "here".into(), ..Settings::default() };
        let [one, other] = [(); 2].map(|()| OwnChild::new(&settings, Shutdown::default()));
        assert!(one.secret.reveal().len() >= 32 && one.secret != other.secret);
        let command = one.command().unwrap();
        let said = variables(&command);
        let value =
            |name: &str| said.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.clone());
        assert!(
            value("OMBUD_DATA").unwrap().ends_with("/here") && value("OMBUD_DATA").unwrap().starts_with('/')
        );
        assert_eq!(value("OMBUD_HTTP__ADDRESS").as_deref(), Some("127.0.0.1:0"));
        assert_eq!(value("OMBUD_EXPLAIN__SECRET").as_deref(), Some(one.secret.reveal()));
        let words: Vec<_> = command.get_args().collect();
        assert!(!format!("{words:?}").contains(one.secret.reveal()), "arguments are everybody's to read");
    }

    #[test]
    fn a_stopped_up_starts_no_child() {
        let stop = Shutdown::default();
        let child = OwnChild::new(&Settings::default(), stop.clone());
        stop.request();
        let refused = child.ask(Question { issued_at_ms: 0, jobs: Vec::new(), models: Vec::new() });
        assert!(matches!(refused, Err(ExplainRefusal::Outage(_))), "{refused:?}");
        child.watch(&stop);
    }
}
