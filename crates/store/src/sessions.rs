//! Who is signed in. A session is known by the digest of its id, so that a store that leaks lets nobody in.

use std::time::Duration;

use ombud_stream::Outage;

/// Keeps sessions, for every replica of the console. May block until the store answers.
pub trait Sessions: Send {
    /// Keeps `body` under `digest` for `length` from now on, in place of what was there; `subject` is whose it is, and stays.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn save(&mut self, digest: &str, subject: &str, body: &[u8], length: Duration) -> Result<(), Outage>;

    /// The body, unless its time is over or it was ended.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn load(&mut self, digest: &str) -> Result<Option<Vec<u8>>, Outage>;

    /// Ends one session.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn end(&mut self, digest: &str) -> Result<(), Outage>;

    /// Ends every session of `subject`.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn end_all(&mut self, subject: &str) -> Result<(), Outage>;
}
