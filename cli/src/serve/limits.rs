//! From settings to the bounds of each worker; what no setting names is the worker's own default.

use std::time::Duration;

use ombud_launch::config::{Archive, Join};

/// How long a worker waits for a record before it does anything else.
const POLL: Duration = Duration::from_millis(20);
/// How often positions are committed in the embedded log, where it costs next to nothing: who sends a backfill there sees
/// by them how fast it is answered.
#[cfg(feature = "torch")]
const COMMIT_EMBEDDED_EVERY: Duration = Duration::from_millis(100);

pub(super) fn of_join(settings: &Join) -> ombud_join::JoinLimits {
    ombud_join::JoinLimits {
        grace_ms: settings.grace_ms,
        hard_cap_ms: settings.hard_cap_ms,
        bulk_wait_ms: settings.bulk_wait_ms,
        lease_ms: settings.lease_ms,
        drain_ms: settings.drain_ms,
        session_timeout_ms: settings.session_timeout_ms,
        ..ombud_join::JoinLimits::within(settings.memory_mb)
    }
}

pub(super) fn of_archive(settings: &Archive) -> ombud_archive::ArchiveLimits {
    ombud_archive::ArchiveLimits {
        batch_len: settings.batch,
        batch_bytes: settings.batch_bytes,
        poll: POLL,
        batch_within: Duration::from_millis(settings.batch_ms),
        linger: Duration::from_millis(settings.linger_ms),
        give_up_after: Duration::from_millis(settings.give_up_ms),
        retry_after: Duration::from_millis(settings.retry_after_ms),
        ..Default::default()
    }
}

#[cfg(feature = "torch")]
pub(super) fn of_infer(settings: &ombud_launch::config::Infer, on_brokers: bool) -> ombud_infer::InferLimits {
    let usual = ombud_stream::DriveLimits::default();
    let commit_every = if on_brokers { usual.commit_every } else { COMMIT_EMBEDDED_EVERY };
    let batch = ombud_models::BatchBudget { texts: settings.batch, tokens: settings.token_budget };
    let in_flight_least = ombud_infer::InferLimits::busy_bytes(settings.replicas, batch);
    ombud_infer::InferLimits {
        tokenizer_threads: settings.tokenizer_threads,
        replicas: settings.replicas,
        batch,
        window: settings.window,
        queue: settings.queue,
        drive: ombud_stream::DriveLimits { poll: POLL, in_flight_least, commit_every, ..usual },
    }
}

#[cfg(test)]
mod tests {
    use ombud_launch::config::Settings;

    use super::*;

    #[test]
    fn each_setting_of_the_joiner_bounds_what_it_is_called_after() {
        let settings = Join {
            memory_mb: 80,
            grace_ms: 4,
            hard_cap_ms: 5,
            bulk_wait_ms: 6,
            lease_ms: 7,
            drain_ms: 8,
            session_timeout_ms: 9,
        };
        let limits = of_join(&settings);
        assert_eq!((limits.open_cap, limits.closed_cap, limits.early_cap), (10_000, 25_000, 20_000));
        assert_eq!((limits.grace_ms, limits.hard_cap_ms, limits.bulk_wait_ms), (4, 5, 6));
        assert_eq!((limits.lease_ms, limits.drain_ms, limits.session_timeout_ms), (7, 8, 9));
    }

    #[test]
    fn the_default_settings_of_the_joiner_do_not_contradict_each_other() {
        assert_eq!(of_join(&Settings::default().join).check(), Ok(()));
    }

    #[test]
    fn each_setting_of_the_archive_bounds_what_it_is_called_after() {
        let settings =
            Archive { batch: 1, batch_bytes: 2, linger_ms: 3, batch_ms: 4, give_up_ms: 5, retry_after_ms: 6 };
        let limits = of_archive(&settings);
        assert_eq!((limits.batch_len, limits.batch_bytes), (1, 2));
        let times = [limits.linger, limits.batch_within, limits.give_up_after, limits.retry_after];
        assert_eq!(times.map(|time| time.as_millis()), [3, 4, 5, 6]);
    }

    #[cfg(feature = "torch")]
    #[test]
    fn each_setting_of_infer_bounds_what_it_is_called_after() {
        let settings = ombud_launch::config::Infer {
            tokenizer_threads: 1,
            replicas: 2,
            token_budget: 3,
            batch: 4,
            window: 5,
            queue: 6,
            spare_models: 7,
        };
        let limits = of_infer(&settings, true);
        assert_eq!((limits.tokenizer_threads, limits.replicas), (1, 2));
        assert_eq!((limits.batch.tokens, limits.batch.texts), (3, 4));
        assert_eq!((limits.window, limits.queue), (5, 6));
        assert_eq!(limits.drive.in_flight_least, (2 + 1) * 3 * 4);
    }
}
