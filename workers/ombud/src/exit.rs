//! How a command ends, and the exit code that says it.

use std::{
    io::{self, ErrorKind},
    process::ExitCode,
};

use anyhow::Result;
use ombud_contract::shown::shown;

/// Exit codes are part of the interface: 0 done, 1 failed, 2 usage (clap's), 3 checked and found wanting.
const DONE: u8 = 0;
const FAILED: u8 = 1;
const FOUND_WANTING: u8 = 3;

/// How a command that did not fail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// As asked.
    Well,
    /// It checked something and found it wanting, and has said so.
    Wanting,
}

/// The exit code of a command that `ended` so; what failed is said on stderr.
pub fn exit_code(ended: &Result<Done>) -> ExitCode {
    let code = code(ended);
    if let (FAILED, Err(error)) = (code, ended) {
        // Every error completes "failed to"; its causes follow in the same line.
        eprintln!("ombud failed to {}", shown(&format!("{error:#}")));
    }
    ExitCode::from(code)
}

fn code(ended: &Result<Done>) -> u8 {
    match ended {
        Ok(Done::Well) => DONE,
        Ok(Done::Wanting) => FOUND_WANTING,
        // `ombud tail ... | head` has seen enough.
        Err(error) if is_closed_pipe(error) => DONE,
        Err(_) => FAILED,
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    #[test]
    fn scripts_tell_done_from_failed_from_found_wanting() {
        let codes =
            [Ok(Done::Well), Ok(Done::Wanting), Err(anyhow!("read a file"))].map(|ended| code(&ended));
        assert_eq!(codes, [0, 3, 1]);
    }

    #[test]
    fn a_reader_that_has_seen_enough_is_no_failure_and_another_error_of_the_output_is_one() {
        let wrote = |kind: ErrorKind| Err(io::Error::from(kind).into());
        assert_eq!(code(&wrote(ErrorKind::BrokenPipe)), 0);
        assert_eq!(code(&wrote(ErrorKind::StorageFull)), 1);
        let said_where = wrote(ErrorKind::BrokenPipe).context("print the case");
        assert_eq!(code(&said_where), 0, "wherever it was met");
    }
}
