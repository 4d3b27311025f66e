//! Every bound and every time of the joiner, in one place.

/// What a raw record holds that is read and not settled: its case, or the route that waits for an acknowledgement.
const OPEN_BYTES: usize = 2_000;
/// What a routed complaint holds that is remembered.
const CLOSED_BYTES: usize = 2_000;
/// What a prediction holds that came before its raw record.
const EARLY_BYTES: usize = 500;

/// The joiner's bounds; times in milliseconds. Deadline and amend window of a complaint come from its strategy, not
/// from here.
///
/// The caps are the process's, and its shards [`share`](Self::share) them; what a shard is given are its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinLimits {
    /// L: routes are written only while the last acknowledged commit was asked for less than this ago; then the producer
    /// is purged, which would try without end. Longer rides out longer coordinator outages; `lease_ms + drain_ms` must
    /// stay below `session_timeout_ms`, or two owners write at the same time.
    pub lease_ms: i64,
    /// After this long without a heartbeat the group gives the shard to another joiner. Whoever makes the member of the
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
    /// Routed complaints that are remembered to recognise duplicates, about 2 kB each. Above it the oldest that no
    /// restart would read again are forgotten, with each commit.
    pub closed_cap: usize,
    /// Predictions that came before their raw record was read, about 0.5 kB each. Above it they are read again later.
    pub early_cap: usize,
}

impl Default for JoinLimits {
    fn default() -> Self {
        const HOUR: i64 = 3_600_000;
        Self {
            lease_ms: 3_000,
            // A dead joiner's shards have another owner long before a complaint's deadline, which is 30 s.
            session_timeout_ms: 8_000,
            commit_retry_ms: 1_000,
            grace_ms: 10_000,
            hard_cap_ms: 120_000,
            bulk_wait_ms: 24 * HOUR,
            bulk_mark_ms: 3 * HOUR,
            partial_ms: 14 * 24 * HOUR,
            drain_ms: 3_000,
            open_cap: open_cap(MEMORY_MB),
            closed_cap: closed_cap(MEMORY_MB),
            early_cap: early_cap(MEMORY_MB),
        }
    }
}

/// How far the clocks of the log and of a joiner are believed to differ, and how far the log's to go back.
pub(crate) const CLOCKS_DIFFER_MS: i64 = 600_000;

/// What a process may hold, in megabytes, unless it is configured.
const MEMORY_MB: usize = 1_000;

fn eighth(memory_mb: usize) -> usize {
    memory_mb.saturating_mul(1_000_000) / 8
}

fn open_cap(memory_mb: usize) -> usize {
    2 * eighth(memory_mb) / OPEN_BYTES
}

fn closed_cap(memory_mb: usize) -> usize {
    5 * eighth(memory_mb) / CLOSED_BYTES
}

fn early_cap(memory_mb: usize) -> usize {
    eighth(memory_mb) / EARLY_BYTES
}

/// Bounds that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to use the join limits: {field} is {value}, it must be {right}")]
pub struct JoinLimitsError {
    /// The field.
    pub field: &'static str,
    /// What it is.
    pub value: i64,
    /// What would be right.
    pub right: String,
}

impl JoinLimits {
    /// The default bounds of a process that may hold `memory_mb` megabytes.
    pub fn within(memory_mb: usize) -> Self {
        Self {
            open_cap: open_cap(memory_mb),
            closed_cap: closed_cap(memory_mb),
            early_cap: early_cap(memory_mb),
            ..Self::default()
        }
    }

    /// The bounds of each of the process's `shards`: equal shares, for keys are spread evenly over partitions. At least
    /// one of each kind, or a shard would stand still.
    #[must_use]
    pub fn share(&self, shards: usize) -> Self {
        let share = |cap: usize| (cap / shards.max(1)).max(1);
        Self {
            open_cap: share(self.open_cap),
            closed_cap: share(self.closed_cap),
            early_cap: share(self.early_cap),
            ..self.clone()
        }
    }

    /// Checked once at start.
    ///
    /// # Errors
    /// Names the first field that is wrong, and what would be right.
    pub fn check(&self) -> Result<(), JoinLimitsError> {
        let wrong = |field, value, right: String| Err(JoinLimitsError { field, value, right });
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
        assert_eq!(JoinLimits::default().check(), Ok(()));
    }

    #[test]
    fn what_a_process_holds_at_its_caps_is_what_it_may_hold() {
        for memory_mb in [64, 1_000, 16_000] {
            let JoinLimits { open_cap, closed_cap, early_cap, .. } = JoinLimits::within(memory_mb);
            let bytes = open_cap * OPEN_BYTES + closed_cap * CLOSED_BYTES + early_cap * EARLY_BYTES;
            assert_eq!(bytes, memory_mb * 1_000_000);
        }
    }

    #[test]
    fn the_shares_of_any_number_of_shards_are_no_more_than_the_whole() {
        let whole = JoinLimits::default();
        assert_eq!(whole.share(1), whole);
        for shards in 1..=1_024 {
            let share = whole.share(shards);
            for (share, whole) in [
                (share.open_cap, whole.open_cap),
                (share.closed_cap, whole.closed_cap),
                (share.early_cap, whole.early_cap),
            ] {
                assert!(share > 0 && share * shards <= whole, "{shards} shards of {share}");
            }
        }
    }

    #[test]
    fn a_lease_that_outlives_the_session_is_refused_with_what_would_be_right() {
        let limits = JoinLimits { lease_ms: 5_000, ..JoinLimits::default() };
        let error = limits.check().unwrap_err().to_string();
        assert!(error.contains("session_timeout_ms is 8000"), "{error}");
        assert!(error.contains("greater than lease_ms + drain_ms = 5000 + 3000"), "{error}");
    }
}
