//! `ombud try-tokenizer`, a process that may die: it sets its limits, reports that, and reads tokenizers. That it lives is its answer;
//! an ordinary error in a tokenizer is reported where the model is loaded.

use std::{fs, hint, io::ErrorKind, panic, path::PathBuf, process::abort, thread};

use anyhow::{Context, Result, ensure};
use clap::Args;
use ombud_models::probe_texts;
use ombud_torch::try_tokenizer;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{Done, trial::LIMITED};

/// From the signal that its computing time is used up to the one that ends it.
const GRACE_SECONDS: u64 = 5;
/// What of its memory is not asked for at once: stacks, and what this program itself takes meanwhile.
const SPARE: u64 = 256 << 20;

/// The arguments of `try-tokenizer`; see [`crate::trial::TrialLoader`].
#[derive(Args, Debug)]
pub(crate) struct TryTokenizer {
    /// Address space that it may use, beyond what the program itself takes
    #[arg(long, value_name = "N")]
    bytes: u64,

    /// Seconds that it may compute
    #[arg(long, value_name = "N")]
    seconds: u64,

    /// The artefact's folder
    dir: PathBuf,

    /// Its tokenizers, as files of the folder
    #[arg(required = true)]
    names: Vec<PathBuf>,
}

/// Reads what `args` name, if this host gives the limits. It ends by itself, whoever started it.
pub(crate) fn try_tokenizers(args: &TryTokenizer) -> Result<Done> {
    // Where memory is short, this process goes first and not one that serves. A system without this file chooses itself.
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
    take_on(args).context("try a tokenizer")?;
    eprintln!("{LIMITED}");
    let texts = probe_texts(&args.dir);
    let files: Vec<PathBuf> = args.names.iter().map(|name| args.dir.join(name)).collect();
    let read = move || {
        for file in files {
            match fs::read_to_string(file) {
                Ok(json) => try_tokenizer(&json, &texts),
                Err(error) if error.kind() == ErrorKind::OutOfMemory => abort(),
                // Reported where it is loaded.
                Err(_) => {}
            }
        }
    };
    // With the stack that it would have where it is loaded.
    let trial = thread::Builder::new().name("trial".to_owned()).spawn(read);
    match trial.context("try a tokenizer: start a thread")?.join() {
        Ok(()) => Ok(Done::Well),
        Err(panicked) => panic::resume_unwind(panicked),
    }
}

/// Sets the limits, and makes sure that this host can grant them.
fn take_on(args: &TryTokenizer) -> Result<()> {
    let bytes = mapped()?.saturating_add(args.bytes);
    limit(Resource::As, bytes, bytes, "bytes of address space (`ulimit -v`)")?;
    limit(
        Resource::Cpu,
        args.seconds,
        args.seconds.saturating_add(GRACE_SECONDS),
        "seconds of computing (`ulimit -t`)",
    )?;
    limit(Resource::Core, 0, 0, "core files")?;
    // Asked for and not used: a system that grants less than it is asked for refuses now, and not inside the library.
    let mut room: Vec<u8> = Vec::new();
    let wanted = usize::try_from(args.bytes.saturating_sub(SPARE)).unwrap_or(usize::MAX);
    let has_room = hint::black_box(&mut room).try_reserve_exact(wanted).is_ok();
    ensure!(has_room, "this host does not grant {} bytes of memory: it needs more, or swap", args.bytes);
    Ok(())
}

/// Lets this process have `soft` of `resource` and no more.
fn limit(resource: Resource, soft: u64, hard: u64, what: &str) -> Result<()> {
    let given = getrlimit(resource).current;
    if let Some(given) = given.filter(|given| *given < soft) {
        anyhow::bail!("this host gives it {given} of {soft} {what}: raise that limit");
    }
    let maximum = getrlimit(resource).maximum.map_or(hard, |most| most.min(hard));
    setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(maximum) })
        .with_context(|| format!("limit this process to {soft} of {what}"))
}

/// What this process has mapped already, libtorch above all, in bytes.
fn mapped() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("read what this process has mapped")?;
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:")?.trim().strip_suffix(" kB"));
    let kib: u64 =
        size.and_then(|size| size.trim().parse().ok()).context("find VmSize in /proc/self/status")?;
    Ok(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_below_what_a_trial_needs_is_named_and_not_raised() {
        // One that is always bounded.
        let before = getrlimit(Resource::Nofile);
        let given = before.current.unwrap();
        let refused = limit(Resource::Nofile, given + 1, given + 1, "files").unwrap_err().to_string();
        assert_eq!(refused, format!("this host gives it {given} of {} files: raise that limit", given + 1));
        assert_eq!(getrlimit(Resource::Nofile), before);
    }

    #[test]
    fn a_process_knows_what_it_has_mapped() {
        assert!(mapped().unwrap() > 1_000_000);
    }
}
