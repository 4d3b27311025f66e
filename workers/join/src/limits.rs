//! Every bound and every time of the joiner, in one place.

/// The joiner's bounds, all of one shard; times in milliseconds. Deadline and amend window of a complaint come
/// from its strategy, not from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// L: routes are written only while the last acknowledged commit was asked for less than this ago; then the producer
    /// is purged, which would try without end. Longer rides out longer coordinator outages; `lease_ms + drain_ms` must
    /// stay below `session_timeout_ms`, or two owners write at the same time.
    pub lease_ms: i64,
    /// After this long without a heartbeat the group gives the shard to somebody else. Whoever makes the member of the
    /// group has to give it this very session.
    pub session_timeout_ms: i64,
    /// A commit that failed is tried again after this long.
    pub commit_retry_ms: i64,
    /// No deadline fires earlier than this after the shard went live: infer may be recovering too.
    pub grace_ms: i64,
    /// A deadline waits this long for predictions that are in the log and unread; then it fires without them.
    pub hard_cap_ms: i64,
    /// A backfilled (`bulk`) complaint waits this long from being read.
    pub bulk_wait_ms: i64,
    /// The read times of bulk complaints outlast a restart to within this; smaller makes commits longer
    /// (`bulk_wait_ms / bulk_mark_ms` entries of about 25 bytes).
    pub bulk_mark_ms: i64,
    /// A partial route can be amended for this long; no longer than the raw topic keeps records.
    pub partial_ms: i64,
    /// How long a revoked shard waits for its acknowledgements; then the producer is purged.
    pub drain_ms: i64,
    /// Raw records that are read and not settled: open cases and routes under way, about 2 kB each. At this many
    /// raw is paused, predictions never.
    pub open_cap: usize,
    /// Routed complaints that are remembered to tell duplicates, about 2 kB each. Above it the oldest that no
    /// restart would read again are forgotten.
    pub closed_cap: usize,
    /// Predictions that came before their raw record was read, about 0.5 kB each. Above it they are read again later.
    pub early_cap: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const HOUR: i64 = 3_600_000;
        Self {
            lease_ms: 3_000,
            // A dead joiner's shards are somebody else's long before a complaint's deadline, which is 30 s.
            session_timeout_ms: 8_000,
            commit_retry_ms: 1_000,
            grace_ms: 10_000,
            hard_cap_ms: 120_000,
            bulk_wait_ms: 24 * HOUR,
            bulk_mark_ms: 3 * HOUR,
            partial_ms: 14 * 24 * HOUR,
            drain_ms: 3_000,
            open_cap: 50_000,
            closed_cap: 500_000,
            early_cap: 100_000,
        }
    }
}

/// Bounds that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to use the join limits: {field} is {value}, it must be {right}")]
pub struct LimitsError {
    /// The field.
    pub field: &'static str,
    /// What it is.
    pub value: i64,
    /// What would be right.
    pub right: String,
}

impl Limits {
    /// Checked once at start.
    ///
    /// # Errors
    /// Names the first field that is wrong, and what would be right.
    pub fn check(&self) -> Result<(), LimitsError> {
        let wrong = |field, value, right: String| Err(LimitsError { field, value, right });
        let positive = [
            ("lease_ms", self.lease_ms),
            ("commit_retry_ms", self.commit_retry_ms),
            ("bulk_wait_ms", self.bulk_wait_ms),
            ("bulk_mark_ms", self.bulk_mark_ms),
            ("partial_ms", self.partial_ms),
            ("drain_ms", self.drain_ms),
        ];
        if let Some((field, value)) = positive.into_iter().find(|(_, value)| *value <= 0) {
            return wrong(field, value, "greater than 0".into());
        }
        let Self { lease_ms, drain_ms, session_timeout_ms, .. } = *self;
        if lease_ms + drain_ms >= session_timeout_ms {
            let right = format!("greater than lease_ms + drain_ms = {lease_ms} + {drain_ms}");
            return wrong("session_timeout_ms", session_timeout_ms, right);
        }
        // A commit's metadata may be 4,096 bytes long.
        if self.bulk_wait_ms / self.bulk_mark_ms > 64 {
            let right = format!("at least bulk_wait_ms / 64 = {}", self.bulk_wait_ms / 64);
            return wrong("bulk_mark_ms", self.bulk_mark_ms, right);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_keep_two_owners_from_writing_at_once() {
        assert_eq!(Limits::default().check(), Ok(()));
    }

    #[test]
    fn a_lease_that_outlives_the_session_is_refused_with_what_would_be_right() {
        let limits = Limits { lease_ms: 5_000, ..Limits::default() };
        let error = limits.check().unwrap_err().to_string();
        assert!(error.contains("session_timeout_ms is 8000"), "{error}");
        assert!(error.contains("greater than lease_ms + drain_ms = 5000 + 3000"), "{error}");
    }
}
