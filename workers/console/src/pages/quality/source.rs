//! Where the figures of the page come from.

use ombud_measure::quality::CountedQuality;
use ombud_stream::Outage;

/// Counts how good the decisions were. Called by one thread; may take minutes.
pub trait QualitySource: Send + Sync {
    /// The verdicts and decisions of a time (from, and to before, in milliseconds). Ends early, with an outage, once
    /// `stopped` says so.
    ///
    /// # Errors
    /// The log or the case store does not answer.
    fn count(&self, span: (i64, i64), stopped: &(dyn Fn() -> bool + Sync)) -> Result<CountedQuality, Outage>;
}
