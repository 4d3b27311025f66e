//! What the end of a trial shows, and whose fault it is.

use std::{io, os::unix::process::ExitStatusExt, process::ExitStatus};

use ombud_models::{Blame, Fault, HostFault};
use rustix::process::Signal;

use super::TrialLimits;

/// Said by a trial once it has been given its limits: what it dies of from then on is what it reads.
pub(crate) const LIMITED: &str = "limits given";
/// How Rust ends a process whose main thread panicked.
const PANICKED: i32 = 101;
/// How many characters of a trial's stderr are quoted.
const MAX_QUOTED_CHARS: usize = 240;

/// Why a version is not loaded after its trial.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) blame: Blame,
    pub(super) what: String,
}

impl Refusal {
    pub(super) fn host(fault: HostFault, what: impl Into<String>) -> Self {
        Self { blame: Blame::Host(fault), what: what.into() }
    }

    pub(super) fn of_io(action: &str, error: &io::Error) -> Self {
        Self::host(HostFault::of_io(error), format!("{action}: {error}"))
    }
}

/// Whether a trial was passed that ended with `status` and wrote `said` to stderr.
pub(super) fn verdict(status: ExitStatus, said: &str, limits: TrialLimits) -> Result<(), Refusal> {
    if status.success() && said.contains(LIMITED) {
        return Ok(());
    }
    // A process does these to itself. What else ends it comes from elsewhere: KILL where the system is short of memory, ILL
    // and BUS where the host or its disk is broken, TERM of a person.
    let own = [Signal::ABORT, Signal::SEGV, Signal::FPE, Signal::XCPU].map(Signal::as_raw);
    let died = status.signal().is_some_and(|signal| own.contains(&signal)) || status.code() == Some(PANICKED);
    match said.split_once(LIMITED) {
        Some((_, last)) if died => {
            let (seconds, gib) = (limits.seconds, limits.bytes >> 30);
            let what = format!(
                "a process that read its tokenizer, with {seconds} s of computing and {gib} GiB of memory, died: {status}: {}",
                in_one_line(last)
            );
            Err(Refusal { blame: Blame::Version(Fault::Unloadable), what })
        }
        Some((_, last)) => Err(untried(status, last)),
        None => Err(untried(status, said)),
    }
}

fn untried(status: ExitStatus, said: &str) -> Refusal {
    let what = format!("its tokenizer can't be tried on this host: {status}: {}", in_one_line(said));
    Refusal::host(HostFault::Memory, what)
}

/// The beginning of `said`, which may hold bytes of the version.
fn in_one_line(said: &str) -> String {
    let words: Vec<&str> = said.split_whitespace().collect();
    words.join(" ").chars().filter(|letter| !letter.is_control()).take(MAX_QUOTED_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: TrialLimits = TrialLimits { bytes: 4 << 30, seconds: 60 };

    fn blame(status: i32, said: &str) -> Option<Blame> {
        verdict(ExitStatus::from_raw(status), said, LIMITS).err().map(|refusal| refusal.blame)
    }

    /// As `wait` gives what a process exits with.
    fn exit(code: i32) -> i32 {
        code << 8
    }

    #[test]
    fn what_dies_within_its_limits_is_to_blame_itself() {
        let version = Some(Blame::Version(Fault::Unloadable));
        for signal in [Signal::ABORT, Signal::SEGV, Signal::XCPU] {
            assert_eq!(blame(signal.as_raw(), "limits given\n"), version, "{signal:?}");
        }
        assert_eq!(blame(exit(PANICKED), "limits given\nthread 'trial' panicked"), version);
        assert_eq!(blame(exit(0), "limits given\n"), None);
    }

    #[test]
    fn what_is_killed_or_was_never_given_its_limits_blames_the_host() {
        let host = Some(Blame::Host(HostFault::Memory));
        for signal in [Signal::KILL, Signal::TERM, Signal::ILL, Signal::BUS] {
            assert_eq!(blame(signal.as_raw(), "limits given\n"), host, "{signal:?}");
        }
        assert_eq!(blame(Signal::ABORT.as_raw(), "terminate called after std::bad_alloc"), host);
        assert_eq!(blame(exit(PANICKED), ""), host);
        assert_eq!(blame(exit(1), "ombud failed to try a tokenizer: ulimit -v"), host);
        assert_eq!(blame(exit(127), "error while loading shared libraries"), host);
    }

    #[test]
    fn what_a_trial_said_last_is_quoted_in_one_short_line() {
        let status = ExitStatus::from_raw(Signal::ABORT.as_raw());
        let said = format!("limits given\nmemory\u{1b} allocation\nof 8 bytes failed{}", "!".repeat(10_000));
        let what = verdict(status, &said, LIMITS).unwrap_err().what;
        assert!(
            what.contains("SIGABRT") && what.contains(": memory allocation of 8 bytes failed!"),
            "{what}"
        );
        assert!(what.len() < 500 && !what.contains("limits given"), "{what}");
    }
}
