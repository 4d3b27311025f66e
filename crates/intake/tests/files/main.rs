//! What comes out of files of complaints, good and bad.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod bad_input;
mod clock_starts;
mod dates;
mod file;
mod ids;
mod layouts;
mod spellings;
