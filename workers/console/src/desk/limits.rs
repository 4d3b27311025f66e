//! How long leases last, and how far `next` looks.

use std::time::Duration;

/// How long leases last, and how far [`super::Claims::next`] looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimLimits {
    /// A lease that is not renewed for this long ends. Greater leaves what a clerk walked away from lying for longer.
    pub lease: Duration,
    /// For how long nobody gets what was finished. Greater than `most_behind` and a minute together: by then every view has
    /// seen the closing event, or whoever finished died before it was appended and the work is to be done again.
    pub finished: Duration,
    /// A worklist that is further behind its topics hands nothing out: it could show what was finished long ago.
    pub most_behind: Duration,
    /// Conditional writes of one call: each that fails means that somebody else was faster.
    pub tries: usize,
    /// Items of one page of the queue.
    pub page: usize,
    /// Pages that one call looks through.
    pub pages: usize,
}

impl ClaimLimits {
    /// How often a page that is visible renews its lease.
    pub const HEARTBEAT: Duration = Duration::from_secs(30);
}

impl Default for ClaimLimits {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(600),
            finished: Duration::from_secs(600),
            most_behind: Duration::from_secs(60),
            tries: 32,
            page: 64,
            pages: 32,
        }
    }
}
