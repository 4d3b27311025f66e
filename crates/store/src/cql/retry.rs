//! Trying again: the driver's own policy does not repeat an ordinary write timeout, and everything here may be repeated.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use scylla::errors::ExecutionError;
use tracing::debug;

use crate::cql::error::may_pass;

/// How many times one request's timeout something may take with all its attempts: enough for three that hang, and
/// little enough that a worker still answers its group between two outages.
pub(crate) const RETRY_BUDGET: u32 = 4;

/// 20 ms, doubled up to a second, each with up to as much again by chance: many writers come back one by one.
const BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(20))
    .with_max_delay(Duration::from_secs(1))
    .with_factor(2.0)
    .without_max_times()
    .with_jitter();

/// The first answer of `attempt`, or its last failure: when trying again can't help, or after `bound`.
pub(crate) async fn persist<T, F>(bound: Duration, attempt: impl FnMut() -> F) -> Result<T, ExecutionError>
where
    F: Future<Output = Result<T, ExecutionError>>,
{
    let mut last = None;
    let attempts = attempt.retry(BACKOFF).when(may_pass).notify(|error, delay| {
        debug!(%error, delay_ms = delay.as_millis(), "request tried again");
        last = Some(error.clone());
    });
    match tokio::time::timeout(bound, attempts).await {
        Ok(outcome) => outcome,
        Err(_elapsed) => Err(last.unwrap_or(ExecutionError::RequestTimeout(bound))),
    }
}

#[cfg(test)]
mod tests {
    use scylla::errors::{DbError, RequestAttemptError};

    use super::*;

    fn refused(error: DbError) -> ExecutionError {
        RequestAttemptError::DbError(error, String::new()).into()
    }

    /// The outcome, how often it was tried, and how long it took.
    fn tried(
        results: Vec<Result<(), ExecutionError>>,
        bound: Duration,
    ) -> (Result<(), ExecutionError>, u32, Duration) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let start = std::time::Instant::now();
            let (mut count, mut results) = (0, results.into_iter());
            let attempt = || {
                count += 1;
                let result = results.next();
                async move {
                    match result {
                        Some(result) => result,
                        None => std::future::pending().await,
                    }
                }
            };
            let outcome = persist(bound, attempt).await;
            (outcome, count, start.elapsed())
        })
    }

    #[test]
    fn what_may_pass_is_tried_again() {
        let results = vec![Err(refused(DbError::Overloaded)), Err(refused(DbError::ServerError)), Ok(())];
        let (outcome, count, took) = tried(results, Duration::from_secs(4));
        assert!(
            outcome.is_ok() && count == 3 && took >= Duration::from_millis(60),
            "{outcome:?} {count} {took:?}"
        );
    }

    #[test]
    fn what_can_not_pass_is_said_at_once() {
        let (outcome, count, _) = tried(vec![Err(refused(DbError::Unauthorized))], Duration::from_secs(4));
        assert!(outcome.is_err() && count == 1, "{outcome:?} {count}");
    }

    #[test]
    fn the_last_failure_comes_out_when_time_is_up() {
        let bound = Duration::from_secs(1);
        let (outcome, count, took) = tried(vec![Err(refused(DbError::Overloaded))], bound);
        let Err(ExecutionError::LastAttemptError(_)) = outcome else { panic!("{outcome:?}") };
        assert!(count == 2 && took >= bound && took < 10 * bound, "{count} {took:?}");
    }
}
