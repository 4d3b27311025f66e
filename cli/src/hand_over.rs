//! What runs models runs in `ombud-torch`, the same command with libtorch, which lies beside this program. This process becomes
//! that one: arguments, environment, input, signals and exit code are its own from then on.

use std::{
    env, fs,
    io::{self, ErrorKind},
    os::unix::process::CommandExt,
    path::Path,
    process,
};

use anyhow::{Error, anyhow};

use crate::{
    command_line::Command,
    commands::{models::ModelsCommand, strategy::StrategyCommand},
};

/// The same command with libtorch.
const WITH_LIBTORCH: &str = "ombud-torch";

/// Whether `command` runs models, or trains them.
pub(crate) fn computes(command: &Command) -> bool {
    use ModelsCommand::{Add, Export, Import};
    if let Command::Explain(explain) = command {
        return explain.computes();
    }
    matches!(
        command,
        Command::Up(_)
            | Command::Infer(_)
            | Command::Learn(_)
            | Command::Evaluate(_)
            | Command::Models(Add { .. } | Export(_) | Import(_))
            | Command::Strategy(StrategyCommand::Replay(_))
    )
}

/// Becomes `ombud-torch`, with the arguments of this process. Returns only where that fails: why, and the fix.
pub(crate) fn hand_over() -> Error {
    let this = match env::current_exe() {
        Ok(this) => this,
        Err(error) => return Error::new(error).context("find the folder of this program"),
    };
    let other = this.with_file_name(WITH_LIBTORCH);
    if fs::canonicalize(&other).is_ok_and(|leads_to| leads_to == this) {
        return anyhow!(
            "run models: {} is this very program, which has no libtorch; {}",
            other.display(),
            fix()
        );
    }
    // Under its usual name, which is what its messages call it.
    let cause = process::Command::new(&other).arg0("ombud").args(env::args_os().skip(1)).exec();
    refusal(&other, cause)
}

/// Why `other` was not started.
fn refusal(other: &Path, cause: io::Error) -> Error {
    let place = other.display();
    match cause.kind() {
        ErrorKind::NotFound => anyhow!("run models: they run in {place}, which is not there; {}", fix()),
        ErrorKind::PermissionDenied => {
            anyhow!(
                "run models: they run in {place}, which may not be started; make it executable (chmod a+x)"
            )
        }
        _ => Error::new(cause).context(format!("run models in {place}")),
    }
}

fn fix() -> String {
    format!(
        "unpack the archive whole, or build {WITH_LIBTORCH} with `cargo build --release --package ombud-compute` beside it, as \
         scripts/up does"
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::Cli;

    fn is_handed_over(words: &str) -> bool {
        let words = words.split(' ');
        computes(&Cli::try_parse_from(std::iter::once("ombud").chain(words)).unwrap().command)
    }

    #[test]
    fn what_computes_is_handed_over_and_what_looks_is_not() {
        for words in [
            "up",
            "infer --task all",
            "learn a.csv --out b",
            "evaluate --data a.csv",
            "explain c-1",
            "explain --serve",
            "models add a",
            "models export --task issue a",
            "models import a --task issue --out b",
            "strategy replay --candidate a --since 1d",
        ] {
            assert!(is_handed_over(words), "{words}");
        }
        for words in [
            "tail complaints.raw",
            "show c-1",
            "models list",
            "strategy show",
            "send a.csv",
            "completions bash",
            "explain c-1 --console http://127.0.0.1:8080",
        ] {
            assert!(!is_handed_over(words), "{words}");
        }
    }

    #[test]
    fn why_nothing_computes_comes_with_the_fix() {
        let text =
            |kind: ErrorKind| format!("{:#}", refusal(Path::new("/opt/ombud/ombud-torch"), kind.into()));
        let missing = text(ErrorKind::NotFound);
        assert!(
            missing.contains("/opt/ombud/ombud-torch, which is not there; unpack the archive whole"),
            "{missing}"
        );
        assert!(text(ErrorKind::PermissionDenied).contains("chmod a+x"));
        assert!(text(ErrorKind::OutOfMemory).starts_with("run models in /opt/ombud/ombud-torch: "));
    }
}
