//! When a store that does not answer is asked again, and when it is given up.

use std::time::{Duration, Instant};

use ombud_stream::{Outage, RetriedCall};

use crate::limits::{ArchiveLimits, millis};

/// The result of one attempt.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// Records that are in the store by now.
    pub(crate) kept: usize,
    /// The outage of the store that ended it.
    pub(crate) outage: Option<Outage>,
}

/// How a store has answered lately.
pub(crate) struct StoreRetry {
    retry_after: Duration,
    give_up_ms: i64,
    passing: RetriedCall,
    failing: Option<Failing>,
}

/// A store that has kept nothing since its first failure.
struct Failing {
    /// By the clock, since when.
    since_ms: i64,
    wait: Duration,
    again_at: Instant,
}

impl StoreRetry {
    pub(crate) fn new(limits: &ArchiveLimits) -> Self {
        let give_up_ms = millis(limits.give_up_after);
        Self { retry_after: limits.retry_after, give_up_ms, passing: RetriedCall::of("cql"), failing: None }
    }

    /// Whether the store may be asked now.
    pub(crate) fn is_due(&self) -> bool {
        self.failing.as_ref().is_none_or(|failing| Instant::now() >= failing.again_at)
    }

    /// Notes the result of an attempt at `now_ms`. Any record that was kept shows that the store works.
    ///
    /// # Errors
    /// The attempt's outage, when it can't pass or has lasted for too long.
    pub(crate) fn note(&mut self, now_ms: i64, attempt: Attempt) -> Result<(), Outage> {
        if attempt.kept > 0 {
            self.failing = None;
        }
        let Some(outage) = attempt.outage else { return self.passing.through(Ok(())).map(drop) };
        let (since_ms, wait) = match &self.failing {
            None => (now_ms, self.retry_after),
            Some(failing) => (failing.since_ms, (failing.wait * 2).min(self.retry_after * 100)),
        };
        if outage.fatal || now_ms - since_ms >= self.give_up_ms {
            return Err(outage);
        }
        self.failing = Some(Failing { since_ms, wait, again_at: Instant::now() + wait });
        self.passing.through(Err::<(), _>(outage)).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry() -> StoreRetry {
        let (give_up_after, retry_after) = (Duration::from_secs(60), Duration::from_secs(600));
        StoreRetry::new(&ArchiveLimits { give_up_after, retry_after, ..ArchiveLimits::default() })
    }

    fn nothing_kept() -> Attempt {
        Attempt { kept: 0, outage: Some(Outage::passing("write", "no answer")) }
    }

    #[test]
    fn a_store_that_keeps_nothing_is_given_up_after_its_time_however_often_it_was_asked() {
        let mut retry = retry();
        for now_ms in [0, 1, 59_999] {
            assert!(retry.note(now_ms, nothing_kept()).is_ok(), "{now_ms}");
        }
        assert!(!retry.note(60_000, nothing_kept()).unwrap_err().fatal);
    }

    #[test]
    fn a_store_that_keeps_something_now_and_then_is_never_given_up() {
        let mut retry = retry();
        for now_ms in [0, 50_000, 100_000, 150_000] {
            assert!(retry.note(now_ms, nothing_kept()).is_ok());
            let one_kept = Attempt { kept: 1, ..nothing_kept() };
            assert!(retry.note(now_ms + 1_000, one_kept).is_ok());
        }
    }

    #[test]
    fn a_store_that_did_not_answer_is_left_alone_for_a_while_and_one_that_did_is_not() {
        let mut retry = retry();
        assert!(retry.is_due());
        retry.note(0, nothing_kept()).unwrap();
        assert!(!retry.is_due());
        retry.note(1, Attempt { kept: 1, outage: None }).unwrap();
        assert!(retry.is_due());
    }

    #[test]
    fn what_can_not_pass_is_given_up_at_once() {
        let outage = Some(Outage::fatal("write", "refused"));
        assert!(retry().note(0, Attempt { kept: 5, outage }).is_err());
    }
}
