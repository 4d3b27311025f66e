//! A version that this host has not loaded yet is tried first: another process of this program reads its tokenizers
//! within fixed limits, and may die of it in our place.
//!
//! version -> [no tokenizer, or passed before: loaded] -> `ombud try-tokenizer` -> lives: passed, loaded
//!     | dies within limits that it was given: the version's fault | was not given them, or is killed: this host's

mod verdict;

use std::{
    io::{self, Read},
    os::unix::process::CommandExt,
    process::{ChildStderr, Command, ExitStatus, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::{RecvTimeoutError, bounded};
use ombud_launch::config::Settings;
use ombud_models::{Artefact, HostFault, LoadError, LoadModel, Model, ModelStore, Stop};
use ombud_torch::Libtorch;
use tracing::{info, warn};

pub(crate) use verdict::LIMITED;
use verdict::{Refusal, verdict};

/// What runs a library's code on a version's own bytes.
const TOKENIZER: &str = "tokenizer.json";
/// This program, even where its file was replaced since it began.
pub(crate) const THIS: &str = "/proc/self/exe";
/// What a version's tokenizers may use; see ADR 17.
const LIMITS: TrialLimits = TrialLimits { bytes: 4 << 30, seconds: 60 };
/// How long a trial may take on a host that is busy with something else. Longer than what may be computed: a slow host
/// blames no version.
const TRIAL_TIMEOUT: Duration = Duration::from_secs(180);
/// How often it is checked during a trial whether to stop.
const STOP_POLL_INTERVAL: Duration = Duration::from_millis(200);
/// How many bytes of a trial's stderr are read.
const MAX_STDERR_BYTES: u64 = 4_096;

/// What a trial may use.
#[derive(Clone, Copy, Debug)]
struct TrialLimits {
    /// Of address space, beyond what the program itself takes.
    bytes: u64,
    /// Of computing.
    seconds: u64,
}

/// Loads on libtorch what has passed its trial.
pub(crate) struct TrialLoader {
    /// Remembers what passed.
    shelf: ModelStore,
    stop: Stop,
}

impl TrialLoader {
    /// `stop` ends a trial that is under way.
    pub(crate) fn new(shelf: ModelStore, stop: Stop) -> Self {
        Self { shelf, stop }
    }

    /// For a command, which a signal ends.
    pub(crate) fn of(settings: &Settings) -> Self {
        Self::new(ModelStore::new(settings.data.join("models")), Stop::never())
    }

    fn tried(&self, artefact: &Artefact) -> Result<(), Refusal> {
        let names: Vec<&str> = artefact.files.iter().map(|file| file.name.as_str()).collect();
        let tokenizers = names.iter().filter(|name| name.rsplit('/').next() == Some(TOKENIZER));
        let tokenizers: Vec<&&str> = tokenizers.collect();
        if tokenizers.is_empty() || self.shelf.has_passed(artefact) {
            return Ok(());
        }
        let mut command = Command::new(THIS);
        command.arg0("ombud").arg("try-tokenizer");
        command.arg("--bytes").arg(LIMITS.bytes.to_string());
        command.arg("--seconds").arg(LIMITS.seconds.to_string());
        command.arg("--").arg(&artefact.dir).args(tokenizers);
        let (status, said) = self.run(command)?;
        verdict(status, &said, LIMITS)?;
        let (model, version) = (&artefact.manifest.model_id, &artefact.version);
        info!(model, version, "model passed its trial");
        if let Err(error) = self.shelf.pass(artefact) {
            warn!(model, version, %error, "a trial that was passed is not recorded: the next load repeats it");
        }
        Ok(())
    }

    /// How the trial ended, and what it wrote to stderr.
    fn run(&self, mut command: Command) -> Result<(ExitStatus, String), Refusal> {
        let hindered = |error: io::Error| Refusal::of_io("start a process that tries its tokenizer", &error);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(hindered)?;
        let words = child.stderr.take();
        let heard = thread::scope(|scope| {
            let (say, said) = bounded(1);
            let listen = move || {
                // Room for it is kept; where nobody waits any more, nobody wants to know.
                let _ = say.send(words.map(stderr_text).unwrap_or_default());
            };
            let listening = thread::Builder::new().name("trial".to_owned()).spawn_scoped(scope, listen);
            let heard = listening.map_err(hindered).and_then(|_| {
                let began = Instant::now();
                loop {
                    match said.recv_timeout(STOP_POLL_INTERVAL) {
                        Ok(words) => return Ok(words),
                        Err(RecvTimeoutError::Disconnected) => return Ok(String::new()),
                        Err(RecvTimeoutError::Timeout) if self.stop.requested() => {
                            return Err(Refusal::host(HostFault::Compute, "its trial was abandoned: the process stops"));
                        }
                        Err(RecvTimeoutError::Timeout) if began.elapsed() >= TRIAL_TIMEOUT => {
                            let what = format!(
                                "its trial was not over after {TRIAL_TIMEOUT:?}, and has not computed for {} s of them: \
                                 this host is too busy",
                                LIMITS.seconds
                            );
                            return Err(Refusal::host(HostFault::Compute, what));
                        }
                        Err(RecvTimeoutError::Timeout) => {}
                    }
                }
            });
            if heard.is_err() {
                // It may be gone already; the listener ends with it.
                let _ = child.kill();
            }
            heard
        });
        let status = child.wait().map_err(hindered)?;
        Ok((status, heard?))
    }
}

impl LoadModel for TrialLoader {
    fn load(&self, artefact: &Artefact) -> Result<Arc<dyn Model>, LoadError> {
        self.tried(artefact).map_err(|Refusal { blame, what }| LoadError {
            model_id: artefact.manifest.model_id.clone(),
            dir: artefact.dir.display().to_string(),
            what,
            blame,
        })?;
        Libtorch.load(artefact)
    }

    fn tidy(&self) {
        Libtorch.tidy();
    }
}

/// The beginning of what `from` gives, read to its end: a process whose output is not read does not end.
fn stderr_text(mut from: ChildStderr) -> String {
    let mut words = Vec::new();
    // What can't be read is not shown: how it ended is enough.
    let _ = from.by_ref().take(MAX_STDERR_BYTES).read_to_end(&mut words);
    let _ = io::copy(&mut from, &mut io::sink());
    String::from_utf8_lossy(&words).into_owned()
}
