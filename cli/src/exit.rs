//! How a command ends, and its exit code.

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use anyhow::Result;
use ombud_contract::shown::shown;
use ombud_launch::{config::LogFormat, shutdown::INTERRUPTED, telemetry};
use ombud_stream::{Clock, SystemClock};
use serde_json::json;

/// Exit codes are part of the interface: 0 done, 1 failed, 2 usage (clap's), 3 checked and found wanting, 130 stopped.
const DONE: u8 = 0;
const FAILED: u8 = 1;
const FOUND_WANTING: u8 = 3;

/// How a command that did not fail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// As asked.
    Well,
    /// It checked something, found a fault and reported it.
    Wanting,
    /// It was stopped before its end, and has printed how to continue.
    Stopped,
}

/// The exit code of a command that `ended` so; a failure is printed on stderr.
pub fn exit_code(ended: &Result<Done>) -> ExitCode {
    if let Err(error) = ended {
        let text = format!("{error:#}");
        let line = match logged_as() {
            // Every error completes "failed to"; its causes follow in the same line.
            None => format!("ombud failed to {}", shown(&text)),
            Some(service) => as_json(service, &text, SystemClock.now_ms()),
        };
        // Where stderr is closed nobody reads it.
        let _ = writeln!(io::stderr(), "{line}");
    }
    ExitCode::from(code(ended))
}

/// Reports on stderr that a command was stopped, and `how` to continue: `the same command resumes there`.
pub(crate) fn report_stopped(how: &str) -> Done {
    if logged_as().is_some() {
        tracing::warn!(how, "stopped before the end");
    } else {
        // Where stderr is closed nobody reads it.
        let _ = writeln!(io::stderr(), "stopped before the end: {}", shown(how));
    }
    Done::Stopped
}

fn code(ended: &Result<Done>) -> u8 {
    match ended {
        Ok(Done::Well) => DONE,
        Ok(Done::Wanting) => FOUND_WANTING,
        Ok(Done::Stopped) => INTERRUPTED,
        Err(_) => FAILED,
    }
}

/// The service under which this process logs in JSON, its last line included; `None` where it logs for people. Where the
/// settings can't be read, the environment may still ask for JSON.
fn logged_as() -> Option<&'static str> {
    match telemetry::log_format() {
        Some((LogFormat::Json, service)) => Some(service),
        Some((LogFormat::Human, _)) => None,
        None => env::var("OMBUD_LOG_FORMAT").is_ok_and(|format| format == "json").then_some("ombud"),
    }
}

/// The last line of a log whose lines are JSON objects.
fn as_json(service: &str, error: &str, now_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(now_ms).unwrap_or_default();
    let line = json!({
        "service": service, "timestamp": at.to_string(), "level": "ERROR", "message": "failed", "error": error,
    });
    shown(&line.to_string()).into_owned()
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn scripts_tell_done_from_failed_from_found_wanting_from_stopped() {
        let codes = [Ok(Done::Well), Ok(Done::Wanting), Ok(Done::Stopped), Err(anyhow!("read a file"))]
            .map(|ended| code(&ended));
        assert_eq!(codes, [0, 3, 130, 1]);
    }

    #[test]
    fn the_last_line_of_a_log_in_json_is_json_too() {
        let line = as_json("ombud-join", "read \"one\"\nand\u{202e}more", 1_700_000_000_000);
        assert_eq!(line.lines().count(), 1);
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&object["service"], &object["level"]), (&"ombud-join".into(), &"ERROR".into()));
        assert_eq!(object["error"], "read \"one\"\nand\u{202e}more");
        assert!(line.contains(r"\u202e"), "{line}");
    }
}
