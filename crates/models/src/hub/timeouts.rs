//! How long each step of a transfer from the hub may take.

use std::time::Duration;

/// How long the hub may take. A worker retries what timed out, later each time; a download resumes where it stopped.
/// Raise them where models of gigabytes come over a slow line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HubTimeouts {
    /// Until its name is known, and once more until it is connected and TLS is agreed.
    pub connect: Duration,
    /// Without a byte: before an answer as much as within it.
    pub silence: Duration,
    /// For all files of one model.
    pub whole: Duration,
}

impl Default for HubTimeouts {
    /// 10 s, 30 s and an hour.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            silence: Duration::from_secs(30),
            whole: Duration::from_secs(3_600),
        }
    }
}
